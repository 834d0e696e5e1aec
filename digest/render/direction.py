"""Text in a script that is written the other way than the lines around it, such as an English headline in an Arabic mail.

Without a direction of its own, its full stop and quotation marks land at the wrong end (Unicode, annex 9). It is computed here:
Outlook does not know `dir="auto"`.
"""

import unicodedata

from markupsafe import Markup

from digest.render.languages import Language

_STRONG = {"L": "ltr", "R": "rtl", "AL": "rtl"}
_NOTHING = Markup()
_ISOLATE = "\u2068%s\u2069"  # first strong isolate, and its end


def direction_of(text: str) -> str:
    """Return `ltr` or `rtl`, as the first letter of a text has it; empty if there is none."""
    for sign in text:
        if kind := _STRONG.get(unicodedata.bidirectional(sign)):
            return kind
    return ""


def turned(text: str, language: Language) -> str:
    """Return the direction of a text that is written the other way than a language; empty if it is not."""
    own = direction_of(text)
    return own if own != language.direction else ""


def direction_attribute(text: str, language: Language) -> Markup:
    """Return the attribute of an element whose text is written the other way than a language."""
    own = turned(text, language)
    return Markup(f' dir="{own}"') if own else _NOTHING  # noqa: S704


def isolated_html(text: str, language: Language) -> str:
    """Return a part of a line, in an element of its own if it is written the other way than the line's language."""
    own = turned(text, language)
    return Markup('<span dir="{}">{}</span>').format(own, text) if own else text


def isolated_text(text: str, language: Language) -> str:
    """Return a part of a line of plain text, between Unicode's isolates if it is written the other way."""
    return _ISOLATE % text if turned(text, language) else text

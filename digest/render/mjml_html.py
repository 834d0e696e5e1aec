"""MJML to HTML: mrml makes the frame, and rules of a newsletter's own are put on their elements.

mrml leaves `mj-style inline="inline"` in the head, and passes tags that it does not know, and all tags inside `mj-raw`, straight
through; so this module looks for them.
"""

import re

import css_inline
import mjml

from digest.render.mjml_errors import MJML_TAGS, POSITION, error_position, unknown_tag
from digest.text.prose import squeeze

_INLINE = re.compile(r'<mj-style inline="inline">(.*?)</mj-style>', re.DOTALL)
_INDENT = re.compile(r"\n\s+")
_BETWEEN = re.compile(r">([ \t]+)(?=</?mj)")  # mrml reads blanks between two of its tags as text, unless a line ends there
_NONCHARACTER = re.compile("[\ufdd0-\ufdef\ufffe\uffff]")  # mrml gives up at them
_LEFT = re.compile(r"<(mj-[a-z-]+)\b")
_TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
_MAIN = re.compile(r'aria-label="[^"]*"( aria-roledescription="email"[^>]*?) role="article"')


class MjmlError(Exception):
    """MJML that makes no mail; `at` is the place in its source, in characters, if it is known."""

    def __init__(self, message: str, at: int | None, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.at, self.remedy = message, at, remedy


def html_of(source: str) -> str:
    """Return MJML as HTML with all inline rules on their elements; raise MjmlError if it is invalid."""
    if unknown := unknown_tag(source):
        remedy = f"Supported tags: {', '.join(sorted(MJML_TAGS))}."
        raise MjmlError(f"unknown MJML tag <{unknown[1]}>", unknown.start(), remedy)
    try:
        html = _converted(source)
    except (ValueError, css_inline.InlineError) as error:
        if (readable := _NONCHARACTER.sub("", source)) != source:
            return html_of(readable)
        at = error_position(error, source)
        near = "" if at is None else f" near “{squeeze(source[max(0, at - 40) : at + 40])}”"
        raise MjmlError(f"invalid MJML: {POSITION.sub('', str(error))}{near}", at) from error
    if left := _LEFT.search(html):
        remedy = "The parts of an edition are rows of a table, <tr><td>…</td></tr>; or write an edition.mjml.j2 of your own."
        raise MjmlError(f"<{left[1]}> stands where MJML is not read", source.find(f"<{left[1]}"), remedy)
    return html


def without_blanks(filled: str) -> str:
    """Return the source without blanks between tags, which mrml would read as text; its length and all positions stay."""
    return _BETWEEN.sub(lambda blanks: f">\n{' ' * (len(blanks[1]) - 1)}", filled.replace("\r\n", "\n"))


def _converted(source: str) -> str:
    """Return the HTML; blanks replace the inline rules, so that positions stay."""
    rules = "\n".join(_INLINE.findall(source))
    html = mjml.mjml2html(_INLINE.sub(lambda block: " " * len(block[0].encode()), source))
    if rules.strip():
        inliner = css_inline.CSSInliner(
            inline_style_tags=False, keep_style_tags=True, extra_css=rules, load_remote_stylesheets=False
        )
        html = inliner.inline(html)
    return _with_main_part(_INDENT.sub("\n", html))


def _with_main_part(html: str) -> str:
    """Return the HTML with its main part marked as that for a screen reader, and named by the title.

    mrml names it too, but writes what combines with a letter before it, such as an Arabic vowel, as the number of a character.
    """
    title = _TITLE.search(html)
    name = title[1].replace('"', "&quot;") if title else ""
    return _MAIN.sub(lambda found: f'aria-label="{name}"{found[1]} role="main"', html, count=1)

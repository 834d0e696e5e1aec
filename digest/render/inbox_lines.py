"""What an inbox shows of an edition: its subject, and the standfirst, which is its preheader and the first line of the mail.

Phones show 35 to 45 characters of a subject and desktops some 60, so whole clauses come first. No headline shouts.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from digest.render.languages import Language
from digest.text.prose import shorten, squeeze

MAX_SUBJECT_CHARS = 60
MAX_STANDFIRST_CHARS = 110
SHORT_CHARS = 35  # of `lead_short`
_MIN_CLAUSE_CHARS = 18  # a shorter clause says too little
_CLAUSE_END = re.compile(r"(?:[,;:.?!…—–،؛؟。，、](?=\s|$)|\s[–—-](?=\s)|[。，、])")
_PAIRS = {"“": "”", "„": "“”", "«": "»", "»": "«", "(": ")", "[": "]", "‘": "’", "「": "」", "『": "』"}
_SHOUTED = re.compile(r"([!?！？])[!?！？]+")
_SCHEME = re.compile(r"\bhttps?://(?:www\.)?", re.IGNORECASE)
_TRIMMED = " \t,;:–—-،؛，、(「『«„“‘["
_JOINER, _SELECTOR = "\u200d", "\ufe0f"


def subject_line(pattern: str, lead: str, values: Mapping[str, object]) -> str:
    """Return a subject of at most 60 characters; the headline gives way to the pattern's other words."""
    lead = quietly(squeeze(lead))
    bare = squeeze(pattern.format(lead="", lead_short="", **values))
    room = max(_MIN_CLAUSE_CHARS, MAX_SUBJECT_CHARS - len(bare))
    filled = pattern.format(lead=cut(lead, room), lead_short=cut(lead, min(room, SHORT_CHARS)), **values)
    return cut(squeeze(filled), MAX_SUBJECT_CHARS) if "{lead" not in pattern else squeeze(filled)


def standfirst(headlines: Sequence[str], language: Language, otherwise: str) -> str:
    """Return the line below the subject: the headlines after the lead's, or other words if there are none."""
    if not headlines:
        return cut(squeeze(otherwise), MAX_STANDFIRST_CHARS)
    frame = language.words.gettext("Also in this edition: %(headlines)s")
    room = MAX_STANDFIRST_CHARS - len(frame % {"headlines": ""})
    return frame % {"headlines": shorten(" · ".join(map(quietly, headlines)), room)}


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text: all, or its first whole clauses, or its first words and an ellipsis."""
    if len(text) <= limit:
        return text
    ends = [match.start() for match in _CLAUSE_END.finditer(text, 0, limit + 1)]
    for at in reversed([end for end in ends if end >= min(_MIN_CLAUSE_CHARS, limit // 2)]):
        clause = _whole(text[:at])
        if _is_closed(clause):
            return clause
    head = text[: limit - 1]
    space = head.rfind(" ")
    words = head[:space] if space > limit // 3 else _without_torn_sign(text, limit - 1)
    return f"{_closed(words.rstrip(_TRIMMED))}…"


def quietly(text: str) -> str:
    """Return a headline without shouting: neither all in capitals nor with a row of exclamation marks.

    An address in it loses its scheme, so that no mail program makes a link of it that leads elsewhere than the headline's own.
    """
    text = _SCHEME.sub("", _SHOUTED.sub(r"\1", text))
    capitals, small = sum(map(str.isupper, text)), sum(map(str.islower, text))
    return text[:1].upper() + text[1:].lower() if capitals + small >= 12 and capitals > 4 * small else text


def _whole(text: str) -> str:
    return text.rstrip(_TRIMMED)


def _is_closed(text: str) -> bool:
    return _closed(text) == text


def _closed(text: str) -> str:
    """Return a text without the last quotation or bracket that it opens and does not close."""
    for opening, closings in _PAIRS.items():
        at = text.rfind(opening)
        if at >= 0 and not any(closing in text[at + 1 :] for closing in closings) and not (opening == "»" and "«" in text[:at]):
            return _whole(text[:at]) if at > len(text) // 3 else text[:at] + text[at + 1 :]
    return text


def _without_torn_sign(text: str, limit: int) -> str:
    """Return the first characters of a text without half of an emoji or a letter without its accents."""
    at = limit
    while 0 < at < len(text) and (_continues(text[at]) or text[at - 1] == _JOINER):
        at -= 1
    return text[:at]


def _continues(sign: str) -> bool:
    return sign in {_JOINER, _SELECTOR} or bool(unicodedata.combining(sign)) or "\U0001f3fb" <= sign <= "\U0001f3ff"

"""What an inbox shows of an edition: its subject, and the standfirst, which is its preheader and the first line of the mail.

Phones show 35 to 45 characters of a subject and desktops some 60, so whole clauses come first. No headline shouts.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from digest.render.direction import isolated_text
from digest.render.headlines import quietly
from digest.render.languages import Language
from digest.text.prose import sentence_spans, squeeze

MAX_SUBJECT_CHARS = 60
MAX_STANDFIRST_CHARS = 110
SHORT_CHARS = 35  # of `lead_short`
_MIN_CLAUSE_CHARS = 18  # a shorter clause says too little
_CLAUSE_END = re.compile(r"(?:[,;:…—–،؛](?=\s)|\s[–—-](?=\s)|[，、])")
_PAIRS = {
    "“": "”", "„": "“”", "«": "»", "»": "«", "(": ")", "[": "]", "‘": "’", "「": "」", "『": "』", '"': '"'
}  # fmt: skip
_SENTENCE_MARK = re.compile(r"[.!?…。！？؟][)\"'’”»«“\]]*$")
_ADDRESS = re.compile(r"^(?:(?:https?://)?[\w.-]+\.\w+/\S*\s*)+")
_TRIMMED = " \t,;:–—-،؛，、(「『«„“‘["
_JOINER, _SELECTOR = "\u200d", "\ufe0f"


def subject_line(pattern: str, lead: str, values: Mapping[str, object]) -> str:
    """Return a subject of at most 60 characters; the headline gives way to the pattern's other words."""
    if "{count}" in pattern and not values["count"]:  # nobody writes “and 0 more”
        pattern = "{lead}"
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
    first, *more = map(quietly, map(squeeze, headlines))
    shown = isolated_text(cut(first, room), language)
    for headline in more:  # whole ones only: half a headline may say the opposite
        shown = longer if len(longer := f"{shown} · {isolated_text(headline, language)}") <= room else shown
    return frame % {"headlines": shown}


def summary_line(headline: str, summary: str) -> str:
    """Return a summary without what an inbox shows beside it, or what says nothing: the headline once more, an address."""
    text = quietly(squeeze(summary[:1_000])) if summary else ""
    opening, rest = text[: len(headline)], text[len(headline) :]
    again = opening.casefold() == headline.casefold() and not rest[:1].isalnum()
    text = _ADDRESS.sub("", rest.lstrip(f".!?{_TRIMMED}") if again else text)
    return text or ("" if again else squeeze(summary[:1_000]))


def cut(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text: all, or its first sentences or clauses, or its first words.

    An ellipsis says that something is missing, except after a whole sentence, which keeps its question mark.
    """
    if len(text) <= limit:
        return text
    least = min(_MIN_CLAUSE_CHARS, limit // 2)
    sentence_ends = {end for _, end in sentence_spans(text[: limit + 1]) if end <= limit and _SENTENCE_MARK.search(text[:end])}
    for at in sorted((end for end in _ends(text, limit, sentence_ends) if end >= least), reverse=True):
        shown = text[:at].rstrip(" .") if at in sentence_ends else f"{text[: min(at, limit - 1)].rstrip(_TRIMMED)}…"
        if _first_unclosed(shown) is None:
            return shown
    head = text[: limit - 1]
    space = head.rfind(" ")
    words = head[:space] if space > limit // 3 else _without_torn_sign(text, limit - 1)
    return f"{_closed(words.rstrip(_TRIMMED))}…"


def _ends(text: str, limit: int, sentence_ends: set[int]) -> Iterator[int]:
    """Yield where a sentence or a clause of a text ends. A full stop after a figure ends none: it is the 24. of a month."""
    yield from (end for end in sentence_ends if not re.search(r"\d\.$", text[:end]))
    yield from (match.start() for match in _CLAUSE_END.finditer(text, 0, limit))


def _closed(text: str) -> str:
    """Return a text without the quotation or bracket that it opens and does not close."""
    at = _first_unclosed(text)
    if at is None:
        return text
    return text[:at].rstrip(_TRIMMED) if at > len(text) // 3 else text[:at] + text[at + 1 :]


def _first_unclosed(text: str) -> int | None:
    """Return where the first quotation or bracket begins that the text does not close; a mark may open in one language and close in
    another.
    """
    open_: list[tuple[int, str]] = []
    for at, sign in enumerate(text):
        if open_ and sign in _PAIRS[open_[-1][1]]:
            open_.pop()
        elif sign in _PAIRS:
            open_.append((at, sign))
    return open_[0][0] if open_ else None


def _without_torn_sign(text: str, limit: int) -> str:
    """Return the first characters of a text without half of an emoji or a letter without its accents."""
    at = limit
    while 0 < at < len(text) and (_continues(text[at]) or text[at - 1] == _JOINER):
        at -= 1
    return text[:at]


def _continues(sign: str) -> bool:
    return sign in {_JOINER, _SELECTOR} or bool(unicodedata.combining(sign)) or "\U0001f3fb" <= sign <= "\U0001f3ff"

"""Traces of an opt-out in unknown columns: a row reads as active, but says elsewhere that its subscriber has left.

A column's name says what its cells mean (`Unsubscribe reason`, `Wants emails`, `Gesperrt`), or a cell says by itself that
somebody left (`State`: unsubscribed; `Tags`: vip, unsubscribed). The words are in `column_synonyms.toml`.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from digest.subscriber_statuses import STATUSES
from digest.subscribers.columns import NO_WORDS, NOTHING_WORDS, WORDS, YES_WORDS, plain_cell, plain_name

_TRACES = WORDS["traces"]
_LEFT, _HARMLESS = frozenset(_TRACES["left"]), frozenset(WORDS["decisions"]["harmless"])
_LETTER = re.compile(r"[^\W\d_]")
_PARTS = re.compile(r"[,;|/\[\]\"]+")


def _stems(name: str) -> re.Pattern[str]:
    return re.compile("|".join(rf"(?<!\w){re.escape(stem)}" for stem in _TRACES[name]), re.IGNORECASE)


_ANY, _YES, _NO, _ASIDE = _stems("any"), _stems("by_yes"), _stems("by_no"), _stems("aside")


def is_opt_out_trace(name: str, cell: str) -> bool:
    """Return whether a cell in an unknown column says that somebody must not be written to."""
    by_any, by_yes, by_no = _meanings(name)
    if not (by_any or by_yes or by_no) and not _LETTER.search(cell):
        return False  # no letters: most such cells are numbers
    said = plain_cell(cell)
    if not said:
        return False
    return (
        _says_left(said)
        or (by_any and said not in NO_WORDS and said not in NOTHING_WORDS)
        or (by_yes and _is_yes(said))
        or (by_no and (said in NO_WORDS or said in {"none", "never"}))
    )


@lru_cache(maxsize=1_000)
def _meanings(name: str) -> tuple[bool, bool, bool]:
    """Return which cells under this name would be a trace: anything but a no; a yes; a no."""
    column = plain_name(name)
    if column in _HARMLESS or _ASIDE.search(column):
        return False, False, False
    return bool(_ANY.search(column)), bool(_YES.search(column)), bool(_NO.search(column))


def _says_left(said: str) -> bool:
    return said in _LEFT or (bool(_PARTS.search(said)) and any(part.strip() in _LEFT for part in _PARTS.split(said)))


def _is_yes(said: str) -> bool:
    """Return whether a cell is a yes, or the date since which it holds."""
    return said in YES_WORDS or (bool(re.search(r"\d{4}", said)) and len(said) < 40)


def opt_out_word(name: str) -> str:
    """Return the word in a file's name that says its subscribers have left, or an empty string."""
    plain = re.sub(r"[\s_-]+", "", name.casefold())
    return next((word for word in _TRACES["file_names"] if word in plain), "")


def status_position(row: Sequence[str]) -> int | None:
    """Return the position of a status in a row of a list without a header, or None."""
    known = _LEFT | {*STATUSES, "subscribed"}
    return next((at for at, cell in enumerate(row) if plain_cell(cell) in known), None)

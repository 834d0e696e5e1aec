"""Advertising and machine-made praise, which say nothing about the article."""

import re
import tomllib
from pathlib import Path

from digest.text.prose import words

_LISTS = tomllib.loads((Path(__file__).parent / "comment_spam.toml").read_text(encoding="utf-8"))
MAX_PRAISE_WORDS = 60  # words; praise for any page counts only in a comment up to this length
_EARNINGS = re.compile(
    r"\b(?:earn|make|made|making|earned|paid)\b.{0,20}(?:[£$€]\s?\d[\d,.]+|\d[\d,.]{2,}).{0,12}"
    r"\b(?:an? |per |each |every )?(?:hour|day|week|month)"
    r".{0,80}\b(?:(?:from|at) home online|from home|online|laptop|my boss|started here|profile|click here)\b",
    re.IGNORECASE | re.DOTALL,
)
_BB_LINK = re.compile(r"\[(?:url|link)\s*=?[^\]]{0,500}\]", re.IGNORECASE)  # no comment form accepts it: it is pasted everywhere
_Phrases = tuple[tuple[str, ...], ...]


def _phrases(name: str) -> _Phrases:
    """Return each phrase as the parts between its stars, with a space at either end."""
    return tuple(tuple(f" {part.strip()} " for part in phrase.split("*")) for phrase in _LISTS[name])


_SURELY, _PERHAPS = _phrases("surely"), _phrases("perhaps")


def is_advertising(text: str) -> bool:
    """Return whether a comment is advertising, or praise that a machine leaves under any page."""
    said = words(text.casefold())
    flat = f" {' '.join(said)} "
    if _contains_enough(flat, _SURELY, 1) or _BB_LINK.search(text) or (any(map(str.isdigit, text)) and _EARNINGS.search(text)):
        return True
    return len(said) <= MAX_PRAISE_WORDS and _contains_enough(flat, _PERHAPS, 2)


def _contains_enough(flat: str, phrases: _Phrases, enough: int) -> bool:
    found = 0
    for first, *rest in phrases:
        if first in flat and all(part in flat[flat.index(first) :] for part in rest):
            found += 1
            if found == enough:
                return True
    return False

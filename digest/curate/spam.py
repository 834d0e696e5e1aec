"""Advertising and machine-made praise, which say nothing of the article; and what must not be printed without a look: how to reach
somebody.
"""

import re
import tomllib
from pathlib import Path

from digest.text.prose import words

_LISTS = tomllib.loads((Path(__file__).parent / "spam.toml").read_text(encoding="utf-8"))
DIGITS = 9  # of the shortest telephone number
SHORT = 60  # words of praise for any page
_EARNINGS = re.compile(
    r"\b(?:earn|make|made|making|earned|paid)\b.{0,20}(?:[£$€]\s?\d[\d,.]+|\d[\d,.]{2,}).{0,12}"
    r"\b(?:an? |per |each |every )?(?:hour|day|week|month)"
    r".{0,80}\b(?:(?:from|at) home online|from home|online|laptop|my boss|started here|profile|click here)\b",
    re.IGNORECASE | re.DOTALL,
)
_EMAIL = re.compile(
    r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]{2,}"
    r"|[^\s@<>()]+ ?[(\[{] ?at ?[)\]}] ?\S+(?:\.| ?[(\[{] ?dot ?[)\]}] ?)[^\s@<>().]{2,}",
    re.IGNORECASE,
)
_NO_PHONE = re.compile(r"(?<!\d)\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?!\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")  # dates
_PHONE = re.compile(
    r"(?<![\d.,/£$€-])(?<!\d\s)(?:(?:\+|00)\d{1,3}[\s().-]{0,3}(?:\d[\s().-]{0,2}){7,12}"  # +44 20 7946 0000
    r"|\(?0\d{1,4}\)?[\s/.-]?(?:\d[\s/.-]?){6,8}"  # 020 7946 0000
    r"|\(\d{3}\)[\s.-]?\d{3}[\s.-]\d{4}|\d{3}([.-])\d{3}\1\d{4})(?![\d,/-])"  # 555-010-1234
)


_Phrases = tuple[tuple[str, ...], ...]


def _phrases(name: str) -> _Phrases:
    """Each phrase as the parts between its stars, a blank at either end."""
    return tuple(tuple(f" {part.strip()} " for part in phrase.split("*")) for phrase in _LISTS[name])


_SURELY, _PERHAPS = _phrases("surely"), _phrases("perhaps")


def is_advertising(text: str) -> bool:
    """Whether a comment is advertising, or praise that a machine leaves under any page."""
    said = words(text.casefold())
    flat = f" {' '.join(said)} "
    if _count(flat, _SURELY, 1) or (any(map(str.isdigit, text)) and _EARNINGS.search(text)):
        return True
    return len(said) <= SHORT and _count(flat, _PERHAPS, 2)


def _count(flat: str, phrases: _Phrases, enough: int) -> bool:
    found = 0
    for first, *rest in phrases:
        if first in flat and all(part in flat[flat.index(first) :] for part in rest):
            found += 1
            if found == enough:
                return True
    return False


def contact_details(text: str) -> str:
    """What in a comment is a way to reach somebody; an empty string where nothing is."""
    if ("@" in text or "at" in text.casefold()) and _EMAIL.search(text):
        return "an e-mail address"
    figures = _NO_PHONE.sub(" on ", text)
    return "a telephone number" if sum(map(str.isdigit, figures)) >= DIGITS and _PHONE.search(figures) else ""

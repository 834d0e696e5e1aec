"""Advertising and machine-made praise, which say nothing about the article; and contact details, which must not be printed before
the editor has looked.
"""

import re
import tomllib
from pathlib import Path
from unicodedata import normalize

from digest.text.prose import words

_LISTS = tomllib.loads((Path(__file__).parent / "comment_spam.toml").read_text(encoding="utf-8"))
MIN_PHONE_DIGITS = 9  # in the shortest telephone number
MAX_PRAISE_WORDS = 60  # words; praise for any page counts only in a comment up to this length
_EARNINGS = re.compile(
    r"\b(?:earn|make|made|making|earned|paid)\b.{0,20}(?:[£$€]\s?\d[\d,.]+|\d[\d,.]{2,}).{0,12}"
    r"\b(?:an? |per |each |every )?(?:hour|day|week|month)"
    r".{0,80}\b(?:(?:from|at) home online|from home|online|laptop|my boss|started here|profile|click here)\b",
    re.IGNORECASE | re.DOTALL,
)
_AT, _DOT = r"(?: ?[(\[{] ?at ?[)\]}] ?)", r"(?:\.| ?[(\[{] ?dot ?[)\]}] ?| dot )"
_EMAIL = re.compile(
    r"[^\s@<>()]+@[^\s@<>()]+\.[^\s@<>().]{2,}"
    rf"|[^\s@<>()]+{_AT}\S+?{_DOT}[^\s@<>().]{{2,}}"
    r"|[^\s@<>()]+ at [^\s@<>()]+ dot (?:com|net|org|info|co|uk|eu|io|me|de|fr|es|it|nl|pl|at|ch|ie|us|ca|au)\b"
    r"|[^\s@<>()]+ (?:at|@) (?:gmail|googlemail|hotmail|yahoo|outlook|icloud|proton(?:mail)?|gmx|aol|live)\b",
    re.IGNORECASE,
)
_CHAT = re.compile(r"\b(?:wa\.me|t\.me|api\.whatsapp\.com|chat\.whatsapp\.com|m\.me|signal\.me)/\S", re.IGNORECASE)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_NO_PHONE = re.compile(r"(?<![\d./-])\d{1,2}([./-])\d{1,2}\1(?:\d{4}|\d{2})(?![./-]?\d)|(?<!\d)\d{4}-\d{2}-\d{2}(?!\d)")  # dates
_PHONE = re.compile(
    r"(?<![\d.,/£$€-])(?<!\d\s)(?:(?:\+|00)\d{1,3}[\s().-]{0,3}(?:\d[\s().-]{0,2}(?:/\s?)?){7,12}"  # also +49 (0) 89 / 1234567
    r"|0\d(?:[ .-]\d{2}){4}"  # 01.23.45.67.89
    r"|1[-. ]\d{3}[-. ]\d{3}[-. ]\d{4}"  # 1-800-555-0199
    r"|[6-9]\d{4} \d{5}"  # 98765 43210
    r"|\(?0\d{1,4}\)?[\s/.-]?(?:\d[\s/.-]?){6,8}"  # 020 7946 0000
    r"|\(\d{3}\)[\s.-]?\d{3}[\s.-]\d{4}|\d{3}([.-])\d{3}\1\d{4})(?![\d,/-])"  # 555-010-1234
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


def contact_details(text: str) -> str:
    """Return the kind of contact details that a comment has, or an empty string if it has none."""
    text = normalize("NFKC", text).replace("\u2010", "-").replace("\u2011", "-").replace("\u2212", "-")
    if ("@" in text or "at" in text.casefold()) and _EMAIL.search(text):
        return "an e-mail address"
    if _CHAT.search(text):
        return "a link to a chat"
    if _IBAN.search(text):
        return "a bank account"
    without_dates = _NO_PHONE.sub(" on ", text)
    return "a telephone number" if sum(map(str.isdigit, without_dates)) >= MIN_PHONE_DIGITS and _PHONE.search(without_dates) else ""

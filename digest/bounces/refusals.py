"""Whose fault a refusal speaks of: one table for what a relay answers, what comes back as a bounce, and what providers tell.

Only what names the mailbox or its domain as gone is a reader's death. What speaks of the sender, of policy, rate, reputation or
content is ours, whatever status code stands before it (servers use 5.1.0, 5.1.8 and 5.2.1 for it); a full or disabled mailbox
may come back; what nobody understands costs no reader anything. Codes are those of RFC 3463; the words are what mail systems
are documented to say.
"""

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from unicodedata import combining, normalize


class Cause(StrEnum):
    """What a refusal speaks of."""

    GONE = "gone"  # the mailbox or its domain does not exist
    FULL = "full"  # the mailbox is full, or disabled for a while
    OURS = "ours"  # who we are, what we send, how fast
    LATER = "later"  # the other side, now
    UNCLEAR = "unclear"


_WITHIN = r"(?:[^.;!?]|\.(?=\w))"  # one sentence, the dots of an address included
_WORDS = tomllib.loads((Path(__file__).parent / "refusals.toml").read_text(encoding="utf-8"))


def _plain(text: str) -> str:
    """Text without accents, which relays lose as often as they keep them."""
    return text if text.isascii() else "".join(sign for sign in normalize("NFKD", text) if not combining(sign))


def _any(name: str, *pairs: tuple[str, str], also: str = "") -> re.Pattern[str]:
    """What a list says in English; in other languages a noun and a state beside it in one sentence, or words that say it alone."""
    said = list(_WORDS[name])
    for words in _WORDS["languages"].values():
        said += [words[also]] if also else []
        for noun, state in pairs:
            said += [
                f"(?:{words[noun]}){_WITHIN}{{0,60}}(?:{words[state]})",
                f"(?:{words[state]}){_WITHIN}{{0,20}}(?:{words[noun]})",
            ]
    return re.compile(_plain("|".join(said)), re.IGNORECASE | re.DOTALL)


_SENDER = _any("sender", ("sender", "refused"), ("sender", "gone"))
_TRUST = _any("trust", ("message", "refused"), also="unwanted")
_OWN = re.compile(_plain("|".join(words["own"] for words in _WORDS["languages"].values())), re.IGNORECASE)
_RATE = _any("rate", also="own")
_SIZE = _any("size")
_FULL = _any("full", ("mailbox", "full"))
_MACHINE = _any("machine")
_PAUSED = _any("paused", ("mailbox", "paused"))
_LATER = _any("later", also="later")
_STATED = _any("stated", ("mailbox", "gone"))
_DOMAIN = _any("domain")
_AFTER_DATA = _any("after_data")
_RECIPIENT = _any("recipient")
_SUPPRESSED = _any("suppressed")
_FOR_GOOD = re.compile(r"closed|deleted|terminated|discontinued|does not exist|doesn.t exist|unknown|for good", re.IGNORECASE)
_DISABLED = re.compile(r"disabled|suspended|inactive|locked|deactivated", re.IGNORECASE)
_DEAD_CODES = frozenset(("5.1.1", "5.1.2", "5.1.3", "5.1.4", "5.1.6", "5.1.10", "5.4.4", "5.4.310"))
_OUR_CODES = re.compile(r"5\.(?:7\.\d+|1\.[78]|3\.4|6\.\d+|4\.6|5\.[1-6])$")
_POLICY_CODES = re.compile(r"5\.7\.\d+$")
_THEIR_CODES = re.compile(r"5\.(?:3\.[0125]|4\.[1237])$")
_FULL_CODES = frozenset(("5.2.2", "4.2.2"))


def cause(status: str, text: str) -> Cause:
    """What a refusal speaks of, by its enhanced status code (RFC 3463; empty where it has none) and its words."""
    words = _plain(text[:4_000])
    if status.startswith("4."):
        return Cause.FULL if status in _FULL_CODES or _is_full(words) else Cause.LATER
    stated = bool(_STATED.search(words))
    if _SENDER.search(words) and not _about_recipient(words):
        return Cause.OURS
    if status in _FULL_CODES or _is_full(words):
        return Cause.FULL
    if _SIZE.search(words):
        return Cause.OURS
    if _AFTER_DATA.search(words):
        return Cause.OURS if _TRUST.search(words) or _OUR_CODES.match(status) else Cause.UNCLEAR
    return _by_mailbox(status, words, stated=stated)


def _is_full(words: str) -> bool:
    """Whether the mailbox is full: not our allowance, and not the machine's disk."""
    return bool(_FULL.search(words)) and not (_RATE.search(words) or _MACHINE.search(words))


def _about_recipient(words: str) -> bool:
    """Whether the recipient is named as unknown apart from anything that is said of the sender."""
    return bool(_RECIPIENT.search(words))


def _by_mailbox(status: str, words: str, *, stated: bool) -> Cause:
    if _PAUSED.search(words) and not (_FOR_GOOD.search(words) or _OWN.search(words)):
        return Cause.LATER if _LATER.search(words) and not _DISABLED.search(words) else Cause.FULL
    ours = _RATE.search(words)
    if stated and not ours and (status in _DEAD_CODES or not (_TRUST.search(words) or _LATER.search(words))):
        return Cause.GONE
    if stated and _about_recipient(words) and not _OWN.search(words):
        return Cause.GONE
    if _DOMAIN.search(words) and not _TRUST.search(words):
        return Cause.GONE
    if _SUPPRESSED.search(words):
        return Cause.GONE
    return _by_code(status, words)


def _by_code(status: str, words: str) -> Cause:
    """What is left: words of policy and pace before words of now, and a code alone last."""
    trust, later = _TRUST.search(words), _LATER.search(words) or _MACHINE.search(words)
    if (_RATE.search(words) and not later) or (trust and _POLICY_CODES.match(status)):
        return Cause.OURS
    if later:
        return Cause.LATER
    if trust or _OUR_CODES.match(status):
        return Cause.OURS
    if _THEIR_CODES.match(status):
        return Cause.LATER
    return Cause.GONE if status in _DEAD_CODES else Cause.UNCLEAR

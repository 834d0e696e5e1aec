"""Whose fault a refusal is: one table for the replies of relays, for bounces, and for the reports of providers.

An address is dead only if the refusal says that its mailbox or domain does not exist, or that it is on a suppression list. A
refusal that speaks of the sender, policy, rate, reputation or content is ours, whatever its status code (servers use 5.1.0,
5.1.8 and 5.2.1 for it). A full or disabled mailbox may come back. A refusal that is not understood costs no recipient anything.
Codes are those of RFC 3463. The patterns are what mail systems are documented to say.
"""

import re
import tomllib
from enum import StrEnum
from pathlib import Path
from unicodedata import combining, normalize


class Cause(StrEnum):
    """The cause that a refusal states."""

    GONE = "gone"  # the mailbox or its domain does not exist
    FULL = "full"  # the mailbox is full, or disabled for a while
    OURS = "ours"  # who we are, what we send or how fast
    LATER = "later"  # a problem of the other side, for now
    UNCLEAR = "unclear"


_WITHIN = r"(?:[^.;!?]|\.(?=\w))"  # text within one sentence; a dot inside an address does not end it
_WORDS = tomllib.loads((Path(__file__).parent / "refusals.toml").read_text(encoding="utf-8"))


def _plain(text: str) -> str:
    """Return the text without accents, because relays lose them as often as they keep them."""
    return text if text.isascii() else "".join(character for character in normalize("NFKD", text) if not combining(character))


def _any(name: str, *pairs: tuple[str, str], also: str = "") -> re.Pattern[str]:
    """Return one pattern for a list of English patterns and for what says the same in the other languages.

    There, a pair is a noun and a state near each other in one sentence; `also` names words that say it alone.
    """
    patterns = list(_WORDS[name])
    for language in _WORDS["languages"].values():
        patterns += [language[also]] if also else []
        for noun, state in pairs:
            patterns += [
                f"(?:{language[noun]}){_WITHIN}{{0,60}}(?:{language[state]})",
                f"(?:{language[state]}){_WITHIN}{{0,20}}(?:{language[noun]})",
            ]
    return re.compile(_plain("|".join(patterns)), re.IGNORECASE | re.DOTALL)


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


def cause_of(status: str, text: str) -> Cause:
    """Return the cause of a refusal, by its enhanced status code (RFC 3463; empty if it has none) and its text."""
    plain_text = _plain(text[:4_000])
    if status.startswith("4."):
        return Cause.FULL if status in _FULL_CODES or _is_full(plain_text) else Cause.LATER
    stated = bool(_STATED.search(plain_text))
    if _SENDER.search(plain_text) and not _about_recipient(plain_text):
        return Cause.OURS
    if status in _FULL_CODES or _is_full(plain_text):
        return Cause.FULL
    if _SIZE.search(plain_text):
        return Cause.OURS
    if _AFTER_DATA.search(plain_text):
        return Cause.OURS if _TRUST.search(plain_text) or _OUR_CODES.match(status) else Cause.UNCLEAR
    return _by_mailbox(status, plain_text, stated=stated)


def _is_full(text: str) -> bool:
    """Return whether the mailbox is full, rather than our allowance used up or the machine's disk full."""
    return bool(_FULL.search(text)) and not (_RATE.search(text) or _MACHINE.search(text))


def _about_recipient(text: str) -> bool:
    """Return whether the text names the recipient as the one refused, apart from anything that it says of the sender."""
    return bool(_RECIPIENT.search(text))


def _by_mailbox(status: str, text: str, *, stated: bool) -> Cause:
    if _PAUSED.search(text) and not (_FOR_GOOD.search(text) or _OWN.search(text)):
        return Cause.LATER if _LATER.search(text) and not _DISABLED.search(text) else Cause.FULL
    ours = _RATE.search(text)
    if stated and not ours and (status in _DEAD_CODES or not (_TRUST.search(text) or _LATER.search(text))):
        return Cause.GONE
    if stated and _about_recipient(text) and not _OWN.search(text):
        return Cause.GONE
    if _DOMAIN.search(text) and not _TRUST.search(text):
        return Cause.GONE
    if _SUPPRESSED.search(text):
        return Cause.GONE
    return _by_code(status, text)


def _by_code(status: str, text: str) -> Cause:
    """Return the cause by the remaining words, and last by the code alone.

    Words of a temporary problem outweigh those of rate, and those of policy unless the code is one of policy.
    """
    trust, later = _TRUST.search(text), _LATER.search(text) or _MACHINE.search(text)
    if (_RATE.search(text) and not later) or (trust and _POLICY_CODES.match(status)):
        return Cause.OURS
    if later:
        return Cause.LATER
    if trust or _OUR_CODES.match(status):
        return Cause.OURS
    if _THEIR_CODES.match(status):
        return Cause.LATER
    return Cause.GONE if status in _DEAD_CODES else Cause.UNCLEAR

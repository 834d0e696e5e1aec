"""Addresses: one form for each, so that two spellings of one mailbox are known for the same; and what kind of mailbox it is."""

import re
from collections.abc import Sequence
from functools import cache

from email_validator import EmailNotValidError, validate_email

from digest.errors import SubscriberFileError
from digest.subscribers.columns import WORDS

# What needs no more than a look, in lower case: a test holds it to be what email-validator takes as it is. All else is asked of
# that library, which takes a tenth of a millisecond.
PLAIN = re.compile(
    r"[a-z0-9_+-]{1,30}+(?:\.[a-z0-9_+-]{1,30}+)?@(?:[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,60}+\.){1,3}"
    r"(?!local|test|arpa|invalid|onion|internal|localhost)[a-z]{2,20}\Z"
)
_INVISIBLE = re.compile(  # the Unicode category Cf: marks of direction, joiners, soft hyphens, which come along when text is copied
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
_SOME = re.compile(r"[^\s<>,;:\"'()\[\]]+@[^\s<>,;:\"'()\[\]@]+", re.IGNORECASE)
_STRAY = frozenset("'\"‘’‚‛“”„«»‹›`´•·*–—")
MAX_ADDRESS_CHARS = 1_000  # characters that may hold an address with a name
ROLES = frozenset(WORDS["mailboxes"]["roles"])


def normalise(address: str) -> str:
    """An address in the form that tells whether two are the same; SubscriberFileError where it is none.

    Lower case throughout, the domain in its ASCII form (RFC 5890) and without the full stop of the root at its end.
    """
    lower = address.lower()
    if address.isascii() and PLAIN.match(lower) and len(lower) <= 254:
        return lower
    if len(address) > MAX_ADDRESS_CHARS:
        raise SubscriberFileError(f"{address[:40]!r}… is not a valid address: too long")
    bare = _taken_out(_INVISIBLE.sub("", address).strip())
    try:
        checked = validate_email(bare, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise SubscriberFileError(f"{address.strip()[:80]!r} is not a valid address: {_reason(error)}") from error
    return (checked.ascii_email or checked.normalized).lower()


def _reason(error: EmailNotValidError) -> str:
    told = str(error).rstrip(".")
    return "no @ sign" if "@-sign" in told else told[:1].lower() + told[1:]


def _taken_out(text: str) -> str:
    """The one address in a text: of `Ada Holm <ada@readers.example>`, of a link; SubscriberFileError where there are several."""
    several = {found.removeprefix("mailto:").casefold() for found in _SOME.findall(text)}
    if len(several) > 1:
        raise SubscriberFileError(f"{text[:80]!r} has {len(several)} addresses in one field; give each a line of its own")
    if text.endswith(">"):
        text = text.rpartition("<")[2][:-1]
    text = text.strip().removeprefix("mailto:").removesuffix(".")
    if text[:1] in _STRAY or text.partition("@")[0][-1:] in _STRAY:
        raise SubscriberFileError(
            f"{text[:80]!r} is not a valid address: it has a stray {text[0] if text[0] in _STRAY else 'mark'} in it; take it out"
        )
    return text


def address_problem(email: str) -> str:
    """What is odd about a mailbox that nevertheless gets its mail: an office's, or one that is thrown away; else nothing."""
    local, _, domain = email.partition("@")
    if local in ROLES:
        return "role address (shared mailbox); complaints are more likely"
    return "disposable address" if domain in disposable_domains() else ""


def count_odd_addresses(emails: Sequence[str]) -> int:
    """How many of some addresses are odd; a look at all at once tells where none is."""
    locals_, _, domains = zip(*(email.partition("@") for email in emails), strict=True) if emails else ((), (), ())
    if ROLES.isdisjoint(locals_) and disposable_domains().isdisjoint(domains):
        return 0
    return sum(map(bool, map(address_problem, emails)))


@cache
def disposable_domains() -> frozenset[str]:
    """The domains of mailboxes that are thrown away after use."""
    from disposable_email_domains import blocklist  # noqa: PLC0415  220 KB, and only a check wants it

    return frozenset(blocklist)

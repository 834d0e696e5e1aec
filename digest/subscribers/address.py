"""Addresses: one form for each, so that two spellings of a mailbox are recognised as the same; and the kind of mailbox it is."""

import re
from collections.abc import Sequence
from functools import cache

from email_validator import EmailNotValidError, validate_email

from digest.errors import SubscriberFileError
from digest.subscribers.columns import WORDS

# Plain addresses, in lower case: a test checks that email-validator takes them unchanged. All others go to that library, which
# takes a tenth of a millisecond.
PLAIN_ADDRESS = re.compile(
    r"[a-z0-9_+-]{1,30}+(?:\.[a-z0-9_+-]{1,30}+)?@(?:[a-z0-9](?:[a-z0-9]|-(?=[a-z0-9])){0,60}+\.){1,3}"
    r"(?!local|test|arpa|invalid|onion|internal|localhost)[a-z]{2,20}\Z"
)
_INVISIBLE = re.compile(  # the Unicode category Cf: direction marks, joiners and soft hyphens, which come with copied text
    "[\u00ad\u0600-\u0605\u061c\u06dd\u070f\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb\U000e0001-\U000e007f]"
)
_ADDRESS = re.compile(r"[^\s<>,;:\"'()\[\]]+@[^\s<>,;:\"'()\[\]@]+", re.IGNORECASE)
_STRAY = frozenset("'\"‘’‚‛“”„«»‹›`´•·*–—")
MAX_ADDRESS_CHARS = 1_000  # characters of a field with an address and perhaps a name
ROLE_NAMES = frozenset(WORDS["mailboxes"]["roles"])


def normalise(address: str) -> str:
    """Return an address in the form in which two spellings of it are equal; raise SubscriberFileError if it is invalid.

    The form is in lower case throughout, with the domain in ASCII (RFC 5890) and without a final full stop (the DNS root).
    """
    lower = address.lower()
    if address.isascii() and PLAIN_ADDRESS.match(lower) and len(lower) <= 254:
        return lower
    if len(address) > MAX_ADDRESS_CHARS:
        raise SubscriberFileError(f"{address[:40]!r}… is not a valid address: too long")
    bare = _extract_address(_INVISIBLE.sub("", address).strip())
    try:
        checked = validate_email(bare, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise SubscriberFileError(f"{address.strip()[:80]!r} is not a valid address: {_reason(error)}") from error
    return (checked.ascii_email or checked.normalized).lower()


def _reason(error: EmailNotValidError) -> str:
    reason = str(error).rstrip(".")
    return "no @ sign" if "must have an @-sign" in reason else reason[:1].lower() + reason[1:]


def _extract_address(text: str) -> str:
    """Return the address in `Ada Holm <ada@readers.example>` or a link; raise SubscriberFileError for several or a stray mark."""
    addresses = {found.removeprefix("mailto:").casefold() for found in _ADDRESS.findall(text)}
    if len(addresses) > 1:
        raise SubscriberFileError(f"{text[:80]!r} has {len(addresses)} addresses in one field; give each a line of its own")
    if text.endswith(">"):
        text = text.rpartition("<")[2][:-1]
    text = text.strip().removeprefix("mailto:").removesuffix(".")
    if text[:1] in _STRAY or text.partition("@")[0][-1:] in _STRAY:
        raise SubscriberFileError(
            f"{text[:80]!r} is not a valid address: it has a stray {text[0] if text[0] in _STRAY else 'mark'} in it; take it out"
        )
    return text


def address_problem(email: str) -> str:
    """Return what is odd about an address that still gets mail (a role or disposable mailbox), or an empty string."""
    local, _, domain = email.partition("@")
    if local in ROLE_NAMES:
        return "role address (shared mailbox); complaints are more likely"
    return "disposable address" if domain in disposable_domains() else ""


def count_odd_addresses(emails: Sequence[str]) -> int:
    """Return how many of some addresses are odd; if none is, one look at all of them together shows it."""
    locals_, _, domains = zip(*(email.partition("@") for email in emails), strict=True) if emails else ((), (), ())
    if ROLE_NAMES.isdisjoint(locals_) and disposable_domains().isdisjoint(domains):
        return 0
    return sum(map(bool, map(address_problem, emails)))


@cache
def disposable_domains() -> frozenset[str]:
    """Return the domains of mailboxes that are thrown away after use."""
    from disposable_email_domains import blocklist  # noqa: PLC0415  220 KB, and only a check needs it

    return frozenset(blocklist)

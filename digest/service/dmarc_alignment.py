"""The organisation that a domain belongs to, by the public suffix list (RFC 7489, section 3.2)."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def organisational_domain(domain: str) -> str:
    """Return the organisational domain: `gazette.co.uk` for `news.gazette.co.uk`, or the domain itself if it is a public suffix."""
    return _suffixes().privatesuffix(domain.lower().rstrip(".")) or domain.lower().rstrip(".")


def is_aligned(one: str, other: str) -> bool:
    """Return whether receivers treat two domains as one sender's (DMARC's relaxed alignment, RFC 7489, section 3.1)."""
    return organisational_domain(one) == organisational_domain(other)

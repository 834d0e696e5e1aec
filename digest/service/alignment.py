"""Which domains belong to one organisation, by the public suffix list (RFC 7489, section 3.2)."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def organisational_domain(domain: str) -> str:
    """The organisational domain: `gazette.co.uk` of `news.gazette.co.uk`; the domain itself where it is a public suffix."""
    return _suffixes().privatesuffix(domain.lower().rstrip(".")) or domain.lower().rstrip(".")


def is_aligned(one: str, other: str) -> bool:
    """Whether receivers take two domains for one sender's (DMARC's relaxed alignment, RFC 7489, section 3.1)."""
    return organisational_domain(one) == organisational_domain(other)

"""Which hosts a source may reach: loopback and private networks only if its configuration sets `allow_private`.

Names are checked after they are resolved, so a name that points to a private address is refused as well.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from digest.errors import FetchError

_NAT64, _COMPATIBLE = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")


class Resolver(AbstractResolver):
    """A resolver that leaves out every address that a source may not reach."""

    def __init__(self, *, allow_private: bool) -> None:
        self._inner = DefaultResolver()
        self._allow_private = allow_private

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """Return the addresses of a name that may be reached; raise FetchError if there are none."""
        found = await self._inner.resolve(host, port, family)
        allowed = [answer for answer in found if not _forbidden(answer["host"], self._allow_private)]
        if not allowed:
            raise _private_error(host, allow_private=self._allow_private)
        return allowed

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


def allowed_url(url: str, *, allow_private: bool) -> URL:
    """Return the URL as the client reads it; raise FetchError if it is invalid or its scheme or literal host is not allowed."""
    try:
        parts = URL(url)  # it reads full-width digits as digits
        host = parts.host or ""
    except ValueError as error:
        raise FetchError("invalid address", thing=url) from error
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchError(f"{parts.scheme or 'no'}: only http and https are supported", thing=url)
    if _forbidden(host, allow_private):
        raise _private_error(url, allow_private=allow_private)
    return parts


def _forbidden(host: str, allow_private: bool) -> bool:
    """Return whether a literal address is forbidden. Link-local and multicast always are.

    A cloud machine's own secrets are at a link-local address.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    effective = _effective_address(address)
    return effective.is_link_local or effective.is_multicast or (not allow_private and not effective.is_global)


def _effective_address(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return the IPv4 address that an IPv6 address embeds and leads to, or the address itself if there is none.

    The forms are mapped, compatible, NAT64 (RFC 6052) and 6to4 (RFC 3056).
    """
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if found := address.ipv4_mapped or address.sixtofour:
        return found
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def _private_error(thing: str, *, allow_private: bool) -> FetchError:
    if allow_private:
        return FetchError("link-local and multicast addresses are blocked", thing=thing)
    return FetchError(
        "address is on this machine or a private network",
        thing=thing,
        remedy="If this is intended, set allow_private = true for the source.",
    )

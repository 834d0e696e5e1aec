"""Which hosts a source may reach: loopback or a private network only where its plan says so (`allow_private`).

Names are checked after they are resolved, so a name that points inwards is refused as well.
"""

import ipaddress
import socket

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import DefaultResolver
from yarl import URL

from digest.errors import FetchError

_NAT64, _COMPATIBLE = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96")


class Resolver(AbstractResolver):
    """Leaves out every address that a source may not reach."""

    def __init__(self, *, allow_private: bool) -> None:
        self._inner = DefaultResolver()
        self._allow_private = allow_private

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        """The addresses of a name that may be reached; FetchError where it has none."""
        found = await self._inner.resolve(host, port, family)
        allowed = [answer for answer in found if not _forbidden(answer["host"], self._allow_private)]
        if not allowed:
            raise _private_error(host, allow_private=self._allow_private)
        return allowed

    async def close(self) -> None:
        """Let go of what resolving holds."""
        await self._inner.close()


def allowed_url(url: str, *, allow_private: bool) -> URL:
    """The address as the client will read it; FetchError where its scheme or literal host is not allowed."""
    try:
        parts = URL(url)  # full-width digits are digits to it
        host = parts.host or ""
    except ValueError as error:
        raise FetchError("invalid address", thing=url) from error
    if parts.scheme not in {"http", "https"} or not host:
        raise FetchError(f"{parts.scheme or 'no'}: only http and https are supported", thing=url)
    if _forbidden(host, allow_private):
        raise _private_error(url, allow_private=allow_private)
    return parts


def _forbidden(host: str, allow_private: bool) -> bool:
    """Link-local addresses never: a cloud machine's own secrets are there."""
    try:
        address = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    real = _held(address)
    return real.is_link_local or real.is_multicast or (not allow_private and not real.is_global)


def _held(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that one of IPv6 holds and leads to: mapped, compatible, NAT64 (RFC 6052), 6to4 (RFC 3056)."""
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

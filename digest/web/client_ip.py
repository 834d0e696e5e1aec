"""The address of a visitor, also behind reverse proxies."""

import ipaddress
import re

from aiohttp import web

_FOR = re.compile(r"(?i)(?:^|[;,])\s*for=\"?([^\";,]+)\"?")
_V4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?\Z")
_V6 = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%\w+)?\](?::\d{1,5})?\Z")


def client_ip(request: web.Request, proxies: int) -> str:
    """Return the visitor's address without a port, as the outermost of our reverse proxies has seen it.

    What precedes that in X-Forwarded-For or Forwarded (RFC 7239) is a stranger's word. An IPv6 address becomes its /64, which is
    one household (RFC 6177). If the text is not an address, the address of the connection itself counts.
    """
    seen = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if part.strip()]
    seen = [_without_port(part) for part in seen or _FOR.findall(",".join(request.headers.getall("Forwarded", [])))]
    own = request.remote or ""
    for text in (seen[-proxies] if proxies and len(seen) >= proxies else own, own):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else text
    return own


def network(address: str) -> str:
    """Return the network of an address, as large as one provider's (IPv4 /16, IPv6 /32): a flood comes from few of them."""
    try:
        found = ipaddress.ip_interface(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found.ip}/{16 if found.version == 4 else 32}", strict=False))


def _without_port(text: str) -> str:
    """Return an address without the port and the brackets that proxies add."""
    found = _V4.match(text) or _V6.match(text)
    return found[1] if found else text

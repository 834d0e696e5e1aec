"""Who asks: a visitor's address, behind reverse proxies."""

import ipaddress
import re

from aiohttp import web

_FOR = re.compile(r"(?i)(?:^|[;,])\s*for=\"?([^\";,]+)\"?")
_V4 = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?\Z")
_V6 = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%\w+)?\](?::\d{1,5})?\Z")


def client_ip(request: web.Request, proxies: int) -> str:
    """The address that the outermost reverse proxy of ours has seen (X-Forwarded-For, or Forwarded of RFC 7239, is a stranger's
    word before that), without a port.

    Of IPv6 the /64, which is one household (RFC 6177); what is no address counts as the connection's own.
    """
    seen = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if part.strip()]
    seen = [_bare(part) for part in seen or _FOR.findall(",".join(request.headers.getall("Forwarded", [])))]
    own = request.remote or ""
    for text in (seen[-proxies] if proxies and len(seen) >= proxies else own, own):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else text
    return own


def network(address: str) -> str:
    """The network that an address is in, as large as what one provider gives out: a flood comes from few of them."""
    try:
        found = ipaddress.ip_interface(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network(f"{found.ip}/{16 if found.version == 4 else 32}", strict=False))


def _bare(text: str) -> str:
    """An address without the port and the brackets that proxies write."""
    found = _V4.match(text) or _V6.match(text)
    return found[1] if found else text

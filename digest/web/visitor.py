"""Who asks: a visitor's address, behind reverse proxies."""

import ipaddress

from aiohttp import web


def visitor(request: web.Request, proxies: int) -> str:
    """The address that the outermost reverse proxy of ours has seen (X-Forwarded-For is a stranger's word before that).

    Of IPv6 the /64, which is one household (RFC 6177); what is no address counts as the connection's own.
    """
    seen = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if part.strip()]
    own = request.remote or ""
    for text in (seen[-proxies] if proxies and len(seen) >= proxies else own, own):
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            continue
        return str(ipaddress.ip_network(f"{address}/64", strict=False)) if address.version == 6 else text
    return own

"""A DNS server on loopback with the records that it is given: TXT by their name, others by `name/MX`. For all else it says that there is none."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import cast

import dns.asyncresolver
import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest


class _Server(asyncio.DatagramProtocol):
    def __init__(self, records: Mapping[str, Sequence[str]], failing: Sequence[str]) -> None:
        self._records = records
        self._failing = failing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        name = question.question[0].name.to_text(omit_final_dot=True)
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        kind = dns.rdatatype.to_text(question.question[0].rdtype)
        key = name if kind == "TXT" else f"{name}/{kind}"
        if name in self._failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
        elif key in self._records:
            answer.answer.append(dns.rrset.from_text_list(f"{name}.", 60, "IN", kind, self._records[key]))
        else:
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@asynccontextmanager
async def serve_dns(
    monkeypatch: pytest.MonkeyPatch, records: Mapping[str, Sequence[str]], failing: Sequence[str] = ()
) -> AsyncIterator[None]:
    """Have every lookup of this process answered while the block runs; a record is in quotes, as in a zone file."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Server(records, failing), ("127.0.0.1", 0))
    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = ["127.0.0.1"]
    resolver.port = transport.get_extra_info("sockname")[1]
    monkeypatch.setattr(dns.asyncresolver, "default_resolver", resolver)
    try:
        yield
    finally:
        transport.close()

"""Who may hold a connection, whose requests are counted together, and where the pages are."""

import asyncio
import logging
import resource
from contextlib import suppress

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from digest.service.logs import MAX_REMEMBERED_LINES, RepeatFilter
from digest.web import connection_limits, pages
from digest.web.client_ip import client_ip, network
from digest.web.connection_limits import ConnectionLimits, LimitedConnection, connection_limit, raise_descriptor_limit
from digest.web.pages import serve_http


async def hello(_request: web.Request) -> web.Response:
    return web.Response(text="here")


def application() -> web.Application:
    made = web.Application()
    made.router.add_get("/", hello)
    return made


async def test_half_requests_do_not_keep_anybody_out() -> None:
    async with serve_http(application(), "127.0.0.1", 0) as base, aiohttp.ClientSession() as client:
        port, halves = int(base.rpartition(":")[2]), []
        for _ in range(connection_limit() + 20):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: ")
            halves.append(writer)
        async with client.get(base) as answer:
            assert await answer.text() == "here"
        for writer in halves:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in halves), return_exceptions=True)


async def test_who_says_nothing_whole_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "HEAD_TIMEOUT", 0.05)
    async with serve_http(application(), "127.0.0.1", 0) as base:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(b"GET / HT")
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_where_all_have_spoken_a_new_one_waits_its_turn() -> None:
    limits = ConnectionLimits(asyncio.Protocol, 2)
    ones = [limits() for _ in range(3)]
    assert limits.admit(ones[0])  # type: ignore[arg-type]
    assert limits.admit(ones[1])  # type: ignore[arg-type]
    for one in ones[:2]:
        limits.head_received(one)  # type: ignore[arg-type]
    assert not limits.admit(ones[2])  # type: ignore[arg-type]
    limits.connection_closed(ones[0])  # type: ignore[arg-type]
    assert limits.admit(ones[2])  # type: ignore[arg-type]


async def test_every_answer_is_guarded_and_says_no_version() -> None:
    async with serve_http(application(), "127.0.0.1", 0) as base, aiohttp.ClientSession() as client:
        for path in ("/", "/nowhere"):
            async with client.get(base + path) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
                assert answer.headers["Server"] == "digest"


@pytest.mark.parametrize(
    ("headers", "who"),
    [
        ({"X-Forwarded-For": "203.0.113.9:51234"}, "203.0.113.9"),
        ({"X-Forwarded-For": "[2001:db8::1]:51234"}, "2001:db8::/64"),
        ({"Forwarded": 'for=192.0.2.60;proto=http, for="198.51.100.7:4711"'}, "198.51.100.7"),
        ({"Forwarded": 'For="[2001:db8:cafe::17]:4711"'}, "2001:db8:cafe::/64"),
        ({"X-Forwarded-For": "192.0.2.7", "Forwarded": "for=203.0.113.9"}, "192.0.2.7"),
    ],
)
def test_a_port_makes_no_other_visitor(headers: dict[str, str], who: str) -> None:
    assert client_ip(make_mocked_request("GET", "/", headers=headers), 1) == who


def test_a_flood_comes_from_few_networks() -> None:
    assert network("203.0.113.9") == network("203.0.7.1") == "203.0.0.0/16"
    assert network("2001:db8::/64") == network("2001:db8:ffff::/64") == "2001:db8::/32"
    assert network("unix") == "unix"


def test_lines_that_repeat_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [1_000.0]
    monkeypatch.setattr("digest.service.logs.time.monotonic", lambda: moment[0])
    counted = RepeatFilter()

    def line(text: str, name: str = "digest", error: BaseException | None = None) -> logging.LogRecord:
        told = (type(error), error, None) if error else None
        return logging.LogRecord(name, logging.ERROR, "", 0, text, (), told)

    assert [counted.filter(line("a source is down")) for _ in range(5)] == [True, False, False, False, False]
    moment[0] += 61
    again = line("a source is down")
    assert counted.filter(again)
    assert again.getMessage() == "a source is down (and 4 times more within a minute before)"
    broken = line("Error handling request\nfrom 192.0.2.1", "aiohttp.server", ValueError("bad status line"))
    assert counted.filter(broken)
    assert (broken.getMessage(), broken.exc_info) == ("Error handling request: ValueError('bad status line')", None)
    for number in range(MAX_REMEMBERED_LINES * 2):
        counted.filter(line(f"line {number}"))
    assert len(counted._seen) <= MAX_REMEMBERED_LINES + 1


async def test_a_limit_of_descriptors_that_is_too_low_is_raised() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft - 1, hard))
    try:
        raise_descriptor_limit()
        raised, still = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert (raised, still) == (max(soft - 1, 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)), hard)
        raise_descriptor_limit()  # enough is left alone
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (raised, still)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """The answer to one request on a connection that stays open."""
    writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    return head + await reader.readexactly(4)


async def test_at_the_limit_a_new_connection_is_closed_and_proper_ones_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "connection_limit", lambda: 1)
    async with serve_http(application(), "127.0.0.1", 0) as base:
        port = int(base.rpartition(":")[2])
        first = await asyncio.open_connection("127.0.0.1", port)
        assert (await ask(*first)).endswith(b"here")
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(ConnectionResetError):
            assert await asyncio.wait_for(reader.read(), 10) == b""
        writer.close()
        with suppress(ConnectionResetError):
            await writer.wait_closed()
        assert (await ask(*first)).endswith(b"here")
        first[1].close()
        await first[1].wait_closed()
        async with aiohttp.ClientSession() as client:  # there is room again
            for _ in range(100):
                with suppress(aiohttp.ClientError):
                    async with client.get(base) as answer:
                        assert await answer.text() == "here"
                        break
                await asyncio.sleep(0.02)
            else:
                pytest.fail("the first connection still counts")


async def test_who_hangs_up_in_the_middle_makes_room_at_once() -> None:
    async with serve_http(application(), "127.0.0.1", 0) as base:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]))
        writer.write(b"GET / HT")
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), 5) == b""  # before the time for a head is over
        writer.close()
        await writer.wait_closed()


async def test_who_reads_slowly_gets_everything() -> None:
    long = b"x" * 8_000_000  # more than the buffers of the system take, so that writing pauses

    async def much(_request: web.Request) -> web.StreamResponse:
        return web.Response(body=long)

    made = web.Application()
    made.router.add_get("/", much)
    async with serve_http(made, "127.0.0.1", 0) as base:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(base.rpartition(":")[2]), limit=1_024)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.1)
        assert await asyncio.wait_for(reader.read(), 30) == long
        writer.close()
        await writer.wait_closed()


def test_a_connection_that_was_never_made_can_be_dropped() -> None:
    limits = ConnectionLimits(asyncio.Protocol, 1)
    LimitedConnection(limits, asyncio.Protocol()).drop()
    assert isinstance(limits(), LimitedConnection)  # its room is still there

"""Who may hold a connection, whose requests are counted together, and where the pages are."""

import asyncio
import logging

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from digest.service.logs import MAX_REMEMBERED_LINES, RepeatFilter
from digest.web import connection_limits
from digest.web.client_ip import client_ip, network
from digest.web.connection_limits import ConnectionLimits, connection_limit
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

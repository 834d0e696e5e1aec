"""One hostile server beside nine good ones: they are collected in their own time, and it is one line."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime

import pytest
from aiohttp import web

from digest.collect.collector import collect
from digest.collect.fetch import Fetcher, Limits
from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError
from digest.model import Harvest
from digest.web.pages import serve_http

SINCE = datetime(2026, 11, 1, tzinfo=UTC)
QUICK = Limits(connect=1, idle=0.5, total=2, size=300_000, attempts=2, pause=0.01, max_pause=0.05)
FEED = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>x</title>
<item><guid>{0}</guid><link>https://g.example/{0}</link><title>Story {0}</title><pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate></item>
</channel></rss>"""
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def streamed(request: web.Request, pieces: int, size: int, pause: float = 0.0, **headers: str) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    await response.prepare(request)
    for _ in range(pieces):
        await response.write(b"<" * size)
        await asyncio.sleep(pause)
    return response


async def hung_up(request: web.Request, status: int) -> web.StreamResponse:
    """Half a body, then nothing."""
    response = web.StreamResponse(status=status, headers={"Content-Length": "9999"})
    await response.prepare(request)
    await response.write(b"<rss>")
    assert request.transport is not None
    request.transport.close()
    return response


async def plain(body: bytes, headers: dict[str, str] | None = None, status: int = 200) -> web.StreamResponse:
    return web.Response(body=body, status=status, headers=headers)


LOL = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BAD: dict[str, Callable[[web.Request], Awaitable[web.StreamResponse]]] = {
    "slow bytes": lambda request: streamed(request, 100, 1, 0.2),
    "endless body": lambda request: streamed(request, 1_000, 10_000),
    "compression bomb": lambda request: plain(gzip.compress(b"0" * 50_000_000), {"Content-Encoding": "gzip"}),
    "entity bomb": lambda request: plain(f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "ha">{LOL}]><rss><channel>&l9;</channel></rss>'.encode()),
    "private address": lambda request: plain(b"", {"Location": "http://169.254.169.254/latest/meta-data"}, 302),
    "file": lambda request: plain(b"", {"Location": "file:///etc/passwd"}, 302),
    "500 after half": lambda request: hung_up(request, 500),
    "wrong length": lambda request: hung_up(request, 200),
    "garbage charset": lambda request: plain(bytes(range(128, 256)) * 40, {"Content-Type": "application/rss+xml; charset=klingon"}),
    "not a feed": lambda request: plain(b"{" * 200_000),
}  # fmt: skip


@pytest.fixture
async def host(request: pytest.FixtureRequest) -> AsyncIterator[str]:
    async def bad(asked: web.Request) -> web.StreamResponse:
        return await BAD[request.param](asked)

    async def good(asked: web.Request) -> web.StreamResponse:
        return web.Response(text=FEED.format(asked.match_info["n"]), content_type="application/rss+xml")

    application = web.Application()
    application.router.add_get("/bad", bad)
    application.router.add_get("/good/{n}", good)
    async with serve_http(application, "127.0.0.1", 0) as address:
        yield address


@pytest.mark.parametrize("host", list(BAD), indirect=True)
async def test_nine_good_servers_beside_a_hostile_one(host: str) -> None:
    plans = [SourcePlan(kind="feed", url=f"{host}/good/{n}", allow_private=True) for n in range(9)]
    plans.insert(4, SourcePlan(kind="feed", url=f"{host}/bad", allow_private=True))
    async with Fetcher(limits=QUICK) as fetcher:
        harvest = await asyncio.wait_for(collect(plans, fetcher, {plan.label: SINCE for plan in plans}, deadline=5), 10)
    assert sorted(row.title for row in harvest.articles) == [f"Story {n}" for n in range(9)]
    assert len(harvest.failures) == 1
    assert "/bad" in str(harvest.failures[0])
    assert "\n" not in str(harvest.failures[0])
    assert len(harvest.read) == 9


async def test_where_comments_fail_the_articles_stay_and_nobody_is_taken_for_removed() -> None:
    """Comments from elsewhere that are down cost neither the articles nor the comments that are kept."""

    async def feed(asked: web.Request) -> web.StreamResponse:
        return web.Response(text=FEED.format("1"), content_type="application/rss+xml")

    async def down(asked: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    application = web.Application()
    application.router.add_get("/feed", feed)
    application.router.add_get("/api/v1/accounts/lookup", down)
    async with serve_http(application, "127.0.0.1", 0) as host, Fetcher(limits=QUICK) as fetcher:
        apart = CommentsPlan(kind="mastodon", url=f"{host}/@gazette")
        plan = SourcePlan(kind="feed", url=f"{host}/feed", allow_private=True, comments=apart)
        harvest = await collect([plan], fetcher, {plan.label: SINCE})
    assert [row.title for row in harvest.articles] == ["Story 1"]
    assert harvest.threads == ()
    assert "comments by mastodon" in str(harvest.failures[0])


async def one_source_beside(bad: Callable[..., Awaitable[Harvest]], monkeypatch: pytest.MonkeyPatch) -> Harvest:
    """What is collected from a good source beside one that is read by `bad`."""

    async def good(asked: web.Request) -> web.StreamResponse:
        return web.Response(text=FEED.format("1"), content_type="application/rss+xml")

    monkeypatch.setattr("digest.collect.sources.lobsters.read", bad)
    application = web.Application()
    application.router.add_get("/feed", good)
    async with serve_http(application, "127.0.0.1", 0) as host, Fetcher(limits=QUICK) as fetcher:
        plans = [
            SourcePlan(kind="feed", url=f"{host}/feed", allow_private=True),
            SourcePlan(kind="lobsters", url="https://l.example", name="Lob"),
        ]
        return await collect(plans, fetcher, {plan.label: SINCE for plan in plans}, deadline=1)


async def test_a_bug_that_one_source_meets_is_reported_and_costs_no_other_source(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def trip(*_given: object) -> Harvest:
        raise ZeroDivisionError("votes")

    harvest = await one_source_beside(trip, monkeypatch)
    assert [row.title for row in harvest.articles] == ["Story 1"]
    assert [str(row) for row in harvest.failures] == ["Lob: internal error: ZeroDivisionError: votes. Please report it."]
    assert "could not read Lob" in caplog.text


async def test_a_source_that_takes_too_long_is_reported_and_costs_no_other_source(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(*_given: object) -> Harvest:
        await asyncio.Event().wait()
        raise AssertionError

    harvest = await one_source_beside(hang, monkeypatch)
    assert [row.title for row in harvest.articles] == ["Story 1"]
    assert [str(row) for row in harvest.failures] == ["Lob: timed out after 1 seconds"]


async def test_a_mistake_in_the_configuration_stops_the_run() -> None:
    async with Fetcher(limits=QUICK) as fetcher:
        with pytest.raises(ConfigError, match="unknown sources"):
            await collect([SourcePlan(kind="fead", url="https://a.example", name="A")], fetcher, {"A": SINCE})

"""HTTP manners against a server on loopback that has none."""

import asyncio
import gzip
from collections.abc import AsyncIterator

import brotli  # type: ignore[import-untyped]
import pytest
from aiohttp import web
from aiohttp.resolver import ThreadedResolver

from digest.collect.fetch import MAX_PER_HOST, CachedResponse, Fetcher, Limits
from digest.errors import FetchError
from digest.web.pages import serve_http

QUICK = Limits(connect=1, idle=0.5, total=2, size=100_000, attempts=2, pause=0.01, max_pause=0.05)


class Shelf:
    """A cache of one's own."""

    def __init__(self) -> None:
        self.kept: dict[str, CachedResponse] = {}
        self.moves: dict[str, str] = {}

    def recall(self, url: str) -> CachedResponse | None:
        return self.kept.get(url)

    def remember(self, url: str, cached: CachedResponse) -> None:
        self.kept[url] = cached

    def permanent_redirect(self, url: str) -> str | None:
        return self.moves.get(url)

    def set_permanent_redirect(self, url: str, target: str | None) -> None:
        if target:
            self.moves[url] = target
        else:
            self.moves.pop(url, None)


@pytest.fixture
async def host() -> AsyncIterator[str]:  # noqa: C901  many small bad servers
    hits = {"flaky": 0, "moved": 0}

    async def flaky(request: web.Request) -> web.Response:
        hits["flaky"] += 1
        return web.Response(text="ok") if hits["flaky"] > 1 else web.Response(status=503, headers={"Retry-After": "0"})

    async def slow(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.2)
        return response

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(1000):
            await response.write(b"x" * 10_000)
        return response

    async def bomb(request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 50_000_000), headers={"Content-Encoding": "gzip"})

    async def cached(request: web.Request) -> web.Response:
        if request.headers.get("If-None-Match") == '"1"':
            return web.Response(status=304)
        return web.Response(text="body", headers={"ETag": '"1"'})

    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "1000"})
        await response.prepare(request)
        await response.write(b"half")
        assert request.transport is not None
        request.transport.close()
        return response

    async def dead(request: web.Request) -> web.Response:
        return web.Response(status=500)

    async def redirect(request: web.Request) -> web.Response:
        raise web.HTTPFound(request.query["to"])

    async def gone(request: web.Request) -> web.Response:
        return web.Response(status=410)

    async def moved(request: web.Request) -> web.Response:
        hits["moved"] += 1
        raise web.HTTPMovedPermanently("/cached" if hits["moved"] == 1 else "/packed")

    async def packed(request: web.Request) -> web.Response:
        return web.Response(body=brotli.compress(b"body"), headers={"Content-Encoding": "br"})

    async def loop(request: web.Request) -> web.Response:
        raise web.HTTPMovedPermanently("/loop")

    application = web.Application()
    for handler in (flaky, slow, endless, bomb, cached, cut, dead, loop, redirect, gone, moved, packed):
        application.router.add_get(f"/{handler.__name__}", handler)
    async with serve_http(application, "127.0.0.1", 0) as address:
        yield address


async def get(url: str, *, private: bool = True) -> str:
    async with Fetcher(limits=QUICK) as fetcher:
        return (await fetcher.get(url, allow_private=private)).body.decode()


async def test_a_server_that_stumbles_is_asked_again(host: str) -> None:
    assert await get(f"{host}/flaky") == "ok"


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/slow", "timed out"),
        ("/endless", "larger than"),
        ("/bomb", "larger than|was cut off"),
        ("/cut", "was cut off"),
        ("/dead", "answers 500"),
        ("/loop", "more than 5 redirects"),
        ("/redirect?to=file:///etc/passwd", "only http"),
    ],
)
async def test_bad_manners_are_bounded_and_named(host: str, path: str, message: str) -> None:
    with pytest.raises(FetchError, match=message):
        await get(f"{host}{path}")


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/", "http://localhost:1/", "http://[::1]:1/", "http://10.0.0.1/", "http://169.254.169.254/", "http://[::ffff:127.0.0.1]/", "http://0.0.0.0/", "http://①②⑦.⓪.⓪.①:1/", "http://127。0。0。1:1/", "http://2130706433:1/", "http://0x7f.1:1/", "http://[64:ff9b::7f00:1]/", "http://[64:ff9b::a00:1]/", "http://[2002:7f00:1::1]/", "http://[::127.0.0.1]/"],
)  # fmt: skip
async def test_private_hosts_are_refused_before_a_connection(url: str) -> None:
    with pytest.raises(FetchError, match=r"private network|no such host|not a canonical"):
        await get(url, private=False)


async def test_what_is_not_changed_is_not_sent_again(host: str) -> None:
    shelf = Shelf()
    async with Fetcher(limits=QUICK, cache=shelf) as fetcher:
        first = await fetcher.get(f"{host}/cached", allow_private=True)
        second = await fetcher.get(f"{host}/cached", allow_private=True)
        third = await fetcher.get(f"{host}/cached", allow_private=True, conditional=False)
    assert first.body == second.body == third.body == b"body"
    assert second is shelf.kept[f"{host}/cached"].response or second == first


async def test_a_permanent_redirect_is_remembered_until_it_leads_nowhere(host: str) -> None:
    shelf = Shelf()
    async with Fetcher(limits=QUICK, cache=shelf) as fetcher:
        await fetcher.get(f"{host}/moved", allow_private=True)
        assert shelf.moves == {f"{host}/moved": f"{host}/cached"}
        await fetcher.get(f"{host}/moved", allow_private=True)  # asked at its new place: else it would be /packed now
        assert shelf.moves == {f"{host}/moved": f"{host}/cached"}
        shelf.moves[f"{host}/moved"] = f"{host}/gone"
        assert (await fetcher.get(f"{host}/moved", allow_private=True)).body == b"body"
        assert shelf.moves == {f"{host}/moved": f"{host}/packed"}
        await fetcher.get(f"{host}/redirect?to=/cached", allow_private=True)
    assert list(shelf.moves) == [f"{host}/moved"]


async def test_brotli_is_read(host: str) -> None:
    assert await get(f"{host}/packed") == "body"


async def test_waiting_for_a_turn_is_not_waiting_for_an_answer() -> None:
    at_work: list[int] = []

    async def late(request: web.Request) -> web.Response:
        at_work.append(1)
        await asyncio.sleep(0.3)
        most.append(len(at_work))
        at_work.pop()
        return web.Response(text="ok")

    most: list[int] = []
    application = web.Application()
    application.router.add_get("/", late)
    async with serve_http(application, "127.0.0.1", 0) as address, Fetcher(limits=Limits(idle=1, total=1, attempts=1)) as fetcher:
        answers = await asyncio.gather(
            *(fetcher.get(address.replace("//", f"//u{n % 4}@"), allow_private=True) for n in range(5 * MAX_PER_HOST))
        )
    assert {answer.body for answer in answers} == {b"ok"}
    assert max(most) == MAX_PER_HOST


async def test_nobody_there_is_said() -> None:
    with pytest.raises(FetchError, match="cannot connect"):
        await get("http://127.0.0.1:9/")


async def test_a_name_may_be_reached_where_its_address_may(host: str) -> None:
    named = host.replace("127.0.0.1", "localhost")
    assert await get(f"{named}/packed") == "body"
    with pytest.raises(FetchError, match="set allow_private = true"):
        await get(f"{named}/packed", private=False)


@pytest.mark.parametrize("url", ["http://[::1/", "http://a.example:99999999/", "http://a b.example:x/"])
async def test_an_address_that_is_none_is_named(url: str) -> None:
    with pytest.raises(FetchError, match="invalid address"):
        await get(url)


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd", "/feed/"])
async def test_only_the_web_is_read(url: str) -> None:
    with pytest.raises(FetchError, match="only http and https are supported"):
        await get(url)


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://[fe80::1]/", "http://224.0.0.1/"])
async def test_the_secrets_of_a_cloud_machine_are_never_reached(url: str) -> None:
    with pytest.raises(FetchError, match="link-local and multicast addresses are blocked"):
        await get(url, private=True)


async def test_at_the_end_connections_and_resolvers_are_closed(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[str] = []

    class Watched(ThreadedResolver):
        async def close(self) -> None:
            closed.append("resolver")
            await super().close()

    monkeypatch.setattr("digest.collect.allowed_hosts.DefaultResolver", Watched)
    async with Fetcher(limits=QUICK) as fetcher:
        await fetcher.get(f"{host}/packed", allow_private=True)
        assert closed == []
    assert closed == ["resolver"]

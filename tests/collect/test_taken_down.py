"""Whether an article is still on its site: asked at its address, on loopback, or read off the site's own list."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from aiohttp import web

from digest.collect.collector import TAKEN_DOWN, taken_down
from digest.collect.fetch import Fetcher, Limits
from digest.config import SourcePlan
from digest.model import Article, Harvest
from digest.web.pages import serve_http
from tests.curate.test_curate import END, article

QUICK = Limits(connect=1, idle=0.2, total=0.4, attempts=1, pause=0.01, max_pause=0.02)


@dataclass
class Site:
    """A site that answers with the status its address names, and where else it leads."""

    base: str = ""
    asked: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request.path)
        word = request.path.strip("/").partition("/")[0]
        match word:
            case "slow":
                await asyncio.sleep(5)
            case "to-login":
                return web.Response(status=302, headers={"Location": "/wp-login.php?redirect_to=%2Fstory"})
            case "to-story":
                return web.Response(status=301, headers={"Location": "/200/the-login-queue-at-the-pool"})
            case "shield":
                return web.Response(status=404, text="<title>Just a moment...</title>")
        return web.Response(status=int(word) if word.isdigit() else 200, text="A page")

    def article(self, path: str) -> Article:
        return article(path, url=f"{self.base}/{path}", source="Gazette")

    async def gone(self, *paths: str, harvest: Harvest | None = None) -> dict[str, str]:
        plan = SourcePlan(kind="feed", url=f"{self.base}/feed/", name="Gazette", allow_private=True)
        rows = [self.article(path) for path in paths]
        async with Fetcher(limits=QUICK) as fetcher:
            return dict(await taken_down(rows, harvest or Harvest(), [plan], fetcher))


@pytest.fixture
async def host() -> AsyncIterator[Site]:
    site, application = Site(), web.Application()
    application.router.add_get("/{path:.*}", site.answer)
    async with serve_http(application, "127.0.0.1", 0) as site.base:
        yield site


async def test_an_address_that_answers_that_it_is_gone(host: Site) -> None:
    assert await host.gone("404", "410", "200") == {
        "404": f"{TAKEN_DOWN}its address answers 404",
        "410": f"{TAKEN_DOWN}its address answers 410",
    }


async def test_an_address_that_asks_for_a_login(host: Site) -> None:
    assert set(await host.gone("to-login", "401", "to-story")) == {"to-login", "401"}


@pytest.mark.parametrize("path", ["403", "429", "500", "503", "slow", "shield"])
async def test_an_answer_that_proves_nothing_takes_nothing_away(host: Site, path: str) -> None:
    assert await host.gone(path) == {}
    assert host.asked[0] == f"/{path}"


async def test_a_site_that_is_down_takes_nothing_away(host: Site) -> None:
    host.base = "http://127.0.0.1:9"
    assert await host.gone("404") == {}


async def test_what_a_whole_list_leaves_out_is_gone_without_asking(host: Site) -> None:
    whole = Harvest(listed=(("Gazette", END - timedelta(days=1)),))
    assert await host.gone("200", harvest=whole) == {"200": f"{TAKEN_DOWN}it is not in its site's list any more"}
    assert host.asked == []


async def test_a_list_that_begins_later_proves_nothing_and_the_address_is_asked(host: Site) -> None:
    short = Harvest(listed=(("Gazette", END), ("Another", END - timedelta(days=9))))
    assert set(await host.gone("200", "404", harvest=short)) == {"404"}
    assert sorted(host.asked) == ["/200", "/404"]


async def test_what_was_read_is_there_and_is_not_asked(host: Site) -> None:
    read = Harvest(articles=(host.article("404"),), older=(host.article("410"),), listed=(("Gazette", END - timedelta(days=9)),))
    assert await host.gone("404", "410", harvest=read) == {}
    assert host.asked == []


async def test_a_source_that_is_no_longer_read_is_not_asked(host: Site) -> None:
    async with Fetcher(limits=QUICK) as fetcher:
        assert await taken_down([host.article("404")], Harvest(), [], fetcher) == {}
    assert host.asked == []

"""A WordPress whose REST API is shut, broken or elsewhere: what else it has is read."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from digest.collect.fetch import Fetcher, Limits, Response
from digest.collect.sources import wordpress
from digest.collect.sources.wordpress_api import ApiClosedError, fetch_rows
from digest.config import SourcePlan
from digest.errors import FetchError
from digest.model import Harvest
from digest.web.pages import serve_http
from tests.newsroom import BASE, DATA, RecordedSite

SINCE = datetime(2026, 11, 23, tzinfo=UTC)
QUICK = Limits(connect=1, idle=1, total=2, attempts=2, pause=0.01, max_pause=0.02)
NOTICE = "<br />\n<b>Notice</b>: Undefined index: lang in <b>/srv/plugins/gallery.php</b> on line <b>12</b><br />\n"
ANSWERS = {
    "401": (401, '{"code": "rest_forbidden", "message": "Only authenticated users can access the REST API."}'),
    "404": (404, '{"code": "rest_no_route", "message": "No route."}'), "406": (406, "Not Acceptable!"), "503": (503, ""),
    "403": (403, "<!doctype html><title>Forbidden</title>"), "500": (500, '{"message": "There has been a critical error."}'),
    "notice": (200, f"{NOTICE}[]"), "theme": (200, "<!doctype html><title>The Harbour Gazette</title>"),
    "object": (200, '{"code": "rest_disabled"}'), "null": (200, "null"), "empty": (200, ""), "deep": (200, "[" * 100_000),
}  # fmt: skip
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Site(RecordedSite):
    """The recorded site with some of its addresses answering something else; with `numbered`, its API has no path of its own."""

    def __init__(self, answer: tuple[int, str] = (200, ""), *shut: str, numbered: bool = False) -> None:
        super().__init__()
        self.instead, self.shut, self.numbered = answer, shut, numbered

    def application(self) -> web.Application:
        application = super().application()

        @web.middleware
        async def door(request: web.Request, handler: Handler) -> web.StreamResponse:
            found = await self.answer(request)
            return await handler(request) if found is None else found

        application.middlewares.append(door)
        return application

    async def answer(self, request: web.Request) -> web.Response | None:
        """What replaces the recorded answer; None where nothing does."""
        if any(part in request.path_qs for part in self.shut):
            return web.Response(status=self.instead[0], text=self.instead[1])
        route = request.query.get("rest_route", "")
        if self.numbered and route:
            found: web.Response = await self._list(lambda: self.posts if route.endswith("/posts") else self.comments)(request)
            return found
        if self.numbered and request.query.get("feed") == "rss2":
            return web.Response(text=(DATA / "feed.xml").read_text().replace(BASE, self.base))
        return None


@asynccontextmanager
async def reading(site: Site, path: str = "") -> AsyncIterator[Harvest]:
    async with serve_http(site.application(), "127.0.0.1", 0) as site.base, Fetcher(limits=QUICK) as fetcher:
        plan = SourcePlan(kind="wordpress", url=f"{site.base}{path}", name="Gazette", allow_private=True)
        yield await wordpress.read(plan, partial(fetcher.get, allow_private=True), SINCE)


async def truth() -> list[str]:
    async with reading(Site()) as harvest:
        return sorted(row.title for row in harvest.articles)


@pytest.mark.parametrize("answer", list(ANSWERS))
async def test_where_the_api_is_shut_the_feed_has_the_same_articles(answer: str) -> None:
    async with reading(Site(ANSWERS[answer], "/wp-json/")) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()
        assert {row.source for row in harvest.articles} == {"Gazette"}
        assert harvest.listed == ()


async def test_addresses_with_numbers_have_the_api_and_the_feed_in_the_query() -> None:
    site = Site(ANSWERS["404"], "/wp-json/", "/feed/", numbered=True)
    async with reading(site) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()
        assert harvest.comments
        assert harvest.failures == ()
    closed = Site(ANSWERS["404"], "/wp-json/", "/feed/", "rest_route", numbered=True)
    async with reading(closed) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()


@pytest.mark.parametrize("path", ["/", "/feed/", "/wp-json", "/wp-json/wp/v2/"])
async def test_whichever_of_its_addresses_is_given_it_is_the_site(path: str) -> None:
    async with reading(Site(), path) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()


@pytest.mark.parametrize("answer", list(ANSWERS))
async def test_where_only_the_comments_are_shut_the_articles_come_and_the_feeds_have_the_comments(answer: str) -> None:
    async with reading(Site(ANSWERS[answer], "/wp/v2/comments")) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()
        assert any("tram-promoters" in row.url for row in harvest.comments)


async def test_where_no_comment_can_be_read_nobody_is_taken_for_removed() -> None:
    async with reading(Site(ANSWERS["500"], "/wp/v2/comments", "/feed/")) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()
        assert harvest.comments == ()
        assert harvest.threads == ()
        assert all("comments of" in row.reason for row in harvest.failures)
        assert harvest.failures


async def test_older_posts_that_cannot_be_asked_for_cost_nothing() -> None:
    async with reading(Site(ANSWERS["500"], "modified_after")) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()
        assert harvest.older == ()
        assert harvest.failures == ()


class Elsewhere(Site):
    """A site whose API is shut and whose feed is only where its home page says."""

    async def answer(self, request: web.Request) -> web.Response | None:
        if request.path_qs == "/":
            named = f'<link rel="alternate" type="application/rss+xml" href="{self.base}/stories.xml">'
            return web.Response(text=f"<!doctype html><head>{named}</head>", content_type="text/html")
        if request.path == "/stories.xml":
            return web.Response(text=(DATA / "feed.xml").read_text().replace(BASE, self.base))
        return await super().answer(request)


async def test_a_feed_that_only_the_home_page_names_is_found() -> None:
    async with reading(Elsewhere(ANSWERS["404"], "/wp-json/", "rest_route", "feed=", "/feed/")) as harvest:
        assert sorted(row.title for row in harvest.articles) == await truth()
        assert {row.source for row in harvest.articles} == {"Gazette"}


async def test_a_site_without_an_api_and_without_a_feed_is_reported_with_its_feeds_address() -> None:
    with pytest.raises(FetchError, match=r"HTTP 404.*"):
        async with reading(Site(ANSWERS["404"], "/")):
            raise AssertionError


class Paged:
    """An API that answers page by page: with rows, or with a status and a text."""

    def __init__(self, *pages: object, total: int | None = None) -> None:
        self.pages, self.total = pages, total

    async def __call__(self, url: str) -> Response:
        number = int(parse_qs(urlsplit(url).query)["page"][0])
        page = self.pages[min(number, len(self.pages)) - 1]
        if isinstance(page, Exception):
            raise page
        status, text = page if isinstance(page, tuple) else (200, json.dumps(page))
        headers = {} if self.total is None else {"x-wp-totalpages": str(self.total)}
        return Response(status=status, url=url, headers=headers, body=text.encode())

    async def rows(self, what: str = "posts") -> tuple[list[object], str]:
        return await fetch_rows(self, "https://gazette.example/wp-json/wp/v2/", what, {})


@pytest.mark.parametrize("end", [(400, '{"code": "rest_post_invalid_page_number"}'), [], (400, "Bad Request")])
async def test_without_a_count_of_pages_the_list_ends_where_the_api_says(end: object) -> None:
    assert await Paged([1], [2], end).rows() == ([1, 2], "")


@pytest.mark.parametrize(
    ("page", "reason"),
    [
        ((503, '{"message": "Overloaded."}'), "HTTP 503: Overloaded."),
        ((200, "<!doctype html><title>Maintenance</title>"), "not JSON"),
        ((200, '{"code": "x"}'), "HTTP 200: no reason given"),
        ((200, "null"), "no list"),
        (FetchError("timed out", thing="https://gazette.example"), "timed out"),
    ],
)
async def test_a_later_page_that_breaks_leaves_the_earlier_ones_and_says_what_is_missing(page: object, reason: str) -> None:
    rows, missing = await Paged([1], page).rows()
    assert rows == [1]
    assert "page 2 of its posts could not be read" in missing
    assert reason in missing


@pytest.mark.parametrize(("what", "closed"), [("posts", True), ("comments", False)])
async def test_an_api_that_gives_nothing_and_counts_nothing_is_shut_for_posts(what: str, closed: bool) -> None:
    if closed:
        with pytest.raises(ApiClosedError, match="does not say that there are none"):
            await Paged([]).rows(what)
    else:
        assert await Paged([]).rows(what) == ([], "")


async def test_a_list_without_an_end_is_read_for_some_pages_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.collect.sources.wordpress_api.MAX_PAGES", 3)
    rows, missing = await Paged([1]).rows()
    assert rows == [1, 1, 1]
    assert missing == "more than 3 pages of posts; only the first 3 were read"


async def test_a_post_in_an_unknown_form_is_counted_and_nothing_is_taken_for_gone() -> None:
    class Odd(Site):
        async def answer(self, request: web.Request) -> web.Response | None:
            newest, second, *_ = sorted(self.posts, key=lambda row: str(row["date_gmt"]), reverse=True)
            newest["link"] = 7
            second.update(modified_gmt="yesterday", authors="Nell Quay")
            return None

    async with reading(Odd()) as harvest:
        assert [str(row) for row in harvest.failures] == ["Gazette: skipped 1 post in an unknown format"]
        assert len(harvest.articles) == len(await truth()) - 1
        assert harvest.listed == ()

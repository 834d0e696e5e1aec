"""What kind of source a site is: found out over real HTTP, from what sites of many kinds answer."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import pytest
from aiohttp import web

from digest.collect.fetch import Fetcher
from digest.collect.sources.discovery import DiscoveredSite, discover
from digest.errors import DigestError, SourceError
from digest.web.pages import serve_http
from tests.newsroom import RecordedSite

FEED = (
    "<?xml version='1.0'?><rss version='2.0'><channel><title>Quay Courier</title>"
    "<item><title>A</title><link>http://q.example/a</link><pubDate>Mon, 23 Nov 2026 07:00:00 GMT</pubDate></item></channel></rss>"
)
Pages = dict[str, tuple[str, str]]


@asynccontextmanager
async def site_of(pages: Pages) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        found = pages.get(request.path)
        if found is None:
            return web.Response(status=404, text="no")
        return web.Response(text=found[1], content_type=found[0])

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with serve_http(application, "127.0.0.1", 0) as base:
        yield base


async def found_at(address: str) -> DiscoveredSite:
    async with Fetcher() as fetcher:
        return await discover(address, partial(fetcher.get, allow_private=True))


def front(head: str, lang: str = "en-GB") -> tuple[str, str]:
    return "text/html", f"<!doctype html><html lang='{lang}'><head>{head}</head><body>x</body></html>"


async def test_wordpress_says_who_it_is(site: RecordedSite) -> None:
    index = '{"name": "The Harbour &amp; Gazette", "description": "News", "timezone_string": "Europe/London"}'
    pages = {
        "/": front("<title>Home – Gazette</title><meta name='theme-color' content='#9C1C2C'>"),
        "/wp-json/": ("application/json", index),
        "/wp-json/wp/v2/posts": ("application/json", "[]"),
    }
    async with site_of(pages) as base:
        found = await found_at(f"{base}/")
    assert found == DiscoveredSite(
        kind="wordpress", url=base, site=base, name="The Harbour & Gazette", tagline="News", language="en-GB",
        timezone="Europe/London", accent="#9c1c2c",
    )  # fmt: skip


async def test_a_closed_api_leaves_the_feed_that_the_page_names() -> None:
    links = (
        "<link rel='alternate' type='application/rss+xml' href='/comments/feed/'>"
        "<link rel='alternate' type='application/rss+xml' href='/news/feed/'>"
    )
    pages = {"/": front(f"<title>Quay Courier | Home</title>{links}"), "/news/feed/": ("application/rss+xml", FEED)}
    async with site_of(pages) as base:
        found = await found_at(base)
        assert (found.kind, found.url, found.name) == ("feed", f"{base}/news/feed/", "Quay Courier")


@pytest.mark.parametrize("path", ["/feed/", "/rss/", "/index.xml"])
async def test_a_page_that_names_no_feed_may_have_one_where_they_usually_are(path: str) -> None:
    async with site_of({"/": front(""), path: ("application/rss+xml", FEED)}) as base:
        assert (await found_at(base)).url == base + path


async def test_the_address_of_a_feed_is_taken_as_it_is() -> None:
    async with site_of({"/x.xml": ("text/xml", FEED)}) as base:
        found = await found_at(f"{base}/x.xml")
        assert (found.kind, found.url, found.site) == ("feed", f"{base}/x.xml", base)


async def test_a_feed_that_is_named_and_broken_is_not_taken() -> None:
    link = "<link rel='alternate' type='application/atom+xml' href='/broken'>"
    pages = {"/": front(link), "/broken": ("text/html", "<html>login</html>"), "/atom.xml": ("text/xml", FEED)}
    async with site_of(pages) as base:
        assert (await found_at(base)).url == f"{base}/atom.xml"


async def test_what_a_site_says_is_one_short_line_and_nonsense_is_nothing() -> None:
    head = f"<title>{'x' * 10_000}</title><meta name='description' content='a\n&lt;b&gt;c&lt;/b&gt;'><meta name='theme-color' content='red;x'>"
    index = '{"name": ["no"], "description": 7, "timezone_string": "../../etc/passwd"}'
    pages = {
        "/": front(head, lang="<x>"),
        "/wp-json/": ("application/json", index),
        "/wp-json/wp/v2/posts": ("application/json", "[]"),
    }
    async with site_of(pages) as base:
        found = await found_at(base)
    assert (len(found.name), found.tagline, found.timezone, found.accent, found.language) == (100, "a c", "", "", "")


@pytest.mark.parametrize("pages", [{"/": front("<title>x</title>")}, {"/": ("text/html", "")}, {"/": ("text/plain", "\0\0")}])
async def test_a_site_with_nothing_to_read_is_named(pages: Pages) -> None:
    async with site_of(pages) as base:
        with pytest.raises(SourceError, match="neither"):
            await found_at(base)


async def test_a_site_that_does_not_answer_is_named() -> None:
    with pytest.raises(DigestError, match=r"127\.0\.0\.1:9"):
        await found_at("http://127.0.0.1:9/")


@pytest.mark.parametrize("named", [True, False])
async def test_wordpress_may_be_in_a_folder(named: bool) -> None:
    link = "<link rel='https://api.w.org/' href='/blog/wp-json/'>" if named else ""
    pages = {
        "/blog/": front(f"<title>Blog</title>{link}"),
        "/blog/wp-json/": ("application/json", "{}"),
        "/blog/wp-json/wp/v2/posts": ("application/json", "[]"),
    }
    async with site_of(pages) as base:
        found = await found_at(f"{base}/blog/")
        assert (found.kind, found.url, found.site, found.name) == ("wordpress", f"{base}/blog", base, "Blog")


async def test_a_feed_of_comments_is_never_taken() -> None:
    links = (
        "<link rel='alternate' type='application/rss+xml' title='Kommentar-Feed' href='/k'>"
        "<link rel='alternate' type='application/rss+xml' title='Blätter' href='/articles?format=rss'>"
    )
    pages = {"/": front(links), "/k": ("text/xml", FEED), "/articles": ("text/xml", FEED)}
    async with site_of(pages) as base:
        assert (await found_at(base)).url == f"{base}/articles?format=rss"

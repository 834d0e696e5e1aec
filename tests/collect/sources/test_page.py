"""Web pages without a feed: what a page says of itself is believed, and what it forbids is left alone."""

import json
from datetime import UTC, datetime
from functools import partial

import pytest
from aiohttp import web

from digest.collect.fetch import Fetcher, Limits
from digest.collect.sources import page
from digest.config import SourcePlan
from digest.errors import FetchError
from digest.model import Harvest
from digest.web.pages import serve_http

SINCE = datetime(2026, 11, 20, tzinfo=UTC)
QUICK = Limits(connect=1, idle=1, total=2, attempts=1, pause=0.01, max_pause=0.02)
STORY = {
    "@type": "NewsArticle",
    "headline": "The night ferry",
    "datePublished": "2026-11-23T10:00:00Z",
    "articleBody": "It comes back.",
}
Pages = dict[str, str | int | bytes]


def story(*more: str, **changed: object) -> str:
    scripts = [json.dumps({**STORY, **changed}), *more]
    return "<!doctype html>" + "".join(f'<script type="application/ld+json">{text}</script>' for text in reversed(scripts))


async def read(pages: Pages, path: str = "/") -> Harvest:
    """The harvest of a site with these pages, by path; a number is a status, and what is not there is 404."""

    async def answer(request: web.Request) -> web.Response:
        found = pages.get(request.path, 404)
        if isinstance(found, int):
            return web.Response(status=found)
        return web.Response(body=found if isinstance(found, bytes) else found.encode(), content_type="text/html")

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    async with serve_http(application, "127.0.0.1", 0) as base, Fetcher(limits=QUICK) as fetcher:
        plan = SourcePlan(kind="page", url=f"{base}{path}", name="Town", allow_private=True)
        return await page.read(plan, partial(fetcher.get, allow_private=True), SINCE)


async def test_a_page_that_is_an_article_is_the_source_itself() -> None:
    harvest = await read({"/ferry": story()}, "/ferry")
    assert [(row.title, row.body_text) for row in harvest.articles] == [("The night ferry", "It comes back.")]


async def test_an_article_from_before_the_window_is_not_one_of_its_articles() -> None:
    assert (await read({"/ferry": story(datePublished="2019-11-23T10:00:00Z")}, "/ferry")) == Harvest()


async def test_a_page_that_robots_txt_forbids_is_not_read() -> None:
    pages: Pages = {"/robots.txt": "User-agent: digest\nDisallow: /", "/ferry": story()}
    with pytest.raises(FetchError, match=r"robots\.txt disallows this page.*Ask the site for a feed"):
        await read(pages, "/ferry")


async def test_a_link_that_robots_txt_forbids_is_not_followed() -> None:
    pages: Pages = {
        "/robots.txt": "User-agent: *\nDisallow: /members/",
        "/": '<a href="/members/ferry">a</a><a href="/ferry">b</a>',
        "/members/ferry": story(headline="For members"),
        "/ferry": story(),
    }
    assert [row.title for row in (await read(pages)).articles] == ["The night ferry"]


async def test_a_page_that_is_not_there_is_reported_with_its_status() -> None:
    with pytest.raises(FetchError, match="404"):
        await read({})


async def test_a_linked_page_that_breaks_is_a_failure_and_the_others_are_read() -> None:
    harvest = await read({"/": '<a href="/ferry">a</a><a href="/tram">b</a><a href="/gone">c</a>', "/ferry": story(), "/tram": 500})
    assert [row.title for row in harvest.articles] == ["The night ferry"]
    assert ["answers 500" in row.reason for row in harvest.failures] == [True]


@pytest.mark.parametrize("body", [b"", b" \n ", b"<!-- nothing -->", b"\x00\x00"])
async def test_a_page_without_any_content_says_what_is_missing(body: bytes) -> None:
    with pytest.raises(FetchError, match="no articles found on this page"):
        await read({"/": body})


async def test_a_page_that_only_links_to_pages_without_articles_says_what_is_missing() -> None:
    with pytest.raises(FetchError, match="JSON-LD or OpenGraph with a date"):
        await read({"/": '<a href="/about">About</a>', "/about": "<p>We print daily.</p>"})


@pytest.mark.parametrize("broken", ["{broken", "[" * 100_000, "7", '"text"', "null", "[[], 7, null]"])
async def test_json_that_says_nothing_beside_the_articles_own_is_passed_over(broken: str) -> None:
    (article,) = (await read({"/ferry": story(broken)}, "/ferry")).articles
    assert article.title == "The night ferry"


async def test_an_article_in_a_list_or_a_graph_is_found() -> None:
    def graph(value: object) -> str:
        return f'<!doctype html><script type="application/ld+json">{json.dumps(value)}</script>'

    for value in ([{"@type": "WebSite"}, STORY], {"@graph": [{"@type": "Person"}, STORY]}):
        (article,) = (await read({"/ferry": graph(value)}, "/ferry")).articles
        assert article.title == "The night ferry"


def remark(number: int, **more: object) -> dict[str, object]:
    return {"@type": "Comment", "@id": f"#c{number}", "text": f"Remark {number}.", "dateCreated": "2026-11-23T11:00:00Z", **more}


async def test_what_is_no_comment_among_the_comments_is_passed_over() -> None:
    harvest = await read({"/ferry": story(comment=["spam", 7, None, remark(1), {"text": "When?"}])}, "/ferry")
    assert [row.text for row in harvest.comments] == ["Remark 1."]


async def test_whom_a_comment_answers_is_read_from_nesting_or_from_a_name() -> None:
    nested = remark(1, comment=[remark(2)])
    named = remark(3, parentItem={"@type": "Comment", "@id": "#c1"})
    top = remark(4, parentItem={"@type": "NewsArticle", "@id": "#article"})
    nameless = remark(5, parentItem={"@type": "Comment"})
    harvest = await read({"/ferry": story(comment=[nested, named, top, nameless])}, "/ferry")
    parents = {row.text: (row.parent_id or "").rpartition("|")[2] for row in harvest.comments}
    assert parents == {"Remark 1.": "", "Remark 2.": "#c1", "Remark 3.": "#c1", "Remark 4.": "", "Remark 5.": ""}


async def test_a_page_with_comments_without_end_is_read_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.collect.sources.json_api.MAX_COMMENTS", 3)
    harvest = await read({"/ferry": story(comment=[remark(number) for number in range(9)])}, "/ferry")
    assert len(harvest.comments) == 3


def test_a_line_of_robots_txt_that_nobody_can_read_is_left_out() -> None:
    robots = page._parse_robots(
        "User-agent: *\nDisallow: //[\nCrawl-delay: \u00b2\nRequest-rate: \u00b2/\u00b2\nDisallow: /private\n"
    )
    assert robots.can_fetch("digest", "https://gazette.example/story")
    assert not robots.can_fetch("digest", "https://gazette.example/private/story")

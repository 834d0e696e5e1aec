"""The sample site answers as WordPress does, and every link in the demo's edition leads somewhere."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta

import aiohttp
import pytest

from digest.demo.newsroom import Newsroom
from digest.web.pages import serve_http
from tests.newsroom import NOW


@pytest.fixture
async def base() -> AsyncIterator[str]:
    async with serve_http(Newsroom(NOW).application(), "127.0.0.1", 0) as address:
        yield address


async def got(url: str, status: int = 200) -> tuple[str, str]:
    """A page and its kind."""
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        assert answer.status == status
        return (await answer.read()).decode("latin-1"), answer.content_type


async def test_every_story_on_the_front_page_has_a_page_with_its_comments(base: str) -> None:
    front, kind = await got(base)
    links = re.findall(r'<a href="([^"]+)">([^<]+)</a>', front)
    assert kind == "text/html"
    assert len(links) > 5
    pages = []
    for path, title in links:
        page, _ = await got(f"{base}{path}")
        assert f"<h1>{title}</h1>" in page
        pages.append(page)
    assert any('<blockquote id="comment-' in page for page in pages)


async def test_a_comment_that_the_edition_links_to_is_on_the_page(base: str) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{base}/wp-json/wp/v2/posts", params={"per_page": 100}) as answer:
            open_posts = [str(row["id"]) for row in await answer.json() if not row["content"]["protected"]]
        async with client.get(f"{base}/wp-json/wp/v2/comments", params={"post": ",".join(open_posts)}) as answer:
            comments = await answer.json()
    assert comments
    address, _, anchor = comments[0]["link"].partition("#")
    assert f'id="{anchor}"' in (await got(address))[0]


async def test_only_newer_stories_are_answered_and_no_page_beyond_the_last(base: str) -> None:
    posts = f"{base}/wp-json/wp/v2/posts"
    async with aiohttp.ClientSession() as client:
        async with client.get(posts, params={"after": NOW.isoformat()}) as answer:
            assert await answer.json() == []
        async with client.get(posts, params={"after": (NOW - timedelta(days=300)).isoformat(), "page": 99}) as answer:
            assert answer.status == 400
            assert (await answer.json())["code"] == "rest_post_invalid_page_number"


async def test_the_comments_of_a_story_with_a_password_are_closed(base: str) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{base}/wp-json/wp/v2/posts", params={"per_page": 100}) as answer:
            (locked,) = [row["id"] for row in await answer.json() if row["content"]["protected"]]
        async with client.get(f"{base}/wp-json/wp/v2/comments", params={"post": locked}) as answer:
            assert answer.status == 401


async def test_a_picture_is_there_and_an_unknown_one_is_not(base: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{base}/wp-json/wp/v2/posts", params={"per_page": 100}) as answer:
        media = [row["_embedded"]["wp:featuredmedia"] for row in await answer.json() if "wp:featuredmedia" in row["_embedded"]]
    data, kind = await got(media[0][0]["source_url"])
    assert kind == "image/png"
    assert data[1:4] == "PNG"
    await got(f"{base}/wp-content/uploads/nothing.png", 404)


async def test_a_story_that_there_is_not_has_no_page(base: str) -> None:
    await got(f"{base}/2026/11/nothing-of-the-kind/", 404)

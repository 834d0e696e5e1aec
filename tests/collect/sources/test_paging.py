"""One row that a page has and digest cannot read ends no paging, and a thread is whole only if nothing of it is missing."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import bluesky, feed, ghost, lemmy, lobsters, mastodon, reddit, source_reader
from digest.config import SourcePlan
from digest.model import Harvest
from tests.collect.sources.test_apis import SINCE, harvested

MASTODON, LEMMY = "https://social.example/api/v1/accounts", "https://forum.example/api/v3"
ODD = {"something": "else"}


def status(number: int) -> dict[str, Any]:
    return {"id": str(number), "created_at": "2026-11-23T10:00:00Z", "url": f"https://social.example/@gazette/{number}", "content": "<p>The night ferry comes back.</p>"}  # fmt: skip


def post(number: int, comments: int = 0) -> dict[str, Any]:
    row = {
        "id": number,
        "name": f"Ferry {number}",
        "ap_id": f"https://forum.example/post/{number}",
        "published": "2026-11-23T10:00:00Z",
    }
    return {"post": row, "counts": {"comments": comments}}


def remark(number: int) -> dict[str, Any]:
    row = {"id": number, "path": f"0.{number}", "content": f"Remark {number}.", "published": "2026-11-23T11:00:00Z", "ap_id": f"https://forum.example/comment/{number}"}  # fmt: skip
    return {"comment": row, "creator": {"name": "ada"}}


async def read(kind: str, url: str, answers: dict[str, Any]) -> Harvest:
    harvest, _ = await harvested({"plan": {"kind": kind, "url": url, "key": "k"}, "on": []}, answers)
    return harvest


async def test_mastodon() -> None:
    answers = {
        f"{MASTODON}/lookup": {"id": "1", "acct": "gazette"},
        f"{MASTODON}/1/statuses": [ODD, *(status(number) for number in range(100, 61, -1))],
        f"{MASTODON}/1/statuses?max_id=62": [status(61)],
    }
    assert len((await read("mastodon", "https://social.example/@gazette", answers)).articles) == 40


async def test_lemmy_posts() -> None:
    answers = {
        f"{LEMMY}/post/list?page=1": {"posts": [ODD, *(post(number) for number in range(49))]},
        f"{LEMMY}/post/list?page=2": {"posts": [post(50)]},
        f"{LEMMY}/comment/list": {"comments": []},
    }
    assert len((await read("lemmy", "https://forum.example/c/gazette", answers)).articles) == 50


async def test_lemmy_comments() -> None:
    answers = {
        f"{LEMMY}/post/list?page=1": {"posts": [post(1, 50)]},
        f"{LEMMY}/comment/list?page=1": {"comments": [ODD, *(remark(number) for number in range(49))]},
        f"{LEMMY}/comment/list?page=2": {"comments": [remark(50)]},
    }
    harvest = await read("lemmy", "https://forum.example/c/gazette", answers)
    assert len(harvest.comments) == 50
    assert harvest.threads == ()


@pytest.mark.parametrize(("said", "given", "whole"), [(4, 4, True), (120, 100, False)])
async def test_replies_of_ghost(said: int, given: int, whole: bool) -> None:
    site = "https://gazette.example"
    written = {"status": "published", "html": "<p>Which quay?</p>", "created_at": "2026-11-23T20:00:00.000Z"}
    replies = [{"id": f"r{number}", **written} for number in range(given)]
    answers = {
        f"{site}/ghost/api/content/posts/": {"posts": [{"id": "p", "title": "Ferry", "published_at": "2026-11-23T18:00:00.000Z", "url": f"{site}/ferry", "html": "<p>It stays.</p>"}], "meta": {"pagination": {"next": None}}},
        f"{site}/members/api/comments/post/p/": {"comments": [{"id": "c", **written, "count": {"replies": said}, "replies": replies[:3]}]},
        f"{site}/members/api/comments/c/replies/": {"comments": replies},
    }  # fmt: skip
    harvest = await read("ghost", site, answers)
    assert len(harvest.comments) == given + 1
    assert bool(harvest.threads) is whole


class Endless:
    """A source whose every page says that there is one more; each page has its own number, and an hour of its own."""

    def __init__(self, page: Callable[[int], Any], listing: str) -> None:
        self.page, self.listing = page, listing
        self.listed: list[str] = []

    async def __call__(self, url: str) -> Response:
        if self.listing in url:
            self.listed.append(url)
            body = self.page(len(self.listed))
        else:
            body = {"id": "1"} if "lookup" in url else {}
        text = body if isinstance(body, str) else json.dumps(body)
        return Response(status=200, url=url, headers={}, body=text.encode())


def bluesky_page(number: int) -> object:
    record = {"text": f"Ferry {number}", "createdAt": "2026-11-23T10:00:00Z"}
    uri = f"at://did:plc:1/app.bsky.feed.post/{number}"
    return {"feed": [{"post": {"uri": uri, "author": {"handle": "gazette.example"}, "record": record}}], "cursor": f"c{number}"}


def reddit_page(number: int) -> object:
    row = {
        "id": f"p{number}",
        "title": "Ferry",
        "permalink": f"/r/town/comments/p{number}/",
        "is_self": True,
        "created_utc": 1795428000,
    }
    return {"data": {"children": [{"kind": "t3", "data": row}], "after": f"t3_p{number}"}}


def lobsters_page(number: int) -> object:
    story = {
        "short_id": f"s{number}",
        "title": "Ferry",
        "url": f"https://gazette.example/{number}",
        "created_at": "2026-11-23T10:00:00Z",
    }
    return [{**story, "comments_url": f"https://news.example/s/s{number}", "comment_count": 0}]


def feed_page(number: int) -> object:
    return (
        f'<feed xmlns="http://www.w3.org/2005/Atom"><title>g</title><link rel="next" href="https://g.example/feed?page={number + 1}"/>'
        f'<entry><id>{number}</id><title>Ferry {number}</title><link href="https://g.example/{number}"/>'
        "<published>2026-11-23T10:00:00Z</published><updated>2026-11-23T10:00:00Z</updated></entry></feed>"
    )


ENDLESS: dict[str, tuple[str, str, Callable[[int], object], int]] = {
    "bluesky": ("https://bsky.app/profile/gazette.example", "getAuthorFeed", bluesky_page, bluesky.MAX_PAGES),
    "reddit": ("https://www.reddit.com/r/town", "/new.json", reddit_page, reddit.MAX_PAGES),
    "lobsters": ("https://news.example", "/newest/page/", lobsters_page, lobsters.MAX_PAGES),
    "feed": ("https://g.example/feed", "g.example/feed", feed_page, feed.MAX_PAGES),
    "mastodon": (
        "https://social.example/@gazette",
        "/statuses?",
        lambda number: [status(number * 100 + row) for row in range(40)],
        mastodon.MAX_PAGES,
    ),
    "lemmy": (
        "https://forum.example/c/gazette",
        "/post/list",
        lambda number: {"posts": [post(number * 100 + row) for row in range(50)]},
        lemmy.MAX_PAGES,
    ),
}


@pytest.mark.parametrize("kind", list(ENDLESS))
async def test_a_list_without_an_end_is_read_for_some_pages_and_what_they_hold_is_kept(kind: str) -> None:
    url, listing, page, most = ENDLESS[kind]
    get, plan = Endless(page, listing), SourcePlan(kind=kind, url=url)
    harvest = await source_reader(plan)(plan, get, SINCE)
    assert len(get.listed) == most
    assert len(set(get.listed)) == most
    assert len(harvest.articles) % most == 0
    assert harvest.articles


async def test_a_thread_of_lemmy_without_an_end_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """A comment beyond the last page that is read must not be taken for removed."""
    monkeypatch.setattr(lemmy, "MAX_PAGES", 2)
    answers = {
        f"{LEMMY}/post/list?page=1": {"posts": [post(1, 150)]},
        **{
            f"{LEMMY}/comment/list?page={page}": {"comments": [remark(page * 100 + row) for row in range(50)]}
            for page in range(1, 4)
        },
    }
    harvest = await read("lemmy", "https://forum.example/c/gazette", answers)
    assert len(harvest.comments) == 100
    assert harvest.threads == ()


async def test_posts_of_ghost_beyond_the_last_page_are_not_taken_for_gone() -> None:
    site = "https://gazette.example"
    rows = [
        {
            "id": "p",
            "title": "Ferry",
            "published_at": "2026-11-23T18:00:00.000Z",
            "url": f"{site}/ferry",
            "html": "<p>It stays.</p>",
        }
    ]
    answers = {
        f"{site}/ghost/api/content/posts/": {"posts": rows, "meta": {"pagination": {"next": 2}}},
        f"{site}/members/api/comments/post/p/": 404,
    }
    harvest = await read("ghost", site, answers)
    assert [row.title for row in harvest.articles] == ["Ferry"]
    assert harvest.listed == ()
    answers[f"{site}/ghost/api/content/posts/"] = {"posts": rows, "meta": {"pagination": {"next": None}}}
    assert (await read("ghost", site, answers)).listed != ()


async def test_a_thread_of_ghost_without_an_end_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ghost, "MAX_PAGES", 2)
    site = "https://gazette.example"
    remark_ = {"id": "c", "html": "<p>Which quay?</p>", "created_at": "2026-11-23T20:00:00.000Z"}
    more = {"pagination": {"next": 9}}
    answers = {
        f"{site}/ghost/api/content/posts/": {"posts": [{"id": "p", "title": "Ferry", "published_at": "2026-11-23T18:00:00.000Z", "url": f"{site}/ferry"}]},
        f"{site}/members/api/comments/post/p/": {"comments": [remark_], "meta": more},
        f"{site}/members/api/comments/post/p/?page=2": {"comments": [{**remark_, "id": "d"}], "meta": more},
    }  # fmt: skip
    harvest = await read("ghost", site, answers)
    assert len(harvest.comments) == 2
    assert harvest.threads == ()

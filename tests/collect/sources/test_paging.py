"""One row that a page has and digest cannot read ends no paging, and a thread is whole only if nothing of it is missing."""

from typing import Any

import pytest

from digest.model import Harvest
from tests.collect.sources.test_apis import harvested

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

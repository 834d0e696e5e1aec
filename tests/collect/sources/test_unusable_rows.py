"""Rows that every kind of source may send and that nobody can read: a post without a web address, a thread without its comments."""

from typing import Any

import pytest

from digest.collect.sources import comment_reader
from digest.config import CommentsPlan
from digest.model import Harvest
from tests.collect.sources.test_apis import Answers, article, harvested

AT = "2026-11-23T10:00:00.000Z"
BAD = "https://gazette.example:99999/ferry"  # a port that there cannot be
SITE, GOOD = "https://gazette.example", "https://gazette.example/tram"
ALGOLIA = "https://hn.algolia.com/api/v1"


def reddit_row(key: str, url: str) -> dict[str, Any]:
    return {"kind": "t3", "data": {"id": key, "title": key, "permalink": f"/r/t/{key}/", "url": url, "created_utc": 1795428000}}


def lemmy_row(number: int, key: str, url: str) -> dict[str, Any]:
    return {"post": {"id": number, "name": key, "url": url, "ap_id": url, "published": AT}, "counts": {"comments": 0}}


ROWS: dict[str, tuple[str, dict[str, Any]]] = {
    "ghost": (SITE, {
        f"{SITE}/ghost/api/content/posts/": {"posts": [
            {"id": "a", "title": "bad", "url": BAD, "published_at": AT}, {"id": "b", "title": "good", "url": GOOD, "published_at": AT}]},
        f"{SITE}/members/api/comments/post/b/": 404,
    }),
    "reddit": ("https://www.reddit.com/r/t", {
        "https://www.reddit.com/r/t/new.json": {"data": {"children": [reddit_row("bad", BAD), reddit_row("good", GOOD)]}},
        "https://www.reddit.com/r/t/good.json": [{}, {"data": {"children": []}}],
    }),
    "lemmy": ("https://forum.example/c/t", {
        "https://forum.example/api/v3/post/list": {"posts": [lemmy_row(1, "bad", BAD), lemmy_row(2, "good", GOOD)]},
        "https://forum.example/api/v3/comment/list": {"comments": []},
    }),
    "lobsters": ("https://news.example", {
        "https://news.example/newest/page/1.json": [
            {"short_id": key, "title": key, "url": url, "comments_url": url, "created_at": AT, "comment_count": 0}
            for key, url in (("bad", BAD), ("good", GOOD))],
        "https://news.example/newest/page/2.json": [],
    }),
    "hackernews": ("https://news.ycombinator.com", {
        f"{ALGOLIA}/search_by_date": {"hits": [
            {"objectID": key, "title": key, "url": url, "created_at_i": 1795428000, "author": "ada"} for key, url in (("1", BAD), ("2", GOOD))]},
    }),
    "mastodon": ("https://social.example/@gazette", {
        "https://social.example/api/v1/accounts/lookup": {"id": "1", "acct": "gazette"},
        "https://social.example/api/v1/accounts/1/statuses": [
            {"id": key, "created_at": AT, "url": url, "content": content}
            for key, url, content in (("1", BAD, "<p>Ferry</p>"), ("2", "https://social.example/@gazette/2", ""), ("3", GOOD, "<p>Tram</p>"))],
        "https://social.example/api/v1/statuses/3/context": {"descendants": []},
    }),
}  # fmt: skip


async def read(kind: str, url: str, answers: dict[str, Any]) -> Harvest:
    harvest, _ = await harvested({"plan": {"kind": kind, "url": url, "key": "k"}, "on": []}, answers)
    return harvest


@pytest.mark.parametrize("kind", list(ROWS))
async def test_a_post_that_no_reader_could_open_is_left_out_and_its_neighbour_is_not(kind: str) -> None:
    harvest = await read(kind, *ROWS[kind])
    assert [row.url for row in harvest.articles] == [GOOD]


@pytest.mark.parametrize("kind", ["mastodon", "bluesky"])
async def test_without_an_article_nobody_is_asked_for_replies(kind: str) -> None:
    get, plan = Answers({}), CommentsPlan(kind=kind, url="https://social.example/@gazette")
    assert await comment_reader(plan)(plan, get, []) == Harvest()
    assert get.asked == []


async def test_a_site_of_ghost_without_news_is_not_asked_for_comments() -> None:
    case = {"plan": {"kind": "ghost", "url": SITE, "key": "k"}, "on": []}
    harvest, get = await harvested(case, {f"{SITE}/ghost/api/content/posts/": {"posts": []}})
    assert harvest.articles == ()
    assert harvest.failures == ()
    assert len(get.asked) == 1


async def test_a_post_of_ghost_for_which_comments_are_off_costs_nothing() -> None:
    posts = [{"id": key, "title": key, "url": f"{SITE}/{key}", "published_at": AT} for key in ("a", "b")]
    answers = {
        f"{SITE}/ghost/api/content/posts/": {"posts": posts},
        f"{SITE}/members/api/comments/post/a/": {"comments": [{"id": "c", "html": "<p>Which quay?</p>", "created_at": AT}]},
        f"{SITE}/members/api/comments/post/b/": 403,
    }
    harvest = await read("ghost", SITE, answers)
    assert [row.text for row in harvest.comments] == ["Which quay?"]
    assert [row.article_id.rpartition(":")[2] for row in harvest.threads] == ["a"]
    assert harvest.failures == ()


async def test_a_discussion_on_reddit_that_is_only_half_an_answer_is_named() -> None:
    answers = {**ROWS["reddit"][1], "https://www.reddit.com/r/t/good.json": [{}]}
    harvest = await read("reddit", "https://www.reddit.com/r/t", answers)
    assert [row.url for row in harvest.articles] == [GOOD]
    assert "the response has no comments" in harvest.failures[0].reason
    assert harvest.threads == ()


async def test_a_thread_of_reddit_with_more_listings_than_are_read_is_not_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.collect.sources.json_api.MAX_COMMENTS", 2)

    def nested(depth: int) -> object:
        row: dict[str, Any] = {"id": f"c{depth}", "body": "Which quay?", "created_utc": 1795428000}
        return {"data": {"children": [{"kind": "t1", "data": {**row, "replies": nested(depth - 1) if depth else ""}}]}}

    answers = {**ROWS["reddit"][1], "https://www.reddit.com/r/t/good.json": [{}, nested(5)]}
    harvest = await read("reddit", "https://www.reddit.com/r/t", answers)
    assert len(harvest.comments) == 2
    assert harvest.threads == ()


async def test_a_forum_with_no_topic_on_an_article_has_nothing_to_say_about_it() -> None:
    home, on = "https://forum.example", article("https://gazette.example/ferry")
    elsewhere = {
        "id": 1,
        "post_number": 1,
        "cooked": '<a href="https://gazette.example/tram">the tram</a>',
        "created_at": AT,
        "username": "ada",
    }
    answers = Answers({
        f"{home}/search.json": {"posts": [{"post_number": 1, "topic_id": 5}]},
        f"{home}/t/5.json": {"post_stream": {"posts": [elsewhere], "stream": [1]}},
    })  # fmt: skip
    plan = CommentsPlan(kind="discourse", url=home)
    assert await comment_reader(plan)(plan, answers, [on]) == Harvest()

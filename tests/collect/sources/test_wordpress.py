"""A WordPress by REST, on its recorded answers."""

import json
from datetime import UTC, datetime
from functools import partial

import pytest

from digest.collect.fetch import Fetcher
from digest.collect.sources import wordpress, wordpress_api, wordpress_comments
from digest.config import SourcePlan
from digest.model import Harvest
from tests.newsroom import DATA, RecordedSite

JULY = datetime(2026, 7, 1, tzinfo=UTC)


async def read(site: RecordedSite, since: datetime) -> Harvest:
    async with Fetcher() as fetcher:
        plan = SourcePlan(kind="wordpress", url=site.base, allow_private=True)
        return await wordpress.read(plan, partial(fetcher.get, allow_private=True), since)


async def test_every_public_post_and_every_comment(site: RecordedSite) -> None:
    harvest = await read(site, JULY)
    assert len(harvest.articles) == 26
    assert len(harvest.comments) == len(site.comments)
    assert harvest.failures == ()
    texts = " ".join(comment.text for comment in harvest.comments)
    hidden = [text for text in json.loads((DATA / "hidden.json").read_text()) if "[" not in text and "<" not in text]
    assert hidden
    assert not any(text in texts for text in hidden)


async def test_bounds_are_exclusive_and_nothing_falls_between(site: RecordedSite) -> None:
    exact = datetime(2026, 7, 15, 23, 30, tzinfo=UTC)
    harvest = await read(site, exact)
    assert any(article.published == exact for article in harvest.articles)


async def test_dates_are_utc_whatever_the_site_says_of_its_clock(site: RecordedSite) -> None:
    harvest = await read(site, JULY)
    summer = next(article for article in harvest.articles if "regatta" in article.url)
    assert summer.published == datetime(2026, 7, 15, 23, 30, tzinfo=UTC)


async def test_titles_names_and_pictures(site: RecordedSite) -> None:
    harvest = await read(site, JULY)
    by_slug = {article.url.rstrip("/").rpartition("/")[2]: article for article in harvest.articles}
    assert by_slug["the-friday-quiz"].title == "The Friday quiz: 10 questions & no prizes"
    assert by_slug["school-kitchen-wins-reprieve"].title == "School kitchen wins reprieve after parents’ petition"
    assert by_slug["welcome-desk-opens"].title.startswith("ترحيب")
    picture = by_slug["the-tram-is-the-wrong-answer"].image
    assert picture is not None
    assert (picture.width, picture.alt) == (1200, "An empty tram stop")
    assert by_slug["the-friday-quiz"].image is None
    assert by_slug["subscribers-full-budget-papers"].access == "protected"
    assert {comment.author for comment in harvest.comments} >= {"Hob & Nob", "A reader"}


async def test_parents_are_as_stored_even_below_ten_levels(site: RecordedSite) -> None:
    harvest = await read(site, JULY)
    truth = {row["id"]: row["parent"] for row in site.comments}
    for comment in harvest.comments:
        number = int(comment.id.rpartition("-")[2])
        assert (comment.parent_id or "").rpartition("-")[2] == (str(truth[number]) if truth[number] else "")


async def test_where_rest_is_closed_the_feed_is_read(site: RecordedSite) -> None:
    site.closed = True
    harvest = await read(site, datetime(2026, 11, 23, tzinfo=UTC))
    opened = RecordedSite()
    opened.base = site.base
    assert {article.id for article in harvest.articles} == {
        row["guid"]["rendered"].replace("http://gazette.example", site.base)
        for row in opened.posts
        if row["date_gmt"] >= "2026-11-23"
    }
    assert any("tram-promoters" in comment.url for comment in harvest.comments)


async def test_ids_are_the_same_by_feed_and_by_rest(site: RecordedSite) -> None:
    since = datetime(2026, 11, 23, tzinfo=UTC)
    by_rest = await read(site, since)
    site.closed = True
    by_feed = await read(site, since)
    assert {a.id for a in by_rest.articles} == {a.id for a in by_feed.articles}
    from_feed = {comment.id for comment in by_feed.comments if comment.kind == "comment"}
    assert len(from_feed) > 5
    assert from_feed <= {comment.id for comment in by_rest.comments}


async def test_a_list_without_end_is_reported_and_promises_nothing(site: RecordedSite, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wordpress_api, "MAX_PAGES", 2)
    monkeypatch.setattr(wordpress_comments, "COMMENTS_PER_PAGE", 5)
    harvest = await read(site, datetime(2026, 11, 12, tzinfo=UTC))
    reasons = [failure.reason for failure in harvest.failures]
    assert any("could not read all comments" in reason for reason in reasons)
    crowded = {article.id for article in harvest.articles if sum(c.article_id == article.id for c in harvest.comments) >= 10}
    assert crowded
    assert not crowded & {thread.article_id for thread in harvest.threads}


@pytest.mark.parametrize("author", ["\ud800 x", {"deep": 1}, None, "<script>x</script>Nell"])
async def test_odd_authors_cost_nothing(site: RecordedSite, author: object) -> None:
    for post in site.posts:
        post["_embedded"]["author"] = [{"name": author}]
    assert len((await read(site, JULY)).articles) == 26

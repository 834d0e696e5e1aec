"""A past edition made again, and the story of an article."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.app import App
from digest.desk.acts import Act
from digest.desk.edition_view import Desk
from digest.desk.time_machine import article_history, make_again
from digest.desk.verbs import Verbs
from digest.errors import UsageError
from digest.model import Harvest
from digest.publish import Unwatched, publish
from tests.desk.conftest import CUTOFF, KEY, days_material
from tests.newsroom import NOW, Moment


async def made(app: App, moment: Moment) -> None:
    plan = app.config.editions[0]
    moment.now = CUTOFF + timedelta(seconds=1)
    await publish(app.pipeline, plan, app.coming_slot(plan), Unwatched())


async def test_an_edition_made_again_at_once_is_the_same(app: App, desk: Desk, verbs: Verbs, moment: Moment) -> None:
    order = desk.by_key(KEY).order
    verbs.do(KEY, Act(verb="leave-out", fields={"id": order[1]}, by="Ada"))
    verbs.do(KEY, Act(verb="edit", fields={"id": order[0], "headline": "By hand"}, by="Ada"))
    verbs.do(KEY, Act(verb="lead", fields={"id": order[3]}, by="Tom"))
    await made(app, moment)
    again = make_again(app, KEY)
    assert again.differences == ()
    assert [story.article for story in again.again.stories] == [story.article for story in again.sent.edition.stories]
    assert "By hand" in {story.article.title for story in again.again.stories}


async def test_what_differs_is_named(app: App, desk: Desk, moment: Moment) -> None:
    await made(app, moment)
    material = days_material()
    one = next(key for key in desk.by_key(KEY).order if key in {row.id for row in material.articles})
    later = [replace(row, title="Rewritten since") if row.id == one else row for row in material.articles]
    new = replace(material.comments[0], id="later", written=CUTOFF + timedelta(hours=1))
    app.store.content.keep(Harvest(articles=tuple(later), comments=(*material.comments, new)), NOW + timedelta(hours=2))
    again = make_again(app, KEY)
    assert [(row.what, row.more) for row in again.differences if row.what == "Another headline"] == [
        ("Another headline", "made again “Rewritten since”")
    ]
    assert "later" not in {pick.comment.id for story in again.again.stories for pick in story.picks}


async def test_what_was_collected_is_not_kept_for_ever(app: App, desk: Desk, moment: Moment) -> None:
    assert desk.app is app
    await made(app, moment)
    moment.now += timedelta(days=40)
    with pytest.raises(UsageError, match="not kept any more"):
        make_again(app, KEY)
    with pytest.raises(UsageError, match="no such edition"):
        make_again(app, "weekday-2020-01-01")


async def test_an_article_has_a_story(app: App, desk: Desk, verbs: Verbs, moment: Moment) -> None:
    edition = desk.by_key(KEY)
    printed, out = edition.edition.stories[0].article, edition.edition.stories[1].article
    verbs.do(KEY, Act(verb="edit", fields={"id": printed.id, "kicker": "Breaking"}, by="Ada"))
    verbs.do(KEY, Act(verb="leave-out", fields={"id": out.id}, by="Tom"))
    await made(app, moment)
    title, events = article_history(app, printed.url)
    assert title == printed.title
    told = [row.what for row in events]
    assert told[0].startswith("Published by ")
    assert "First read" in told
    assert any(text.startswith("Ada: Changed the kicker") for text in told)
    assert any(text.startswith("Number 1 in No. 1 because ") for text in told)
    _, events = article_history(app, f"{out.url}?utm_source=mail")
    assert any(row.what.startswith("Left out of No. 1: ") and row.edition == KEY for row in events)
    assert any(row.what.startswith("Tom: Left out") for row in events)
    with pytest.raises(UsageError, match="never seen"):
        article_history(app, "https://elsewhere.example/x")

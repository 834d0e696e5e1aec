"""A newsletter at 06:40 with a day's material collected, and two editors."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from digest.app import App, open_newsletter
from digest.desk.edition_view import Desk
from digest.desk.verbs import Verbs
from digest.model import Harvest
from tests.conftest import Furnish
from tests.newsroom import NOW, Moment, RecordedSite
from tests.relay import Relay
from tests.render.editions import story

CUTOFF = NOW.replace(hour=7, minute=0, second=0, microsecond=0)
KEY = "weekday-2026-11-24"
DESK = """
[desk]
editors = ["Ada Quill <ada@gazette.example>", "Tom Lacey <tom@gazette.example>"]
viewers = ["Vi Looker <vi@gazette.example>"]
"""


@pytest.fixture
def moment() -> Moment:
    return Moment(CUTOFF - timedelta(minutes=20))


@pytest.fixture
def app(site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment) -> Iterator[App]:
    with open_newsletter(furnish(site.base, relay.port, extra=DESK), moment, retry_delays=()) as app:
        yield app


def days_material() -> Harvest:
    """Eight stories with readers' words below them: some good, one held for its telephone number, one abusive."""
    articles, comments = [], []
    for at in range(8):
        row = story(at, 3)
        published = CUTOFF - timedelta(hours=2 + at)
        articles.append(replace(row.article, published=published, updated=published, comment_count=None, image=None))
        for number, pick in enumerate(row.picks):
            written = CUTOFF - timedelta(minutes=90 - at - number)
            comments.append(replace(pick.comment, written=written, author=f"{pick.comment.author} {at}"))
    comments += [
        replace(comments[0], id="held", author="Ring Me", text=f"Ring me at home on 07700 900123. {comments[1].text}"),
        replace(comments[0], id="abuse", author="Rude", text=f"You are a bunch of wankers. {comments[1].text}"),
        replace(comments[0], id="unapproved", author="New", text=comments[2].text, state="held"),
    ]
    return Harvest(articles=tuple(articles), comments=tuple(comments))


@pytest.fixture
async def desk(app: App) -> Desk:
    await app.gather(conditional=False)
    app.store.content.keep(days_material(), app.clock())
    return Desk(app)


@pytest.fixture
def verbs(desk: Desk) -> Verbs:
    return Verbs(desk)

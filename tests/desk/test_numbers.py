"""The numbers of the last editions."""

from datetime import timedelta

from digest.app import App
from digest.desk.edition_view import Desk
from digest.desk.numbers import SentCounts, edition_numbers
from digest.store import HistoryEvent
from tests.desk.conftest import CUTOFF, KEY
from tests.desk.test_verbs import sent
from tests.newsroom import Moment
from tests.relay import Relay


async def test_what_went_out_and_who_came_and_left(app: App, desk: Desk, moment: Moment, relay: Relay) -> None:
    assert desk.app is app
    assert edition_numbers(app, 5) == []
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address == "bo@readers.example" else None
    moment.now = CUTOFF + timedelta(minutes=1)
    await sent(app)
    app.store.history.note([HistoryEvent(email="new@readers.example", at=moment.now, event="confirmed")])
    app.store.suppressions.add("ada@readers.example", "unsubscribed", moment.now)
    moment.now += timedelta(hours=1)
    (row,) = edition_numbers(app, 5)
    assert (row.key, row.recipients, row.sent, row.refused, row.came, row.left) == (KEY, 2, 1, 1, 1, 1)
    assert row.stories == len(desk.by_key(KEY).order)
    assert row.comments > 0


async def test_what_was_sent_is_counted_once_for_the_front_page(app: App, desk: Desk, moment: Moment, relay: Relay) -> None:
    assert desk.app is app
    counts = SentCounts(app)
    assert counts.last(3) == []
    moment.now = CUTOFF + timedelta(minutes=1)
    await sent(app)
    assert [(row.key, row.sent) for row in counts.last(3)] == [(KEY, len(relay.counts))]

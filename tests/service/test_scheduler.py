"""The service over a simulated fortnight: its own triggers, a clock that is an argument."""

import asyncio
import heapq
import itertools
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from digest.app import App, open_newsletter
from digest.service.scheduler import Service, serve
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay


class Time:
    """A clock to be set."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Fortnight:
    """A service whose alarms ring at their own times, as fast as the machine can."""

    def __init__(self, app: App, time: Time) -> None:
        self.service = Service(app)
        self._time = time
        self._order = itertools.count()
        self._alarms: list[tuple[datetime, int, int]] = []
        self.jobs = self.service.jobs()
        for index in range(len(self.jobs)):
            self._set(index, None)

    def _set(self, index: int, previous: datetime | None) -> None:
        following = self.jobs[index].trigger.get_next_fire_time(previous, self._time.now + timedelta(microseconds=1))
        if following is not None:
            heapq.heappush(self._alarms, (following.astimezone(UTC), next(self._order), index))

    async def until(self, end: datetime) -> None:
        while self._alarms and self._alarms[0][0] <= end:
            moment, _, index = heapq.heappop(self._alarms)
            self._time.now = max(self._time.now, moment)
            await self.jobs[index].action()
            self._set(index, moment)
        self._time.now = end


def publish_new_articles(site: RecordedSite, start: datetime, days: int) -> None:
    """Two articles a day, at 10:00 and 22:00, weekends too."""
    sample = next(post for post in site.posts if post["id"] == 33)
    site.comments = []
    site.posts = [
        {**sample, "id": 1000 + n, "link": f"http://gazette.example/{n}/", "guid": {"rendered": f"g{n}"}, "title": {"rendered": f"Story {n}"}, "content": {"rendered": f"<p>Text {n}.</p>", "protected": False}, "date_gmt": moment.strftime("%Y-%m-%dT%H:%M:%S"), "modified_gmt": moment.strftime("%Y-%m-%dT%H:%M:%S")}
        for n, moment in enumerate(start + timedelta(hours=12 * at) for at in range(days * 2))
    ]  # fmt: skip


START = datetime(2026, 10, 19, 6, tzinfo=UTC)  # a Monday, 07:00 in London; summer time ends on the 25th


@pytest.fixture
def fortnight(site: RecordedSite, relay: Relay, furnish: Furnish) -> Iterator[tuple[App, Time, Fortnight]]:
    publish_new_articles(site, START - timedelta(hours=20), 16)
    root = furnish(site.base, relay.port)
    text = (root / "digest.toml").read_text()
    (root / "digest.toml").write_text('collect_every = "6h"\n' + text)
    time = Time(START - timedelta(minutes=30))
    with open_newsletter(root, time, retry_delays=()) as app:
        yield app, time, Fortnight(app, time)


async def test_ten_editions_whose_windows_tile_the_fortnight(
    fortnight: tuple[App, Time, Fortnight], relay: Relay, site: RecordedSite
) -> None:
    app, _, alarms = fortnight
    alarms.jobs = [job for job in alarms.jobs if job.name not in {"catch up", "look for trouble"}]
    alarms._alarms = [row for row in alarms._alarms if row[2] < len(alarms.jobs)]
    await alarms.until(START + timedelta(days=14) - timedelta(minutes=1))
    editions = [app.store.editions.frozen(entry.key) for entry in reversed(app.store.editions.recent(50))]
    windows = [frozen.edition.slot.window for frozen in editions if frozen]
    assert len(windows) == 10
    assert all(one.end == two.start for one, two in itertools.pairwise(windows))
    assert windows[0].end == START
    assert windows[5].end == datetime(2026, 10, 26, 7, tzinfo=UTC)
    printed = [story.article.title for frozen in editions if frozen for story in frozen.edition.stories]
    assert len(printed) == len(set(printed))
    span = [
        post["title"]["rendered"]
        for post in site.posts
        if windows[0].start <= datetime.fromisoformat(post["date_gmt"] + "+00:00") < windows[-1].end
    ]
    assert set(printed) == set(span)
    assert set(relay.counts.values()) == {10}


async def test_a_stopped_service_catches_up_and_skips_what_is_too_late(
    fortnight: tuple[App, Time, Fortnight], relay: Relay
) -> None:
    app, time, alarms = fortnight
    time.now = START + timedelta(hours=2)
    await alarms.service.catch_up.run()
    assert relay.counts["ada@readers.example"] == 1
    await alarms.service.catch_up.run()
    assert relay.counts["ada@readers.example"] == 1
    time.now = START + timedelta(days=1, hours=9)
    await alarms.service.catch_up.run()
    assert relay.counts["ada@readers.example"] == 1
    time.now = START + timedelta(days=2, minutes=1)
    await alarms.service.catch_up.run()
    assert relay.counts["ada@readers.example"] == 2
    latest = app.store.editions.frozen(app.store.editions.recent(1)[0].key)
    assert latest is not None
    assert latest.edition.slot.window.start == START


async def test_deferred_mail_goes_out_when_it_is_due(fortnight: tuple[App, Time, Fortnight], relay: Relay) -> None:
    _, time, alarms = fortnight
    relay.rcpt = lambda address: "451 later" if address.startswith("bo") else None
    time.now = START + timedelta(seconds=1)
    await alarms.service.catch_up.publish_due()
    relay.rcpt = lambda address: None
    await alarms.service.catch_up.run()
    assert relay.counts["bo@readers.example"] == 0
    time.now += timedelta(seconds=30)
    await alarms.service.catch_up.run()
    assert relay.counts == {"ada@readers.example": 1, "bo@readers.example": 1}


async def test_a_dead_relay_is_logged_and_tried_again(
    fortnight: tuple[App, Time, Fortnight], relay: Relay, caplog: pytest.LogCaptureFixture
) -> None:
    app, time, alarms = fortnight
    time.now = START + timedelta(seconds=1)
    relay.mail = lambda sender: "553 no"
    await alarms.service.catch_up.publish_due()
    assert "refused the sender" in caplog.text
    relay.mail = lambda sender: None
    time.now += timedelta(minutes=1)
    await alarms.service.catch_up.run()
    assert set(relay.counts.values()) == {1}
    assert app.store.editions.unfinished() == []


async def test_the_real_scheduler_stops_when_asked(app: App, relay: Relay) -> None:
    asyncio.get_running_loop().call_later(1.0, app.stop.set)
    assert await asyncio.wait_for(serve(Service(app)), 20)
    assert app.clock() == NOW
    assert set(relay.counts.values()) == {1}


async def test_a_source_that_fails_is_logged_and_the_service_runs_on(furnish: Furnish, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "digest")
    with open_newsletter(furnish("http://127.0.0.1:9/feed", 9, kind="feed"), lambda: NOW, retry_delays=()) as app:
        await Service(app).collect()
    assert "collected 0 articles and 0 comments" in caplog.text
    assert next(record.getMessage() for record in caplog.records if record.levelname == "WARNING").startswith(
        "http://127.0.0.1:9/feed"
    )

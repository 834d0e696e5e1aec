"""The same edition in waves: a reader with a time zone gets it at its hour where they are, and a no in between counts."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.app import App, open_newsletter
from digest.edition.readership import count_recipients
from digest.publish import Unwatched, publish
from digest.service.catch_up import CatchUp
from digest.store import Preference
from tests.conftest import Furnish
from tests.newsroom import NOW, Moment, RecordedSite
from tests.relay import Relay

KEY = "weekday-2026-11-24"
ADA, BO, CY, DI, ED, FAY = (f"{name}@readers.example" for name in ("ada", "bo", "cy", "di", "ed", "fay"))
LIST = f"""email,timezone,frequency,status
{ADA},,,active
{BO},America/New_York,,active
{CY},Australia/Sydney,daily,active
{DI},Pacific/Honolulu,,active
{ED},Mars/Olympus,,active
{FAY},America/New_York,weekly,active
"""
WEEKLY = '[[editions]]\nname = "best"\ndays = "sat"\nreaders = "chosen"\n'


@pytest.fixture
def app(site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment) -> Iterator[App]:
    root = furnish(site.base, relay.port, extra='[[editions]]\nname = "weekday"\n' + WEEKLY)
    (root / "subscribers.csv").write_text(LIST)
    with open_newsletter(root, moment, retry_delays=()) as app:
        yield app


def taken(relay: Relay) -> list[str]:
    return sorted(address for address, _ in relay.taken)


async def test_each_gets_it_at_seven_where_they_are_and_who_is_east_at_once(app: App, relay: Relay, moment: Moment) -> None:
    service = CatchUp(app)
    await service.run()
    assert taken(relay) == [ADA, CY, ED]
    assert app.store.deliveries.waves(KEY, moment.now) == (
        2,
        datetime(2026, 11, 24, 12, tzinfo=UTC),
        datetime(2026, 11, 24, 17, tzinfo=UTC),
    )
    moment.now = datetime(2026, 11, 24, 11, 59, tzinfo=UTC)
    await service.run()
    assert len(taken(relay)) == 3
    moment.now = datetime(2026, 11, 24, 12, 0, 5, tzinfo=UTC)
    await service.run()
    assert taken(relay) == [ADA, BO, CY, ED]
    moment.now = datetime(2026, 11, 24, 17, 0, 5, tzinfo=UTC)
    await CatchUp(app).run()  # another service, after a restart
    assert taken(relay) == [ADA, BO, CY, DI, ED]
    bodies = {raw.partition(b"Subject:")[2].partition(b"\n")[0] for _, raw in relay.taken}
    assert len(bodies) == 1
    (frozen,) = app.store.editions.made(1)
    assert frozen.finished_at == moment.now


async def test_a_command_sends_only_what_is_due_and_says_what_is_to_come(app: App, relay: Relay) -> None:
    plan = app.config.editions[0]
    report = await publish(app.pipeline, plan, app.slot(plan, date(2026, 11, 24)), Unwatched())
    assert (report.status, report.exit_code, report.waiting, report.waves) == ("unfinished", 0, 0, 2)
    assert report.next_wave == datetime(2026, 11, 24, 12, tzinfo=UTC)
    again = await publish(app.pipeline, plan, app.slot(plan, date(2026, 11, 24)), Unwatched())
    assert (again.waves, len(relay.taken)) == (2, 3)


async def test_a_no_before_ones_own_hour_counts(app: App, relay: Relay, moment: Moment) -> None:
    service = CatchUp(app)
    await service.run()
    app.store.suppressions.add(BO, "unsubscribed", NOW)
    app.store.subscribers.set_preference(Preference(email=DI, paused_until=date(2026, 12, 24)), NOW)
    moment.now += timedelta(hours=12)
    await service.run()
    assert taken(relay) == [ADA, CY, ED]
    assert app.store.deliveries.counts(KEY) == {"sent": 3, "skipped": 2}


async def test_who_pauses_gets_nothing_that_was_put_off_or_frozen_meanwhile(app: App, relay: Relay, moment: Moment) -> None:
    relay.rcpt = lambda address: "451 4.3.0 later" if address == ADA else None
    service = CatchUp(app)
    await service.run()
    app.store.subscribers.set_preference(Preference(email=ADA, paused_until=date(2026, 12, 24)), NOW)
    with app.store.engine.begin() as connection:  # a pause that was saved while the edition was frozen
        connection.exec_driver_sql(
            "INSERT INTO preferences (email, paused_until, comments, at) VALUES (?, '2026-12-24', 1, '2026-11-24 07:00:00')", (BO,)
        )
    relay.rcpt = lambda _address: None
    moment.now += timedelta(hours=12)
    await service.run()
    assert taken(relay) == [CY, DI, ED]


async def test_a_row_that_is_paused_or_marked_in_the_list_before_its_hour_gets_none(app: App, relay: Relay, moment: Moment) -> None:
    service = CatchUp(app)
    await service.run()
    text = app.subscriber_path.read_text()
    text = text.replace(f"{BO},America/New_York,,active", f"{BO},America/New_York,,unsubscribed")
    app.subscriber_path.write_text(text.replace(f"{DI},Pacific/Honolulu,,active", f"{DI},Pacific/Honolulu,,paused"))
    moment.now += timedelta(hours=12)
    await service.run()
    assert taken(relay) == [ADA, CY, ED]


async def test_what_one_chose_on_the_page_comes_before_the_list(app: App, relay: Relay, moment: Moment) -> None:
    app.store.subscribers.set_preference(Preference(email=FAY, frequency="weekday, best", timezone=""), NOW)
    app.store.subscribers.set_preference(Preference(email=ADA, timezone="Pacific/Honolulu"), NOW)
    await CatchUp(app).run()
    assert taken(relay) == [CY, ED, FAY]
    plans = [app.readership(plan).gets for plan in app.config.editions]
    assert count_recipients(app.store, app.subscriber_file(), NOW.date(), plans) == (6, 1)


async def test_the_weekly_edition_goes_to_those_who_chose_it(app: App, relay: Relay, moment: Moment) -> None:
    moment.now = datetime(2026, 11, 28, 7, 0, 5, tzinfo=UTC)
    await CatchUp(app).run()
    assert taken(relay) == []  # Fay is in New York
    moment.now += timedelta(hours=5)
    await CatchUp(app).run()
    assert taken(relay) == [FAY]


async def test_waves_wait_for_a_relay_that_is_down_and_nobody_is_told_that_readers_who_wait_for_their_hour_are_stuck(
    app: App, moment: Moment
) -> None:
    service = CatchUp(app)
    await service.run()
    assert service.said == {}
    for _ in range(3):
        moment.now += timedelta(minutes=1)
        await service.run()
        await asyncio.sleep(0)
    assert service.said == {}

"""What is not sent by itself: an edition whose morning is over, and one that a restored database has forgotten; and what a run
leaves for the next one to know.
"""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from digest.app import App, open_newsletter
from digest.edition.report import RunReport
from digest.edition.sent_log import SentLog
from digest.errors import LateError, RestoredError, StoreError
from digest.model import Outcome
from digest.publish import Permit, Unwatched, publish
from digest.service.catch_up import CatchUp
from digest.store import schema
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay


async def run(root: Path, *, after: timedelta = timedelta(), permit: Permit | None = None) -> RunReport:
    """Publish the edition of the recorded morning, so long after it."""
    with open_newsletter(root, lambda: NOW + after, retry_delays=()) as app:
        plan = app.config.editions[0]
        slot = app.slot(plan, NOW.date())
        return await publish(app.pipeline, plan, slot, Unwatched(), permit or Permit())


@pytest.fixture
def root(site: RecordedSite, relay: Relay, furnish: Furnish) -> Path:
    return furnish(site.base, relay.port)


async def test_an_edition_does_not_begin_when_its_morning_is_over(root: Path, relay: Relay) -> None:
    with pytest.raises(LateError, match=r"7 hours ago.*--late"):
        await run(root, after=timedelta(hours=7))
    assert relay.taken == []
    assert (await run(root, after=timedelta(hours=7), permit=Permit(late=True))).counts["sent"] == 2


async def test_one_that_has_begun_is_finished_within_its_time(root: Path, relay: Relay) -> None:
    relay.rcpt = lambda address: "451 4.2.2 full" if address.startswith("bo") else None
    assert (await run(root)).waiting == 1
    relay.rcpt = lambda address: None
    with pytest.raises(LateError, match="11 hours ago"):
        await run(root, after=timedelta(hours=11))
    assert (await run(root, after=timedelta(hours=9))).counts["sent"] == 1
    assert (await run(root, after=timedelta(hours=30))).status == "nothing"


@pytest.mark.parametrize("kept", ["nothing", "an edition without a message gone", "half of it"])
async def test_a_restored_database_sends_nothing_again_unless_asked_to(root: Path, relay: Relay, kept: str) -> None:
    database, backup = root / "state", root / "backup"
    relay.rcpt = lambda address: None if address.startswith("ada") else "451 4.2.2 full"
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.stop.set() if "without" in kept else None
        if kept != "nothing":
            plan = app.config.editions[0]
            await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
    shutil.copytree(database, backup)
    relay.rcpt = lambda address: None
    await run(root)
    assert len(relay.taken) == 2
    shutil.rmtree(database)
    shutil.copytree(backup, database)
    with pytest.raises(
        RestoredError, match=r"sent\.log: sent.log has \d replies for edition weekday-2026-11-24, but the database has .*--again"
    ):
        await run(root)
    assert len(relay.taken) == 2


async def test_a_lost_database_sends_nothing_again_unless_asked_to(root: Path, relay: Relay) -> None:
    await run(root)
    shutil.rmtree(root / "state")
    with pytest.raises(RestoredError, match=r"2 replies for edition .* but the database has none.*--again"):
        await run(root)
    assert len(relay.taken) == 2
    relay.rcpt = lambda address: "451 4.2.2 full" if address.startswith("bo") else None
    assert (await run(root, permit=Permit(again=True))).counts["sent"] == 1
    relay.rcpt = lambda address: None
    assert (await run(root)).counts["sent"] == 1  # once it has been said, it holds


def test_sent_log_counts_whole_lines_only(tmp_path: Path) -> None:
    sent_log = SentLog(tmp_path / "sent.log")
    sent_log.verify("weekday-2026-11-24", None)
    sent_log.add_answers("weekday-2026-11-24", 40, NOW)
    with sent_log.path.open("a") as file:
        file.write("2026-11-24T07:00:31+00:00\tweekday-2026-11-24\t")
    sent_log.verify("weekday-2026-11-24", 40)
    sent_log.verify("weekday-2026-11-25", None)
    with pytest.raises(RestoredError, match="has only 39"):
        sent_log.verify("weekday-2026-11-24", 39)
    sent_log.disregard_answers("weekday-2026-11-24", NOW)
    sent_log.verify("weekday-2026-11-24", 39)
    sent_log.add_answers("weekday-2026-11-24", 41, NOW)
    with pytest.raises(RestoredError, match="has only 40"):
        sent_log.verify("weekday-2026-11-24", 40)
    with pytest.raises(StoreError, match=r"sent\.log: cannot write"):
        SentLog(tmp_path / "nowhere" / "sent.log").add_answers("weekday-2026-11-24", 1, NOW)


async def test_dead_addresses_are_written_to_no_more(app: App, relay: Relay) -> None:
    relay.rcpt = lambda address: {"ada": "550 5.1.1 no such user", "bo": "550 5.7.1 not today"}[address.split("@")[0]]
    plan = app.config.editions[0]
    report = await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
    assert report.counts["refused"] == 1
    assert report.counts["deferred"] == 1
    assert report.bounced == 1
    assert app.store.suppressions.among(["ada@readers.example", "bo@readers.example"]) == {"ada@readers.example": "bounced"}
    rows = app.store.delivery_reports.reasons("weekday-2026-11-24")
    assert {(row.state, row.code, row.status, row.count) for row in rows} == {
        ("refused", 550, "5.1.1", 1),
        ("deferred", 550, "5.7.1", 1),  # it speaks of us, and costs no subscriber anything
    }
    assert {row.relay for row in rows} == {"127.0.0.1"}


@pytest.mark.parametrize(("total", "known", "bounced"), [(60, 2, 0), (9, 0, 0), (9, 3, 3), (100, 5, 20)])
async def test_a_list_is_not_given_up_because_a_relay_knows_nobody(
    site: RecordedSite, relay: Relay, furnish: Furnish, total: int, known: int, bounced: int
) -> None:
    """`known`: each so-and-so-many-th address is refused; 0: all are."""
    people = [f"r{number:02}@readers.example" for number in range(total)]
    relay.rcpt = lambda address: "550 5.1.1 no such user" if not known or int(address[1:3]) % known == 0 else None
    report = await run(furnish(site.base, relay.port, emails=people), permit=Permit(anyway=True))
    assert report.counts["refused"] == (0 if not known else len(range(0, total, known)))
    assert report.counts["deferred"] == (total if not known else 0)
    assert report.bounced == bounced


async def test_what_was_in_flight_at_a_crash_can_be_held(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra='in_doubt = "hold"')
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.stop.set()
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
        with app.store.engine.begin() as connection:
            connection.execute(update(schema.deliveries).where(schema.deliveries.c.subscriber == 1).values(state="sending"))
    report = await run(root)
    assert report.resumed == ("ada@readers.example",)
    assert report.counts == {Outcome.SENT: 1, Outcome.REFUSED: 0, Outcome.DEFERRED: 0, Outcome.UNKNOWN: 1, "skipped": 0}
    assert relay.counts == {"bo@readers.example": 1}
    with open_newsletter(root, lambda: NOW) as app:
        (trouble,) = app.store.delivery_reports.undelivered("weekday-2026-11-24", 5)
    assert trouble.email == "ada@readers.example"
    assert trouble.state == "unknown"
    assert trouble.interrupted
    assert (await run(root)).status == "nothing"


async def test_a_lost_connection_is_tried_again_and_named(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    relay.dropping = lambda address: address.startswith("bo")
    first = await run(root)
    assert first.counts["unknown"] == 1
    assert first.waiting == 1
    assert first.status == "unfinished"
    relay.dropping = lambda address: False
    second = await run(root)
    assert second.counts["sent"] == 1
    assert second.waiting == 0
    assert second.status == "sent"
    with open_newsletter(root, lambda: NOW) as app:
        (trouble,) = app.store.delivery_reports.undelivered("weekday-2026-11-24", 5)
    assert trouble.email == "bo@readers.example"
    assert trouble.state == "sent"
    assert trouble.interrupted


async def test_a_warm_up_counts_what_the_day_has_seen(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    people = [f"r{number:02}@readers.example" for number in range(30)]
    plan = "warm_up = { since = 2026-11-24, first = 10 }"
    root = furnish(site.base, relay.port, emails=people, extra=plan)
    first, second = await run(root), await run(root)
    assert first.counts["sent"] == 10
    assert first.waiting == 20
    assert first.exit_code == 3
    assert second.counts["sent"] == 0
    assert second.waiting == 20
    assert len(relay.taken) == 10


async def test_opting_out_while_it_goes_is_in_time(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    people = [f"r{number:03}@readers.example" for number in range(200)]
    relay.delay = 0.005
    root = furnish(site.base, relay.port, emails=people)

    async def leave() -> None:
        while len(relay.taken) < 20:
            await asyncio.sleep(0.005)
        with open_newsletter(root, lambda: NOW) as app:
            app.store.suppressions.add("r190@readers.example", "unsubscribed", NOW)

    report, _ = await asyncio.gather(run(root), leave())
    assert report.counts["sent"] == 199
    assert report.counts["skipped"] == 1
    assert "r190@readers.example" not in relay.counts


async def test_the_service_sends_nothing_from_a_restored_database_either(root: Path, relay: Relay) -> None:
    relay.rcpt = lambda address: "451 4.2.2 full"
    await run(root)
    shutil.copytree(root / "state", root / "backup")
    relay.rcpt = lambda address: None
    await run(root)
    shutil.rmtree(root / "state")
    shutil.copytree(root / "backup", root / "state")
    with open_newsletter(root, lambda: NOW + timedelta(minutes=10), retry_delays=()) as app:
        await CatchUp(app).run()
    assert len(relay.taken) == 2


async def test_the_service_closes_what_never_began_in_its_morning(root: Path, relay: Relay) -> None:
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.stop.set()
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
    with open_newsletter(root, lambda: NOW + timedelta(hours=7), retry_delays=()) as app:
        await CatchUp(app).run()
        assert app.store.editions.unfinished() == []
    assert relay.taken == []


@pytest.mark.parametrize("data", ["{", "[]", '{"window": ["x", "y"]}', '{"window": [], "articles": 3}'])
def test_a_line_that_somebody_has_edited_is_no_edition(tmp_path: Path, data: str) -> None:
    path = tmp_path / "sent.log"
    path.write_text(f"2026-11-24T07:00:00+00:00\tweekday-2026-11-24\tmade\t{data}\n")
    assert list(SentLog(path).editions()) == []


async def test_a_long_run_is_noted_on_the_way(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.edition.send.LOG_EVERY", 1)
    plan = app.config.editions[0]
    await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
    lines = [line.split("\t") for line in (app.config.root / "sent.log").read_text().splitlines()]
    assert [line[2] for line in lines if line[1] == "weekday-2026-11-24" and line[2].isdigit()] == ["0", "0", "1", "2"]


async def test_who_asks_the_program_to_stop_stops_the_run(app: App, relay: Relay) -> None:
    class Watched(Unwatched):
        def started(self, waiting: int) -> None:
            app.stop.set()

    plan = app.config.editions[0]
    report = await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Watched())
    assert report.status == "unfinished"
    assert relay.taken == []

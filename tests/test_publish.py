"""The whole pipeline: a recorded site, a real database, a real relay."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from digest.app import App, open_newsletter
from digest.edition.report import RunReport
from digest.errors import BusyError
from digest.model import Article, Failure, Harvest, Receipt
from digest.publish import Unwatched, make_draft, publish
from digest.service.dry_run import build_edition, dry_run
from digest.text.raw_message import html_part, text_part
from digest.web.preview import Preview
from tests.conftest import Furnish
from tests.newsroom import DATA, NOW, RecordedSite
from tests.relay import Relay


async def run(app: App, progress: Unwatched | None = None) -> RunReport:
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    return await publish(app.pipeline, plan, slot, progress or Unwatched())


async def test_an_edition_from_site_to_inbox(app: App, relay: Relay, site: RecordedSite) -> None:
    report = await run(app)
    assert report.status == "sent"
    assert report.counts["sent"] == 2
    assert report.exit_code == 0
    assert relay.counts == {"ada@readers.example": 1, "bo@readers.example": 1}
    message = relay.message("ada@readers.example")
    assert message["Subject"] == "Opinion: a vote nobody has to heed is worse than none"
    raw = relay.taken[0][1]
    for shown in (html_part(raw), text_part(raw)):
        assert "Walk-in clinic to shut on Wednesdays" in shown
        assert "Subscribers: the full budget papers" not in shown
        assert "digest.mark" not in shown
        hidden = [text for text in json.loads((DATA / "hidden.json").read_text()) if "<" not in text]
        assert not [text for text in hidden if text in shown]


async def test_a_second_run_sends_nothing_and_says_why(app: App, relay: Relay) -> None:
    await run(app)
    report = await run(app)
    assert report.status == "nothing"
    assert report.exit_code == 0
    assert len(relay.taken) == 2
    assert "was already sent" in report.note
    assert report.as_json()["sent"] == 0


async def test_what_is_frozen_is_sent_as_it_is(app: App, relay: Relay, site: RecordedSite) -> None:
    relay.rcpt = lambda address: "451 later" if address.startswith("bo") else None
    first = await run(app)
    assert (first.status, first.exit_code) == ("unfinished", 3)
    relay.rcpt = lambda address: None
    site.posts = []
    (app.config.root / "templates").mkdir()
    (app.config.root / "templates" / "subject.txt.j2").write_text("Another subject")
    second = await run(app)
    assert second.counts["sent"] == 1
    subjects = {relay.message(address)["Subject"] for address in relay.counts}
    assert len(subjects) == 1
    assert set(relay.counts.values()) == {1}


async def test_preview_is_the_real_path(app: App, relay: Relay) -> None:
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    edition, _ = await build_edition(app, plan, slot)
    before = Preview(app, edition, "").message("ada@readers.example").raw
    await run(app)
    sent = next(raw for address, raw in relay.taken if address.startswith("ada"))
    assert sent == before


async def test_an_opt_out_during_the_run_counts_from_that_moment(
    app: App, relay: Relay, site: RecordedSite, furnish: Furnish
) -> None:
    emails = [f"r{number:02}@readers.example" for number in range(99)]
    furnish(site.base, relay.port, emails=emails)

    class Unsubscription(Unwatched):
        def answered(self, receipt: Receipt) -> None:
            app.store.suppressions.add("r98@readers.example", "unsubscribed", NOW)

    report = await run(app, Unsubscription())
    assert report.counts == {"sent": 98, "refused": 0, "deferred": 0, "unknown": 0, "skipped": 1}
    assert "r98@readers.example" not in relay.counts


async def test_an_opt_out_before_the_freeze_beats_the_file(app: App, relay: Relay) -> None:
    app.store.suppressions.add("ada@readers.example", "unsubscribed", NOW)
    await run(app)
    assert set(relay.counts) == {"bo@readers.example"}


async def test_a_dead_source_beside_a_good_one_is_one_line(relay: Relay, site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    config = (root / "digest.toml").read_text()
    dead = '[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/feed/"\nname = "The dead one"\nallow_private = true\n\n[smtp]'
    (root / "digest.toml").write_text(config.replace("[smtp]", dead))
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        report = await run(app)
    assert report.counts["sent"] == 2
    (failure,) = report.failures
    assert failure.source == "The dead one"
    assert "cannot connect" in failure.reason


async def test_too_few_articles_skip_the_day_and_stay_for_the_next(app: App, relay: Relay, site: RecordedSite) -> None:
    plan = app.config.editions[0].model_copy(update={"min_articles": 3})
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    report = await publish(app.pipeline, plan, slot, Unwatched())
    assert report.status == "skipped"
    assert report.exit_code == 0
    assert relay.taken == []
    again = await publish(replace(app.pipeline, clock=lambda: NOW + timedelta(hours=30)), plan, slot, Unwatched())
    assert again.status == "skipped"
    assert again.note == report.note  # and not: too late, as if it were still to be sent
    assert "2 articles since Mon 23 Nov 2026 07:00 GMT" in report.note
    tomorrow = app.slot(plan, next(app.calendar(plan).upcoming(NOW)))
    assert tomorrow.window.start == slot.window.start


async def test_too_few_because_a_source_failed_is_not_settled(relay: Relay, furnish: Furnish) -> None:
    with open_newsletter(furnish("http://127.0.0.1:9", relay.port), lambda: NOW, retry_delays=()) as app:
        report = await run(app)
        assert (report.status, report.exit_code) == ("failed", 1)
        assert app.store.editions.recent(5) == []


async def test_what_was_collected_before_makes_an_edition_when_the_site_is_down(app: App, relay: Relay, site: RecordedSite) -> None:
    harvest = await app.collect(NOW - timedelta(days=3), conditional=True)
    app.store.content.keep(harvest, NOW - timedelta(hours=3))

    async def down(since: object) -> object:
        return Harvest(failures=(Failure(source="site", reason="down"),))

    line = replace(app.pipeline, collect=down)  # type: ignore[arg-type]
    plan = app.config.editions[0]
    report = await publish(line, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
    assert report.counts["sent"] == 2


async def test_a_comment_that_a_moderator_removed_is_not_printed(app: App, relay: Relay, site: RecordedSite) -> None:
    harvest = await app.collect(NOW - timedelta(days=3), conditional=True)
    app.store.content.keep(harvest, NOW - timedelta(hours=3))
    rehearsed = await dry_run(app, app.config.editions[0], app.slot(app.config.editions[0], NOW.date()), [])
    chosen = rehearsed.edition.stories[0].picks[0].comment
    site.drop(int(chosen.id.rpartition("-")[2]))
    await run(app)
    assert chosen.text[:40] not in text_part(relay.taken[0][1])


async def test_a_test_copy_changes_no_record(app: App, relay: Relay) -> None:
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(NOW))
    outcome = await dry_run(app, plan, slot, ["me@home.example"])
    assert outcome.exit_code == 0
    assert relay.message("me@home.example")["Subject"].startswith("[TEST] ")
    assert app.store.editions.recent(5) == []
    assert (await run(app)).counts["sent"] == 2


async def test_deferred_mail_is_tried_again_within_the_run(relay: Relay, site: RecordedSite, furnish: Furnish) -> None:
    tries = {"count": 0}

    def greylisting(address: str) -> str | None:
        tries["count"] += 1
        return "451 4.7.1 greylisted" if tries["count"] <= 2 else None

    relay.rcpt = greylisting
    with open_newsletter(furnish(site.base, relay.port), lambda: NOW, retry_delays=(0.05, 0.05)) as app:
        report = await run(app)
    assert report.status == "sent"
    assert report.counts["sent"] == 2
    assert report.counts["deferred"] == 0


async def test_nothing_unusual_in_the_bytes(app: App, relay: Relay) -> None:
    await run(app)
    for _, raw in relay.taken:
        assert max(len(line) for line in raw.split(b"\r\n")) <= 998
        assert len(html_part(raw).encode()) < 100_000
        message = relay.message("ada@readers.example")
        assert [defect for part in message.walk() for defect in part.defects] == []


async def test_two_runs_at_once_are_one(app: App, tmp_path: Path) -> None:
    with (
        app.sending(),
        open_newsletter(app.config.root, lambda: NOW) as other,
        pytest.raises(BusyError, match="another digest process is sending"),
        other.sending(),
    ):
        await asyncio.sleep(0)
    with app.sending():
        assert (app.config.root / "state" / "sending.lock").exists()


async def test_a_source_that_explodes_beside_a_good_one_is_one_line(
    relay: Relay, site: RecordedSite, furnish: Furnish, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def exploding(*given: object) -> Harvest:
        raise ZeroDivisionError("a fault of ours")

    monkeypatch.setattr("digest.collect.sources.feed.read", exploding)
    root = furnish(site.base, relay.port)
    config = (root / "digest.toml").read_text()
    (root / "digest.toml").write_text(config.replace("[smtp]", '[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/"\n\n[smtp]'))
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        report = await run(app)
    assert report.counts["sent"] == 2
    assert "ZeroDivisionError" in report.failures[0].reason


async def test_an_opt_out_in_the_file_holds_when_the_file_comes_back(app: App, relay: Relay) -> None:
    before = app.subscriber_path.read_text()
    relay.rcpt = lambda address: "451 later"
    await run(app)
    app.subscriber_path.write_text("email,status\nada@readers.example,unsubscribed\nbo@readers.example,\n")
    await run(app)
    app.subscriber_path.write_text(before)
    relay.rcpt = lambda address: None
    report = await run(app)
    assert report.counts["sent"] == 1
    assert report.total["skipped"] == 1
    assert set(relay.counts) == {"bo@readers.example"}


async def test_deferred_again_is_not_called_nothing(app: App, relay: Relay) -> None:
    relay.rcpt = lambda address: "451 later"
    assert (await run(app)).status == "unfinished"
    again = await run(app)
    assert (again.status, again.exit_code) == ("unfinished", 3)


async def test_a_source_that_was_away_loses_nothing(app: App, site: RecordedSite, relay: Relay) -> None:
    harvest = await app.collect(NOW - timedelta(days=2))
    app.store.content.keep(harvest, NOW - timedelta(days=6))
    label = app.config.sources[0].label
    assert app.store.content.unread_since(label, NOW - timedelta(days=2)) == NOW - timedelta(days=8)
    assert app.store.content.unread_since("never read", NOW) == NOW


async def test_an_unfinished_edition_is_kept_open_and_closed_when_it_is_old(app: App, relay: Relay) -> None:
    relay.rcpt = lambda address: "451 later"
    await run(app)
    assert len(app.unfinished()) == 1
    app.clock = lambda: NOW + timedelta(days=3)
    assert app.unfinished() == []
    assert app.store.editions.recent(1)[0].finished_at == NOW + timedelta(days=3)


async def test_a_story_that_its_site_has_taken_down_makes_room_for_another(app: App) -> None:
    plan = app.config.editions[0].model_copy(update={"articles": 1})
    slot = app.slot(plan, NOW.date())
    first = (await make_draft(app.pipeline, plan, slot)).edition.stories[0].article

    async def taken_down(articles: Sequence[Article], _: Harvest) -> Mapping[str, str]:
        return {article.id: "gone (410)" for article in articles if article.id == first.id}

    (story,) = (await make_draft(replace(app.pipeline, taken_down=taken_down), plan, slot)).edition.stories
    assert story.article.id != first.id

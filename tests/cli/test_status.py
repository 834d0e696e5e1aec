"""`digest status`: what went out, what is due and held, what comes next and what is stuck."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.app import open_newsletter
from digest.cli import group
from digest.publish import Unwatched, publish
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

MONDAY = NOW - timedelta(days=1)


def status(root: Path, *words: str, now: datetime = NOW) -> Result:
    runner = CliRunner(env={"DIGEST_NOW": now.isoformat()})
    return runner.invoke(group, ["-C", str(root), "status", *words], catch_exceptions=False)


async def make(root: Path, now: datetime) -> None:
    with open_newsletter(root, lambda: now, retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, now.date()), Unwatched())


def test_a_new_newsletter_has_an_edition_that_is_due_and_a_next_one(furnish: Furnish) -> None:
    assert status(furnish("http://127.0.0.1:9", 9)).stdout.splitlines() == [
        "2 active subscribers.",
        "  due: weekday-2026-11-24 since Tue 24 Nov 2026 07:00 GMT",
        "  Next edition: weekday-2026-11-25, Wed 25 Nov 2026 07:00 GMT",
    ]


def test_an_edition_that_is_too_late_says_what_would_send_it(furnish: Furnish) -> None:
    lines = status(furnish("http://127.0.0.1:9", 9), now=NOW + timedelta(hours=7)).stdout.splitlines()
    assert lines[1] == "  due: weekday-2026-11-24 since Tue 24 Nov 2026 07:00 GMT"
    assert lines[2].startswith("    held: ")
    assert "--late" in lines[2]


async def test_what_a_guard_would_hold_is_said_before_it_holds(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    people = [f"r{number}@readers.example" for number in range(5)]
    root = furnish(site.base, relay.port, emails=people, extra="[guards]\nfew = 0\n")
    await make(root, MONDAY)
    (root / "subscribers.csv").write_text("email\nr1@readers.example\n")
    held = "the subscriber list has shrunk from 5 to 1 since the last edition"
    lines = status(root).stdout.splitlines()
    assert any(line.startswith(f"    held: {held}") for line in lines)
    assert any(line.startswith(f"    A guard would hold it: {held}") for line in lines)
    found = json.loads(status(root, "--json").stdout)
    assert [row["held"].startswith(held) for row in (*found["due"], *found["next"])] == [True, True]


async def test_what_is_stuck_is_named_with_what_the_relay_said(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    relay.rcpt = lambda address: "450 4.2.0 later" if address.startswith("bo") else None
    await make(root, NOW)
    lines = status(root).stdout.splitlines()
    assert lines[1] == f"  {'weekday-2026-11-24':22} No. 1: 1 deferred, 1 sent; not finished. Run `digest send` to continue"
    assert "         1 deferred by 127.0.0.1 450: 4.2.0 later" in lines
    assert lines[-1] == "  deferred: bo@readers.example 450 4.2.0 later"
    (stuck,) = json.loads(status(root, "--json").stdout)["stuck"]
    assert (stuck["edition"], stuck["email"], stuck["code"]) == ("weekday-2026-11-24", "bo@readers.example", 450)


async def test_an_edition_that_went_out_says_when_it_was_finished(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    await make(root, NOW)
    assert status(root).stdout.splitlines()[1:] == [
        f"  {'weekday-2026-11-24':22} No. 1: 2 sent; finished Tue 24 Nov 2026 07:00 GMT",
        "  Next edition: weekday-2026-11-25, Wed 25 Nov 2026 07:00 GMT",
    ]


@pytest.mark.parametrize(("count", "shown"), [("5", 2), ("1", 1)])
async def test_a_day_without_an_edition_says_why(
    site: RecordedSite, relay: Relay, furnish: Furnish, count: str, shown: int
) -> None:
    root = furnish(site.base, relay.port)
    await make(root, MONDAY)
    site.posts = []
    await make(root, NOW)
    lines = [line for line in status(root, "--count", count).stdout.splitlines() if line.startswith("  weekday-")]
    assert len(lines) == shown
    assert lines[0].startswith(f"  {'weekday-2026-11-24':22} No edition: ")

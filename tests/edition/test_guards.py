"""A list that is suddenly another, and mailboxes that are suddenly gone, hold an edition until somebody has looked."""

from datetime import timedelta

import pytest
from click.testing import CliRunner

from digest.app import open_newsletter
from digest.cli.status import command
from digest.config import Guards
from digest.edition.guards import check_bounce_rate, list_size_check
from digest.edition.report import RunReport
from digest.errors import HeldError
from digest.publish import Permit, Unwatched, publish
from digest.store import Suppression
from digest.subscriber_statuses import Origin
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

PEOPLE = [f"r{number:03}@readers.example" for number in range(200)]


async def sent(
    furnish: Furnish, site: RecordedSite, relay: Relay, people: list[str], days: int = 0, permit: Permit | None = None
) -> RunReport:
    with open_newsletter(furnish(site.base, relay.port, emails=people), lambda: NOW + timedelta(days=days), retry_delays=()) as app:
        plan = app.config.editions[0]
        slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
        return await publish(app.pipeline, plan, slot, Unwatched(), permit or Permit())


@pytest.mark.parametrize(
    ("people", "reason"),
    [(PEOPLE[:100], "shrunk from 200 to 100"), ([*PEOPLE, *(f"x{row}" for row in PEOPLE)], "grown from 200 to 400")],
)
async def test_a_list_that_is_suddenly_another_holds_the_edition(
    site: RecordedSite, relay: Relay, furnish: Furnish, people: list[str], reason: str
) -> None:
    assert (await sent(furnish, site, relay, PEOPLE)).counts["sent"] == 200
    relay.taken.clear()
    for post in site.posts:
        post["date_gmt"] = post["modified_gmt"] = "2026-11-24T12:00:00"
        post["id"] += 1_000
        post["link"] = f"{post['link']}?again"
        post["guid"] = {"rendered": f"{post['guid']['rendered']}again"}
    with pytest.raises(HeldError, match=rf"{reason}.*--anyway"):
        await sent(furnish, site, relay, people, days=1)
    assert relay.taken == []
    status = CliRunner().invoke(command, ["-C", str(furnish(site.base, relay.port, emails=people))])
    assert f"A guard would hold it: the subscriber list has {reason}" in " ".join(status.output.split())
    report = await sent(furnish, site, relay, people, days=1, permit=Permit(anyway=True))
    assert report.counts["sent"] == len(people)


async def test_a_few_more_or_fewer_hold_nothing(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    assert (await sent(furnish, site, relay, PEOPLE[:60])).counts["sent"] == 60
    report = await sent(furnish, site, relay, PEOPLE[:20], days=1)
    assert report.status in {"sent", "skipped", "nothing"}


@pytest.mark.parametrize(("reason", "count"), [("bounced", 20), ("complained", 3)])
async def test_a_rise_of_bounces_or_complaints_holds_the_next_edition(
    site: RecordedSite, relay: Relay, furnish: Furnish, reason: str, count: int
) -> None:
    await sent(furnish, site, relay, PEOPLE)
    with open_newsletter(furnish(site.base, relay.port, emails=PEOPLE), lambda: NOW + timedelta(hours=3), retry_delays=()) as app:
        rows = [
            Suppression(email=email, reason=reason, since=NOW + timedelta(hours=3), origin=Origin.MAIL, detail="reported by mail")
            for email in PEOPLE
        ]
        app.store.suppressions.adopt(rows[: count - 1])
        last = app.store.editions.last("weekday")
        assert last is not None
        check_bounce_rate(app.config.guards, app.store, last)
        app.store.suppressions.adopt(rows[:count])
        with pytest.raises(HeldError, match=rf"{count} of 200 subscribers {reason}"):
            check_bounce_rate(app.config.guards, app.store, last)


async def test_dead_addresses_stop_a_run_and_the_rest_is_kept(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    relay.rcpt = lambda address: "550 5.1.1 no such user" if int(address[1:4]) % 4 == 0 else None
    with pytest.raises(HeldError, match="The remaining messages stay queued"):
        await sent(furnish, site, relay, PEOPLE)
    assert 0 < len(relay.taken) < 150
    relay.rcpt = lambda address: None
    report = await sent(furnish, site, relay, PEOPLE, permit=Permit(anyway=True))
    assert report.total["sent"] + report.total["refused"] == 200


@pytest.mark.parametrize(("now", "held"), [(799, "shrunk"), (800, ""), (1_500, ""), (1_501, "grown")])
def test_a_list_may_change_by_its_share(now: int, held: str) -> None:
    check = list_size_check(Guards(), 1_000)
    if held:
        with pytest.raises(HeldError, match=held):
            check(now)
    else:
        check(now)

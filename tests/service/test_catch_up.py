"""What a run of the service logs, and that no failure of one run stops the next."""

import logging
from collections.abc import Iterator

import pytest

from digest.app import App, open_newsletter
from digest.edition.report import RunReport
from digest.publish import publish
from digest.service import catch_up
from digest.service.catch_up import RETRY_PAUSE, CatchUp
from tests.conftest import Furnish
from tests.newsroom import NOW, Moment, RecordedSite
from tests.relay import Relay

KEY = "weekday-2026-11-24"
BO = "bo@readers.example"


@pytest.fixture
def app(site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment) -> Iterator[App]:
    with open_newsletter(furnish(site.base, relay.port), moment, retry_delays=()) as app:
        yield app


@pytest.fixture(autouse=True)
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "digest")
    return caplog


def lines(log: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in log.records]


async def test_an_edition_that_went_out_is_one_line(app: App, log: pytest.LogCaptureFixture) -> None:
    await CatchUp(app).publish_due()
    assert lines(log)[-1] == f"{KEY} sent: 2 sent"


async def test_an_edition_is_due_until_it_is_made(app: App) -> None:
    service, plan = CatchUp(app), app.config.editions[0]
    slot = service.due(plan)
    assert slot is not None
    assert slot.key == KEY
    await service.publish_due()
    assert service.due(plan) is None


async def test_a_day_without_news_is_one_line_that_says_why(app: App, site: RecordedSite, log: pytest.LogCaptureFixture) -> None:
    site.posts = []
    await CatchUp(app).publish_due()
    assert lines(log)[-1].startswith(f"{KEY} skipped: ")


async def test_an_address_that_a_run_finds_dead_is_marked_in_the_list(app: App, relay: Relay) -> None:
    app.subscriber_path.write_text(f"email,status\nada@readers.example,active\n{BO},active\n")
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address == BO else None
    await CatchUp(app).publish_due()
    assert app.subscriber_path.read_text() == f"email,status\nada@readers.example,active\n{BO},bounced\n"


async def test_a_list_that_cannot_be_written_is_a_warning_and_the_suppression_counts(
    app: App, relay: Relay, log: pytest.LogCaptureFixture
) -> None:
    app.store.suppressions.add(BO, "complained", NOW)
    app.subscriber_path.write_text("name\nBo\n")
    await CatchUp(app).mark_suppressed()
    assert lines(log)[-1].startswith("could not write suppressions to subscribers.csv: ")
    assert app.store.suppressions.among([BO]) == {BO: "complained"}


async def test_a_source_that_fails_is_logged_beside_the_edition(
    site: RecordedSite, relay: Relay, furnish: Furnish, log: pytest.LogCaptureFixture
) -> None:
    dead = '[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\nallow_private = true\n'
    with open_newsletter(furnish(site.base, relay.port, extra=dead), lambda: NOW, retry_delays=()) as app:
        await CatchUp(app).publish_due()
    assert lines(log)[-2] == f"{KEY} sent: 2 sent"
    assert lines(log)[-1].startswith("http://127.0.0.1:9/feed")


async def test_a_bug_in_one_run_is_logged_whole_and_the_next_try_sends(
    app: App, relay: Relay, moment: Moment, log: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_given: object) -> RunReport:
        raise ZeroDivisionError("a bug")

    service = CatchUp(app)
    monkeypatch.setattr(catch_up, "publish", broken)
    await service.publish_due()
    assert "ZeroDivisionError: a bug" in log.text
    monkeypatch.setattr(catch_up, "publish", publish)
    await service.publish_due()  # not at once
    assert relay.taken == []
    moment.now = NOW + RETRY_PAUSE
    await service.publish_due()
    assert len(relay.taken) == 2


async def test_an_edition_that_another_process_sends_is_left_to_it(app: App, relay: Relay, log: pytest.LogCaptureFixture) -> None:
    with app.sending():
        await CatchUp(app).publish_due()
    assert relay.taken == []
    assert "another digest process is sending" in lines(log)[-1]


async def test_a_run_with_nothing_to_do_logs_nothing(app: App, log: pytest.LogCaptureFixture, moment: Moment) -> None:
    service = CatchUp(app)
    await service.publish_due()
    log.clear()
    await service.run()
    assert lines(log) == []

"""What an edition, a store and a log are known by, whatever happens to names, folders and backups."""

import shutil
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from digest.app import App, open_newsletter
from digest.edition.preflight import adopt_sent_log
from digest.edition.report import RunReport
from digest.errors import ConfigError, RestoredError
from digest.model import Slot
from digest.publish import Unwatched, make_draft, publish
from digest.service.checks import run_checks
from digest.store import Store
from digest.subscriber_statuses import Origin
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

WEEKDAY = '[[editions]]\nname = "weekday"\nat = "07:00"\ndays = "mon-fri"\n'
RENAMED = WEEKDAY.replace("weekday", "morning")


@pytest.fixture
def root(site: RecordedSite, relay: Relay, furnish: Furnish) -> Path:
    return furnish(site.base, relay.port, extra=WEEKDAY)


def slot(app: App) -> Slot:
    return app.slot(app.config.editions[0], NOW.date())


async def run(root: Path) -> RunReport:
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        return await publish(app.pipeline, app.config.editions[0], slot(app), Unwatched())


def rename(root: Path, old: str, new: str) -> None:
    path = root / "digest.toml"
    path.write_text(path.read_text().replace(old, new))


async def test_a_renamed_edition_is_the_same_edition(root: Path, relay: Relay) -> None:
    assert (await run(root)).counts["sent"] == 2
    rename(root, WEEKDAY, RENAMED.replace("07:00", "06:30"))
    assert (await run(root)).status == "nothing"
    assert len(relay.taken) == 2


def test_of_several_new_names_somebody_says_which_is_which(tmp_path: Path) -> None:
    with closing(Store.open("sqlite:///state/digest.db", tmp_path)) as store:
        assert store.series.of(["weekday", "weekend"], {}) == {"weekday": "weekday", "weekend": "weekend"}
        with pytest.raises(ConfigError, match=r"morning, sunday are new and weekday, weekend are gone.*formerly"):
            store.series.of(["morning", "sunday"], {})
        named = store.series.of(["morning", "sunday"], {"morning": "weekday", "sunday": "weekend"})
        assert named == {"morning": "weekday", "sunday": "weekend"}
        assert store.series.of(["morning", "sunday", "weekday"], {})["weekday"] not in named.values()


async def test_two_folders_on_one_store_are_an_error(root: Path, tmp_path: Path) -> None:
    database = f'\n[store]\nurl = "sqlite:///{tmp_path / "one.db"}"\n'
    rename(root, WEEKDAY, WEEKDAY + database)
    await run(root)
    other = tmp_path / "other"
    shutil.copytree(root, other)
    with pytest.raises(ConfigError, match=r"the store belongs to The Harbour Gazette.*a store of its own"):
        await run(other)
    shutil.rmtree(root)  # it has moved
    assert (await run(other)).status == "nothing"


async def test_a_restored_backup_prints_no_story_again_and_writes_to_nobody_who_left(root: Path, relay: Relay) -> None:
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.store.editions.next_number()
    backup = shutil.copytree(root / "state", root / "backup")
    await run(root)
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.store.suppressions.opt_out([(app.links.token("ada@readers.example"), "on the unsubscribe page")], NOW)
    shutil.rmtree(root / "state")
    shutil.copytree(backup, root / "state")
    tomorrow = NOW + timedelta(days=1)
    with open_newsletter(root, lambda: tomorrow, retry_delays=()) as app:
        adopt_sent_log(app.pipeline)
        left = next(app.store.suppressions.of(["ada@readers.example"]))
        assert (left.reason, left.origin) == ("unsubscribed", Origin.LOG)
        draft = await make_draft(app.pipeline, app.config.editions[0], app.slot(app.config.editions[0], tomorrow.date()))
        assert [story.article.title for story in draft.edition.stories] == []
        with pytest.raises(RestoredError, match="--again"):
            await publish(app.pipeline, app.config.editions[0], slot(app), Unwatched())
    assert len(relay.taken) == 2


def test_who_came_back_after_the_backup_has_come_back(root: Path) -> None:
    with open_newsletter(root, lambda: NOW) as app:
        app.store.suppressions.add("bo@readers.example", "unsubscribed", NOW)
        app.store.suppressions.release("bo@readers.example", "asked on the telephone", NOW)
        app.store.suppressions.add("ada@readers.example", "complained", NOW)
        assert list(app.pipeline.sent_log.suppressed().values()) == ["complained"]
    assert b"readers.example" not in (root / "sent.log").read_bytes()


async def test_nobody_else_reads_a_newsletters_files(
    root: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await run(root)
    files = [path for path in (root / "state").rglob("*") if path.is_file()] + [root / "sent.log"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE((root / "state").stat().st_mode) == 0o700
    files[0].chmod(0o644)
    with open_newsletter(root, lambda: NOW):
        assert "others on this machine could read state/digest.db" in caplog.text
        assert "now only you can" in caplog.text
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    monkeypatch.setattr("digest.service.dns_checks.DNS_TIMEOUT", 0.01)
    with open_newsletter(root, lambda: NOW) as app:
        files[0].chmod(0o640)
        found = [row.text for row in await run_checks(app) if "chmod go=" in row.text]
    assert len(found) == 1
    assert str(files[0]) in found[0]


async def test_check_names_a_column_that_may_say_no(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.service.dns_checks.DNS_TIMEOUT", 0.01)
    (root / "subscribers.csv").write_text("email,Marketing Consent Q3\nada@readers.example,perhaps\n")
    with open_newsletter(root, lambda: NOW) as app:
        found = [row for row in await run_checks(app) if "Marketing Consent Q3" in row.text]
    assert [row.level for row in found] == ["error"]


@pytest.mark.parametrize("formerly", ["weekdya", "morning", "weekday"])
def test_a_renaming_is_known_whatever_is_left_in_or_mistyped(tmp_path: Path, formerly: str) -> None:
    store = Store.open("sqlite:///digest.db", tmp_path)
    try:
        assert store.series.of(["weekday"], {}) == {"weekday": "weekday"}
        assert store.series.of(["morning"], {"morning": "weekday"}) == {"morning": "weekday"}
        assert store.series.of(["evening"], {"evening": formerly}) == {"evening": "weekday"}
        assert store.series.of(["evening"], {"evening": formerly}) == {"evening": "weekday"}
        assert store.series.of(["evening", "new"], {"evening": formerly, "new": ""}) == {"evening": "weekday", "new": "new"}
    finally:
        store.close()


def test_two_editions_do_not_swap_their_names_at_once(tmp_path: Path) -> None:
    store = Store.open("sqlite:///digest.db", tmp_path)
    try:
        store.series.of(["weekday", "weekend"], {})
        with pytest.raises(ConfigError, match="weekday, weekend swap their names"):
            store.series.of(["weekday", "weekend"], {"weekday": "weekend", "weekend": "weekday"})
        assert store.series.of(["weekday", "weekend"], {"weekend": "weekday"}) == {"weekday": "weekday", "weekend": "weekend"}
    finally:
        store.close()

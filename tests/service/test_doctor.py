"""The doctor mends what can be mended, says what, and leaves what a person wrote as it is."""

import os
import random
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digest.app import App, open_newsletter
from digest.publish import Unwatched, publish
from digest.service import housekeeping
from digest.service.doctor import examine
from digest.service.housekeeping import tidy
from tests.cli.test_edition import call
from tests.conftest import Furnish
from tests.newsroom import NOW, Moment, RecordedSite
from tests.relay import Relay

ADA, BO = "ada@readers.example", "bo@readers.example"


@pytest.fixture
def app(site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment) -> Iterator[App]:
    with open_newsletter(furnish(site.base, relay.port), moment, retry_delays=()) as app:
        yield app


async def sent(app: App) -> None:
    plan = app.config.editions[0]
    await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(app.clock())), Unwatched())


def told(app: App, *, mend: bool = True) -> dict[str, tuple[str, str]]:
    return {row.area: (row.level, row.text) for row in examine(app, mend=mend)}


async def test_a_newsletter_in_good_health_is_left_as_it_is(app: App) -> None:
    await sent(app)
    before = app.subscriber_path.read_bytes()
    assert {level for level, _ in told(app).values()} == {"ok"}
    assert app.subscriber_path.read_bytes() == before


async def test_a_no_that_only_one_knows_is_known_to_both(app: App) -> None:
    app.subscriber_path.write_text(f"email,status\n{ADA},unsubscribed\n{BO},active\n")
    app.store.suppressions.add(BO, "complained", NOW)
    level, text = told(app, mend=False)["subscribers"]
    assert (level, text.partition(" known")[0]) == ("warning", "2 opt-outs")
    assert app.store.suppressions.among([ADA]) == {}
    assert told(app)["subscribers"][1].startswith("mended: 2 opt-outs")
    assert app.store.suppressions.among([ADA, BO]) == {ADA: "unsubscribed", BO: "complained"}
    assert app.subscriber_path.read_text() == f"email,status\n{ADA},unsubscribed\n{BO},complained\n"
    assert told(app)["subscribers"][0] == "ok"


async def test_old_deliveries_are_folded_and_leftovers_deleted(app: App, moment: Moment) -> None:
    await sent(app)
    (app.config.root / "state" / "good.new").mkdir()
    (app.config.root / "notes.part").write_text("a person's own")
    moment.now = NOW + timedelta(days=40)
    found = told(app)
    assert found["room"] == ("warning", "mended: 2 deliveries folded")
    assert "mended: deleted" in found["folder"][1]
    assert not (app.config.root / "state" / "good.new").exists()
    assert (app.config.root / "notes.part").exists()
    assert app.store.deliveries.counts("weekday-2026-11-24") == {"sent": 2}


async def test_a_damaged_index_is_made_anew_and_other_damage_is_named(app: App) -> None:
    await sent(app)
    with closing(sqlite3.connect(str(app.store.file))) as database:
        database.execute("PRAGMA writable_schema=ON")
        database.execute("CREATE TABLE t (x)")
        database.execute("CREATE INDEX t_x ON t (x)")
        database.execute("INSERT INTO t VALUES (1)")
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 't_x'").fetchone()[0]
        database.commit()
        database.execute("DELETE FROM sqlite_master WHERE name = 't_x'")
        database.commit()
    with closing(sqlite3.connect(str(app.store.file))) as database:  # rows come in that the index does not hear of
        database.execute("INSERT INTO t VALUES (2)")
        database.commit()
        database.execute("PRAGMA writable_schema=ON")
        row = ("index", "t_x", "t", root, "CREATE INDEX t_x ON t (x)")
        database.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", row)
        database.commit()
    app.store.engine.dispose()
    assert told(app, mend=False)["database"][0] == "error"
    assert told(app)["database"] == ("warning", "mended: indexes lacked 2 rows, and were made anew")
    assert told(app)["database"] == ("ok", "whole")


async def test_an_interrupted_edition_is_told_and_left_to_the_next_run(app: App, relay: Relay) -> None:
    relay.mail = lambda _sender: "421 4.3.2 closing"
    with pytest.raises(Exception, match="closes every connection"):
        await sent(app)
    assert told(app)["editions"] == ("warning", "weekday-2026-11-24: 2 readers to come. `digest send` goes on.")
    assert app.store.deliveries.waiting("weekday-2026-11-24", None) == 2


async def test_nothing_is_touched_while_an_edition_is_sent(app: App) -> None:
    with app.sending():
        assert told(app) == {"doctor": ("error", "an edition is being sent. Wait until it is through.")}


def test_the_command_says_it(app: App) -> None:
    (app.config.root / "state" / "x.part").write_text("half")
    root: Path = app.config.root
    looked = call(root, "doctor", "--dry-run")
    assert looked.exit_code == 0
    assert "! folder       left by a command that was killed: state/x.part" in looked.output
    assert (root / "state" / "x.part").exists()
    assert "mended: deleted state/x.part" in call(root, "doctor").output


def test_old_copies_go_and_the_newest_of_the_list_stays(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = app.config.root / "state" / "backups"
    folder.mkdir(exist_ok=True)
    for name in ("subscribers-20260101T070000.csv", "subscribers-20260102T070000.csv"):
        (folder / name).write_text("email\n")
    file = app.store.file
    assert file is not None
    before = file.with_name(f"{file.name}.before-0016")
    before.write_bytes(b"old")
    tidy(app)
    assert before.exists()  # it was made just now
    later = datetime.now(UTC) + timedelta(days=31)
    monkeypatch.setattr(housekeeping, "datetime", type("Later", (datetime,), {"now": classmethod(lambda _cls, _zone: later)}))
    tidy(app)
    assert [path.name for path in folder.iterdir()] == ["subscribers-20260102T070000.csv"]
    assert not before.exists()


def test_a_kill_while_the_doctor_is_at_work_loses_nothing(app: App, moment: Moment) -> None:
    people = [f"r{number}@readers.example" for number in range(50)]
    app.subscriber_path.write_text("email,status\n" + "".join(f"{email},unsubscribed\n" for email in people))
    rng, root = random.Random(6), app.config.root
    for _ in range(int(os.environ.get("KILLS", "8"))):
        process = subprocess.Popen([sys.executable, "-m", "digest", "doctor", "-C", str(root)], stdout=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1.2))
        process.kill()
        process.wait()
        assert app.subscriber_path.read_text().count("unsubscribed") == len(people)
        assert app.store.repair.damage() == []
    assert told(app)["database"] == ("ok", "whole")
    assert app.store.suppressions.counts() == {"unsubscribed": len(people)}


async def test_a_damaged_page_is_named_with_what_to_do_and_no_traceback(app: App, tmp_path: Path) -> None:
    await sent(app)
    file = app.store.file
    assert file is not None
    app.store.engine.dispose()
    with closing(sqlite3.connect(str(file))) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = database.execute("SELECT rootpage FROM sqlite_master WHERE name = 'deliveries'").fetchone()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * 4_096)
        raw.write(os.urandom(4_096))
    level, text = told(app)["database"]
    assert level == "error"
    assert "digest restore" in text
    assert told(app)["sent.log"]  # the other looks go on

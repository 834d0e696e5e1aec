"""Databases of every schema that has landed are brought up to date; what has landed is never edited."""

import hashlib
import os
import random
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from digest.errors import StoreError
from digest.store import Store
from digest.store.schema import metadata

VERSIONS = Path(__file__).parents[2] / "digest" / "store" / "migrations" / "versions"
SCHEMAS = sorted((Path(__file__).parents[1] / "data" / "schemas").glob("*.sql"))  # as each landed version wrote them
BEFORE_ORIGIN = next(path for path in SCHEMAS if path.stem == "0004-readers")
LANDED = {  # a new migration adds its line; no line ever changes: databases out there were made by what it names
    "0001_first.py": "e00e8a25b83da60e",
    "0002_delivery.py": "da74ef9d6d7d830d",
    "0003_moves.py": "fdeb2c168788d31a",
    "0004_readers.py": "0ec718861bbe92c3",
    "0005_repair.py": "06a0ec09d5b07719",
    "0006_sameness.py": "b1aaba09dccc0b28",
    "0007_learnt.py": "2185835fbd9e9820",
    "0008_series.py": "f9e67c7fb95d4a40",
    "0009_origin.py": "0212bd15b6f1f7a6",
    "0010_names.py": "438580b04ba80338",
    "0011_decisions.py": "7c67a799376bde32",
    "0012_desk.py": "703c4e02346eb457",
    "0013_revisions.py": "c59ffa1101f95309",
    "0014_alarms.py": "7226b6dd8b9c0afc",
    "0015_reader_hours.py": "63b9bff8847d01c8",
    "0016_folding.py": "6e03ad733062aa1e",
    "0017_source.py": "34459b85d66106a8",
}


def furnished(schema: Path, root: Path) -> Path:
    """A real database file, as a version of that schema left it."""
    file = root / "state" / "digest.db"
    file.parent.mkdir()
    database = sqlite3.connect(file)
    database.executescript(schema.read_text(encoding="utf-8"))
    database.close()
    return file


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_a_database_of_every_landed_schema_still_opens(schema: Path, tmp_path: Path) -> None:
    furnished(schema, tmp_path)
    store = Store.open("sqlite:///state/digest.db", tmp_path)
    with store.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    since = datetime(2026, 5, 1, tzinfo=UTC)
    assert store.content.unread_since("The Gazette", since) == since
    assert [article.title for article in store.content.material(since).articles] == ["The night ferry stays"]
    frozen = store.editions.frozen("weekday-2026-05-26")
    assert frozen is not None
    assert frozen.rendered.subject == "The night ferry stays"
    assert store.deliveries.counts("weekday-2026-05-26") == {"sent": 1}
    assert store.suppressions.among(["left@readers.example", "ada@readers.example"]) == {"left@readers.example": "unsubscribed"}
    assert store.secret("readers") == "0" * 64
    decided = [(row.thing_id, row.verb) for row in store.decisions.standing("comment")]
    assert decided == ([("http://gazette.example/?p=1#c1", "print")] if schema.stem >= "0011" else [])
    store.close()


def test_each_landed_migration_is_as_it_landed() -> None:
    now = {path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in VERSIONS.glob("[0-9]*.py")}
    assert now == LANDED, "write a new migration; databases out there were made by the old ones"


def test_a_missing_table_is_not_reported_as_a_full_disk(tmp_path: Path) -> None:
    file = furnished(SCHEMAS[-1], tmp_path)
    store = Store.open("sqlite:///state/digest.db", tmp_path)
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("DROP TABLE readings")
    with pytest.raises(StoreError) as caught:
        store.content.unread_since("The Gazette", datetime(2026, 5, 1, tzinfo=UTC))
    store.close()
    assert "no such table: readings" in str(caught.value)
    assert "disk" not in str(caught.value)
    assert "backup" in caught.value.remedy


def test_who_said_so_is_read_from_the_sentences_of_the_past(tmp_path: Path) -> None:
    file = furnished(BEFORE_ORIGIN, tmp_path)
    details = {"cy": "imported from old.csv; consent: fair", "di": "so marked in the subscriber list", "ed": "by the page"}
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        for name, detail in details.items():
            row = (f"{name}@readers.example", "unsubscribed", "2026-05-26 07:00:00.000000", detail)
            database.execute("INSERT INTO suppressions (email, reason, since, detail) VALUES (?, ?, ?, ?)", row)
            database.execute("INSERT INTO history (email, event, at, detail) VALUES (?, ?, ?, ?)", row)
    store = Store.open("sqlite:///state/digest.db", tmp_path)
    found = {
        row.email.partition("@")[0]: row.origin for row in store.suppressions.of([f"{name}@readers.example" for name in details])
    }
    assert found == {"cy": "import", "di": "list", "ed": ""}
    assert store.history.count("unsubscribed", datetime(2026, 5, 1, tzinfo=UTC)) == 1
    store.close()


def test_a_database_is_copied_before_it_is_changed_and_only_the_last_copy_is_kept(tmp_path: Path) -> None:
    file = furnished(SCHEMAS[-2], tmp_path)
    (file.parent / "digest.db.before-0003").write_bytes(b"old")
    Store.open("sqlite:///state/digest.db", tmp_path).close()
    (copy,) = file.parent.glob("digest.db.before-*")
    newest = max(name[:4] for name in LANDED)
    assert copy.name == f"digest.db.before-{newest}"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone()[0] == SCHEMAS[-2].stem[:4]
    Store.open("sqlite:///state/digest.db", tmp_path).close()  # nothing to do: no other copy
    assert copy.stat().st_mtime == next(file.parent.glob("digest.db.before-*")).stat().st_mtime


def test_a_kill_while_it_migrates_loses_nothing(tmp_path: Path) -> None:
    code = "import sys\nfrom pathlib import Path\nfrom digest.store import Store\nStore.open('sqlite:///state/digest.db', Path(sys.argv[1]))"
    rng = random.Random(4)
    for number in range(int(os.environ.get("KILLS", "8"))):
        root = tmp_path / str(number)
        root.mkdir()
        furnished(SCHEMAS[0], root)
        process = subprocess.Popen([sys.executable, "-c", code, str(root)])
        time.sleep(rng.uniform(0.3, 1.0))
        process.kill()
        process.wait()
        with closing(Store.open("sqlite:///state/digest.db", root)) as store:
            assert store.deliveries.counts("weekday-2026-05-26") == {"sent": 1}
            assert store.repair.damage() == []

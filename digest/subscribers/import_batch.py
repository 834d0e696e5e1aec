"""The rows of an import, each address once, with their fates; on disk, because there may be many."""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from digest.batching import batched
from digest.model import Subscriber
from digest.subscriber_statuses import FINAL_STATUSES, UNKNOWN_PREFIX, severity

ImportFate = Literal["new", "changed", "unchanged", "gone", "kept out"]
_PAGE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRow:
    """One address of the file: `values` is what its row says, by column; `why` explains its fate to a person."""

    email: str
    line: int
    status: str
    values: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    why: str = ""


class ImportBatch:
    """All rows of an import. If an address occurs twice, its first row counts, but with the status that says no most strongly."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        database.execute(
            "CREATE TABLE incoming (email TEXT PRIMARY KEY, line INTEGER, status TEXT, severity INTEGER, row TEXT, before TEXT, "
            "fate TEXT, why TEXT)"
        )
        database.execute("CREATE INDEX incoming_fates ON incoming (fate, line)")

    def add_rows(self, rows: Iterable[Subscriber], status: str | None) -> int:
        """Read rows in and return how many there were; `status` applies to everybody, whatever their row says."""
        waiting, count = iter(rows), 0
        while chunk := list(islice(waiting, 1_000)):
            values = [
                (row.email, row.line, word, severity(word), json.dumps(values_by_column(row)))
                for row in chunk
                for word in [status or row.status]
            ]
            self._database.executemany(
                "INSERT INTO incoming (email, line, status, severity, row) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (email) DO UPDATE "
                "SET status = excluded.status, severity = excluded.severity WHERE excluded.severity > severity",
                values,
            )
            count += len(values)
        return count

    def among(self, emails: Sequence[str]) -> dict[str, ImportRow]:
        """Return those of some addresses that are in the file, with their rows."""
        found: dict[str, ImportRow] = {}
        for some in batched(emails):
            placeholders = ",".join("?" * len(some))
            query = f"SELECT email, line, status, row, before, why FROM incoming WHERE email IN ({placeholders})"  # noqa: S608
            found |= {row[0]: _import_row(row) for row in self._database.execute(query, some)}
        return found

    def undecided(self) -> Iterator[ImportRow]:
        """Yield the rows whose fate is undecided."""
        return self._where("fate IS NULL")

    def of(self, fate: ImportFate) -> Iterator[ImportRow]:
        """Yield the rows of one fate, in the file's order."""
        return self._where("fate = ?", fate)

    def find(self, email: str, fates: Sequence[ImportFate]) -> ImportRow | None:
        """Return the row of an address if it has one of these fates, else None."""
        query = "SELECT email, line, status, row, before, why, fate FROM incoming WHERE email = ?"
        row = self._database.execute(query, (email,)).fetchone()
        return _import_row(row[:6]) if row and row[6] in fates else None

    def decide(self, fates: Iterable[tuple[str, ImportFate, str, dict[str, str]]]) -> None:
        """Record the fates of some rows: address, fate, why, and what its row on the subscriber list says now."""
        rows = [(fate, why, json.dumps(before), email) for email, fate, why, before in fates]
        self._database.executemany("UPDATE incoming SET fate = ?, why = ?, before = ? WHERE email = ?", rows)

    def counts(self) -> dict[str, int]:
        """Return how many rows have each fate."""
        return dict(self._database.execute("SELECT fate, count(*) FROM incoming GROUP BY fate").fetchall())

    def _where(self, condition: str, *values: str) -> Iterator[ImportRow]:
        last = -1
        while True:
            query = (
                f"SELECT email, line, status, row, before, why FROM incoming WHERE {condition} AND line > ? "  # noqa: S608
                f"ORDER BY line LIMIT {_PAGE}"
            )
            rows = self._database.execute(query, (*values, last)).fetchall()
            yield from map(_import_row, rows)
            if not rows:
                return
            last = rows[-1][1]


@contextmanager
def open_batch() -> Iterator[ImportBatch]:
    """Yield an empty batch in a temporary database, which is deleted at the end."""
    with closing(sqlite3.connect("", check_same_thread=False)) as database:
        yield ImportBatch(database)


def changes(listed: Subscriber, incoming: ImportRow) -> dict[str, str]:
    """Return what an incoming row would change in a row on the list.

    It never changes `joined`, changes the status only to one of `FINAL_STATUSES`, and never brings the end of a pause forward.
    """
    if incoming.status.startswith(UNKNOWN_PREFIX):
        return {}
    if incoming.status in FINAL_STATUSES:
        return {"status": incoming.status} if listed.status not in FINAL_STATUSES else {}
    old = values_by_column(listed)
    fixed = {"joined"} | ({"paused_until"} if incoming.values.get("paused_until", "") < old["paused_until"] else set())
    return {
        name: value for name, value in incoming.values.items() if value and name not in fixed and name in old and old[name] != value
    }


def values_by_column(row: Subscriber) -> dict[str, str]:
    """Return a row's values by column except the status, including empty ones and those of the file's own columns."""
    until = row.paused_until.isoformat() if row.paused_until else ""
    return {
        "name": row.name,
        "topics": ", ".join(row.topics),
        "timezone": row.timezone,
        "language": row.language,
        "frequency": row.frequency,
        "joined": row.joined,
        "paused_until": until,
        **row.extra,
    }


def _import_row(row: Sequence[str]) -> ImportRow:
    email, line, status, values, before, why = row
    return ImportRow(
        email=email,
        line=int(line),
        status=status,
        values=json.loads(values),
        before=json.loads(before) if before else {},
        why=why or "",
    )

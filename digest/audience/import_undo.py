"""Undoing the last import, as far as nobody has changed since what it did."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from digest.errors import UsageError
from digest.store import HistoryEvent, Store
from digest.store.history import CONFIRMED
from digest.subscriber_statuses import Origin
from digest.subscribers import FileEdit, backups, rewrite
from digest.subscribers.csv_table import Record
from digest.subscribers.import_journal import ImportJournal
from digest.subscribers.rewrite import Edit


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneImport:
    """What an undo did; `skipped` counts the rows left alone because they have changed since the import."""

    removed: int
    restored: int
    released: int
    skipped: int


def undo_import(store: Store, subscriber_file: Path, now: datetime) -> UndoneImport:
    """Undo the last import: remove what it added, restore what it changed, and lift its suppressions.

    A row that was changed since stays, and so does one whose subscriber has confirmed since.
    """
    journal = ImportJournal.last(subscriber_file)
    if journal is None:
        raise UsageError("no import to undo", thing=str(subscriber_file))
    fates = {row["email"]: row["was"] for row in journal.fates()}
    counts = Counter[str]()
    added = [email for email, fate in fates.items() if fate == "new"]
    confirmed = store.history.having(added, CONFIRMED, journal.at)
    counts["skipped"] = len(confirmed)
    edits = _undo_edits([email for email in added if email not in confirmed], journal, counts)
    backups.back_up(subscriber_file, min_interval=timedelta(0))
    rewrite(subscriber_file, FileEdit(edits=lambda _table, _columns: edits))
    released = sum(
        store.suppressions.release(row.email, "import undone", now) is not None
        for row in store.suppressions.of(email for email, fate in fates.items() if fate == "gone")
        if row.since == journal.at and row.origin == Origin.IMPORT
    )
    store.history.note(HistoryEvent(email=email, at=now, event="import undone") for email in fates if email not in confirmed)
    journal.delete()
    return UndoneImport(removed=counts["removed"], restored=counts["restored"], released=released, skipped=counts["skipped"])


def _undo_edits(added: Sequence[str], journal: ImportJournal, counts: Counter[str]) -> dict[str, Edit]:
    """Return the edits that remove the rows an import added and restore those it changed; they count in `counts` what they do."""
    before: dict[str, dict[str, str]] = defaultdict(dict)
    for row in journal.rows():
        before[row["email"]][row["after"]] = row["before"]

    def remove(_: Record) -> None:
        counts["removed"] += 1

    def restore(texts: dict[str, str], record: Record) -> str:
        counts["restored" if record.raw in texts else "skipped"] += 1
        return texts.get(record.raw, record.raw)

    out = dict[str, Edit].fromkeys(added, remove)
    return {**out, **{email: partial(restore, texts) for email, texts in before.items()}}

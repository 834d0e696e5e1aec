"""The import of subscribers from another list: plan it, apply it, undo it.

An import never brings back anybody who unsubscribed, bounced or complained, whether the database, subscribers.csv or the file
itself says so. It is recorded before it is applied, so that the last one can be undone even after a power cut.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from digest.audience.consent import consent_detail
from digest.batching import batched
from digest.errors import UsageError
from digest.model import NOTHING, Subscriber
from digest.store import HistoryEvent, Store, Suppression
from digest.subscriber_statuses import FINAL_STATUSES, UNKNOWN_PREFIX, Origin
from digest.subscribers import FileEdit, NewRow, Problem, SubscriberFile, backups, rewrite
from digest.subscribers.columns import Columns, iso_date
from digest.subscribers.csv_table import CsvTable, Record
from digest.subscribers.edit import column_edit
from digest.subscribers.import_batch import ImportBatch, ImportFate, ImportRow, changes, values_by_column
from digest.subscribers.import_journal import ImportJournal
from digest.subscribers.import_zip import ImportFile
from digest.subscribers.opt_out_traces import is_opt_out_trace, opt_out_word
from digest.subscribers.rewrite import Edit

MAX_EXAMPLES = 20  # examples shown of each kind
_MEANINGS = (
    'Say what the column means: --columns "{0}=unsubscribed" if it marks those who left, "{0}=active" if a yes is consent, '
    '"{0}=ignore" if it is neither.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What an import would do: counts by fate, unreadable and duplicate rows, columns that the subscriber list does not have."""

    counts: Mapping[str, int]
    invalid: int
    duplicates: int
    problems: Sequence[Problem]
    unknown_columns: Sequence[str]

    @property
    def is_empty(self) -> bool:
        """Whether the import would change nothing."""
        return not any(self.counts.get(fate) for fate in ("new", "changed", "gone"))


@dataclass(frozen=True, slots=True)
class _ImportFileSummary:
    """One file that was read: its valid and invalid rows, the first problems, and columns the subscriber list lacks."""

    rows: int
    invalid: int
    problems: list[Problem]
    unknown_columns: list[str]


class Importer:
    """The import of one list, in one or several files, into the subscriber list."""

    def __init__(self, store: Store, subscriber_file: Path, token: Callable[[str], str], now: datetime, batch: ImportBatch) -> None:
        self._store = store
        self._subscriber_file = subscriber_file
        self._token = token
        self._now = now
        self.batch = batch
        self._columns = SubscriberFile(subscriber_file).columns()

    def plan(self, files: Sequence[ImportFile], meanings: Mapping[str, str] = NOTHING) -> ImportPlan:
        """Read the files and decide about each of their rows.

        Raises UsageError if a file's name says that its subscribers have left, or if somebody must first say what a column means
        (`meanings`): an opt-out must not come in as a subscriber.
        """
        plans = [self._read_file(file.path, file.status, meanings) for file in files]
        for subscribers in batched(SubscriberFile(self._subscriber_file).distinct()):
            self.batch.decide(self._fates_of_listed(subscribers))
        for rows in batched(self.batch.undecided()):
            self.batch.decide(self._fates_of_unlisted(rows))
        counts = self.batch.counts()
        return ImportPlan(
            counts=counts,
            invalid=sum(row.invalid for row in plans),
            duplicates=sum(row.rows for row in plans) - sum(counts.values()),
            problems=[problem for row in plans for problem in row.problems][:MAX_EXAMPLES],
            unknown_columns=list(dict.fromkeys(name for row in plans for name in row.unknown_columns)),
        )

    def _read_file(self, file: Path, status: str | None, meanings: Mapping[str, str]) -> _ImportFileSummary:
        """Read one file into the batch."""
        source = SubscriberFile(file, header_optional=True, meanings=meanings)
        _check_columns(file, source, status)
        if status is None:
            _check_traces(file, source)
        if status is None and (word := _file_name_opt_out(file, source.columns())):
            raise UsageError(
                f"the file name says {word!r}, but it has no status column",
                thing=file.name,
                remedy="Add --status, for example --status unsubscribed.",
            )
        count = self.batch.add_rows(source, status)
        invalid, problems = source.skipped, list(islice(source.invalid_rows(), MAX_EXAMPLES))
        own = {name.casefold() for _, name in self._columns.extra}
        columns = source.columns()
        flagged = {flag.position for flag in columns.flags}  # what these columns say is in the status
        unknown = [name for at, name in columns.extra if name.casefold() not in own and at not in flagged]
        return _ImportFileSummary(count, invalid, problems, unknown)

    def _fates_of_listed(self, subscribers: Sequence[Subscriber]) -> Iterator[tuple[str, ImportFate, str, dict[str, str]]]:
        """Yield the fates of those who are on the subscriber list."""
        found = self.batch.among([row.email for row in subscribers])
        reasons = self._store.suppressions.among(found)
        for row in subscribers:
            incoming = found.get(row.email)
            if incoming is None:
                continue
            new = changes(row, incoming)
            before = {name: value for name, value in {"status": row.status, **values_by_column(row)}.items() if name in new}
            why = reasons.get(row.email) or (row.status if _forbids_mail(row.status) else "")
            if why:
                yield row.email, "kept out", why, {}
            elif incoming.status in FINAL_STATUSES:
                yield row.email, "gone", incoming.status, before
            elif self._columns.by_position(new):
                yield row.email, "changed", ", ".join(f"{name}: {before[name]} → {value}" for name, value in new.items()), before
            else:
                yield row.email, "unchanged", "", {}

    def _fates_of_unlisted(self, rows: Sequence[ImportRow]) -> Iterator[tuple[str, ImportFate, str, dict[str, str]]]:
        """Yield the fates of those who are not on the subscriber list."""
        reasons = self._store.suppressions.among(row.email for row in rows)
        tokens = {self._token(row.email): row.email for row in rows}
        forgotten = {tokens[token] for token in self._store.suppressions.forgotten(tokens)}
        for row in rows:
            strange = f"unknown status {row.status.removeprefix(UNKNOWN_PREFIX)!r}" if row.status.startswith(UNKNOWN_PREFIX) else ""
            why = reasons.get(row.email) or ("deleted at their request" if row.email in forgotten else strange)
            fate: ImportFate = "kept out" if why else "gone" if row.status in FINAL_STATUSES else "new"
            yield row.email, fate, why or (row.status if row.status != "active" else ""), {}

    def apply(self, name: str, consent: str) -> None:
        """Apply the import: record it first, then write the suppressions, then the list in one step, then the histories."""
        detail = consent_detail(f"from {name}", consent)
        journal = ImportJournal.begin(self._subscriber_file, self._now)
        journal.write_fates(self._fates())
        self._store.suppressions.adopt(
            Suppression(email=row.email, reason=row.status, since=self._now, origin=Origin.IMPORT, detail=f"imported {detail}")
            for row in self.batch.of("gone")
        )
        backups.back_up(self._subscriber_file, min_interval=timedelta(0))
        edits = _Edits(self.batch, journal)
        rewrite(
            self._subscriber_file,
            FileEdit(edits=edits.bind, rows=lambda: map(self._row, self.batch.of("new")), before_replace=journal.write_rows),
        )
        events: dict[ImportFate, str] = {"new": "imported", "changed": "changed by import"}
        for fate, event in events.items():
            self._store.history.note(
                HistoryEvent(email=row.email, at=self._now, event=event, detail="; ".join(filter(None, [detail, row.why])))
                for row in self.batch.of(fate)
            )

    def _row(self, row: ImportRow) -> NewRow:
        values = {name: value for name, value in row.values.items() if value and name != "name"}
        joined = iso_date(values.get("joined", "")) or self._now.date().isoformat()
        return NewRow(email=row.email, name=row.values.get("name", ""), values={**values, "status": row.status, "joined": joined})

    def _fates(self) -> Iterator[dict[str, Any]]:
        for fate in ("new", "changed", "gone"):
            yield from ({"email": row.email, "was": fate} for row in self.batch.of(fate))


class _Edits:
    """The edits of rows on the subscriber list: each is looked up as its row passes, and the row is recorded before and after."""

    def __init__(self, batch: ImportBatch, journal: ImportJournal) -> None:
        self._batch = batch
        self._journal = journal

    def bind(self, table: CsvTable, columns: Columns) -> "_Edits":
        """Bind the edits to a file that is open, and return them."""
        self._table, self._columns = table, columns
        return self

    def __len__(self) -> int:
        counts = self._batch.counts()
        return counts.get("changed", 0) + counts.get("gone", 0)

    def get(self, email: str) -> Edit | None:
        """Return the edit of an address, or None."""
        row = self._batch.find(email, ("changed", "gone"))
        if row is None:
            return None
        values = {name: {**row.values, "status": row.status}[name] for name in row.before}
        edit = column_edit(self._table, self._columns, values)
        return partial(self._edit_and_record, email, edit) if edit else None

    def _edit_and_record(self, email: str, edit: Edit, record: Record) -> str | None:
        new = edit(record)
        if new != record.raw:
            self._journal.add_row({"email": email, "before": record.raw, "after": new})
        return new


def _forbids_mail(status: str) -> bool:
    return status in FINAL_STATUSES or status.startswith(UNKNOWN_PREFIX)


def _check_columns(file: Path, source: SubscriberFile, status: str | None) -> None:
    """Raise UsageError if a column or cell that is not understood may say who must not be written to."""
    if status is None and (ambiguous := source.columns().ambiguous):
        what = f"the column “{ambiguous[0]}” may say who must not be written to, in a way that is not known"
        raise UsageError(what, thing=file.name, remedy=_MEANINGS.format(ambiguous[0]))
    flags = {source.columns().names[flag.position]: flag for flag in source.columns().flags}
    for line, cells in source.cells(tuple(flag.position for flag in flags.values())) if status is None and flags else ():
        for (name, flag), cell in zip(flags.items(), cells, strict=True):
            if (flag.status_of_cell(cell) or "").startswith(UNKNOWN_PREFIX):
                what = f"“{cell[:40]}” under “{name}” is neither a yes nor a no"
                raise UsageError(
                    what, thing=f"{file.name}:{line}", remedy=f"Correct it. Or {_MEANINGS[0].lower()}{_MEANINGS[1:].format(name)}"
                )


def _check_traces(file: Path, source: SubscriberFile) -> None:
    """Raise UsageError if a row reads as active, but an unknown column may say that its subscriber has left."""
    columns = source.columns()
    flag_names = {columns.names[flag.position] for flag in columns.flags}
    for row in source if columns.extra else ():
        for name, cell in row.extra.items() if row.status == "active" else ():
            if cell and name not in flag_names and is_opt_out_trace(name, cell):
                what = f"“{cell[:40]}” under “{name}” may say that {row.email} must not be written to, and the row reads as active"
                raise UsageError(what, thing=f"{file.name}:{row.line}", remedy=_MEANINGS.format(name))


def _file_name_opt_out(file: Path, columns: Columns) -> str:
    """Return the word in the file's name that says its subscribers have left, if no column could say so; else an empty string."""
    return opt_out_word(file.name) if "status" not in columns.positions and not columns.flags else ""

"""Edits of the subscriber list: add, remove or activate subscribers, and set columns. `rewrite.py` puts them into the file."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path

from digest.errors import SubscriberFileError
from digest.subscribers.address import normalise
from digest.subscribers.columns import Columns
from digest.subscribers.csv_table import CsvTable, Record
from digest.subscribers.encoding import decode_windows_1252
from digest.subscribers.rewrite import Edit, Edits, FileEdit, NewRow, rewrite


def add(path: Path, email: str, *, name: str = "", today: date) -> None:
    """Append a subscriber; raise SubscriberFileError if the address is already on the subscriber list."""
    address = normalise(email)

    def refuse(record: Record) -> str:
        raise SubscriberFileError("already on the subscriber list", thing=f"{path.name}:{record.line}: {address}")

    row = NewRow(email=address, name=" ".join(name.split()), values={"status": "active", "joined": today.isoformat()})
    rewrite(path, FileEdit(edits=lambda _table, _columns: {address: refuse}, rows=lambda: [row]))


def remove(path: Path, email: str) -> int:
    """Remove every row of an address and return how many there were; raise SubscriberFileError if there is none."""
    address = normalise(email)
    count = rewrite(path, FileEdit(edits=lambda _table, _columns: {address: lambda _record: None}))
    if not count:
        raise SubscriberFileError("not on the subscriber list", thing=f"{path.name}: {address}")
    return count


def activate(path: Path, rows: Iterable[NewRow]) -> None:
    """Make subscribers active and end their pause: in their rows on the list, or in a new row if they have none."""
    new, listed = {row.email: row for row in rows}, set[str]()

    def edits(table: CsvTable, columns: Columns) -> Edits:
        listed.clear()
        edit = column_edit(table, columns, {"status": "active", "paused_until": ""})
        return {email: partial(_note_and_edit, listed, email, edit) for email in new}

    rewrite(path, FileEdit(edits=edits, rows=lambda: (row for email, row in new.items() if email not in listed)))


def _note_and_edit(listed: set[str], email: str, edit: Edit | None, record: Record) -> str | None:
    listed.add(email)
    return edit(record) if edit else record.raw


def set_status(path: Path, email: str, status: str) -> bool:
    """Set the status in every row of an address; return False if there is no such row or no status column."""
    wanted = {normalise(email): {"status": status}}
    return bool(set_columns(path, lambda: wanted))


def set_columns(path: Path, wanted: Callable[[], Mapping[str, Mapping[str, str]]]) -> int:
    """Set some columns of some addresses, if the file has them; return how many rows were edited, changed or not.

    `wanted` is called under the lock, when no other digest process can change the file.
    """

    def edits(table: CsvTable, columns: Columns) -> Edits:
        made = {email: column_edit(table, columns, values) for email, values in wanted().items()}
        return {email: edit for email, edit in made.items() if edit is not None}

    return rewrite(path, FileEdit(edits=edits))


def column_edit(table: CsvTable, columns: Columns, values: Mapping[str, str]) -> Edit | None:
    """Return the edit that puts values into their columns, or None if the file has none of these.

    An edit that makes a subscriber active also clears every other column that says no.
    """
    positions = columns.by_position(values)
    flags = columns.flags if values.get("status") == "active" else ()
    if not positions and not flags:
        return None

    def edit(record: Record) -> str:
        fields = record.fields
        new = {at: value for at, value in positions.items() if at >= len(fields) or fields[at].strip() != value}
        for flag in flags:
            if flag.position >= len(fields):
                continue
            if flag.status_of_cell(decode_windows_1252(fields[flag.position]).strip()) not in {None, "active"}:
                new[flag.position] = flag.active_cell
        return table.change_fields(record, new) if new else record.raw

    return edit

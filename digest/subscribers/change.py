"""Changing the roll in place: one row, under a lock, by a new file that takes the old one's name in one step."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import Path

from filelock import FileLock, Timeout

from digest.errors import BusyError, RollError
from digest.subscribers.roll import normal
from digest.subscribers.table import CsvTable, Record, read_table

PATIENCE = 30.0  # seconds for another process to finish with the file


def add(path: Path, email: str, *, name: str = "", today: date) -> None:
    """Append a subscriber; RollError where the address is on the roll already."""
    address = normal(email)

    def appended(table: CsvTable) -> list[str]:
        if there := _rows_of(table, address):
            raise RollError("is on the roll already", thing=f"{path.name}:{there[0].line}: {address}")
        known = {"email": address, "name": " ".join(name.split()), "status": "active", "joined": today.isoformat()}
        fields = [known.get(column.strip().casefold(), "") for column in table.header.fields]
        return [*(record.raw for record in table.records), table.record(fields)]

    _rewrite(path, appended)


def remove(path: Path, email: str) -> int:
    """Take every row of an address out, and return how many there were; RollError where there is none."""
    address = normal(email)
    found = 0

    def without(table: CsvTable) -> list[str]:
        nonlocal found
        gone = _rows_of(table, address)
        found = len(gone)
        if not gone:
            raise RollError("is not on the roll", thing=f"{path.name}: {address}")
        return [record.raw for record in table.records if record not in gone]

    _rewrite(path, without)
    return found


def mark(path: Path, email: str, status: str) -> bool:
    """Set the status of an address in every row of it; False where there is no such row or no status column."""
    address = normal(email)
    done = False

    def marked(table: CsvTable) -> list[str]:
        nonlocal done
        column, rows = table.column("status"), _rows_of(table, address)
        done = bool(rows) and column is not None
        return [
            _with(table, record, column, status) if record in rows and column is not None else record.raw
            for record in table.records
        ]

    _rewrite(path, marked)
    return done


def _with(table: CsvTable, record: Record, column: int, value: str) -> str:
    """A record's text with one field changed; the other fields keep their values, and the record its line end."""
    fields = [*record.fields, *[""] * (column + 1 - len(record.fields))]
    fields[column] = value
    ending = record.raw[len(record.raw.rstrip("\r\n")) :]
    return table.record(fields).removesuffix(table.newline) + ending


def _rows_of(table: CsvTable, address: str) -> list[Record]:
    column = table.column("email")
    if column is None:
        raise RollError(
            "there is no column email", thing=f"line {table.header.line}", remedy="Name the column with the addresses email."
        )
    return [record for record in table.records if len(record.fields) > column and _is(record.fields[column], address)]


def _is(field: str, address: str) -> bool:
    if field.isascii():
        return field.strip().lower() == address
    with suppress(RollError, UnicodeError):
        return normal(field) == address
    return False


def _rewrite(path: Path, change: Callable[[CsvTable], Sequence[str]]) -> None:
    real = path.resolve()
    with _locked(real):
        table = read_table(real)
        _replace(real, table.bytes_with(change(table)))


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=PATIENCE)
    try:
        with lock:
            yield
    except Timeout as error:
        raise BusyError(f"another process has held it for {PATIENCE:.0f} s", thing=str(path)) from error


def _replace(path: Path, data: bytes) -> None:
    """The file is the old one or the new one at any instant, also over a power cut."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            before = path.stat()
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):  # only root may give a file away
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

"""Changing the subscriber list in place: some rows, under a lock, by a new file that takes the old one's name in one step.

What is not meant keeps its bytes. The file is copied as it is read, so its length does not matter; the version before is
kept beside the store, and where somebody else has saved the file meanwhile, theirs is not overwritten.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import Path
from typing import IO, Protocol

from filelock import FileLock, Timeout

from digest.errors import BusyError, SubscriberFileError
from digest.subscribers.address import PLAIN, normalise
from digest.subscribers.backups import keep
from digest.subscribers.columns import Columns
from digest.subscribers.csv_table import Block, CsvTable, Record, open_table
from digest.subscribers.encoding import as_windows_1252, decode_windows_1252, file_is_windows_1252
from digest.subscribers.row_parser import columns_of

LOCK_TIMEOUT = 30.0  # seconds for another process to finish with the file
TRIES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A reader to append: `values` are known columns by their meaning and others by their name."""

    email: str
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


Edit = Callable[[Record], str | None]
"""What a record's text becomes; None takes it out."""


class Edits(Protocol):
    """What is done to the rows of an address, for those that anything is done to."""

    def __len__(self) -> int:
        """How many addresses that is."""

    def get(self, email: str, /) -> Edit | None:
        """The edit of an address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """What is to become of a file: `edits` gives what is done to the rows of an address, `rows` are appended.

    `edits` is made when the file is open, since it depends on its columns; both are asked for again where it must be done again.
    """

    edits: Callable[[CsvTable, Columns], Edits] = lambda _table, _columns: dict[str, Edit]()
    rows: Callable[[], Iterable[NewRow]] = tuple
    ready: Callable[[], None] = lambda: None  # called when all is written and nothing has happened yet


def add(path: Path, email: str, *, name: str = "", today: date) -> None:
    """Append a subscriber; SubscriberFileError where the address already on the subscriber list."""
    address = normalise(email)

    def there(record: Record) -> str:
        raise SubscriberFileError("already on the subscriber list", thing=f"{path.name}:{record.line}: {address}")

    row = NewRow(email=address, name=" ".join(name.split()), values={"status": "active", "joined": today.isoformat()})
    rewrite(path, FileEdit(edits=lambda _table, _columns: {address: there}, rows=lambda: [row]))


def remove(path: Path, email: str) -> int:
    """Take every row of an address out, and return how many there were; SubscriberFileError where there is none."""
    address = normalise(email)
    count = rewrite(path, FileEdit(edits=lambda _table, _columns: {address: lambda _record: None}))
    if not count:
        raise SubscriberFileError("not on the subscriber list", thing=f"{path.name}: {address}")
    return count


def set_status(path: Path, email: str, status: str) -> bool:
    """Set the status of an address in every row of it; False where there is no such row or no status column."""
    wanted = {normalise(email): {"status": status}}
    return bool(set_columns(path, lambda: wanted))


def set_columns(path: Path, wanted: Callable[[], Mapping[str, Mapping[str, str]]]) -> int:
    """Set some columns of some addresses, those that the file has; returns how many rows have been looked at for it.

    `wanted` is asked when nobody else can change the file any more.
    """

    def edits(table: CsvTable, columns: Columns) -> Edits:
        made = {email: column_edit(table, columns, values) for email, values in wanted().items()}
        return {email: edit for email, edit in made.items() if edit is not None}

    return rewrite(path, FileEdit(edits=edits))


def column_edit(table: CsvTable, columns: Columns, values: Mapping[str, str]) -> Edit | None:
    """The edit that puts values into their columns; None where the file has none of these.

    Who becomes active is so in every column that could say no.
    """
    places = columns.placed(values)
    flags = columns.flags if values.get("status") == "active" else ()
    if not places and not flags:
        return None

    def edited(record: Record) -> str:
        fields = record.fields
        new = {at: value for at, value in places.items() if at >= len(fields) or fields[at].strip() != value}
        for flag in flags:
            if flag.at < len(fields) and flag.says(decode_windows_1252(fields[flag.at]).strip()) not in {None, "active"}:
                new[flag.at] = flag.clear
        return table.changed(record, new) if new else record.raw

    return edited


def rewrite(path: Path, change: FileEdit) -> int:
    """Do it, and return how many rows were edited; BusyError if another process holds the file, SubscriberFileError if it cannot be
    written, and then nothing is done.
    """
    try:
        return _rewritten(path, change)
    except OSError as error:
        told = f"cannot write: {error.strerror}"
        raise SubscriberFileError(told, thing=str(path), remedy="Check free disk space and write permission.") from error


def _rewritten(path: Path, change: FileEdit) -> int:
    real = path.resolve()
    with _locked(real):
        for _ in range(TRIES):
            before = _version(real)
            with _replacement(real) as (temporary, file):
                edited, altered = _written(real, change, file)
                if not altered:
                    return edited
                change.ready()
                keep(real)
                file.flush()
                os.fsync(file.fileno())
                if _version(real) == before:  # nothing that takes time comes after this
                    _publish(real, temporary)
                    return edited
    raise BusyError(
        "the file was changed by another program",
        thing=str(path),
        remedy="Nothing was changed. Close it in the other program and try again.",
    )


def _written(path: Path, change: FileEdit, file: IO[bytes]) -> tuple[int, bool]:
    """The file with its changes, written elsewhere: how many rows were edited, and whether any byte is another."""
    with open_table(path) as table:
        columns = columns_of(table, path.name)
        edits, rows = change.edits(table, columns), iter(change.rows())
        first = next(rows, None)
        if not edits and first is None:
            return 0, False
        writer = _Writer(table, columns, edits)
        file.write(table.charset.mark + table.charset.encode(table.prologue + table.header.raw))
        writer.last = table.header.raw
        for block in table.blocks:
            file.write(table.charset.encode(writer.block(block)))
        if first is not None:
            foreign = table.charset.codec == "utf-8" and file_is_windows_1252(path)
            for text in writer.appended(chain([first], rows), foreign=foreign):
                file.write(table.charset.encode(text))
        return writer.edited, writer.altered


@dataclass
class _Writer:
    """The new texts of a file's records."""

    table: CsvTable
    columns: Columns
    edits: Edits
    edited: int = 0
    altered: bool = False
    last: str = ""

    def block(self, block: Block) -> str:
        """A block as it will stand."""
        at = self.columns.known["email"]
        raws = list(block.raws)
        for number, fields in enumerate(block.rows):
            edit = self.edits.get(_key(fields[at])) if at < len(fields) else None
            if edit is not None:
                new = edit(block.record(number)) or ""
                self.edited, self.altered = self.edited + 1, self.altered or new != raws[number]
                raws[number] = new
        self.last = next((raw for raw in reversed(raws) if raw), self.last)
        return "".join(raws)

    def appended(self, rows: Iterable[NewRow], *, foreign: bool) -> Iterator[str]:
        """New rows, below a last one that is ended where it was not; in Windows-1252 where the file is."""
        if not self.last.endswith(("\n", "\r")):
            yield self.table.newline
        for row in rows:
            self.altered = True
            fields = self.columns.values(row.email, row.name, row.values)
            yield self.table.record(list(map(as_windows_1252, fields)) if foreign else fields)


def _key(text: str) -> str:
    """The address of a field, as `normal` has it; anything else where it is none."""
    bare = text.strip().lower()
    if text.isascii() and PLAIN.match(bare):
        return bare
    with suppress(SubscriberFileError, UnicodeError):
        return normalise(decode_windows_1252(text))
    return ""


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_TIMEOUT, mode=0o600)
    try:
        with lock:
            yield
    except Timeout as error:
        raise BusyError(f"locked by another process for {LOCK_TIMEOUT:.0f} seconds", thing=str(path)) from error


def _version(path: Path) -> tuple[int, int, int]:
    """Something that changes whenever the file is saved."""
    try:
        found = path.stat()
    except OSError as error:
        raise SubscriberFileError(f"cannot be read: {error.strerror}", thing=str(path)) from error
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def _replacement(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A file beside it with its rights, which is gone afterwards unless it took its place."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise SubscriberFileError(f"cannot write to its folder: {error.strerror}", thing=str(path)) from error
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            before = path.stat()
            os.fchmod(file.fileno(), before.st_mode & 0o7777)
            if (before.st_uid, before.st_gid) != (os.geteuid(), os.getegid()):
                with suppress(PermissionError):  # only root may give a file away
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            yield temporary, file
    finally:
        temporary.unlink(missing_ok=True)


def _publish(path: Path, temporary: Path) -> None:
    """The file is the old one or the new one at any instant, also over a power cut."""
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

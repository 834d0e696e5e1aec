"""Changes to some rows of the subscriber list: under a lock, by a new file that takes the old one's name in one step.

All other rows keep their bytes. The file is copied as it is read, so its length does not matter. The previous version is kept
beside the store. If somebody else has saved the file meanwhile, theirs is not overwritten.
"""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import IO, Protocol

from filelock import FileLock, Timeout

from digest.errors import BusyError, SubscriberFileError
from digest.subscribers.address import PLAIN_ADDRESS, normalise
from digest.subscribers.backups import back_up
from digest.subscribers.columns import Columns
from digest.subscribers.csv_table import Block, CsvTable, Record, open_table
from digest.subscribers.encoding import as_windows_1252, decode_windows_1252, detect_windows_1252
from digest.subscribers.row_parser import columns_of

LOCK_TIMEOUT = 30.0  # seconds in which another process may finish with the file
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRow:
    """A subscriber to append: `values` has known columns by their meaning and others by their name."""

    email: str
    name: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


Edit = Callable[[Record], str | None]
"""A function from a record to its new text; None removes the record."""


class Edits(Protocol):
    """The edits by address, for the addresses that have one."""

    def __len__(self) -> int:
        """Return how many addresses have an edit."""

    def get(self, email: str, /) -> Edit | None:
        """Return the edit for the rows of an address, or None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEdit:
    """A change to a file: `edits` returns the edits by address, `rows` the rows to append.

    Both are called when the file is open, because the edits depend on its columns, and again if the change must be tried again.
    """

    edits: Callable[[CsvTable, Columns], Edits] = lambda _table, _columns: dict[str, Edit]()
    rows: Callable[[], Iterable[NewRow]] = tuple
    before_replace: Callable[[], None] = lambda: None  # called when the new file is written and the old one is still in place


def rewrite(path: Path, change: FileEdit) -> int:
    """Change a file and return how many rows were edited.

    Raises BusyError if another process holds or keeps changing the file, and SubscriberFileError if it cannot be written. The
    file then stays as it is.
    """
    try:
        return _rewrite_locked(path, change)
    except OSError as error:
        what = f"cannot write: {error.strerror}"
        raise SubscriberFileError(what, thing=str(path), remedy="Check free disk space and write permission.") from error


def _rewrite_locked(path: Path, change: FileEdit) -> int:
    real = path.resolve()
    with _hold_lock(real):
        for _ in range(MAX_ATTEMPTS):
            before = _version(real)
            with _replacement(real) as (temporary, file):
                edited, altered = _write_changed(real, change, file)
                if not altered:
                    return edited
                change.before_replace()
                back_up(real)
                file.flush()
                os.fsync(file.fileno())
                if _version(real) == before:  # checked last: nothing that takes time comes after it
                    _publish(real, temporary)
                    return edited
    raise BusyError(
        "the file was changed by another program",
        thing=str(path),
        remedy="Nothing was changed. Close it in the other program and try again.",
    )


def _write_changed(path: Path, change: FileEdit, file: IO[bytes]) -> tuple[int, bool]:
    """Write the file with its changes elsewhere; return how many rows were edited, and whether any byte differs."""
    with open_table(path) as table:
        columns = columns_of(table, path.name)
        edits, rows = change.edits(table, columns), iter(change.rows())
        first = None if edits else next(rows, None)  # with edits, what is appended may depend on the rows that they saw
        if not edits and first is None:
            return 0, False
        writer = _Writer(table, columns, edits)
        file.write(table.encoding.bom + table.encoding.encode(table.prologue + table.header.raw))
        writer.last = table.header.raw
        for block in table.blocks:
            file.write(table.encoding.encode(writer.block(block)))
        first = first or next(rows, None)
        if first is not None:
            windows_1252 = table.encoding.codec == "utf-8" and detect_windows_1252(path)
            for text in writer.append_rows(chain([first], rows), windows_1252=windows_1252):
                file.write(table.encoding.encode(text))
        return writer.edited, writer.altered


@dataclass
class _Writer:
    """The new texts of a file's records, and a count of those edited."""

    table: CsvTable
    columns: Columns
    edits: Edits
    edited: int = 0
    altered: bool = False
    last: str = ""

    def block(self, block: Block) -> str:
        """Return the new text of a block."""
        at = self.columns.positions["email"]
        raws = list(block.raws)
        for number, fields in enumerate(block.rows):
            edit = self.edits.get(_key(fields[at])) if at < len(fields) else None
            if edit is not None:
                new = edit(block.record(number)) or ""
                self.edited, self.altered = self.edited + 1, self.altered or new != raws[number]
                raws[number] = new
        self.last = next((raw for raw in reversed(raws) if raw), self.last)
        return "".join(raws)

    def append_rows(self, rows: Iterable[NewRow], *, windows_1252: bool) -> Iterator[str]:
        """Yield new rows, after a line end if the last row has none; in Windows-1252 if the file is (`windows_1252`)."""
        if not self.last.endswith(("\n", "\r")):
            yield self.table.newline
        for row in rows:
            self.altered = True
            fields = self.columns.new_row_fields(row.email, row.name, row.values)
            yield self.table.format_record(list(map(as_windows_1252, fields)) if windows_1252 else fields)


def _key(text: str) -> str:
    """Return the address in a field as `normalise` has it, or an empty string if there is none."""
    bare = text.strip().lower()
    if text.isascii() and PLAIN_ADDRESS.match(bare):
        return bare
    with suppress(SubscriberFileError, UnicodeError):
        return normalise(decode_windows_1252(text))
    return ""


@contextmanager
def _hold_lock(path: Path) -> Iterator[None]:
    lock = FileLock(path.with_name(f".{path.name}.lock"), timeout=LOCK_TIMEOUT, mode=0o600)
    try:
        with lock:
            yield
    except Timeout as error:
        raise BusyError(f"locked by another process for {LOCK_TIMEOUT:.0f} seconds", thing=str(path)) from error


def _version(path: Path) -> tuple[int, int, int]:
    """Return values that change whenever the file is saved."""
    try:
        found = path.stat()
    except OSError as error:
        raise SubscriberFileError(f"cannot be read: {error.strerror}", thing=str(path)) from error
    return found.st_ino, found.st_size, found.st_mtime_ns


@contextmanager
def _replacement(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """Yield a temporary file beside a file, with its permissions and owner; delete it afterwards unless it took its place."""
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
                with suppress(PermissionError):  # only root may change a file's owner
                    os.fchown(file.fileno(), before.st_uid, before.st_gid)
            yield temporary, file
    finally:
        temporary.unlink(missing_ok=True)


def _publish(path: Path, temporary: Path) -> None:
    """Replace the file in one step: at any instant it is the old one or the new one, even after a power cut."""
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)

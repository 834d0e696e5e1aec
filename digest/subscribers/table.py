"""A CSV file as its bytes and its meaning at once, so that a change touches no row but the one that is meant.

Every record keeps the text it was read from. Bytes that are not UTF-8 are carried through unharmed (surrogateescape).
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

from digest.errors import RollError

BOM = "\ufeff"
DELIMITERS = (",", ";", "\t")
OPEN_QUOTE = "a quotation mark is not closed"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the physical line it begins on, its text with its line end, its fields, what is wrong with its form."""

    line: int
    raw: str
    fields: tuple[str, ...]
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A whole file: `header` is the record that names the columns."""

    bom: bool
    delimiter: str
    newline: str
    header: Record
    records: Iterable[Record]

    @classmethod
    def over(cls, lines: Iterator[str], name: str) -> "CsvTable":
        """The table in lines with their ends, its records read as they are asked for; RollError where there is no header."""
        head = next(lines, "")
        bom, lines = head.startswith(BOM), chain([head.removeprefix(BOM)], lines)
        number, first = next(((number, line) for number, line in enumerate(lines, 1) if line.strip()), (0, ""))
        if not number:
            raise RollError("the file is empty", thing=name, remedy="Its first line names the columns, like email,name.")
        delimiter = max(DELIMITERS, key=first.count)
        records = _records(_Lines(chain([first], lines)), number, delimiter)
        header = next(records)
        newline = header.raw[len(header.raw.rstrip("\r\n")) :] or "\n"
        return cls(bom, delimiter, newline, header, records)

    @classmethod
    def parse(cls, data: bytes, name: str) -> "CsvTable":
        """The table in a file's bytes, with all its records."""
        table = cls.over(iter(io.StringIO(data.decode("utf-8", "surrogateescape"), newline="")), name)
        return replace(table, records=tuple(table.records))

    def column(self, name: str) -> int | None:
        """Where a column stands, by its name in any case."""
        names = [field.strip().casefold() for field in self.header.fields]
        return names.index(name) if name in names else None

    def record(self, fields: Sequence[str]) -> str:
        """Fields as one record in this file's manner."""
        target = io.StringIO(newline="")
        csv.writer(target, delimiter=self.delimiter, lineterminator="\r\n").writerow(fields)  # so that it quotes a lone CR too
        return target.getvalue().removesuffix("\r\n") + self.newline

    def bytes_with(self, raws: Sequence[str]) -> bytes:
        """The file with these records' texts below its header."""
        texts = [self.header.raw, *raws]
        ended = [raw if raw.endswith(("\n", "\r")) else raw + self.newline for raw in texts[:-1]]
        whole = (BOM if self.bom else "") + "".join([*ended, texts[-1]])
        return whole.encode("utf-8", "surrogateescape")


def read_table(path: Path) -> CsvTable:
    """The table in a file; RollError where it cannot be read."""
    with _opened(path) as file:
        return CsvTable.parse(bytes(file.buffer.read()), path.name)


@contextmanager
def streamed(path: Path) -> Iterator[CsvTable]:
    """The table in a file, its records read as they are asked for: for lists of any length."""
    with _opened(path) as file:
        yield CsvTable.over(iter(file), path.name)


@contextmanager
def _opened(path: Path) -> Iterator[io.TextIOWrapper]:
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            if file.buffer.read(2) in {b"\xff\xfe", b"\xfe\xff"}:
                raise RollError("is UTF-16", thing=str(path), remedy="Save it as “CSV UTF-8”.")
            file.seek(0)
            yield file
    except OSError as error:
        raise RollError(
            f"cannot be read: {error.strerror}", thing=str(path), remedy="It needs a header line, at least: email"
        ) from error


class _Lines:
    """Lines that can be read again until they are dropped."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._ahead: deque[str] = deque()

    def first(self) -> str | None:
        """The next line, or None at the end."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[str]:
        yield from tuple(self._ahead)
        for line in self._lines:
            self._ahead.append(line)
            yield line

    def drop(self, count: int) -> None:
        """These have been read for good."""
        for _ in range(count):
            self._ahead.popleft()


def _records(lines: _Lines, line: int, delimiter: str) -> Iterator[Record]:
    """Record by record. One that runs over several lines is read again strictly: where a quotation mark was left open, its
    first line is a flawed record of its own, and reading goes on with the next.
    """
    width = 0
    while (first := lines.first()) is not None:
        record, used = _record(lines, first, line, delimiter, width)
        width = width or len(record.fields)
        line += used
        lines.drop(used)
        yield record


def _record(lines: _Lines, first: str, line: int, delimiter: str, width: int) -> tuple[Record, int]:
    """The record that begins with a line, and how many lines it takes."""
    if '"' not in first:
        text = first.rstrip("\r\n")
        return Record(line, first, tuple(text.split(delimiter)) if text else ()), 1
    record, used = _one(iter(lines), line, delimiter, strict=False)
    if used > 1:
        record, used = _one(islice(lines, used), line, delimiter, strict=True)
    if record.flaw or (used > 1 and width and len(record.fields) != width):
        return Record(line, first, (), record.flaw or OPEN_QUOTE), 1
    return record, used


def _one(lines: Iterator[str], line: int, delimiter: str, *, strict: bool) -> tuple[Record, int]:
    """The first record of some lines, and how many of them it takes."""
    taken: list[str] = []
    reader = csv.reader(_noted(lines, taken), delimiter=delimiter, strict=strict)
    try:
        fields = next(reader)
    except csv.Error as error:
        flaw = OPEN_QUOTE if strict else f"not readable as CSV: {error}"
        return Record(line, "", (), flaw), 1
    return Record(line, "".join(taken), tuple(fields)), len(taken)


def _noted(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for text in lines:
        taken.append(text)
        yield text

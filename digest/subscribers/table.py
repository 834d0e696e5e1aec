"""A CSV file as its bytes and its meaning at once, so that a change touches no row but the one that is meant.

Every record keeps the text it was read from. Bytes that are not UTF-8 are carried through unharmed (surrogateescape).
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
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
    records: tuple[Record, ...]

    @classmethod
    def parse(cls, data: bytes, name: str) -> "CsvTable":
        """The table in a file's bytes; RollError where there is not even a header."""
        text = data.decode("utf-8", "surrogateescape")
        bom = text.startswith(BOM)
        lines = list(io.StringIO(text.removeprefix(BOM), newline=""))
        first = next((at for at, line in enumerate(lines) if line.strip()), None)
        if first is None:
            raise RollError("the file is empty", thing=name, remedy="Its first line names the columns, like email,name.")
        delimiter = max(DELIMITERS, key=lines[first].count)
        records = list(_records(lines[first:], first + 1, delimiter))
        header = records[0]
        newline = header.raw[len(header.raw.rstrip("\r\n")) :] or "\n"
        return cls(bom, delimiter, newline, header, tuple(records[1:]))

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
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RollError(
            f"cannot be read: {error.strerror}", thing=str(path), remedy="It needs a header line, at least: email"
        ) from error
    if data[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        raise RollError("is UTF-16", thing=str(path), remedy="Save it as “CSV UTF-8”.")
    return CsvTable.parse(data, path.name)


def _records(lines: Sequence[str], line: int, delimiter: str) -> Iterator[Record]:
    """Record by record. One that runs over several lines is read again strictly: where a quotation mark was left open, its
    first line is a flawed record of its own, and reading goes on with the next.
    """
    at, width = 0, 0
    while at < len(lines):
        record, used = _one(islice(lines, at, None), line + at, delimiter, strict=False)
        if used > 1:
            record, used = _one(islice(lines, at, at + used), line + at, delimiter, strict=True)
        if record.flaw or (used > 1 and width and len(record.fields) != width):
            record, used = Record(line + at, lines[at], (), record.flaw or OPEN_QUOTE), 1
        width = width or len(record.fields)
        at += used
        yield record


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

"""A CSV file as its bytes and its meaning together, so that a change touches only the row that is meant.

Every record keeps the text from which it was read. A file is read in blocks of whole records, so a file of any length needs
little memory. A block in which each record is one line, as in nearly all blocks, is read by the `csv` module as a whole.
"""

import csv
import io
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from typing import NamedTuple

from digest.errors import SubscriberFileError
from digest.subscribers.columns import has_address_column
from digest.subscribers.encoding import Encoding

DELIMITERS = (",", ";", "\t", "|")
MAX_RECORD_LINES = 100  # lines of one record; a longer one has an unclosed quotation mark
OPEN_QUOTE = "missing closing quotation mark"
BLOCK_LINES = 600  # lines read at once: as many as the caches of a core hold; 2,000 take twice as long
_HEADER = "Add a first line with the column names, such as email,name."


class Record(NamedTuple):
    """One record: the physical line on which it begins, its text with its line end, its fields, and what is wrong with its form."""

    line: int
    raw: str
    fields: Sequence[str]
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Some records as columns: the lines on which they begin, their texts, their fields, their flaws."""

    lines: Sequence[int]
    raws: Sequence[str]
    rows: Sequence[Sequence[str]]
    flaws: Sequence[str] = ()

    @property
    def is_intact(self) -> bool:
        """Whether no record is flawed."""
        return not any(self.flaws)

    def record(self, at: int) -> Record:
        """Return the record at a position in the block."""
        return Record(self.lines[at], self.raws[at], self.rows[at], self.flaws[at] if self.flaws else "")

    def __iter__(self) -> Iterator[Record]:
        return map(Record._make, zip(self.lines, self.raws, self.rows, self.flaws or repeat(""), strict=False))


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A CSV file: `header` is the record that names the columns, `prologue` the text before it, byte for byte."""

    encoding: Encoding
    delimiter: str
    newline: str
    prologue: str
    header: Record
    blocks: Iterable[Block]

    @classmethod
    def from_lines(cls, lines: Iterator[str], name: str, encoding: Encoding) -> "CsvTable":
        """Return the table in lines that keep their ends, read on demand; raise SubscriberFileError if there is no header."""
        before, stated = [], ""
        for line in lines:
            if line.strip() and not stated and (stated := _stated_delimiter(line)):
                before.append(line)
            elif line.strip():
                break
            else:
                before.append(line)
        else:
            raise SubscriberFileError("the file is empty", thing=name, remedy=_HEADER)
        delimiter = stated or _delimiter(line)
        rest = _Lines(chain([line], lines))
        number = len(before) + 1
        header, used = _record(rest, rest.first() or line, number, delimiter, 0)
        rest.drop(used)
        newline = header.raw[len(header.raw.rstrip("\r\n")) :] or "\n"
        blocks = _blocks(rest, number + used, delimiter, len(header.fields))
        return cls(encoding, delimiter, newline, "".join(before), header, blocks)

    @property
    def records(self) -> Iterator[Record]:
        """All records, one after the other."""
        return chain.from_iterable(self.blocks)

    def format_record(self, fields: Sequence[str]) -> str:
        """Return fields as one record in the format of this file."""
        target = io.StringIO(newline="")
        csv.writer(target, delimiter=self.delimiter, lineterminator="\r\n").writerow(fields)  # so that it quotes a lone CR too
        return target.getvalue().removesuffix("\r\n") + self.newline

    def change_fields(self, record: Record, values: dict[int, str]) -> str:
        """Return a record's text with some fields changed; the others keep their text, and the record its line end."""
        body = record.raw.rstrip("\r\n")
        raws = split_raw(body, self.delimiter)
        raws += [""] * (max(values) + 1 - len(raws))
        for at, value in values.items():
            raws[at] = self._field(value, quoted=raws[at].lstrip().startswith('"'))
        return self.delimiter.join(raws) + record.raw[len(body) :]

    def _field(self, value: str, *, quoted: bool) -> str:
        if quoted or any(letter in value for letter in ('"', self.delimiter, "\r", "\n")) or value != value.strip(" "):
            doubled = value.replace('"', '""')
            return f'"{doubled}"'
        return value


@contextmanager
def open_table(path: Path) -> Iterator[CsvTable]:
    """Yield the table in a file, whose records are read on demand; raise SubscriberFileError if it cannot be read."""
    try:
        with path.open("rb") as bare:
            head = bare.read(4_096)
            encoding = Encoding.of(head)
            _refuse_binary(path, head, encoding)
            bare.seek(len(encoding.bom))
            with io.TextIOWrapper(bare, encoding=encoding.codec, errors=encoding.errors, newline="") as file:
                yield CsvTable.from_lines(iter(file), path.name, encoding)
    except UnicodeDecodeError as error:
        raise SubscriberFileError(
            f"not valid {error.encoding.upper()}", thing=path.name, remedy="Save it as “CSV UTF-8”."
        ) from error
    except OSError as error:
        raise SubscriberFileError(
            f"cannot be read: {error.strerror}", thing=str(path), remedy="Create it with a first line: email"
        ) from error


def _refuse_binary(path: Path, head: bytes, encoding: Encoding) -> None:
    """Raise SubscriberFileError if the file is not text: most often it is the workbook itself."""
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise SubscriberFileError(
            "this is a spreadsheet, not a CSV file", thing=path.name, remedy="Open it and save it as “CSV UTF-8”."
        )
    if encoding.codec == "utf-8" and b"\x00" in head:
        raise SubscriberFileError("is not a text file", thing=path.name, remedy="Save the list as “CSV UTF-8”.")


def split_raw(body: str, delimiter: str) -> list[str]:
    """Return the fields of a record as they are written, including quotation marks."""
    if '"' not in body:
        return body.split(delimiter)
    fields, start, state = [], 0, "start"
    for at, letter in enumerate(body):
        if state == "quoted":
            state = "closed" if letter == '"' else state
        elif letter == delimiter:
            fields.append(body[start:at])
            start, state = at + 1, "start"
        elif letter != " " or state != "start":  # a space before a quotation mark is not part of the field
            state = "quoted" if letter == '"' and state != "bare" else "bare"  # a doubled quotation mark is a character
    return [*fields, body[start:]]


def _stated_delimiter(line: str) -> str:
    """Return the delimiter that Excel states in a first line such as `sep=;`, or an empty string."""
    text = line.strip("\r\n").strip('"')
    return text[4] if len(text) == 5 and text.casefold().startswith("sep=") else ""


def _delimiter(line: str) -> str:
    """Return the delimiter of a header: the one with which it names a column of addresses, else the most frequent."""
    by_count = sorted(DELIMITERS, key=line.count, reverse=True)
    return next((sign for sign in by_count if has_address_column(split_raw(line.strip(), sign))), by_count[0])


class _Lines:
    """Lines that can be read again until they are dropped."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._ahead: deque[str] = deque()

    def first(self) -> str | None:
        """Return the next line, or None at the end."""
        return next(iter(self), None)

    def __iter__(self) -> Iterator[str]:
        yield from tuple(self._ahead)
        for line in self._lines:
            self._ahead.append(line)
            yield line

    def take(self, most: int) -> list[str]:
        """Remove and return the next lines, `most` at most."""
        lines = [self._ahead.popleft() for _ in range(min(most, len(self._ahead)))]
        lines += islice(self._lines, most - len(lines))
        return lines

    def give_back(self, lines: Sequence[str]) -> None:
        """Put back lines that were taken, to be read again."""
        self._ahead.extendleft(reversed(lines))

    def drop(self, count: int) -> None:
        """Drop the next lines, which will not be read again."""
        for _ in range(count):
            self._ahead.popleft()


def _blocks(lines: _Lines, number: int, delimiter: str, width: int) -> Iterator[Block]:
    """Yield the blocks: each read as a whole if every record is one line, else record by record."""
    while taken := lines.take(BLOCK_LINES):
        rows = _rows(taken, delimiter)
        if rows is not None:
            yield Block(range(number, number + len(taken)), taken, rows)
            number += len(taken)
            continue
        lines.give_back(taken)
        records, used = _read_records(lines, len(taken), number, delimiter, width)
        yield Block(*map(tuple, zip(*records, strict=True)))
        number += used


def _rows(lines: Sequence[str], delimiter: str) -> list[list[str]] | None:
    """Return the fields of lines that are one record each, or None if one is not."""
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        return None
    return rows if len(rows) == len(lines) and not _runs_on(lines[-1], delimiter) else None


def _runs_on(line: str, delimiter: str) -> bool:
    """Return whether a record does not end with this line."""
    if '"' not in line:
        return False
    try:
        next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return True
    return False


def _read_records(lines: _Lines, wanted: int, number: int, delimiter: str, width: int) -> tuple[list[Record], int]:
    """Read record by record. A record over several lines is read again strictly: if a quotation mark was left open, the first
    line is a flawed record of its own, and reading goes on with the next line.
    """
    block, passed = [], 0
    while passed < wanted and (first := lines.first()) is not None:
        record, used = _record(lines, first, number + passed, delimiter, width)
        block.append(record)
        passed += used
        lines.drop(used)
    return block, passed


def _record(lines: _Lines, first: str, number: int, delimiter: str, width: int) -> tuple[Record, int]:
    """Return the record that begins with a line, and how many lines it takes."""
    if '"' not in first:
        text = first.rstrip("\r\n")
        return Record(number, first, tuple(text.split(delimiter)) if text else ()), 1
    record, used = _read_one(islice(lines, MAX_RECORD_LINES), number, delimiter, strict=False)
    if used > 1:
        record, used = _read_one(islice(lines, used), number, delimiter, strict=True)
    if record.flaw or (used > 1 and width and not _closed(record, delimiter, width)):
        return Record(number, first, (), record.flaw or OPEN_QUOTE), 1
    return record, used


def _closed(record: Record, delimiter: str, width: int) -> bool:
    """Return whether several lines are one record, not an open quotation mark: a short record has no other rows inside."""
    if len(record.fields) == width:
        return True
    inner = record.raw.splitlines()[1:]
    return len(record.fields) < width and not any("@" in line or line.count(delimiter) >= width - 1 for line in inner)


def _read_one(lines: Iterator[str], number: int, delimiter: str, *, strict: bool) -> tuple[Record, int]:
    """Return the first record of some lines, and how many of them it takes."""
    taken: list[str] = []
    reader = csv.reader(_copy_lines(lines, taken), delimiter=delimiter, strict=strict, skipinitialspace=True)
    try:
        fields = next(reader)
    except csv.Error as error:
        flaw = OPEN_QUOTE if strict else f"not readable as CSV: {error}"
        return Record(number, "", (), flaw), 1
    return Record(number, "".join(taken), tuple(fields)), len(taken)


def _copy_lines(lines: Iterator[str], taken: list[str]) -> Iterator[str]:
    for text in lines:
        taken.append(text)
        yield text

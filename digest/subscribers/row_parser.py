"""The parser that makes subscribers of records: a whole block if all its rows are plain, else row by row.

A plain block is checked column by column, which takes a third of the time of checking it row by row.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import Any

from digest.errors import SubscriberFileError
from digest.model import NOTHING, Subscriber
from digest.subscriber_statuses import UNKNOWN_PREFIX, severity
from digest.subscribers.address import PLAIN_ADDRESS, normalise
from digest.subscribers.columns import Columns, resume_date, status_of
from digest.subscribers.csv_table import Block, CsvTable, Record
from digest.subscribers.encoding import decode_windows_1252, is_windows_1252
from digest.subscribers.opt_out_traces import status_position

MAX_FIELD_CHARS = 1_000  # characters of one field
_BETWEEN = re.compile("[,;|]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one row; `skipped` says whether its subscriber gets no mail because of it."""

    line: int
    what: str
    skipped: bool = True


Row = Subscriber | Problem


def parse_topics(text: str) -> tuple[str, ...]:
    """Return the topics in a field, which has commas, semicolons or bars between them."""
    return tuple(filter(None, map(str.strip, _BETWEEN.split(text))))


_SUBSCRIBER: Callable[[Iterable[Any]], Subscriber] = partial(tuple.__new__, Subscriber)  # `_make` without its length check
_TYPES: Mapping[str, Callable[[str], Any]] = {"topics": parse_topics, "paused_until": resume_date}


def columns_of(table: CsvTable, name: str, meanings: Mapping[str, str] = NOTHING) -> Columns:
    """Return what a file's columns mean; raise SubscriberFileError if none has the addresses."""
    columns = Columns.of(list(map(decode_windows_1252, table.header.fields)), meanings)
    if "email" not in columns.positions:
        raise SubscriberFileError(
            f"no email column (columns: {', '.join(columns.names)[:200]})",
            thing=f"{name}:{table.header.line}",
            remedy="Add a first line with the column names." if "@" in table.header.raw else "Rename the address column to email.",
        )
    return columns


def infer_columns(fields: Sequence[str], meanings: Mapping[str, str] = NOTHING) -> Columns | None:
    """Return the columns of a list without a header: an address, and perhaps a status and a name; None if it has a header."""
    bare = [value.strip().lower().rpartition("<")[2].removesuffix(">") for value in fields]
    at = next((at for at, value in enumerate(bare) if PLAIN_ADDRESS.match(value)), None)
    if at is None or "email" in Columns.of(fields, meanings).positions:
        return None
    status_at = status_position([value if number != at else "" for number, value in enumerate(fields)])
    others = (number for number in range(len(fields)) if number not in {at, status_at})
    names = {at: "email", **({status_at: "status"} if status_at is not None else {})}
    names |= {number: "name" if nth == 1 else f"column {nth}" for nth, number in enumerate(others, start=1)}
    return Columns.of([names[number] for number in range(len(fields))])


class RowParser:
    """The parser of one file's blocks."""

    def __init__(self, columns: Columns, delimiter: str) -> None:
        self._columns = columns
        self._delimiter = delimiter
        self._width = len(columns.names)
        self._simple = not columns.flags and columns.first_name is None and columns.last_name is None

    def parse(self, block: Block) -> Sequence[Row]:
        """Return the readable rows and the problems of a block, in order; nothing for a blank line."""
        plain = self._simple and block.is_intact and set(map(len, block.rows)) == {self._width}
        if plain and max(map(len, block.raws)) <= MAX_FIELD_CHARS and not is_windows_1252("".join(block.raws)):
            return self._parse_plain(block)
        return list(filter(None, map(self.parse_record, block)))

    def _parse_plain(self, block: Block) -> Sequence[Row]:
        """Parse a block of plain rows; rows whose address or status is not plain are parsed one by one."""
        known, fields = self._columns.positions, list(zip(*block.rows, strict=True))
        emails = list(map(str.lower, fields[known["email"]]))
        statuses = [*self._column(fields, "status", lambda word: status_of(word.strip().casefold()), "active")]
        odd = {at for at, match in enumerate(map(PLAIN_ADDRESS.match, emails)) if match is None}
        if not "".join(fields[known["email"]]).isascii() or max(map(len, emails)) > 254:
            odd |= {at for at, email in enumerate(fields[known["email"]]) if not email.isascii() or len(email) > 254}
        odd |= {at for at, status in enumerate(statuses) if status is None} if None in statuses else set()
        columns = (
            emails,
            map(str.strip, fields[known["name"]]) if "name" in known else repeat(""),
            statuses,
            self._column(fields, "topics", parse_topics, ()),
            self._column(fields, "timezone", str.strip, ""),
            self._column(fields, "language", str.strip, ""),
            self._column(fields, "frequency", str.strip, ""),
            self._column(fields, "joined", str.strip, ""),
            self._column(fields, "paused_until", resume_date, None),
            block.lines,
            self._extras(fields),
        )
        rows: Sequence[Row] = list(map(_SUBSCRIBER, zip(*columns, strict=False)))
        if not odd:
            return rows
        return list(filter(None, (row if at not in odd else self.parse_record(block.record(at)) for at, row in enumerate(rows))))

    def _column(self, fields: Sequence[Sequence[str]], meaning: str, typed: Callable[[str], Any], absent: Any) -> Iterable[Any]:
        """Return the values of a known column, each different text parsed once; `absent` for each row if there is none."""
        at = self._columns.positions.get(meaning)
        if at is None:
            return repeat(absent, len(fields[0]))
        meanings = {text: typed(text) for text in set(fields[at])}
        return map(meanings.__getitem__, fields[at])

    def _extras(self, fields: Sequence[Sequence[str]]) -> Iterable[Mapping[str, str]]:
        if not self._columns.extra:
            return repeat(NOTHING)
        names = [name for _, name in self._columns.extra]
        values = zip(*(map(str.strip, fields[at]) for at, _ in self._columns.extra), strict=True)
        return (dict(zip(names, row, strict=True)) for row in values)

    def parse_record(self, record: Record) -> Row | None:
        """Parse one row, plain or not; return None for a blank line."""
        fields = self._align_fields(record)
        if not isinstance(fields, list):
            return fields
        email = _address(record, fields[self._columns.positions["email"]])
        if not isinstance(email, str):
            return email
        known = {meaning: fields[at].strip()[:MAX_FIELD_CHARS] for meaning, at in self._columns.positions.items()}
        status = status_of(known.get("status", "").casefold()) or f"{UNKNOWN_PREFIX}{known['status'][:40]}"
        cell = fields[self._columns.positions["email"]]
        display_name = cell.rpartition("<")[0].strip(' "') if cell.rstrip().endswith(">") else ""  # Ada Holm <ada@readers.example>
        display_name = "" if "@" in display_name else display_name
        name, status = self._combine(fields, known.get("name", "") or display_name, status)
        values = {meaning: _TYPES.get(meaning, str)(text) for meaning, text in known.items() if text}
        extra = {column: fields[at].strip()[:MAX_FIELD_CHARS] for at, column in self._columns.extra} or NOTHING
        return Subscriber(**{**values, "line": record.line, "email": email, "name": name, "status": status, "extra": extra})

    def _align_fields(self, record: Record) -> list[str] | Problem | None:
        """Return one field for each column, a problem if the row is flawed or has more, or None for a blank line."""
        if record.flaw or not record.raw.strip():
            return Problem(record.line, record.flaw) if record.flaw else None
        fields, width = list(map(decode_windows_1252, record.fields)), self._width
        if any(map(str.strip, fields[width:])):
            what = f"{len(fields)} fields, but {width} columns. Put fields that contain {self._delimiter!r} in quotes"
            return Problem(record.line, what)
        return (fields + [""] * width)[:width]

    def _combine(self, fields: Sequence[str], name: str, status: str) -> tuple[str, str]:
        """Return the name with its two further columns, and the status from all columns: if they disagree, the one that says no."""
        columns = self._columns
        parts = [fields[at].strip()[:MAX_FIELD_CHARS] for at in (columns.first_name, columns.last_name) if at is not None]
        statuses = filter(None, (flag.status_of_cell(fields[flag.position].strip()) for flag in columns.flags))
        return " ".join(filter(None, [name, *parts])), max([status, *statuses], key=severity)


def _address(record: Record, text: str) -> str | Problem | None:
    """Return the address in a field, a problem if there is none or it is invalid, or None if the whole row is empty."""
    if not text.strip():
        return Problem(record.line, "no email address") if any(map(str.strip, record.fields)) else None
    try:
        return normalise(text)
    except SubscriberFileError as error:
        return Problem(record.line, error.what)

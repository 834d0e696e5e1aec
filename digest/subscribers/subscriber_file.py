"""The subscriber list as it is read: who gets mail, and which rows cannot, each with its line and what to do about it.

A list may have a million rows, so it is read on demand and never kept in memory.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from operator import itemgetter
from pathlib import Path

from digest.model import NOTHING, Subscriber
from digest.subscriber_statuses import STATUSES, UNKNOWN_PREFIX, severity
from digest.subscribers.address import address_problem, count_odd_addresses, normalise
from digest.subscribers.columns import Columns, strip_invisible
from digest.subscribers.csv_table import Block, CsvTable, open_table
from digest.subscribers.encoding import decode_windows_1252, detect_windows_1252, may_contain_address
from digest.subscribers.row_parser import Problem, Row, RowParser, columns_of, infer_columns
from digest.text.time_zones import known_zone

_KNOWN = frozenset(STATUSES)
_EMAIL, _STATUS = (itemgetter(Subscriber._fields.index(name)) for name in ("email", "status"))
_HABITS = itemgetter(*(Subscriber._fields.index(name) for name in ("timezone", "language", "frequency")))


@dataclass(frozen=True, slots=True)
class FileSummary:
    """A summary of a whole file: how it is written, its addresses by status, how many rows are skipped, repeated or odd, and how
    many have which language.
    """

    format: str
    counts: dict[str, int]
    skipped: int
    duplicates: int
    remarks: int
    languages: dict[str, int]

    @property
    def active(self) -> int:
        """How many subscribers are active."""
        return self.counts.get("active", 0)

    @property
    def subscribers(self) -> int:
        """How many subscribers there are, of every status."""
        return sum(self.counts.values())


@dataclass
class _Duplicates:
    """Rows whose address occurs more than once: the one chosen for each address, and the addresses of the other lines."""

    chosen: dict[str, Subscriber] = field(default_factory=dict)
    others: dict[int, str] = field(default_factory=dict)

    def add(self, row: Subscriber) -> None:
        """Add a row. The first row counts, but a no outweighs any number of yeses, and a status that says gone outweighs all."""
        first = self.chosen.setdefault(row.email, row)
        if first is row:
            return
        if severity(row.status) > severity(first.status):
            self.chosen[row.email], first, row = row, row, first
        self.others[row.line] = row.email


class SubscriberFile:
    """The readable rows of a file, one after the other; an address may occur more than once (`distinct` returns each once).

    `skipped` counts the rows read so far that cannot be read or have an unknown status. Reading raises SubscriberFileError if the
    file as a whole cannot be used.
    """

    def __init__(
        self,
        path: Path,
        *,
        header_optional: bool = False,
        meanings: Mapping[str, str] = NOTHING,
        frequency_remark: Callable[[str], str] = lambda _frequency: "",
    ) -> None:
        """`frequency_remark` says what is odd about a frequency; empty if nothing is."""
        self.path = path
        self._frequency_remark = frequency_remark
        self._meanings = meanings  # what a person says its columns mean
        self.skipped = 0
        self._header_optional = header_optional  # whether it may be a list of addresses without a header

    def __iter__(self) -> Iterator[Subscriber]:
        self.skipped = 0
        for rows in self._blocks():
            subscribers = [row for row in rows if isinstance(row, Subscriber)]
            self.skipped += len(rows) - sum(row.status in _KNOWN for row in subscribers)
            yield from subscribers

    def distinct(self) -> Iterator[Subscriber]:
        """Return every address once, in the file's order."""
        duplicates = self._find_duplicates()
        return (row for row in self if row.line not in duplicates.others)

    def active(self) -> Iterator[Subscriber]:
        """Return the active subscribers, each once."""
        return (row for row in self.distinct() if row.status == "active")

    def find(self, email: str) -> Subscriber | None:
        """Return the row of an address, or None; the bytes of the file show quickly if there is none."""
        address, found = normalise(email), _Duplicates()
        for row in self if may_contain_address(self.path, address) else ():
            if row.email == address:
                found.add(row)
        return found.chosen.get(address)

    def summarise(self) -> FileSummary:
        """Read the whole file and count."""
        with open_table(self.path) as table:
            format_ = _describe_format(table, windows_1252=table.encoding.codec == "utf-8" and detect_windows_1252(self.path))
        counts, seen, skipped, remarks, total = Counter[str](), set[int](), 0, 0, 0
        habits = Counter[tuple[str, str, str]]()
        for rows in self._blocks():
            subscribers = [row for row in rows if isinstance(row, Subscriber)]
            skipped += len(rows) - len(subscribers)
            total += len(subscribers)
            counts.update(map(_STATUS, subscribers))
            emails = list(map(_EMAIL, subscribers))
            seen.update(map(hash, emails))
            remarks += count_odd_addresses(emails)
            habits.update(map(_HABITS, subscribers))
        duplicates = self._find_duplicates() if len(seen) < total else _Duplicates()
        for row in self if duplicates.others else ():
            counts[row.status] -= row.line in duplicates.others
        skipped += sum(count for status, count in counts.items() if status not in _KNOWN)
        remarks += sum(count for (zone, _, frequency), count in habits.items() if any(self._odd_habits(zone, frequency)))
        languages = Counter[str]()
        for (_, language, _), count in habits.items():
            languages[language] += count
        by_status = {status: counts[status] for status in STATUSES}
        return FileSummary(format_, by_status, skipped, len(duplicates.others), remarks, dict(languages))

    def invalid_rows(self) -> Iterator[Problem]:
        """Yield every row that cannot be read or has an unknown status, as a problem."""
        for row in self._rows():
            if isinstance(row, Problem):
                yield row
            elif row.status not in _KNOWN:
                yield Problem(
                    row.line, f"unknown status {row.status.removeprefix(UNKNOWN_PREFIX)!r}; there is {', '.join(STATUSES)}"
                )

    def problems(self) -> Iterator[Problem]:
        """Yield the problems of every row that is left out or odd, in the file's order."""
        duplicates = self._find_duplicates()
        for row in self._rows():
            if isinstance(row, Problem):
                yield row
                continue
            if row.status not in _KNOWN:
                status = row.status.removeprefix(UNKNOWN_PREFIX)
                yield Problem(row.line, f"unknown status {status!r}. Use {', '.join(STATUSES)}")
            elif row.line in duplicates.others:
                yield Problem(row.line, f"duplicate of line {duplicates.chosen[row.email].line}")
            yield from (Problem(row.line, what, skipped=False) for what in self._remarks(row))

    def _remarks(self, row: Subscriber) -> Iterator[str]:
        """Yield what is odd about a row that still counts."""
        if odd := address_problem(row.email):
            yield odd
        yield from self._odd_habits(row.timezone, row.frequency)

    def _odd_habits(self, timezone: str, frequency: str) -> Iterator[str]:
        if timezone and known_zone(timezone) is None:
            yield f"unknown time zone {timezone[:40]!r}. Use a name like Europe/London"
        if remark := self._frequency_remark(frequency):
            yield remark

    def _find_duplicates(self) -> _Duplicates:
        """Return the duplicates; find them by hash first, so that a million addresses need no more room than a million numbers."""
        seen, again = set[int](), set[int]()
        for row in self:
            key = hash(row.email)
            (again if key in seen else seen).add(key)
        duplicates = _Duplicates()
        for row in self if again else ():
            if hash(row.email) in again:
                duplicates.add(row)
        return duplicates

    def _rows(self) -> Iterator[Row]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[Sequence[Row]]:
        with open_table(self.path) as table:
            inferred = infer_columns(table.header.fields, self._meanings) if self._header_optional else None
            parser = RowParser(inferred or columns_of(table, self.path.name, self._meanings), table.delimiter)
            if inferred:
                yield parser.parse(Block([table.header.line], [table.header.raw], [table.header.fields]))
            for block in table.blocks:
                yield parser.parse(block)

    def cells(self, positions: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
        """Yield the line of each readable row, and its cells in some columns."""
        with open_table(self.path) as table:
            for record in table.records:
                if record.fields and not record.flaw:
                    cells = [record.fields[at] if at < len(record.fields) else "" for at in positions]
                    yield record.line, [strip_invisible(decode_windows_1252(cell)) for cell in cells]

    def columns(self) -> Columns:
        """Return what the columns of the file mean."""
        with open_table(self.path) as table:
            return (infer_columns(table.header.fields, self._meanings) if self._header_optional else None) or columns_of(
                table, self.path.name, self._meanings
            )


def _describe_format(table: CsvTable, *, windows_1252: bool) -> str:
    """Return how a file is written, for a person."""
    bom = " with a byte order mark" if table.encoding.bom else ""
    names = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
    codec = "Windows-1252 (it is not UTF-8)" if windows_1252 else table.encoding.codec.upper()
    return f"{codec}{bom}, separated by {names.get(table.delimiter, table.delimiter)}"

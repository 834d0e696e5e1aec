"""Reading the roll: who gets the mail, and which rows cannot, each named by its line with what to do about it."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from digest.errors import RollError
from digest.model import GONE, Subscriber
from digest.subscribers.table import CsvTable, Record, read_table, streamed

STATUSES = ("active", "pending", "paused", "unsubscribed", "bounced", "complained")
KNOWN = ("email", "name", "status", "topics", "timezone", "language", "frequency", "joined")
LONGEST = 1_000  # characters of one field
_SURROGATE = re.compile("[\udc80-\udcff]")
# What needs no more than a look: a test holds it to be what email-validator takes as it is; everything else is asked of that.
_PLAIN = re.compile(
    r"[A-Za-z0-9_+-]{1,30}(?:\.[A-Za-z0-9_+-]{1,30})?@(?:[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,60}\.){1,3}"
    r"(?!local|test|arpa|invalid|onion|internal|localhost)[A-Za-z]{2,20}\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with one row; `skipped` says whether its reader gets no mail for it."""

    line: int
    what: str
    skipped: bool = True


@dataclass(frozen=True, slots=True)
class Roll:
    """The subscribers in the file's order, of every status, and the rows that are not among them."""

    path: Path
    subscribers: tuple[Subscriber, ...]
    problems: tuple[Problem, ...]

    @property
    def active(self) -> tuple[Subscriber, ...]:
        """Those who get the mail."""
        return tuple(reader for reader in self.subscribers if reader.status == "active")


def normal(address: str) -> str:
    """An address in the form that tells whether two are the same; RollError where it is none."""
    if _PLAIN.match(address) and len(address) <= 254:
        return address.lower()
    try:
        checked = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise RollError(f"{address.strip()[:80]!r} is not an address: {str(error).rstrip('.')}") from error
    return (checked.ascii_email or checked.normalized).lower()


def read(path: Path) -> Roll:
    """The roll in a file; RollError where the file as a whole cannot be used."""
    table = _checked(read_table(path), path)
    reading = _reading(table)
    rows = [reading(record) for record in table.records if record.raw.strip()]
    readers = [row for row in rows if isinstance(row, Subscriber)]
    problems = [row for row in rows if isinstance(row, Problem)]
    kept, repeated = _distinct(readers)
    misread = [
        Problem(record.line, "not UTF-8; read as Windows-1252", skipped=False) for record in table.records if _foreign(record)
    ]
    ordered = sorted([*problems, *repeated, *misread], key=lambda problem: problem.line)
    return Roll(path, tuple(kept), tuple(ordered))


class Rows:
    """The readable rows of a roll of any length, one after the other; an address may occur more than once.

    `skipped` counts the rows that cannot be read, once they have been passed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.skipped = 0

    def __iter__(self) -> Iterator[Subscriber]:
        self.skipped = 0
        with streamed(self._path) as table:
            reading = _reading(_checked(table, self._path))
            for record in table.records:
                row = reading(record) if record.raw.strip() else None
                if isinstance(row, Subscriber):
                    yield row
                elif row is not None:
                    self.skipped += 1


def _checked(table: CsvTable, path: Path) -> CsvTable:
    if table.column("email") is None:
        raise RollError(
            f"there is no column email (there is: {', '.join(table.header.fields)[:200]})",
            thing=f"{path.name}:{table.header.line}",
            remedy="Write a first line that names the columns."
            if "@" in table.header.raw
            else "Name the column with the addresses email.",
        )
    return table


def _foreign(record: Record) -> bool:
    return not record.raw.isascii() and bool(_SURROGATE.search(record.raw))


def _reading(table: CsvTable) -> Callable[[Record], Subscriber | Problem]:
    """What makes a subscriber of a record, or says what is wrong with it."""
    columns = [column.strip() for column in table.header.fields]
    known = [(at, column.casefold()) for at, column in enumerate(columns) if column.casefold() in KNOWN]
    extra = [(at, column) for at, column in enumerate(columns) if column and column.casefold() not in KNOWN]

    def read(record: Record) -> Subscriber | Problem:
        if record.flaw:
            return Problem(record.line, record.flaw)
        fields = record.fields if not _foreign(record) else [_readable(field) for field in record.fields]
        if len(fields) > len(columns) and any(field.strip() for field in fields[len(columns) :]):
            what = f"{len(fields)} fields under {len(columns)} columns; is a field with {table.delimiter!r} not in quotes?"
            return Problem(record.line, what)
        return _subscriber(
            record.line,
            {column: fields[at].strip()[:LONGEST] for at, column in known if at < len(fields)},
            {column: fields[at].strip()[:LONGEST] for at, column in extra if at < len(fields)},
        )

    return read


def _subscriber(line: int, known: dict[str, str], extra: dict[str, str]) -> Subscriber | Problem:
    status = known.get("status", "").casefold() or "active"
    if not known.get("email"):
        return Problem(line, "no address")
    if status not in STATUSES:
        return Problem(line, f"unknown status {status[:40]!r}; there is {', '.join(STATUSES)}")
    try:
        email = normal(known["email"])
    except RollError as error:
        return Problem(line, error.what)
    topics = tuple(topic.strip() for topic in known.get("topics", "").replace(";", ",").split(",") if topic.strip())
    return Subscriber(
        email=email,
        name=known.get("name", ""),
        status=status,
        topics=topics,
        timezone=known.get("timezone", ""),
        language=known.get("language", ""),
        frequency=known.get("frequency", ""),
        joined=known.get("joined", ""),
        line=line,
        extra=extra,
    )


def _readable(field: str) -> str:
    """A field whose bytes are not UTF-8, as Windows-1252."""
    if not any("\udc80" <= letter <= "\udcff" for letter in field):
        return field
    return field.encode("utf-8", "surrogateescape").decode("cp1252", "replace")


def _distinct(readers: Iterable[Subscriber]) -> tuple[list[Subscriber], list[Problem]]:
    """Each address once, the first row; but a row that says no stands against any number that say yes."""
    kept: dict[str, Subscriber] = {}
    problems = []
    for reader in readers:
        first = kept.get(reader.email)
        if first is None:
            kept[reader.email] = reader
            continue
        problems.append(Problem(reader.line, f"the same address as line {first.line}"))
        if (first.status == "active" and reader.status != "active") or (first.status not in GONE and reader.status in GONE):
            kept[reader.email] = reader
    return list(kept.values()), problems

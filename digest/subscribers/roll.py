"""Reading the roll: who gets the mail, and which rows cannot, each named by its line with what to do about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from email_validator import EmailNotValidError, validate_email

from digest.errors import RollError
from digest.model import Subscriber
from digest.subscribers.table import CsvTable, Record, read_table

STATUSES = ("active", "pending", "paused", "unsubscribed", "bounced", "complained")
GONE = ("unsubscribed", "bounced", "complained")  # never written to again, whatever the file says later
KNOWN = ("email", "name", "status", "topics", "timezone", "language", "frequency", "joined")
LONGEST = 1_000  # characters of one field


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
    try:
        checked = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise RollError(f"{address.strip()[:80]!r} is not an address: {str(error).rstrip('.')}") from error
    return (checked.ascii_email or checked.normalized).lower()


def read(path: Path) -> Roll:
    """The roll in a file; RollError where the file as a whole cannot be used."""
    table = read_table(path)
    if table.column("email") is None:
        raise RollError(
            f"there is no column email (there is: {', '.join(table.header.fields)[:200]})",
            thing=f"{path.name}:{table.header.line}",
            remedy="Write a first line that names the columns."
            if "@" in table.header.raw
            else "Name the column with the addresses email.",
        )
    rows = [_row(record, table) for record in table.records if record.raw.strip()]
    readers = [row for row in rows if isinstance(row, Subscriber)]
    problems = [row for row in rows if isinstance(row, Problem)]
    kept, repeated = _distinct(readers)
    misread = [
        Problem(record.line, "not UTF-8; read as Windows-1252", skipped=False) for record in table.records if _foreign(record)
    ]
    ordered = sorted([*problems, *repeated, *misread], key=lambda problem: problem.line)
    return Roll(path, tuple(kept), tuple(ordered))


def _foreign(record: Record) -> bool:
    return any("\udc80" <= letter <= "\udcff" for letter in record.raw)


def _row(record: Record, table: CsvTable) -> Subscriber | Problem:
    """One subscriber, or what is wrong with the row."""
    if record.flaw:
        return Problem(record.line, record.flaw)
    fields = [_readable(field) for field in record.fields]
    if any(field.strip() for field in fields[len(table.header.fields) :]):
        return Problem(
            record.line,
            f"{len(fields)} fields under {len(table.header.fields)} columns; is a field with {table.delimiter!r} not in quotes?",
        )
    named = {column.strip(): field.strip()[:LONGEST] for column, field in zip(table.header.fields, fields, strict=False)}
    known = {column.casefold(): field for column, field in named.items() if column.casefold() in KNOWN}
    extra = {column: field for column, field in named.items() if column and column.casefold() not in KNOWN}
    return _subscriber(record.line, known, extra)


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
        if first.status == "active" and reader.status != "active":
            kept[reader.email] = reader
    return list(kept.values()), problems

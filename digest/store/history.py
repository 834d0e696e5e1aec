"""What happened to an address: it joined, confirmed, was imported, left, bounced or came back."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, select

from digest.batching import batched
from digest.store import schema
from digest.subscriber_statuses import REPORTED

MAX_DETAIL_CHARS = 500  # characters of a detail
PROOFS = ("confirmed", "imported", "added", "unsubscribed", "complained", "bounced", "restored", "forgotten")
CONFIRMED = "confirmed"  # a subscriber has answered the confirmation email


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One event in the history of an address."""

    email: str
    at: datetime
    event: str
    origin: str = ""  # who said so, if the event is a suppression
    detail: str = ""


class History:
    """The histories of all addresses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, entries: Iterable[HistoryEvent]) -> None:
        """Add events, a thousand in each commit."""
        for chunk in batched(entries):
            with self._engine.begin() as connection:
                insert_events(connection, chunk)

    def of(self, email: str) -> list[HistoryEvent]:
        """Return the history of an address, oldest first."""
        table = schema.history.c
        columns = (table.email, table.at, table.event, table.origin, table.detail)
        query = select(*columns).where(table.email == email).order_by(table.at, table.id)
        with self._engine.begin() as connection:
            return [HistoryEvent(**row._asdict()) for row in connection.execute(query)]

    def having(self, emails: Iterable[str], event: str, since: datetime) -> frozenset[str]:
        """Return those of some addresses that had an event since then."""
        table, found = schema.history.c, set[str]()
        for some in batched(emails):
            query = select(table.email).where(table.email.in_(some), table.event == event, table.at >= since)
            with self._engine.begin() as connection:
                found.update(connection.execute(query).scalars())
        return frozenset(found)

    def forget(self, before: datetime) -> int:
        """Delete what happened before an instant, but for what proves a consent or a “no”; return how many events."""
        table = schema.history
        old = and_(table.c.at < before, table.c.event.not_in([*PROOFS, *REPORTED]))
        with self._engine.begin() as connection:
            return connection.execute(delete(table).where(old)).rowcount

    def counts_between(self, start: datetime, end: datetime) -> dict[str, int]:
        """Return how many addresses had each event in a span of time; what a file or `sent.log` reported does not count."""
        table = schema.history.c
        query = select(table.event, func.count(table.email.distinct())).where(_between(start, end)).group_by(table.event)
        with self._engine.begin() as connection:
            return dict(connection.execute(query).all())

    def counts_by_origin(self, event: str, start: datetime, end: datetime) -> dict[str, int]:
        """Return how many addresses had an event in a span of time, by who or what it came from."""
        table = schema.history.c
        query = select(table.origin, func.count(table.email.distinct())).where(
            table.event == event, table.at >= start, table.at < end
        )
        with self._engine.begin() as connection:
            return dict(connection.execute(query.group_by(table.origin)).all())

    def count(self, event: str, since: datetime) -> int:
        """Return how many addresses had an event since then; what a file or `sent.log` reported does not count."""
        with self._engine.begin() as connection:
            return events_of(connection, event, since)


def _between(start: datetime, end: datetime) -> Any:
    table = schema.history.c
    return and_(table.at >= start, table.at < end, table.origin.not_in(REPORTED))


def insert_events(connection: Connection, entries: Sequence[HistoryEvent]) -> None:
    """Add events within a transaction."""
    if entries:
        rows = [asdict(row) | {"detail": row.detail[:MAX_DETAIL_CHARS]} for row in entries]
        connection.execute(schema.history.insert(), rows)


def events_of(connection: Connection, event: str, since: datetime, email: str | None = None) -> int:
    """Return how many addresses had an event since then, or how often one address had it."""
    table = schema.history.c
    number = func.count(table.email.distinct()) if email is None else func.count()
    query = select(number).where(table.event == event, table.at >= since, table.origin.not_in(REPORTED))
    return int(connection.execute(query if email is None else query.where(table.email == email)).scalar_one())

"""What happened to an address: joined, confirmed, imported, left, bounced, came back."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine, func, select

from digest.batching import batched
from digest.statuses import HEARSAY
from digest.store import schema

MAX_DETAIL_CHARS = 500  # characters of a detail


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEvent:
    """One thing that happened."""

    email: str
    at: datetime
    event: str
    origin: str = ""  # who said so, where it was a suppression
    detail: str = ""


class History:
    """The histories of all addresses."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, entries: Iterable[HistoryEvent]) -> None:
        """Add to them; committed by the thousand."""
        for chunk in batched(entries):
            with self._engine.begin() as connection:
                insert_events(connection, chunk)

    def of(self, email: str) -> list[HistoryEvent]:
        """One address's history, oldest first."""
        table = schema.history.c
        columns = (table.email, table.at, table.event, table.origin, table.detail)
        query = select(*columns).where(table.email == email).order_by(table.at, table.id)
        with self._engine.begin() as connection:
            return [HistoryEvent(**row._asdict()) for row in connection.execute(query)]

    def count(self, event: str, since: datetime) -> int:
        """How many addresses something has happened to since then; what a list said of them does not count."""
        with self._engine.begin() as connection:
            return events_of(connection, event, since)


def insert_events(connection: Connection, entries: Sequence[HistoryEvent]) -> None:
    """Add to the histories within a transaction."""
    if entries:
        rows = [asdict(row) | {"detail": row.detail[:MAX_DETAIL_CHARS]} for row in entries]
        connection.execute(schema.history.insert(), rows)


def events_of(connection: Connection, event: str, since: datetime, email: str | None = None) -> int:
    """How many addresses something has happened to since then, or how often to one."""
    table = schema.history.c
    what = func.count(table.email.distinct()) if email is None else func.count()
    query = select(what).where(table.event == event, table.at >= since, table.origin.not_in(HEARSAY))
    return int(connection.execute(query if email is None else query.where(table.email == email)).scalar_one())

"""Double opt-in: who has asked for the newsletter and has not confirmed yet."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, delete, select, update

from digest.store import schema
from digest.store.database import lock_for_writing
from digest.store.history import HistoryEvent, insert_events

MAX_CONFIRMATIONS = 3  # confirmation emails to one address
CONFIRMATION_INTERVAL = timedelta(minutes=10)  # between two of them
CONFIRMATION_TTL = timedelta(days=2)  # how long a confirmation is valid


@dataclass(frozen=True, slots=True, kw_only=True)
class OptInRequest:
    """A request to join the list; the confirmation link must have the same `nonce`."""

    id: int
    email: str
    name: str
    topics: tuple[str, ...]
    nonce: str
    source: str = ""


class OptInRequests:
    """The open requests, one for each address."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, email: str, name: str, topics: Sequence[str], now: datetime, source: str = "") -> OptInRequest | None:
        """Record a request to join; return None if the last confirmation is too recent or too many were sent."""
        table = schema.opt_in_requests
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            connection.execute(delete(table).where(table.c.at < now - CONFIRMATION_TTL))
            row = connection.execute(select(table).where(table.c.email == email)).one_or_none()
            if row and (row.mails >= MAX_CONFIRMATIONS or now - row.at < CONFIRMATION_INTERVAL):
                return None
            values = {"name": name, "topics": list(topics), "nonce": secrets.token_urlsafe(12), "at": now, "source": source}
            if row:
                connection.execute(update(table).where(table.c.id == row.id).values(**values, mails=row.mails + 1))
            else:
                connection.execute(table.insert().values(email=email, mails=1, **values))
                insert_events(connection, [HistoryEvent(email=email, at=now, event="asked to subscribe", detail="by the form")])
            return _request(connection.execute(select(table).where(table.c.email == email)).one())

    def find(self, request: int, nonce: str, now: datetime) -> OptInRequest | None:
        """Return the request that a confirmation is for; None if it was answered, replaced by a newer one or is too old."""
        table = schema.opt_in_requests
        query = select(table).where(table.c.id == request, table.c.nonce == nonce, table.c.at >= now - CONFIRMATION_TTL)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return _request(row) if row else None

    def close(self, request: OptInRequest) -> bool:
        """Close a request once; return False if another answer closed it first."""
        table = schema.opt_in_requests
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(table).where(table.c.id == request.id, table.c.nonce == request.nonce)).rowcount)


def _request(row: Any) -> OptInRequest:
    return OptInRequest(id=row.id, email=row.email, name=row.name, topics=tuple(row.topics), nonce=row.nonce, source=row.source)

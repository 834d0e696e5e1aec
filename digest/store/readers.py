"""Readers as they show themselves by their links: who a token is, what they want, who would join, who would be forgotten."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from digest.batching import batched
from digest.model import Subscriber
from digest.store import schema
from digest.store.database import insert, lock_for_writing, secure_delete, truncate_wal
from digest.store.deliveries import QUEUED, SENDING, SKIPPED
from digest.store.history import HistoryEvent, insert_events

MAX_CONFIRMATIONS = 3  # confirmations to one address
CONFIRMATION_INTERVAL = timedelta(minutes=10)  # between two of them
CONFIRMATION_TTL = timedelta(days=2)  # that a confirmation counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a reader has chosen; topics None: as the subscriber list has them."""

    email: str
    topics: tuple[str, ...] | None = None
    paused_until: date | None = None
    comments: bool = True

    def over(self, row: Subscriber) -> tuple[tuple[str, ...], bool]:
        """The topics that count for a reader, their own choice before the subscriber list's, and whether they want comments."""
        return row.topics if self.topics is None else self.topics, self.comments


@dataclass(frozen=True, slots=True, kw_only=True)
class OptInRequest:
    """Somebody asks for the newsletter; `nonce` is what the confirmation must bring back."""

    id: int
    email: str
    name: str
    topics: tuple[str, ...]
    nonce: str


class Readers:
    """The readers' own side of the store."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_token(self, token: str) -> str | None:
        """The address that a link's token stands for."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.readers.c.email).where(schema.readers.c.token == token)).scalar()

    def of_id(self, reader: int) -> str | None:
        """The address of a reader by the number that an edition's list has."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.readers.c.email).where(schema.readers.c.id == reader)).scalar()

    def enrol(self, email: str, token: str) -> int:
        """Let a token be known that no edition has been sent with yet; returns the reader's number in every edition's list.

        0 for somebody who had their data deleted: nothing is kept of them.
        """
        known, erased = schema.readers, schema.erased.c
        with self._engine.begin() as connection:
            if connection.execute(select(erased.token).where(erased.token == token)).scalar() is not None:
                return 0
            connection.execute(insert(connection, known).on_conflict_do_nothing(), {"email": email, "token": token})
            return int(connection.execute(select(known.c.id).where(known.c.email == email)).scalar_one())

    def preference(self, email: str) -> Preference:
        """What a reader has chosen."""
        table = schema.preferences
        with self._engine.begin() as connection:
            row = connection.execute(select(table).where(table.c.email == email)).one_or_none()
        return _preference(row) if row else Preference(email=email)

    def prefer(self, wish: Preference, now: datetime, detail: str = "") -> None:
        """Keep what a reader chooses."""
        table = schema.preferences
        values = {
            "topics": None if wish.topics is None else list(wish.topics),
            "paused_until": wish.paused_until,
            "comments": wish.comments,
            "at": now,
        }
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if not connection.execute(update(table).where(table.c.email == wish.email).values(values)).rowcount:
                connection.execute(table.insert().values(email=wish.email, **values))
            insert_events(connection, [HistoryEvent(email=wish.email, at=now, event="preferences", detail=detail)])

    def ask(self, email: str, name: str, topics: Sequence[str], now: datetime) -> OptInRequest | None:
        """Take down that somebody wants to join; None where a confirmation has been sent of late, or often enough."""
        table = schema.requests
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            connection.execute(delete(table).where(table.c.at < now - CONFIRMATION_TTL))
            row = connection.execute(select(table).where(table.c.email == email)).one_or_none()
            if row and (row.mails >= MAX_CONFIRMATIONS or now - row.at < CONFIRMATION_INTERVAL):
                return None
            values = {"name": name, "topics": list(topics), "nonce": secrets.token_urlsafe(12), "at": now}
            if row:
                connection.execute(update(table).where(table.c.id == row.id).values(**values, mails=row.mails + 1))
            else:
                connection.execute(table.insert().values(email=email, mails=1, **values))
                insert_events(connection, [HistoryEvent(email=email, at=now, event="asked to subscribe", detail="by the form")])
            return _request(connection.execute(select(table).where(table.c.email == email)).one())

    def asking(self, request: int, nonce: str, now: datetime) -> OptInRequest | None:
        """The request that a confirmation is for; None where it is answered, renewed or too old."""
        table = schema.requests
        query = select(table).where(table.c.id == request, table.c.nonce == nonce, table.c.at >= now - CONFIRMATION_TTL)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return _request(row) if row else None

    def answer(self, request: OptInRequest) -> bool:
        """Close a request, once: False where another answer was first."""
        table = schema.requests
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(table).where(table.c.id == request.id, table.c.nonce == request.nonce)).rowcount)

    def remember(self, email: str, token: str) -> None:
        """Somebody who deleted at their request has come back of their own will; their links work."""
        with self._engine.begin() as connection:
            connection.execute(delete(schema.erased).where(schema.erased.c.token == token))
        self.enrol(email, token)

    def forget(self, email: str, token: str, now: datetime) -> None:
        """Keep nothing of a reader but a keyed hash that nobody can read, so that no import brings them back.

        Deliveries stay as numbers; those that wait are not made.
        """
        with self._engine.begin() as connection, secure_delete(connection):
            lock_for_writing(connection)
            reader = connection.execute(select(schema.readers.c.id).where(schema.readers.c.email == email)).scalar()
            for table in (schema.suppressions, schema.history, schema.preferences, schema.requests):
                connection.execute(delete(table).where(table.c.email == email))
            connection.execute(insert(connection, schema.erased).on_conflict_do_nothing(), {"token": token, "at": now})
            if reader is not None:
                _without_name(connection, reader)
        truncate_wal(self._engine)

    def paused(self, emails: Sequence[str], day: date) -> frozenset[str]:
        """Of some readers those who have chosen a pause that lasts on a day."""
        with self._engine.begin() as connection:
            wishes = preferences(connection, emails)
        return frozenset(email for email, wish in wishes.items() if wish.paused_until and day < wish.paused_until)

    def deliveries(self, email: str) -> list[dict[str, Any]]:
        """What a reader was sent, newest first."""
        table = schema.deliveries.c
        query = (
            select(table.edition, table.state, table.at, table.code, table.reply)
            .join(schema.readers, schema.readers.c.id == table.reader)
            .where(schema.readers.c.email == email)
            .order_by(table.at.desc())
            .limit(1_000)
        )
        with self._engine.begin() as connection:
            return [row._asdict() for row in connection.execute(query)]


def _without_name(connection: Connection, reader: int) -> None:
    gone, sent = schema.readers, schema.deliveries
    connection.execute(
        update(sent).where(sent.c.reader == reader, sent.c.state.in_([QUEUED, SENDING])).values(state=SKIPPED, reply="forgotten")
    )
    connection.execute(update(sent).where(sent.c.reader == reader).values(name="", extra=None, reply=""))
    nobody = f"erased-{secrets.token_hex(8)}"
    connection.execute(update(gone).where(gone.c.id == reader).values(email=nobody, token=nobody))


def preferences(connection: Connection, emails: Sequence[str]) -> dict[str, Preference]:
    """Within a transaction: what some readers have chosen, those who have chosen anything."""
    table = schema.preferences
    found: dict[str, Preference] = {}
    for some in batched(emails):
        rows = connection.execute(select(table).where(table.c.email.in_(some)))
        found |= {row.email: _preference(row) for row in rows}
    return found


def _preference(row: Any) -> Preference:
    topics = None if row.topics is None else tuple(row.topics)
    return Preference(email=row.email, topics=topics, paused_until=row.paused_until, comments=row.comments)


def _request(row: Any) -> OptInRequest:
    return OptInRequest(id=row.id, email=row.email, name=row.name, topics=tuple(row.topics), nonce=row.nonce)

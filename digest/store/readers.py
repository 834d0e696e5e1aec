"""Subscribers by the tokens in their links: whose a token is, what they chose, who asks to join, who asks to be deleted."""

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

MAX_CONFIRMATIONS = 3  # confirmation emails to one address
CONFIRMATION_INTERVAL = timedelta(minutes=10)  # between two of them
CONFIRMATION_TTL = timedelta(days=2)  # how long a confirmation is valid


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a subscriber chose; if `topics` is None, the subscriber list's topics count."""

    email: str
    topics: tuple[str, ...] | None = None
    paused_until: date | None = None
    comments: bool = True

    def over(self, row: Subscriber) -> tuple[tuple[str, ...], bool]:
        """Return the topics that count, the subscriber's choice before the list's, and whether the subscriber wants comments."""
        return row.topics if self.topics is None else self.topics, self.comments


@dataclass(frozen=True, slots=True, kw_only=True)
class OptInRequest:
    """A request to join the list; the confirmation link must have the same `nonce`."""

    id: int
    email: str
    name: str
    topics: tuple[str, ...]
    nonce: str


class Readers:
    """The tokens, preferences and requests of subscribers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def of_token(self, token: str) -> str | None:
        """Return the address of a link's token, or None."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.readers.c.email).where(schema.readers.c.token == token)).scalar()

    def of_id(self, reader: int) -> str | None:
        """Return the address of a recipient by its id in the editions' lists, or None."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.readers.c.email).where(schema.readers.c.id == reader)).scalar()

    def enrol(self, email: str, token: str) -> int:
        """Store the token of an address before any edition uses it; return the address's id in every edition's list.

        The id is 0 for somebody who had their data deleted, because nothing is stored about them.
        """
        known, erased = schema.readers, schema.erased.c
        with self._engine.begin() as connection:
            if connection.execute(select(erased.token).where(erased.token == token)).scalar() is not None:
                return 0
            connection.execute(insert(connection, known).on_conflict_do_nothing(), {"email": email, "token": token})
            return int(connection.execute(select(known.c.id).where(known.c.email == email)).scalar_one())

    def preference(self, email: str) -> Preference:
        """Return what a subscriber chose."""
        table = schema.preferences
        with self._engine.begin() as connection:
            row = connection.execute(select(table).where(table.c.email == email)).one_or_none()
        return _preference(row) if row else Preference(email=email)

    def prefer(self, wish: Preference, now: datetime, detail: str = "") -> None:
        """Store what a subscriber chooses."""
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
        """Record a request to join; return None if the last confirmation is too recent or too many were sent."""
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
        """Return the request that a confirmation is for; None if it was answered, replaced by a newer one or is too old."""
        table = schema.requests
        query = select(table).where(table.c.id == request, table.c.nonce == nonce, table.c.at >= now - CONFIRMATION_TTL)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return _request(row) if row else None

    def answer(self, request: OptInRequest) -> bool:
        """Close a request once; return False if another answer closed it first."""
        table = schema.requests
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(table).where(table.c.id == request.id, table.c.nonce == request.nonce)).rowcount)

    def remember(self, email: str, token: str) -> None:
        """Let somebody whose data was deleted join again by their own choice; their links work again."""
        with self._engine.begin() as connection:
            connection.execute(delete(schema.erased).where(schema.erased.c.token == token))
        self.enrol(email, token)

    def forget(self, email: str, token: str, now: datetime) -> None:
        """Delete a subscriber's data except a keyed hash that nobody can reverse, so that no import brings them back.

        Past deliveries stay, without name or address; waiting ones are skipped.
        """
        with self._engine.begin() as connection, secure_delete(connection):
            lock_for_writing(connection)
            reader_id = connection.execute(select(schema.readers.c.id).where(schema.readers.c.email == email)).scalar()
            for table in (schema.suppressions, schema.history, schema.preferences, schema.requests):
                connection.execute(delete(table).where(table.c.email == email))
            connection.execute(insert(connection, schema.erased).on_conflict_do_nothing(), {"token": token, "at": now})
            if reader_id is not None:
                _anonymise(connection, reader_id)
        truncate_wal(self._engine)

    def paused(self, emails: Sequence[str], day: date) -> frozenset[str]:
        """Return the given addresses that have chosen a pause that includes a day."""
        with self._engine.begin() as connection:
            wishes = preferences(connection, emails)
        return frozenset(email for email, wish in wishes.items() if wish.paused_until and day < wish.paused_until)

    def deliveries(self, email: str) -> list[dict[str, Any]]:
        """Return up to 1,000 deliveries to a subscriber, newest first."""
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


def _anonymise(connection: Connection, reader_id: int) -> None:
    readers, sent = schema.readers, schema.deliveries
    connection.execute(
        update(sent).where(sent.c.reader == reader_id, sent.c.state.in_([QUEUED, SENDING])).values(state=SKIPPED, reply="forgotten")
    )
    connection.execute(update(sent).where(sent.c.reader == reader_id).values(name="", extra=None, reply=""))
    nobody = f"erased-{secrets.token_hex(8)}"
    connection.execute(update(readers).where(readers.c.id == reader_id).values(email=nobody, token=nobody))


def preferences(connection: Connection, emails: Sequence[str]) -> dict[str, Preference]:
    """Return, within a transaction, the preferences of the given addresses that have any."""
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

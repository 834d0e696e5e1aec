"""Subscribers by the tokens in their links: whose a token is, what they chose, and who had their data deleted."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, select, update

from digest.batching import batched
from digest.model import Subscriber
from digest.store import schema
from digest.store.database import insert, lock_for_writing, secure_delete, truncate_wal
from digest.store.deliveries import is_waiting
from digest.store.delivery_states import QUEUED, SENDING, SKIPPED
from digest.store.folding import folded_editions
from digest.store.history import HistoryEvent, insert_events

MAX_DELIVERIES = 1_000  # to one subscriber that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What a subscriber chose; where `topics`, `frequency` or `timezone` is None, the subscriber list counts.

    A frequency is the names of editions with commas; a time zone is an IANA name, or empty for the newsletter's.
    """

    email: str
    topics: tuple[str, ...] | None = None
    paused_until: date | None = None
    comments: bool = True
    frequency: str | None = None
    timezone: str | None = None

    def choices(self, row: Subscriber) -> tuple[tuple[str, ...], bool, str]:
        """Return what chooses a subscriber's variant: the topics that count, their own before the list's, whether they want
        comments, and their language as the list has it.
        """
        return row.topics if self.topics is None else self.topics, self.comments, row.language


class Subscribers:
    """The tokens and preferences of subscribers."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def email_of_token(self, token: str) -> str | None:
        """Return the address of a link's token, or None."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.subscribers.c.email).where(schema.subscribers.c.token == token)).scalar()

    def email_of_id(self, subscriber_id: int) -> str | None:
        """Return the address of a recipient by its id in deliveries, or None."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.subscribers.c.email).where(schema.subscribers.c.id == subscriber_id)).scalar()

    def enrol(self, email: str, token: str) -> int:
        """Store the token of an address before any edition uses it; return the address's id in every edition's list.

        The id is 0 for somebody who had their data deleted, because nothing is stored about them.
        """
        known, erased = schema.subscribers, schema.erased.c
        with self._engine.begin() as connection:
            lock_for_writing(connection)
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

    def set_preference(self, preference: Preference, now: datetime, detail: str = "") -> None:
        """Store what a subscriber chooses."""
        table = schema.preferences
        values = {
            "topics": None if preference.topics is None else list(preference.topics),
            "paused_until": preference.paused_until,
            "comments": preference.comments,
            "frequency": preference.frequency,
            "timezone": preference.timezone,
            "at": now,
        }
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if not connection.execute(update(table).where(table.c.email == preference.email).values(values)).rowcount:
                connection.execute(table.insert().values(email=preference.email, **values))
            insert_events(connection, [HistoryEvent(email=preference.email, at=now, event="preferences", detail=detail)])
            if preference.paused_until:
                _skip_waiting(connection, preference.email, preference.paused_until)

    def readmit(self, email: str, token: str) -> None:
        """Let somebody whose data was deleted join again by their own choice; their links work again."""
        with self._engine.begin() as connection:
            connection.execute(delete(schema.erased).where(schema.erased.c.token == token))
        self.enrol(email, token)

    def erase(self, email: str, token: str, now: datetime) -> None:
        """Delete a subscriber's data except a keyed hash that nobody can reverse, so that no import brings them back.

        Past deliveries stay, without name or address; waiting ones are skipped.
        """
        with self._engine.begin() as connection, secure_delete(connection):
            lock_for_writing(connection)
            subscriber_id = connection.execute(select(schema.subscribers.c.id).where(schema.subscribers.c.email == email)).scalar()
            for table in (schema.suppressions, schema.history, schema.preferences, schema.opt_in_requests):
                connection.execute(delete(table).where(table.c.email == email))
            connection.execute(insert(connection, schema.erased).on_conflict_do_nothing(), {"token": token, "at": now})
            if subscriber_id is not None:
                _anonymise(connection, subscriber_id)
        truncate_wal(self._engine)

    def preferences_of(self, emails: Sequence[str]) -> dict[str, Preference]:
        """Return what those of the given addresses chose that have chosen anything."""
        with self._engine.begin() as connection:
            return preferences(connection, emails)

    def deliveries_to(self, email: str) -> list[dict[str, Any]]:
        """Return up to 1,000 deliveries to a subscriber, newest first."""
        table = schema.deliveries.c
        query = (
            select(table.edition, table.state, table.at, table.code, table.reply)
            .join(schema.subscribers, schema.subscribers.c.id == table.subscriber)
            .where(schema.subscribers.c.email == email)
            .order_by(table.at.desc())
            .limit(MAX_DELIVERIES)
        )
        known = schema.subscribers.c
        with self._engine.begin() as connection:
            found = [row._asdict() for row in connection.execute(query)]
            subscriber = connection.execute(select(known.id).where(known.email == email)).scalar()
            folded = islice(folded_editions(connection, subscriber), MAX_DELIVERIES - len(found)) if subscriber else ()
            old = [{"edition": key, "state": state, "at": at, "code": 0, "reply": ""} for key, state, at in folded]
        return found + old


def _skip_waiting(connection: Connection, email: str, until: date) -> None:
    """Skip what has not gone to somebody who pauses, of editions before a day: their hour may be still to come."""
    sent, known, editions = schema.deliveries, schema.subscribers.c, schema.editions.c
    who = select(known.id).where(known.email == email).scalar_subquery()
    which = select(editions.key).where(editions.day < until, editions.finished_at.is_(None))
    waiting = and_(sent.c.subscriber == who, is_waiting(sent.c), sent.c.edition.in_(which))
    connection.execute(update(sent).where(waiting).values(state=SKIPPED, reply="paused"))


def _anonymise(connection: Connection, subscriber_id: int) -> None:
    known, sent = schema.subscribers, schema.deliveries
    connection.execute(
        update(sent)
        .where(sent.c.subscriber == subscriber_id, sent.c.state.in_([QUEUED, SENDING]))
        .values(state=SKIPPED, reply="forgotten")
    )
    connection.execute(update(sent).where(sent.c.subscriber == subscriber_id).values(name="", extra=None, reply=""))
    nobody = f"erased-{secrets.token_hex(8)}"
    connection.execute(update(known).where(known.c.id == subscriber_id).values(email=nobody, token=nobody))


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
    return Preference(
        email=row.email, topics=topics, paused_until=row.paused_until, comments=row.comments, frequency=row.frequency,
        timezone=row.timezone,
    )  # fmt: skip

"""What became of every message: the one place that knows what was sent and what is still to do.

A delivery goes `queued → sending → sent | refused | deferred | unknown`, or to `skipped` if the recipient opted out.
`sending` is committed before the message's bytes leave, and the outcome after the reply. So a delivery in `sending` when
nobody is sending was in flight when a run was interrupted.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, case, func, or_, select, true, update
from sqlalchemy.sql.dml import ReturningUpdate

from digest.batching import batched
from digest.model import Message, Outcome, Receipt, Recipient
from digest.store import schema
from digest.store.compiled_statements import Prepared
from digest.store.database import lock_for_writing
from digest.store.delivery_states import QUEUED, SENDING, SKIPPED
from digest.store.folding import folded_answers, folded_counts, folded_variant

_PAGE = 500
_GROUP = 24  # messages that one statement begins
# What relays say before the id by which they know a message; only the id is of use, and all of it is a third of a row.
_FILLER = re.compile(
    r"^(?:2\.\d{1,3}\.\d{1,3}\s+)?(?:(?:ok|message|accepted|queued|as|mail|for|delivery)\b[:.,]?\s*|id=)*", re.IGNORECASE
)
_ID_PARAMETERS = [f"id_{number}" for number in range(_GROUP)]


class Deliveries:
    """The deliveries of every edition."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._record_statement, self._begin_statement = Prepared(_RECORD, engine), Prepared(_BEGIN, engine)

    def reclaim(self, key: str, *, hold: bool = False) -> list[str]:
        """Queue again what was in flight when a run was interrupted, or hold it for good; return those addresses.

        The caller must hold the sending lock.
        """
        table = schema.deliveries
        values = {"state": Outcome.UNKNOWN, "reply": "in flight when a run was interrupted"} if hold else {"state": QUEUED}
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            mine = and_(table.c.edition == key, table.c.state == SENDING)
            emails = _emails(connection, mine)
            connection.execute(update(table).where(mine).values(**values, interrupted=True))
        return emails

    def release(self, key: str, messages: Sequence[Message]) -> None:
        """Queue again messages that were begun and have certainly not left."""
        table = schema.deliveries
        mine = and_(table.c.edition == key, table.c.subscriber == bindparam("b_subscriber"), table.c.state == SENDING)
        with self._engine.begin() as connection:
            if messages:
                rows = [{"b_subscriber": message.recipient.id} for message in messages]
                connection.execute(update(table).where(mine).values(state=QUEUED), rows)

    def to_send(self, key: str, due: datetime | None, now: datetime | None = None) -> Iterator[Recipient]:
        """Yield queued recipients, and deferred ones whose retry is due by `due` (all of them if that is None), in pages.

        Whose hour comes after `now` is not among them, if that is given.
        """
        query = (
            select(*_RECIPIENT, schema.deliveries.c.attempts)
            .join(schema.subscribers, schema.subscribers.c.id == schema.deliveries.c.subscriber)
            .where(_is_due(key, due, now))
            .order_by(schema.subscribers.c.id)
            .limit(_PAGE)
        )
        last = -1
        while True:
            with self._engine.begin() as connection:
                rows = connection.execute(query.where(schema.subscribers.c.id > last)).all()
            yield from map(_recipient, rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1].id

    def waiting(self, key: str, due: datetime | None, now: datetime | None = None, *, refused: bool = True) -> int:
        """Return how many recipients `to_send` yields, with or without those refused because of us (5yz).

        It may take hours to put such a refusal right.
        """
        query = select(func.count()).select_from(schema.deliveries).where(_is_due(key, due, now))
        with self._engine.begin() as connection:
            return connection.execute(query if refused else query.where(schema.deliveries.c.code < 500)).scalar_one()

    def in_flight(self, key: str) -> int:
        """Return how many messages of an edition are in flight, or were when a run was interrupted."""
        table = schema.deliveries.c
        with self._engine.begin() as connection:
            query = select(func.count()).where(table.edition == key, table.state == SENDING)
            return connection.execute(query).scalar_one()

    def waves(self, key: str, now: datetime) -> tuple[int, datetime | None, datetime | None]:
        """Return how many recipients of an edition wait for its hour where they are, and when the next and the last comes."""
        table = schema.deliveries.c
        query = select(func.count(), func.min(table.not_before), func.max(table.not_before))
        with self._engine.begin() as connection:
            waiting = and_(table.edition == key, table.state == QUEUED, table.not_before > now)
            count, following, last = connection.execute(query.where(waiting)).one()
        return count, following, last

    def last_wave(self, key: str) -> datetime | None:
        """Return when the last of the recipients who wait has the edition's hour; None if none has one of their own."""
        table = schema.deliveries.c
        query = select(func.max(table.not_before)).where(table.edition == key, is_waiting(table))
        with self._engine.begin() as connection:
            return connection.execute(query).scalar()

    def answers(self, key: str) -> int:
        """Return how many answers an edition's messages have had over all tries; the number never falls."""
        table = schema.deliveries.c
        with self._engine.begin() as connection:
            query = select(func.coalesce(func.sum(table.attempts), 0)).where(table.edition == key)
            return int(connection.execute(query).scalar_one()) + folded_answers(connection, key)

    def counts(self, key: str) -> dict[str, int]:
        """Return how many deliveries of an edition are in each state."""
        with self._engine.begin() as connection:
            return counts(connection, key)

    def skip_waiting(self, key: str, emails: Sequence[str], why: str) -> None:
        """Skip those of some addresses who still wait for an edition and are not in flight."""
        table, known = schema.deliveries, schema.subscribers.c
        with self._engine.begin() as connection:
            for some in batched(emails):
                who = select(known.id).where(known.email.in_(some))
                waiting = and_(table.c.edition == key, table.c.subscriber.in_(who), is_waiting(table.c))
                connection.execute(update(table).where(waiting).values(state=SKIPPED, reply=why))

    def skip_paused(self, key: str, day: date) -> None:
        """Skip those who still wait for an edition of a day and have paused since they were put on its list."""
        table, known, chosen = schema.deliveries, schema.subscribers.c, schema.preferences.c
        paused = select(known.id).join(schema.preferences, chosen.email == known.email).where(chosen.paused_until > day)
        waiting = and_(table.c.edition == key, is_waiting(table.c), table.c.subscriber.in_(paused))
        with self._engine.begin() as connection:
            connection.execute(update(table).where(waiting).values(state=SKIPPED, reply="paused"))

    def give_up(self, key: str, why: str) -> int:
        """Send nothing more of an edition: whoever still waits is skipped, with the reason. Return how many they were.

        The caller must hold the sending lock, so that none of them is in flight.
        """
        table = schema.deliveries
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            waiting = and_(table.c.edition == key, table.c.state.in_([QUEUED, SENDING, Outcome.DEFERRED]))
            return connection.execute(update(table).where(waiting).values(state=SKIPPED, reply=why)).rowcount

    def recipient(self, key: str, token: str) -> Recipient | None:
        """Return the recipient that a token names, or None if they are not on the edition's list."""
        table = schema.deliveries.c
        query = (
            select(*_RECIPIENT)
            .join(schema.subscribers, schema.subscribers.c.id == table.subscriber)
            .where(table.edition == key, schema.subscribers.c.token == token)
        )
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
            return _recipient(row) if row else _folded_recipient(connection, key, token)

    def record(self, key: str, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Record messages about to leave and receipts in one commit; return the ids of recipients whose message may leave.

        Those who have opted out are skipped, and those already dealt with stay as they are.
        """
        with self._engine.begin() as connection:
            if receipts:
                connection.exec_driver_sql(*self._record_statement.filled([_receipt_row(key, receipt) for receipt in receipts]))
            return {subscriber_id for group in _groups(begun) for subscriber_id in self._begin(connection, key, group)}

    def _begin(self, connection: Connection, key: str, group: Sequence[Message]) -> list[int]:
        ids = [message.recipient.id for message in group]
        parameters = dict(zip(_ID_PARAMETERS, [*ids, *[ids[-1]] * (_GROUP - len(ids))], strict=True))
        statement, (values,) = self._begin_statement.filled([{"b_edition": key, **parameters}])
        return [subscriber_id for subscriber_id, state in connection.exec_driver_sql(statement, values) if state == SENDING]


_SENT = schema.deliveries.c
_RECIPIENT = (schema.subscribers.c.id, schema.subscribers.c.email, _SENT.name, _SENT.variant, _SENT.extra)


def _recipient(row: Any) -> Recipient:
    return Recipient(**row._asdict())


def _folded_recipient(connection: Connection, key: str, token: str) -> Recipient | None:
    """Return the recipient that a token names of an edition whose deliveries are folded; what they were called is not known."""
    known = schema.subscribers.c
    who = connection.execute(select(known.id, known.email).where(known.token == token)).one_or_none()
    variant = folded_variant(connection, key, who.id) if who else None
    return Recipient(id=who.id, email=who.email, variant=variant) if who and variant is not None else None


def _groups(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    return (messages[at : at + _GROUP] for at in range(0, len(messages), _GROUP))


def _is_due(key: str, due: datetime | None, now: datetime | None) -> ColumnElement[bool]:
    table = schema.deliveries.c
    ready = is_waiting(table) if due is None else and_(is_waiting(table), or_(table.state == QUEUED, table.retry_at <= due))
    come = true() if now is None else or_(table.not_before.is_(None), table.not_before <= now)
    return and_(table.edition == key, ready, come)


def is_waiting(table: Any) -> ColumnElement[bool]:
    """Return the condition that a delivery is still to be made: it is not begun, or has a time for another try."""
    again = or_(table.state == Outcome.DEFERRED, table.state == Outcome.UNKNOWN)
    return or_(table.state == QUEUED, and_(again, table.retry_at.is_not(None)))


def _receipt_row(key: str, receipt: Receipt) -> dict[str, Any]:
    return {
        "b_edition": key,
        "b_subscriber": receipt.recipient.id,
        "state": receipt.outcome,
        "code": receipt.code,
        "reply": _FILLER.sub("", receipt.reply) if receipt.outcome is Outcome.SENT else receipt.reply,
        "relay": receipt.relay,
        "status": "" if receipt.outcome is Outcome.SENT else receipt.status,
        "in_doubt": receipt.outcome is Outcome.UNKNOWN,
        "at": receipt.at,
        "retry_at": receipt.retry_at,
    }


def _make_begin_statement() -> ReturningUpdate[tuple[int, str]]:
    """Return the statement that moves a group's waiting recipients to `sending`, or to `skipped` if they have opted out."""
    table, suppressed, subscribers = schema.deliveries, schema.suppressions, schema.subscribers
    who = and_(subscribers.c.id == table.c.subscriber, subscribers.c.email == suppressed.c.email)
    opted_out = select(suppressed.c.email).select_from(suppressed, subscribers).where(who).correlate(table).exists()
    return (
        update(table)
        .where(
            table.c.edition == bindparam("b_edition"),
            table.c.subscriber.in_([bindparam(name, type_=table.c.subscriber.type) for name in _ID_PARAMETERS]),
            is_waiting(table.c),
        )
        .values(state=case((opted_out, SKIPPED), else_=SENDING), reply=case((opted_out, "opted out"), else_=table.c.reply))
        .returning(table.c.subscriber, table.c.state)
    )


_BEGIN = _make_begin_statement()
_RECORD = (
    update(schema.deliveries)
    .where(schema.deliveries.c.edition == bindparam("b_edition"), schema.deliveries.c.subscriber == bindparam("b_subscriber"))
    .values(
        attempts=schema.deliveries.c.attempts + 1,
        interrupted=or_(schema.deliveries.c.interrupted, bindparam("in_doubt", type_=schema.deliveries.c.interrupted.type)),
        **{name: bindparam(name) for name in ("state", "code", "reply", "relay", "status", "at", "retry_at")},
    )
)


def _emails(connection: Connection, where: Any) -> list[str]:
    joined = schema.deliveries.join(schema.subscribers, schema.subscribers.c.id == schema.deliveries.c.subscriber)
    query = select(schema.subscribers.c.email).select_from(joined).where(where).order_by(schema.subscribers.c.email)
    return list(connection.execute(query).scalars())


def counts(connection: Connection, key: str) -> dict[str, int]:
    """Return how many deliveries of an edition are in each state."""
    table = schema.deliveries.c
    query = select(table.state, func.count()).where(table.edition == key).group_by(table.state)
    found: Counter[str] = Counter(dict(connection.execute(query).all()))
    return dict(found + Counter(folded_counts(connection, key)))

"""What became of every message: the one place that knows what was sent and what is still to do.

A delivery goes `queued → sending → sent | refused | deferred | unknown`, or to `skipped` where the reader opted out.
`sending` is committed before the message's bytes leave, its outcome after the reply: a delivery found in `sending`
when nobody is sending was in flight when a run was interrupted.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, case, func, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from digest.bounces.refusals import Cause, cause
from digest.model import Message, Outcome, Receipt, Recipient
from digest.store import schema
from digest.store.database import lock_for_writing
from digest.store.prepared import Prepared

QUEUED, SENDING, SKIPPED = "queued", "sending", "skipped"
_PAGE = 500
_GROUP = 24  # messages begun by one statement
_PLACES = [f"reader_{number}" for number in range(_GROUP)]


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredRecipient:
    """A recipient whose message did not simply arrive."""

    email: str
    state: str
    code: int
    reply: str
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How many messages a relay answered in one way."""

    relay: str
    state: str
    code: int
    status: str
    example: str
    count: int


class Deliveries:
    """The recipients of every edition."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._settling, self._beginning = Prepared(_SETTLE, engine), Prepared(_BEGIN, engine)

    def reclaim(self, key: str, *, hold: bool = False) -> list[str]:
        """Queue again what was in flight when a run was interrupted, or hold it for good; returns those addresses.

        Call it holding the sending lock.
        """
        table = schema.deliveries
        fate = {"state": Outcome.UNKNOWN, "reply": "in flight when a run was interrupted"} if hold else {"state": QUEUED}
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            mine = and_(table.c.edition == key, table.c.state == SENDING)
            emails = _emails(connection, mine)
            connection.execute(update(table).where(mine).values(**fate, interrupted=True))
        return emails

    def release(self, key: str, messages: Sequence[Message]) -> None:
        """Queue again what was begun and has certainly not left."""
        table = schema.deliveries
        mine = and_(table.c.edition == key, table.c.reader == bindparam("b_reader"), table.c.state == SENDING)
        with self._engine.begin() as connection:
            if messages:
                rows = [{"b_reader": message.recipient.id} for message in messages]
                connection.execute(update(table).where(mine).values(state=QUEUED), rows)

    def to_send(self, key: str, due: datetime | None) -> Iterator[Recipient]:
        """The recipients without an outcome, and those deferred until `due` (all of them where that is None), in pages."""
        query = (
            select(*_RECIPIENT, schema.deliveries.c.attempts)
            .join(schema.readers, schema.readers.c.id == schema.deliveries.c.reader)
            .where(_open(key, due))
            .order_by(schema.readers.c.id)
            .limit(_PAGE)
        )
        last = -1
        while True:
            with self._engine.begin() as connection:
                rows = connection.execute(query.where(schema.readers.c.id > last)).all()
            yield from map(_recipient, rows)
            if len(rows) < _PAGE:
                return
            last = rows[-1].id

    def waiting(self, key: str, due: datetime | None, *, refused: bool = True) -> int:
        """How many recipients `to_send` has; those refused for our sake (5yz), which may take hours to mend, among them or not."""
        query = select(func.count()).select_from(schema.deliveries).where(_open(key, due))
        with self._engine.begin() as connection:
            return connection.execute(query if refused else query.where(schema.deliveries.c.code < 500)).scalar_one()

    def answers(self, key: str) -> int:
        """How many answers an edition's messages have had, all tries counted; this never falls."""
        table = schema.deliveries.c
        with self._engine.begin() as connection:
            return int(
                connection.execute(select(func.coalesce(func.sum(table.attempts), 0)).where(table.edition == key)).scalar_one()
            )

    def counts(self, key: str) -> dict[str, int]:
        """How many deliveries of an edition are in each state."""
        with self._engine.begin() as connection:
            return counts(connection, key)

    def dead(self, key: str) -> tuple[int, int]:
        """How many of an edition's messages were refused in words that say the address is gone, and how many are settled."""
        table = schema.deliveries.c
        refused = select(table.status, table.reply, func.count()).where(table.edition == key, table.state == Outcome.REFUSED)
        with self._engine.begin() as connection:
            rows = connection.execute(refused.group_by(table.status, table.reply)).all()
            settled = connection.execute(select(func.count()).where(table.edition == key, table.attempts > 0)).scalar_one()
        return sum(count for status, reply, count in rows if cause(status, reply) is Cause.GONE), settled

    def troubles(self, key: str, limit: int) -> list[UndeliveredRecipient]:
        """The deliveries that did not simply arrive, for a report."""
        table = schema.deliveries.c
        query = (
            select(schema.readers.c.email, table.state, table.code, table.reply, table.interrupted)
            .join(schema.readers, schema.readers.c.id == table.reader)
            .where(table.edition == key, or_(table.state.not_in([Outcome.SENT, QUEUED]), table.interrupted))
            .order_by(table.state, schema.readers.c.email)
            .limit(limit)
        )
        with self._engine.begin() as connection:
            return [UndeliveredRecipient(**row._asdict()) for row in connection.execute(query)]

    def reasons(self, key: str) -> list[Reason]:
        """What became of an edition's messages, by relay and by what the relays said, the most frequent first."""
        table = schema.deliveries.c
        group = (table.relay, table.state, table.code, table.status)
        query = (
            select(*group, func.min(table.reply).label("example"), func.count().label("count"))
            .where(table.edition == key, table.state != QUEUED)
            .group_by(*group)
            .order_by(func.count().desc(), table.relay, table.state)
            .limit(100)
        )
        with self._engine.begin() as connection:
            return [Reason(**row._asdict()) for row in connection.execute(query)]

    def sent_since(self, moment: datetime) -> dict[str, int]:
        """How many messages each relay has taken since then."""
        table = schema.deliveries.c
        query = select(table.relay, func.count()).where(table.state == Outcome.SENT, table.at >= moment).group_by(table.relay)
        with self._engine.begin() as connection:
            return dict(connection.execute(query).all())

    def recipient(self, key: str, token: str) -> Recipient | None:
        """The reader of a token, where an edition went to them."""
        table = schema.deliveries.c
        query = (
            select(*_RECIPIENT)
            .join(schema.readers, schema.readers.c.id == table.reader)
            .where(table.edition == key, schema.readers.c.token == token)
        )
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return _recipient(row) if row else None

    def record(self, key: str, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """One commit for messages about to leave and for receipts; returns the readers of the first kind that may be
        sent to: those who opted out are skipped instead, and those already dealt with are left alone.
        """
        with self._engine.begin() as connection:
            if receipts:
                connection.exec_driver_sql(*self._settling.filled([_settled(key, receipt) for receipt in receipts]))
            return {reader for group in _groups(begun) for reader in self._begun(connection, key, group)}

    def _begun(self, connection: Connection, key: str, group: Sequence[Message]) -> list[int]:
        readers = [message.recipient.id for message in group]
        places = dict(zip(_PLACES, [*readers, *[readers[-1]] * (_GROUP - len(readers))], strict=True))
        statement, (values,) = self._beginning.filled([{"b_edition": key, **places}])
        return [reader for reader, state in connection.exec_driver_sql(statement, values) if state == SENDING]


_RECIPIENT = (
    schema.readers.c.id, schema.readers.c.email, schema.deliveries.c.name, schema.deliveries.c.variant, schema.deliveries.c.extra,
)  # fmt: skip


def _recipient(row: Any) -> Recipient:
    return Recipient(**row._asdict())


def _groups(messages: Sequence[Message]) -> Iterator[Sequence[Message]]:
    return (messages[at : at + _GROUP] for at in range(0, len(messages), _GROUP))


def _open(key: str, due: datetime | None) -> ColumnElement[bool]:
    table = schema.deliveries.c
    ready = _waits(table) if due is None else and_(_waits(table), or_(table.state == QUEUED, table.retry_at <= due))
    return and_(table.edition == key, ready)


def _waits(table: Any) -> ColumnElement[bool]:
    """Whether a delivery is still to be made: not begun, or with a time for another try."""
    again = or_(table.state == Outcome.DEFERRED, table.state == Outcome.UNKNOWN)
    return or_(table.state == QUEUED, and_(again, table.retry_at.is_not(None)))


def _settled(key: str, receipt: Receipt) -> dict[str, Any]:
    return {
        "b_edition": key,
        "b_reader": receipt.recipient.id,
        "state": receipt.outcome,
        "message_id": receipt.message_id,
        "code": receipt.code,
        "reply": receipt.reply,
        "relay": receipt.relay,
        "status": receipt.status,
        "in_doubt": receipt.outcome is Outcome.UNKNOWN,
        "at": receipt.at,
        "retry_at": receipt.retry_at,
    }


def _begin_statement() -> ReturningUpdate[tuple[int, str]]:
    """Take those who wait to `sending`, or to `skipped` where they have opted out; one statement for a whole group."""
    table, gone, readers = schema.deliveries, schema.suppressions, schema.readers
    who = and_(readers.c.id == table.c.reader, readers.c.email == gone.c.email)
    opted_out = select(gone.c.email).select_from(gone, readers).where(who).correlate(table).exists()
    return (
        update(table)
        .where(
            table.c.edition == bindparam("b_edition"),
            table.c.reader.in_([bindparam(place, type_=table.c.reader.type) for place in _PLACES]),
            _waits(table.c),
        )
        .values(state=case((opted_out, SKIPPED), else_=SENDING), reply=case((opted_out, "opted out"), else_=table.c.reply))
        .returning(table.c.reader, table.c.state)
    )


_BEGIN = _begin_statement()
_SETTLE = (
    update(schema.deliveries)
    .where(schema.deliveries.c.edition == bindparam("b_edition"), schema.deliveries.c.reader == bindparam("b_reader"))
    .values(
        attempts=schema.deliveries.c.attempts + 1,
        interrupted=or_(schema.deliveries.c.interrupted, bindparam("in_doubt", type_=schema.deliveries.c.interrupted.type)),
        **{name: bindparam(name) for name in ("state", "message_id", "code", "reply", "relay", "status", "at", "retry_at")},
    )
)


def _emails(connection: Connection, where: Any) -> list[str]:
    joined = schema.deliveries.join(schema.readers, schema.readers.c.id == schema.deliveries.c.reader)
    query = select(schema.readers.c.email).select_from(joined).where(where).order_by(schema.readers.c.email)
    return list(connection.execute(query).scalars())


def counts(connection: Connection, key: str) -> dict[str, int]:
    """How many deliveries of an edition are in each state."""
    table = schema.deliveries.c
    query = select(table.state, func.count()).where(table.edition == key).group_by(table.state)
    return dict(connection.execute(query).all())

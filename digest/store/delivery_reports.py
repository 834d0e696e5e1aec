"""What became of an edition's messages, for people who ask: who did not get it and why, and how many."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, func, or_, select

from digest.bounces.refusals import Cause, cause_of
from digest.model import Outcome
from digest.store import schema
from digest.store.delivery_states import QUEUED
from digest.store.folding import folded_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class UndeliveredRecipient:
    """A recipient whose message was not simply sent."""

    email: str
    state: str
    code: int
    reply: str
    interrupted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """How many messages a relay answered in the same way, with an example."""

    relay: str
    state: str
    code: int
    status: str
    example: str
    count: int


class DeliveryReports:
    """Counts and lists over the deliveries of an edition."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def count_dead(self, key: str) -> tuple[int, int]:
        """Return how many of an edition's messages were refused with words that the address is gone, and how many were answered."""
        table = schema.deliveries.c
        refused = select(table.status, table.reply, func.count()).where(table.edition == key, table.state == Outcome.REFUSED)
        with self._engine.begin() as connection:
            rows = connection.execute(refused.group_by(table.status, table.reply)).all()
            answered = connection.execute(select(func.count()).where(table.edition == key, table.attempts > 0)).scalar_one()
            answered += folded_counts(connection, key).get(Outcome.SENT, 0)
        return sum(count for status, reply, count in rows if cause_of(status, reply) is Cause.GONE), answered

    def undelivered(self, key: str, limit: int) -> list[UndeliveredRecipient]:
        """Return the deliveries that were not simply sent, for a report."""
        table = schema.deliveries.c
        query = (
            select(schema.subscribers.c.email, table.state, table.code, table.reply, table.interrupted)
            .join(schema.subscribers, schema.subscribers.c.id == table.subscriber)
            .where(table.edition == key, or_(table.state.not_in([Outcome.SENT, QUEUED]), table.interrupted))
            .order_by(table.state, schema.subscribers.c.email)
            .limit(limit)
        )
        with self._engine.begin() as connection:
            return [UndeliveredRecipient(**row._asdict()) for row in connection.execute(query)]

    def reasons(self, key: str) -> list[Reason]:
        """Return what became of an edition's messages, by relay and answer, the most frequent first."""
        table = schema.deliveries.c
        group = (table.relay, table.state, table.code, table.status)
        query = (
            select(*group, func.min(table.reply).label("example"), func.count().label("count"))
            .where(table.edition == key, table.state != QUEUED)
            .group_by(*group)
            .order_by(func.count().desc(), table.relay, table.state)
            .limit(100)
        )
        folded, of_edition = schema.folded_deliveries.c, schema.folded_deliveries.c.edition == key
        old = select(folded.relay, folded.state, func.sum(folded.count).label("count")).where(of_edition)
        with self._engine.begin() as connection:
            found = [Reason(**row._asdict()) for row in connection.execute(query)]
            rows = connection.execute(old.group_by(folded.relay, folded.state)).all()
        found += [Reason(**row._asdict(), code=0, status="", example="") for row in rows]
        return sorted(found, key=lambda row: -row.count)

    def sent_since(self, moment: datetime) -> dict[str, int]:
        """Return how many messages each relay has accepted since an instant."""
        table = schema.deliveries.c
        query = select(table.relay, func.count()).where(table.state == Outcome.SENT, table.at >= moment).group_by(table.relay)
        with self._engine.begin() as connection:
            return dict(connection.execute(query).all())

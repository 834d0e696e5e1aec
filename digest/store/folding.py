"""Deliveries of editions long finished, folded: who got which variant is one bit a subscriber, and what went wrong stays a row.

A row of a delivery takes some eighty bytes, a folded one an eighth of a byte before compression. What is lost is the time and the
relay's reply of each message that was delivered, and the name that it greeted.
"""

import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, and_, delete, func, insert, select

from digest.model import Outcome
from digest.store import schema
from digest.store.database import lock_for_writing
from digest.store.delivery_states import SKIPPED

FOLDED = (Outcome.SENT, SKIPPED)  # the states that are folded
MAX_BITS = 1 << 28  # the largest id that is read, so that a damaged row takes no more than 32 MB


class Folding:
    """Folds the deliveries of editions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def due(self, now: datetime, after: timedelta) -> list[str]:
        """Return the editions that finished so long ago, and whose deliveries are not folded yet, oldest first."""
        table, sent = schema.editions.c, schema.deliveries.c
        unfolded = select(sent.edition).where(sent.edition == table.key, sent.state.in_(FOLDED)).exists()
        query = select(table.key).where(table.finished_at < now - after, unfolded).order_by(table.finished_at)
        with self._engine.begin() as connection:
            return list(connection.execute(query).scalars())

    def fold(self, key: str) -> int:
        """Fold the deliveries of a finished edition in one commit; return how many."""
        table = schema.deliveries
        groups = (table.c.state, table.c.variant, table.c.relay, table.c.revision)
        mine = and_(table.c.edition == key, table.c.state.in_(FOLDED), ~table.c.interrupted)
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            counted = select(*groups, func.count().label("count"), func.sum(table.c.attempts).label("answers"))
            rows = connection.execute(counted.where(mine).group_by(*groups)).all()
            for row in rows:
                same = and_(mine, *(column == value for column, value in zip(groups, row, strict=False)))
                ids = connection.execute(select(table.c.subscriber).where(same)).scalars()
                values = {**row._asdict(), "edition": key, "subscribers": packed(ids)}
                connection.execute(insert(schema.folded_deliveries).values(values))
            return connection.execute(delete(table).where(mine)).rowcount


def packed(ids: Iterable[int]) -> bytes:
    """Return a set of small numbers as compressed bits."""
    bits = bytearray()
    for number in ids:
        at, bit = divmod(number, 8)
        if at >= len(bits):
            bits.extend(bytes(at + 1 - len(bits)))
        bits[at] |= 1 << bit
    return zlib.compress(bytes(bits), 6)


def contains(data: bytes, number: int) -> bool:
    """Return whether a number is in such a set."""
    at, bit = divmod(number, 8)
    bits = zlib.decompressobj().decompress(data, MAX_BITS // 8)
    return at < len(bits) and bool(bits[at] >> bit & 1)


def folded_counts(connection: Connection, key: str) -> dict[str, int]:
    """Return how many folded deliveries of an edition are in each state."""
    table = schema.folded_deliveries.c
    query = select(table.state, func.sum(table.count)).where(table.edition == key).group_by(table.state)
    return {state: int(count) for state, count in connection.execute(query)}


def folded_answers(connection: Connection, key: str) -> int:
    """Return how many answers the folded deliveries of an edition have had."""
    table = schema.folded_deliveries.c
    return int(connection.execute(select(func.coalesce(func.sum(table.answers), 0)).where(table.edition == key)).scalar_one())


def folded_variant(connection: Connection, key: str, subscriber: int) -> str | None:
    """Return the variant that a subscriber got of an edition whose deliveries are folded; None if they got none."""
    table = schema.folded_deliveries.c
    query = select(table.variant, table.subscribers).where(table.edition == key, table.state == Outcome.SENT)
    return next((row.variant for row in connection.execute(query) if contains(row.subscribers, subscriber)), None)


def folded_editions(connection: Connection, subscriber: int) -> Iterator[tuple[str, str, datetime]]:
    """Yield the editions of which a subscriber has a folded delivery, its state, and when that was finished, newest first."""
    table, editions = schema.folded_deliveries, schema.editions
    joined = table.join(editions, editions.c.key == table.c.edition)
    query = select(table.c.edition, table.c.state, table.c.subscribers, editions.c.finished_at).select_from(joined)
    for row in connection.execute(query.order_by(editions.c.finished_at.desc())):
        if contains(row.subscribers, subscriber):
            yield row.edition, row.state, row.finished_at

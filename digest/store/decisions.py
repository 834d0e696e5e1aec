"""What editors have decided: an append-only log of verbs on things. Undoing marks a row, and the ones before it count again.

A thing is named by its kind and its id: a comment, an article, the edition of a slot. `value` has what else the verb says, such as
a reason. What stands is laid over what the machine makes of the same material; nothing else of the store knows of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, select, update

from digest.store import schema
from digest.store.database import lock_for_writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One decision, and who has undone it and when, if anybody has."""

    id: int
    thing_kind: str
    thing_id: str
    verb: str
    value: Mapping[str, Any]
    made_by: str
    made_at: datetime
    undone_by: str | None = None
    undone_at: datetime | None = None


class DecidedSinceError(Exception):
    """Editors have decided something since an edition was made; it must be made again."""


class Decisions:
    """The log of decisions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, thing: tuple[str, str], verb: str, value: Mapping[str, Any], by: str, now: datetime) -> Decision:
        """Record a decision on a thing (its kind and id), committed when this returns."""
        kind, key = thing
        row: dict[str, Any] = {
            "thing_kind": kind,
            "thing_id": key,
            "verb": verb,
            "value": dict(value),
            "made_by": by,
            "made_at": now,
        }
        with self._engine.begin() as connection:
            number = connection.execute(schema.decisions.insert().values(row).returning(schema.decisions.c.id)).scalar_one()
        return Decision(id=number, **row)

    def undo(self, thing: tuple[str, str], by: str, now: datetime) -> Decision | None:
        """Undo the newest decision on a thing that stands, and return it; None if there is none."""
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            query = _standing(thing[0]).where(schema.decisions.c.thing_id == thing[1]).order_by(schema.decisions.c.id.desc())
            row = connection.execute(query.limit(1)).one_or_none()
            if row is None:
                return None
            undone = {"undone_by": by, "undone_at": now}
            connection.execute(update(schema.decisions).where(schema.decisions.c.id == row.id).values(undone))
        return Decision(**{**row._asdict(), **undone})

    def standing(self, kind: str) -> list[Decision]:
        """Return the decisions on things of a kind that nobody has undone, oldest first."""
        with self._engine.begin() as connection:
            rows = connection.execute(_standing(kind).order_by(schema.decisions.c.id))
            return [Decision(**row._asdict()) for row in rows]

    def count(self) -> int:
        """Return how often anybody has decided or undone something; it only ever grows."""
        with self._engine.begin() as connection:
            return _count(connection)

    def of(self, thing: tuple[str, str]) -> list[Decision]:
        """Return every decision on a thing, undone or not, oldest first."""
        table = schema.decisions.c
        query = select(schema.decisions).where(table.thing_kind == thing[0], table.thing_id == thing[1]).order_by(table.id)
        with self._engine.begin() as connection:
            return [Decision(**row._asdict()) for row in connection.execute(query)]


def _standing(kind: str) -> Any:
    table = schema.decisions.c
    return select(schema.decisions).where(table.thing_kind == kind, table.undone_at.is_(None))


def check_decided(connection: Connection, known: int | None) -> None:
    """Raise DecidedSinceError, within a transaction, if there is another number of decisions than the known one."""
    if known is not None and _count(connection) != known:
        raise DecidedSinceError


def _count(connection: Connection) -> int:
    table = schema.decisions.c
    return sum(connection.execute(select(func.count(table.id), func.count(table.undone_at))).one())

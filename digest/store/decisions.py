"""What editors have decided: an append-only log of verbs on things. Undoing marks a row, and the ones before it count again.

What stands is laid over what the machine makes of the same material; nothing else of the store knows of it.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, and_, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from digest.errors import DigestError
from digest.model import Decision
from digest.store import schema
from digest.store.database import lock_for_writing

ANY_EDITION = ("comment", "writer")  # what is said of these holds in every edition that would print them
LEFT_OVER = ("article", "edition")  # what is said of these may hold for the next edition, if its own is never made


class TooLateError(DigestError):
    """The edition has been frozen, at the instant `at`; nothing that is decided now would be in it."""

    def __init__(self, key: str, at: datetime | None = None) -> None:
        super().__init__(f"edition {key} has been made, and your change was not: it would not be in any mail")
        self.at = at


NewRow = tuple[str, str, str, Mapping[str, Any]]  # kind and id of the thing, verb, value


class DecidedSinceError(Exception):
    """Editors have decided something since an edition was made; it must be made again."""


class Decisions:
    """The log of decisions."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(
        self,
        thing: tuple[str, str],
        verb: str,
        value: Mapping[str, Any],
        by: str,
        now: datetime,
        *,
        edition: str = "",
        once: str | None = None,
        before_freeze: bool = False,
    ) -> Decision:
        """Record a decision on a thing (its kind and id), committed when this returns.

        `once` names the form that it was made with: the same form posted again records nothing, and gets the first decision.
        `before_freeze`: raises TooLateError, and records nothing, if the edition is frozen.
        """
        row: dict[str, Any] = {
            "thing_kind": thing[0],
            "thing_id": thing[1],
            "verb": verb,
            "value": dict(value),
            "made_by": by,
            "made_at": now,
            "edition": edition,
            "once": once,
        }
        try:
            with self._engine.begin() as connection:
                if before_freeze:
                    _check_open(connection, edition)
                number = connection.execute(schema.decisions.insert().values(row).returning(schema.decisions.c.id)).scalar_one()
        except IntegrityError:
            if once is None or (made := self.made_once(once)) is None:
                raise
            return made
        return Decision(id=number, **row)

    def add_all(
        self,
        rows: Sequence[NewRow],
        by: str,
        now: datetime,
        *,
        edition: str,
        once: str | None = None,
        check: Callable[[Sequence[Decision]], None] = lambda _log: None,
        revision: int | None = None,
    ) -> list[Decision]:
        """Record decisions on an edition that is not frozen, or on a revision of one that is; all or none, committed when this
        returns.

        `check` is called with the edition's log under the write lock, and may raise. `once` names the form: see `add`. Raises
        TooLateError if the edition is frozen, or is at another revision.
        """
        table = schema.decisions
        with self._engine.begin() as connection:
            _check_open(connection, edition, revision)
            log = _decisions(connection.execute(select(table).where(table.c.edition == edition).order_by(table.c.id)).all())
            if once and (again := of_form(log, once)):
                return again
            check(log)
            made = []
            for at, (kind, key, verb, value) in enumerate(rows):
                row: dict[str, Any] = {
                    "thing_kind": kind, "thing_id": key, "verb": verb, "value": dict(value), "made_by": by, "made_at": now,
                    "edition": edition, "once": _unused(connection, f"{once}.{at}") if once else None,
                }  # fmt: skip
                number = connection.execute(table.insert().values(row).returning(table.c.id)).scalar_one()
                made.append(Decision(id=number, **row))
        return made

    def of_verb(self, verb: str, since: datetime) -> list[Decision]:
        """Return the decisions with a verb that stand and were made since an instant, oldest first."""
        table = schema.decisions.c
        return self._read(table.verb == verb, table.made_at >= since, table.undone_at.is_(None))

    def made_once(self, once: str) -> Decision | None:
        """Return the decision that was made with a form, or None."""
        rows = self._read(schema.decisions.c.once == once)
        return rows[0] if rows else None

    def undo(self, thing: tuple[str, str], by: str, now: datetime) -> Decision | None:
        """Undo the newest decision on a thing that stands, and return it; None if there is none."""
        table = schema.decisions.c
        return self._undo(and_(table.thing_kind == thing[0], table.thing_id == thing[1]), by, now)

    def undo_one(
        self, number: int, by: str, now: datetime, *, before_freeze: str = "", revision: int | None = None
    ) -> Decision | None:
        """Undo a decision by its number, and return it; None if it does not stand.

        `before_freeze` names an edition: raises TooLateError, and undoes nothing, if that is frozen, and not at this revision.
        """
        return self._undo(schema.decisions.c.id == number, by, now, before_freeze, revision)

    def _undo(self, which: Any, by: str, now: datetime, before_freeze: str = "", revision: int | None = None) -> Decision | None:
        table = schema.decisions.c
        with self._engine.begin() as connection:
            _check_open(connection, before_freeze, revision)
            query = select(schema.decisions).where(which, table.undone_at.is_(None)).order_by(table.id.desc())
            row = connection.execute(query.limit(1)).one_or_none()
            if row is None:
                return None
            undone = {"undone_by": by, "undone_at": now}
            connection.execute(update(schema.decisions).where(table.id == row.id).values(undone))
        return Decision(**{**row._asdict(), **undone})

    def standing(self, kind: str) -> list[Decision]:
        """Return the decisions on things of a kind that nobody has undone, oldest first."""
        table = schema.decisions.c
        return self._read(table.thing_kind == kind, table.undone_at.is_(None))

    def for_edition(self, key: str, since: datetime) -> list[Decision]:
        """Return the decisions that stand and may count for an edition, oldest first.

        These are its own, and those made since an instant on comments, on their writers (of any age), and on articles and editions:
        for later editions, or for editions that were never made.
        """
        table = schema.decisions.c
        lasting = and_(table.thing_kind.in_(ANY_EDITION), table.made_at >= since)
        kept = and_(table.verb == "keep", table.made_at >= since)
        made = select(schema.editions.c.key).where(schema.editions.c.number.is_not(None))
        left_over = and_(table.thing_kind.in_(LEFT_OVER), table.made_at >= since, table.edition.not_in(made))
        counts = or_(table.edition == key, table.thing_kind == "writer", lasting, kept, left_over)
        return self._read(counts, table.undone_at.is_(None))

    def log(self, key: str) -> list[Decision]:
        """Return everything that was decided for an edition, undone or not, oldest first."""
        return self._read(schema.decisions.c.edition == key)

    def by_number(self, number: int) -> Decision | None:
        """Return a decision by its number, or None."""
        rows = self._read(schema.decisions.c.id == number)
        return rows[0] if rows else None

    def count(self, edition: str | None = None) -> int:
        """Return how often anybody has decided or undone something, or something that may count for an edition; it only grows."""
        with self._engine.begin() as connection:
            return _count(connection, edition)

    def of(self, thing: tuple[str, str]) -> list[Decision]:
        """Return every decision on a thing, undone or not, oldest first."""
        table = schema.decisions.c
        return self._read(table.thing_kind == thing[0], table.thing_id == thing[1])

    def _read(self, *conditions: Any) -> list[Decision]:
        query = select(schema.decisions).where(*conditions).order_by(schema.decisions.c.id)
        with self._engine.begin() as connection:
            return _decisions(connection.execute(query).all())


def of_form(log: Sequence[Decision], once: str) -> list[Decision]:
    """Return what a form has done and nobody has undone, of an edition's log."""
    return [row for row in log if row.once and row.once.rpartition(".")[0] == once and row.undone_at is None]


def _unused(connection: Connection, once: str) -> str | None:
    """Return a form's name for a row, or None if a row that was undone has it."""
    query = select(schema.decisions.c.id).where(schema.decisions.c.once == once)
    return None if connection.execute(query).scalar() is not None else once


def _check_open(connection: Connection, key: str, revision: int | None = None) -> None:
    """Raise TooLateError if an edition is frozen, unless it is at the revision that is being changed.

    Under the write lock, so that a freeze, or another revision, comes wholly before or after it.
    """
    lock_for_writing(connection)
    table = schema.editions.c
    row = connection.execute(select(table.number, table.frozen_at, table.revision).where(table.key == key)).one_or_none()
    if row is not None and row.number is not None and row.revision != revision:
        raise TooLateError(key, row.frozen_at)


def _decisions(rows: Sequence[Row[Any]]) -> list[Decision]:
    return [Decision(**row._asdict()) for row in rows]


def check_decided(connection: Connection, known: int | None, edition: str) -> None:
    """Raise DecidedSinceError, within a transaction, if there is another number of decisions on an edition than the known one."""
    if known is not None and _count(connection, edition) != known:
        raise DecidedSinceError


def _count(connection: Connection, edition: str | None) -> int:
    table = schema.decisions.c
    query = select(func.count(table.id), func.count(table.undone_at))
    if edition is not None:
        query = query.where(or_(table.edition == edition, table.thing_kind.in_(ANY_EDITION), table.verb == "keep"))
    return sum(connection.execute(query).one())

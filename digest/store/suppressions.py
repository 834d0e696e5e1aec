"""The suppression list: addresses that must not get mail. It is durable, and overrides whatever the CSV says."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, func, select, update

from digest.batching import batched
from digest.store import schema
from digest.store.database import insert, lock_for_writing
from digest.store.history import HistoryEvent, insert_events
from digest.subscriber_statuses import REPORTED, Origin, severity

_PAGE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """An address that must not get mail; `reason` is unsubscribed, bounced, complained or suppressed (by hand).

    `origin` is who says so; it is empty in rows from before it was recorded.
    """

    email: str
    reason: str
    since: datetime
    origin: str
    detail: str = ""


class Recorded(NamedTuple):
    """The suppressions that a change has made: new addresses, and addresses whose reason now weighs more."""

    new: Sequence[Suppression] = ()
    stronger: Sequence[Suppression] = ()

    @property
    def emails(self) -> list[str]:
        """The addresses that are newly suppressed."""
        return [row.email for row in self.new]


class Suppressions:
    """The suppression list, and its changes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._on_suppressed: Callable[[Mapping[str, str]], None] = lambda _rows: None
        self.notify_released: Callable[[str], None] = lambda _email: None

    def listen(self, *, on_suppressed: Callable[[Mapping[str, str]], None], on_released: Callable[[str], None]) -> None:
        """Set what is called after each commit: `on_suppressed` with the reasons recorded, `on_released` with an address."""
        self._on_suppressed, self.notify_released = on_suppressed, on_released

    def notify(self, recorded: Recorded) -> None:
        """Report what was recorded, after its commit."""
        if reasons := {row.email: row.reason for row in (*recorded.new, *recorded.stronger)}:
            self._on_suppressed(reasons)

    def add(self, email: str, reason: str, now: datetime, detail: str = "", origin: str = Origin.OPERATOR) -> bool:
        """Suppress an address, committed when this returns; return False if it was suppressed before."""
        return bool(self.adopt([Suppression(email=email, reason=reason, since=now, origin=origin, detail=detail)]))

    def opt_out(self, leaving: Sequence[tuple[str, str]], now: datetime) -> list[str | None]:
        """Suppress the owners of some tokens, each with how they left, in one commit; return their addresses, None if unknown."""
        table = schema.subscribers.c
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            owners: dict[str, str] = {}
            for some in batched(token for token, _ in leaving):
                owners |= dict(connection.execute(select(table.token, table.email).where(table.token.in_(some))).all())
            rows = [
                Suppression(email=owners[token], reason="unsubscribed", since=now, origin=Origin.READER, detail=how)
                for token, how in leaving
                if token in owners
            ]
            recorded = insert_suppressions(connection, rows)
        self.notify(recorded)
        return [owners.get(token) for token, _ in leaving]

    def adopt(self, rows: Iterable[Suppression]) -> int:
        """Suppress many addresses; return how many are new. The others keep their reason unless the new one weighs more."""
        count = 0
        for chunk in batched(rows):
            with self._engine.begin() as connection:
                lock_for_writing(connection)
                recorded = insert_suppressions(connection, chunk)
            self.notify(recorded)
            count += len(recorded.new)
        return count

    def release(self, email: str, why: str, now: datetime) -> str | None:
        """Take an address off the list, and record why in its history; return its reason, or None if it was not on the list."""
        table = schema.suppressions
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            reason = connection.execute(select(table.c.reason).where(table.c.email == email)).scalar()
            if reason is not None:
                connection.execute(delete(table).where(table.c.email == email))
                insert_events(connection, [HistoryEvent(email=email, at=now, event="restored", detail=f"was {reason}: {why}")])
        if reason is not None:
            self.notify_released(email)
        return reason

    def counts(self) -> dict[str, int]:
        """Return how many addresses are suppressed for each reason."""
        table = schema.suppressions.c
        with self._engine.begin() as connection:
            return dict(connection.execute(select(table.reason, func.count()).group_by(table.reason)).all())

    def emails(self) -> Iterator[str]:
        """Yield every address on the list."""
        table, last = schema.suppressions.c, ""
        while True:
            query = select(table.email).where(table.email > last).order_by(table.email).limit(_PAGE)
            with self._engine.begin() as connection:
                found = list(connection.execute(query).scalars())
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1]

    def among(self, emails: Iterable[str]) -> dict[str, str]:
        """Return the suppressed ones of the given addresses, each with its reason."""
        return {row.email: row.reason for row in self.of(emails)}

    def of(self, emails: Iterable[str]) -> Iterator[Suppression]:
        """Yield the suppressions of the given addresses, if they have one."""
        table = schema.suppressions
        for some in batched(emails):
            with self._engine.begin() as connection:
                rows = connection.execute(select(table).where(table.c.email.in_(some))).all()
            yield from (Suppression(**row._asdict()) for row in rows)

    def all(self) -> Iterator[Suppression]:
        """Yield the whole list, by address, in pages."""
        table, last = schema.suppressions, ""
        while True:
            with self._engine.begin() as connection:
                rows = connection.execute(select(table).where(table.c.email > last).order_by(table.c.email).limit(_PAGE)).all()
            yield from (Suppression(**row._asdict()) for row in rows)
            if not rows:
                return
            last = rows[-1].email

    def forgotten(self, tokens: Iterable[str]) -> frozenset[str]:
        """Return the given tokens whose owners had their data deleted at their request."""
        with self._engine.begin() as connection:
            return forgotten(connection, tokens)


def insert_suppressions(connection: Connection, rows: Sequence[Suppression]) -> Recorded:
    """Suppress addresses within a transaction, and note it in their histories; return what was recorded.

    An address that is already suppressed keeps its reason, unless the new one weighs more. A subscriber who leaves after a
    bounce has left. What a subscriber does weighs more than the same status in a list. Of several rows for one address, the
    first of those that weigh most counts.
    """
    table, unique = schema.suppressions, dict[str, Suppression]()
    for row in rows:
        if row.email not in unique or _weight(row.reason, row.origin) > _weight(unique[row.email].reason, unique[row.email].origin):
            unique[row.email] = row
    known = _find_known(connection, list(unique))
    new = [row for row in unique.values() if row.email not in known]
    stronger = [
        row for row in unique.values() if row.email in known and _weight(row.reason, row.origin) > _weight(*known[row.email])
    ]
    if new:
        values = [asdict(row) for row in new]
        connection.execute(insert(connection, table).on_conflict_do_nothing(), values)
    for row in stronger:
        connection.execute(update(table).where(table.c.email == row.email).values(asdict(row)))
    entries = [
        HistoryEvent(email=row.email, at=row.since, event=row.reason, origin=row.origin, detail=row.detail)
        for row in (*new, *stronger)
    ]
    insert_events(connection, entries)
    return Recorded(new, stronger)


def _weight(reason: str, origin: str) -> tuple[int, bool]:
    return severity(reason), origin not in REPORTED


def _find_known(connection: Connection, emails: Sequence[str]) -> dict[str, tuple[str, str]]:
    table, found = schema.suppressions.c, dict[str, tuple[str, str]]()
    for some in batched(emails):
        rows = connection.execute(select(table.email, table.reason, table.origin).where(table.email.in_(some)))
        found |= {email: (reason, origin) for email, reason, origin in rows}
    return found


def forgotten(connection: Connection, tokens: Iterable[str]) -> frozenset[str]:
    """Return, within a transaction, the given tokens whose owners had their data deleted at their request."""
    table = schema.erased.c
    return frozenset(
        token
        for some in batched(tokens)
        for token in connection.execute(select(table.token).where(table.token.in_(some))).scalars()
    )

"""Addresses that must not be written to: durable, and stronger than anything the CSV says."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine, and_, delete, func, literal, or_, select
from sqlalchemy.exc import IntegrityError

from digest.model import Outcome
from digest.store import schema
from digest.store.database import chunked, first_to_write, insert

DEAD = ("5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1")
FEW, MOST, HALF, SMALL = 3, 0.3, 0.5, 40  # dead addresses, and their share of a long list and of a small one, that nobody believes


class OptOuts:
    """The suppression list."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, email: str, reason: str, now: datetime) -> bool:
        """Suppress an address; False where it was suppressed before. Committed when this returns."""
        try:
            with self._engine.begin() as connection:
                connection.execute(schema.suppressions.insert().values(email=email, reason=reason, since=now))
        except IntegrityError:
            return False
        return True

    def adopt(self, reasons: Iterable[tuple[str, str]], now: datetime) -> None:
        """Suppress many addresses, each for its reason; those that are suppressed already keep theirs."""
        for chunk in chunked(reasons):
            rows = [{"email": email, "reason": reason, "since": now} for email, reason in chunk]
            with self._engine.begin() as connection:
                connection.execute(insert(connection, schema.suppressions).on_conflict_do_nothing(), rows)

    def adopt_bounces(self, key: str, now: datetime) -> int:
        """Suppress the addresses that an edition has shown to be dead; returns how many are new.

        Dead is what a relay refuses for good with a status that speaks of the address: 5.1.0 to 5.1.3, 5.1.6, 5.1.10, and
        5.2.1 (RFC 3463, section 3.2 and 3.3; RFC 7505). Where that is much of a list, the relay is wrong, not the list.
        """
        sent, gone = schema.deliveries.c, schema.suppressions
        mine = schema.deliveries.join(schema.readers, schema.readers.c.id == sent.reader)
        dead = and_(sent.edition == key, sent.state == Outcome.REFUSED, or_(*(sent.status == status for status in DEAD)))
        known = select(gone.c.email).where(gone.c.email == schema.readers.c.email).exists()
        new = (
            select(schema.readers.c.email, literal("bounced"), literal(now, gone.c.since.type))
            .select_from(mine)
            .where(dead, ~known)
        )
        with self._engine.begin() as connection:
            first_to_write(connection)
            total, refused = connection.execute(
                select(func.count(), func.count().filter(dead)).select_from(schema.deliveries).where(sent.edition == key)
            ).one()
            if refused >= FEW and refused > (MOST if total > SMALL else HALF) * total:
                return 0
            return connection.execute(gone.insert().from_select(["email", "reason", "since"], new)).rowcount

    def remove(self, email: str) -> bool:
        """Take an address off the list, because its reader asked; False where it was not on it."""
        table = schema.suppressions
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(table).where(table.c.email == email)).rowcount)

    def among(self, emails: Iterable[str]) -> dict[str, str]:
        """Of some addresses those that are suppressed, each with its reason."""
        wanted = set(emails)
        table = schema.suppressions.c
        with self._engine.begin() as connection:
            rows = connection.execute(select(table.email, table.reason)).all()
        return {email: reason for email, reason in rows if email in wanted}

"""Addresses that must not be written to: durable, and stronger than anything the CSV says."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Engine, delete, select
from sqlalchemy.exc import IntegrityError

from digest.store import schema


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

    def adopt(self, reasons: Mapping[str, str], now: datetime) -> None:
        """Suppress many addresses at once, each for its reason; those that are suppressed already keep theirs."""
        known = self.among(reasons)
        for email, reason in reasons.items():
            if email not in known:
                self.add(email, reason, now)

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

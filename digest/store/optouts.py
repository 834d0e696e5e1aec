"""Addresses that must not be written to: durable, and stronger than anything the CSV says."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Engine, select

from digest.store import schema


class OptOuts:
    """The suppression list."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, email: str, reason: str, now: datetime) -> bool:
        """Suppress an address; False where it was suppressed before. Committed when this returns."""
        table = schema.suppressions
        with self._engine.begin() as connection:
            known = connection.execute(select(table.c.email).where(table.c.email == email)).scalar()
            if known is None:
                connection.execute(table.insert().values(email=email, reason=reason, since=now))
        return known is None

    def among(self, emails: Iterable[str]) -> dict[str, str]:
        """Of some addresses those that are suppressed, each with its reason."""
        wanted = set(emails)
        table = schema.suppressions.c
        with self._engine.begin() as connection:
            rows = connection.execute(select(table.email, table.reason)).all()
        return {email: reason for email, reason in rows if email in wanted}

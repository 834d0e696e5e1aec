"""The limits that relays have shown, kept over the passes and runs of a morning, so that the next need not learn them again."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from sqlalchemy import Engine, delete, select

from digest.config import RelayLimit
from digest.store import schema

MORNING = timedelta(hours=12)  # after that a relay may have changed, so its limits are learnt again


class RelayLimits:
    """The learnt limits of all relays."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def known(self, now: datetime) -> dict[str, RelayLimit]:
        """Return the limits learnt in the last 12 hours (`MORNING`), by the relays' labels."""
        table = schema.relay_limits.c
        query = select(table.relay, table.rate, table.connections, table.messages).where(table.at > now - MORNING)
        with self._engine.begin() as connection:
            return {
                row.relay: RelayLimit(rate=row.rate, connections=row.connections, messages=row.messages)
                for row in connection.execute(query)
            }

    def keep(self, limits: Mapping[str, RelayLimit], now: datetime) -> None:
        """Replace all known limits by these."""
        with self._engine.begin() as connection:
            connection.execute(delete(schema.relay_limits))
            if limits:
                rows = [{"relay": label, "at": now, **asdict(limit)} for label, limit in limits.items()]
                connection.execute(schema.relay_limits.insert(), rows)

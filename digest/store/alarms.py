"""What is wrong with the service and has been told to the operator, until it is over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from digest.store.database import lock_for_writing
from digest.store.desk_tables import alarms


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One thing that is wrong: what it is, why, and what to do; `key` says whether it is still the same."""

    key: str
    what: str
    why: str = ""
    remedy: str = ""


class AlarmRecords:
    """The troubles that the operator knows of."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def told(self) -> dict[str, tuple[Trouble, datetime]]:
        """Return what was told and is not over, each with since when, by its key."""
        table = alarms.c
        query = select(table.key, table.what, table.why, table.remedy, table.since).order_by(table.since)
        with self._engine.begin() as connection:
            return {
                row.key: (Trouble(key=row.key, what=row.what, why=row.why, remedy=row.remedy), row.since)
                for row in connection.execute(query)
            }

    def begin(self, trouble: Trouble, now: datetime) -> None:
        """Record that a trouble was told; one that is known stays as it is."""
        row = {"key": trouble.key, "what": trouble.what, "why": trouble.why, "remedy": trouble.remedy, "since": now}
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if connection.execute(select(alarms.c.key).where(alarms.c.key == trouble.key)).scalar() is None:
                connection.execute(alarms.insert().values(row))

    def end(self, key: str) -> None:
        """Record that a trouble is over, and that this was told."""
        with self._engine.begin() as connection:
            connection.execute(alarms.delete().where(alarms.c.key == key))

"""The health of a SQLite file: damage, free room, and what can be done about them. PostgreSQL looks after its own."""

import sqlite3

from sqlalchemy import Engine

from digest.errors import StoreError

MAX_ROWS = 100  # of damage that are told
PAGES_AT_ONCE = 2_000  # given back in one step: 8 MB


def damaged(error: sqlite3.DatabaseError) -> StoreError:
    """Return the error of a file that SQLite cannot read."""
    remedy = "Stop the service, move the folder away, and restore your backup in its place: `digest restore --sent-log`."
    return StoreError(f"the database is damaged: {error}", remedy=remedy)


class Repair:
    """Examines and repairs the file of a database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def damage(self) -> list[str]:
        """Return what is damaged, in SQLite's words; empty if nothing is."""
        rows = self._run(f"PRAGMA integrity_check({MAX_ROWS})")
        keys = self._run("PRAGMA foreign_key_check")
        lost = [f"a row of {row[0]} refers to {row[2]}, where there is none" for row in keys[:MAX_ROWS]]
        return [str(row[0]) for row in rows if row[0] != "ok"] + lost

    def rebuild_indexes(self) -> None:
        """Make every index anew from its table."""
        self._run("REINDEX")

    def free_bytes(self) -> int:
        """Return how much of the file is free."""
        pages, size = self._run("PRAGMA freelist_count"), self._run("PRAGMA page_size")
        return int(str(pages[0][0])) * int(str(size[0][0])) if pages else 0

    def shrink(self) -> None:
        """Give free room back to the disk, a little at a time, so that nobody waits for long."""
        before = -1
        while (free := self.free_bytes()) and free != before:
            before = free
            self._run(f"PRAGMA incremental_vacuum({PAGES_AT_ONCE})")

    def compact(self) -> None:
        """Write the file anew without free room; writers wait for it. From then on free room is given back a little at a time."""
        self._run("VACUUM")

    def _run(self, statement: str) -> list[tuple[object, ...]]:
        if self._engine.dialect.name != "sqlite":  # pragma: no cover  no test starts a PostgreSQL server yet
            return []
        connection = self._engine.raw_connection()  # not in a transaction
        try:
            return [tuple(row) for row in connection.cursor().execute(statement).fetchall()]
        except sqlite3.DatabaseError as error:
            raise damaged(error) from error
        finally:
            connection.close()

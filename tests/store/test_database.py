"""Opening the database, and what two processes do to it at once."""

import sqlite3
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import bindparam, event, insert
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from digest.store import Store, schema
from digest.store.compiled_statements import Prepared


def test_a_database_in_memory_needs_no_file(tmp_path: Path) -> None:
    store = Store.open("sqlite:///:memory:", tmp_path)
    assert store.secret("readers") == store.secret("readers")
    store.close()
    assert list(tmp_path.iterdir()) == []


def test_of_two_processes_that_make_a_secret_the_first_counts(store: Store, tmp_path: Path) -> None:
    @event.listens_for(store.engine, "before_cursor_execute")
    def another_is_first(connection: Any, cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("INSERT INTO secrets"):
            with closing(sqlite3.connect(tmp_path / "state" / "digest.db", isolation_level=None)) as other:
                other.execute("INSERT INTO secrets VALUES ('readers', 'theirs')")

    assert store.secret("readers") == "theirs"


def test_a_compiled_statement_takes_values_by_name_where_the_driver_does() -> None:
    engine: Any = SimpleNamespace(dialect=PGDialect_psycopg())  # type: ignore[no-untyped-call]
    statement = insert(schema.secrets).values(name=bindparam("b_name"), value=bindparam("b_value"))
    text, (row,) = Prepared(statement, engine).filled([{"b_name": "n", "b_value": "v"}])
    assert "%(b_name)s" in text
    assert row == {"b_name": "n", "b_value": "v"}

"""A statement compiled once, for the places where preparing a row costs more than writing it.

SQLAlchemy takes 20 µs to prepare each row of an executemany, and SQLite writes it in 2. While messages are being sent, the
interpreter is needed for other work.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Engine


class Prepared:
    """A statement in the SQL of an engine's driver; `filled` returns what `Connection.exec_driver_sql` takes."""

    def __init__(self, statement: ClauseElement, engine: Engine) -> None:
        compiled = statement.compile(engine)
        self._text = str(compiled)
        self._named = not compiled.positiontup  # type: ignore[attr-defined]
        names = compiled.positiontup or list(compiled.binds)  # type: ignore[attr-defined]
        kinds = {name: bind.type for name, bind in compiled.binds.items()}  # type: ignore[attr-defined]
        self._parameters = [
            (name, compiled.params.get(name), kinds[name].dialect_impl(engine.dialect).bind_processor(engine.dialect))
            for name in names
        ]

    def filled(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[Any]]:
        """Return the statement and each row's values as the driver takes them: by position or by name."""
        values = [
            [process(row.get(name, fixed)) if process else row.get(name, fixed) for name, fixed, process in self._parameters]
            for row in rows
        ]
        if self._named:
            return self._text, [dict(zip((name for name, _, _ in self._parameters), row, strict=True)) for row in values]
        return self._text, [tuple(row) for row in values]

"""A statement compiled once, for the one place where a row costs more than its work.

SQLAlchemy prepares each row of an executemany for 20 µs, which SQLite then writes in 2; while messages leave, the
interpreter is needed elsewhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ClauseElement, Engine


class Prepared:
    """A statement in the words of an engine's driver; `filled` gives what `Connection.exec_driver_sql` takes."""

    def __init__(self, statement: ClauseElement, engine: Engine) -> None:
        compiled = statement.compile(engine)
        self._text = str(compiled)
        self._named = not compiled.positiontup  # type: ignore[attr-defined]
        names = compiled.positiontup or list(compiled.binds)  # type: ignore[attr-defined]
        kinds = {name: bind.type for name, bind in compiled.binds.items()}  # type: ignore[attr-defined]
        self._places = [
            (name, compiled.params.get(name), kinds[name].dialect_impl(engine.dialect).bind_processor(engine.dialect))
            for name in names
        ]

    def filled(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[Any]]:
        """The statement, and each row's values as the driver takes them: in their places, or by their names."""
        values = [
            [process(row.get(name, fixed)) if process else row.get(name, fixed) for name, fixed, process in self._places]
            for row in rows
        ]
        if self._named:
            return self._text, [dict(zip((name for name, _, _ in self._places), row, strict=True)) for row in values]
        return self._text, [tuple(row) for row in values]

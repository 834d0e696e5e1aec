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
        self._names = list(getattr(compiled, "positiontup", None) or ())
        self._fixed = dict(compiled.params)
        types = {name: bind.type for name, bind in compiled.binds.items()}  # type: ignore[attr-defined]
        self._process = {name: kind.bind_processor(engine.dialect) for name, kind in types.items()}

    def filled(self, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[Any]]:
        """The statement, and each row's values as the driver takes them: in their places, or by their names."""
        done = [{name: self._value(name, row) for name in self._process} for row in rows]
        return self._text, [tuple(row[name] for name in self._names) for row in done] if self._names else done

    def _value(self, name: str, row: Mapping[str, Any]) -> Any:
        value, process = row.get(name, self._fixed.get(name)), self._process[name]
        return process(value) if process else value

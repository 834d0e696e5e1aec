"""What an import does, written down so that it can be taken back: whose fate is which, before anything is done; and each row
that it changes, as it was and as it became, before the roll is replaced.
"""

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

KEPT = 10  # imports that are remembered
_FATES, _ROWS = ".fates.jsonl.gz", ".rows.jsonl.gz"


@dataclass
class Journal:
    """One import's two files; `at` is when it was."""

    folder: Path
    at: datetime
    _noted: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begun(cls, roll: Path, at: datetime) -> "Journal":
        """A new one; the oldest beyond ten are dropped."""
        folder = roll.parent / "state" / "imports"
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob(f"*{_FATES}"))[: -KEPT + 1]:
            old.unlink()
            (folder / old.name.replace(_FATES, _ROWS)).unlink(missing_ok=True)
        return cls(folder, at)

    @classmethod
    def last(cls, roll: Path) -> "Journal | None":
        """That of the last import that was not taken back."""
        folder = roll.parent / "state" / "imports"
        found = sorted(folder.glob(f"*{_FATES}"))
        return cls(folder, datetime.fromisoformat(found[-1].name.removesuffix(_FATES))) if found else None

    @classmethod
    def forget(cls, roll: Path, email: str) -> None:
        """Keep nothing of an address in any import's files."""
        folder = roll.parent / "state" / "imports"
        for file in sorted(folder.glob("*.jsonl.gz")):
            at, kind = datetime.fromisoformat(file.name.partition(".")[0]), _FATES if file.name.endswith(_FATES) else _ROWS
            journal = cls(folder, at)
            if any(row["email"] == email for row in journal._read(kind)):
                journal._write(kind, [row for row in journal._read(kind) if row["email"] != email])

    def write(self, fates: Iterable[dict[str, Any]]) -> None:
        """Keep whose fate is which; durable when this returns."""
        self._write(_FATES, fates)

    def note(self, row: dict[str, Any]) -> None:
        """A row as it was and as it becomes."""
        self._noted.append(row)

    def keep_rows(self) -> None:
        """Keep what was noted; durable when this returns."""
        self._write(_ROWS, self._noted)

    def fates(self) -> Iterator[dict[str, Any]]:
        """What `write` kept."""
        return self._read(_FATES)

    def rows(self) -> Iterator[dict[str, Any]]:
        """What `keep_rows` kept; nothing, where the roll was never replaced."""
        return self._read(_ROWS)

    def close(self) -> None:
        """The import is taken back: it is the last no longer."""
        for kind in (_FATES, _ROWS):
            self._path(kind).unlink(missing_ok=True)

    def _path(self, kind: str) -> Path:
        return self.folder / f"{self.at.isoformat()}{kind}"

    def _write(self, kind: str, rows: Iterable[dict[str, Any]]) -> None:
        temporary = self._path(kind).with_suffix(".part")
        with temporary.open("wb") as bare:
            with gzip.open(bare, "wt", encoding="utf-8", compresslevel=1) as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
            bare.flush()
            os.fsync(bare.fileno())
        temporary.replace(self._path(kind))

    def _read(self, kind: str) -> Iterator[dict[str, Any]]:
        if self._path(kind).is_file():
            with gzip.open(self._path(kind), "rt", encoding="utf-8") as file:
                yield from map(json.loads, file)

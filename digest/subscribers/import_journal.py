"""The record of an import, so that it can be undone. The fate of each address is written before anything is done. Each row that
changes is written, as it was and as it becomes, before the subscriber list is replaced.
"""

import gzip
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.config.file_permissions import private_file, private_folder

MAX_IMPORTS = 10  # imports that can be undone
_FATES, _ROWS = ".fates.jsonl.gz", ".rows.jsonl.gz"


@dataclass
class ImportJournal:
    """The two files of one import; `at` is when it was made."""

    folder: Path
    at: datetime
    number: int
    _rows: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def begin(cls, subscriber_file: Path, at: datetime) -> "ImportJournal":
        """Return a journal for a new import; delete the oldest beyond ten."""
        folder = subscriber_file.parent / "state" / "imports"
        private_folder(folder.parent)
        private_folder(folder)
        last = max((_number(file) for file in folder.glob(f"*{_FATES}")), default=0)
        for old in sorted(folder.glob(f"*{_FATES}"))[: -MAX_IMPORTS + 1]:
            old.unlink()
            (folder / old.name.replace(_FATES, _ROWS)).unlink(missing_ok=True)
        return cls(folder, at, last + 1)

    @classmethod
    def last(cls, subscriber_file: Path) -> "ImportJournal | None":
        """Return the journal of the last import that was not undone, or None."""
        folder = subscriber_file.parent / "state" / "imports"
        found = sorted(folder.glob(f"*{_FATES}"))
        return cls.of(found[-1]) if found else None

    @classmethod
    def of(cls, file: Path) -> "ImportJournal":
        """Return the journal to which a file belongs; the file's name is a number and a time."""
        number, _, at = file.name.partition(".jsonl")[0].rpartition(".")[0].partition(" ")
        return cls(file.parent, datetime.fromisoformat(at), int(number))

    @classmethod
    def forget(cls, subscriber_file: Path, email: str) -> None:
        """Delete an address from the files of all imports."""
        folder = subscriber_file.parent / "state" / "imports"
        for file in sorted(folder.glob("*.jsonl.gz")):
            journal, kind = cls.of(file), _FATES if file.name.endswith(_FATES) else _ROWS
            if any(row["email"] == email for row in journal.read_file(kind)):
                journal.write_file(kind, [row for row in journal.read_file(kind) if row["email"] != email])

    def write_fates(self, fates: Iterable[dict[str, Any]]) -> None:
        """Write the fate of each address; it is durable when this returns."""
        self.write_file(_FATES, fates)

    def add_row(self, row: dict[str, Any]) -> None:
        """Add a row as it was and as it becomes."""
        self._rows.append(row)

    def write_rows(self) -> None:
        """Write the rows that were added; they are durable when this returns."""
        self.write_file(_ROWS, self._rows)

    def fates(self) -> Iterator[dict[str, Any]]:
        """Return what `write_fates` wrote, row by row."""
        return self.read_file(_FATES)

    def rows(self) -> Iterator[dict[str, Any]]:
        """Return what `write_rows` wrote, row by row; nothing if the subscriber list was never replaced."""
        return self.read_file(_ROWS)

    def delete(self) -> None:
        """Delete the files of an import that was undone, so that it is no longer the last."""
        for kind in (_FATES, _ROWS):
            self._path(kind).unlink(missing_ok=True)

    def _path(self, kind: str) -> Path:
        return self.folder / f"{self.number:06d} {self.at.isoformat()}{kind}"

    def write_file(self, kind: str, rows: Iterable[dict[str, Any]]) -> None:
        """Write one of the files; it is durable when this returns."""
        temporary = self._path(kind).with_suffix(".part")
        private_file(temporary)
        with temporary.open("wb") as bare:
            with gzip.open(bare, "wt", encoding="utf-8", compresslevel=1) as file:
                file.writelines(json.dumps(row) + "\n" for row in rows)
            bare.flush()
            os.fsync(bare.fileno())
        temporary.replace(self._path(kind))

    def read_file(self, kind: str) -> Iterator[dict[str, Any]]:
        """Yield one of the files, row by row; nothing if there is no such file."""
        if self._path(kind).is_file():
            with gzip.open(self._path(kind), "rt", encoding="utf-8") as file:
                yield from map(json.loads, file)


def _number(file: Path) -> int:
    return int(file.name.partition(" ")[0])

"""A second memory of what was sent, beside the database: one line in `sent.log` before an edition's first byte, and one after
each pass.

A database restored from a backup, or lost and made anew, knows less than this file does. Then nothing is sent by itself:
readers would get an edition twice.
"""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.errors import RestoredError, StoreError

FILE = "sent.log"
AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Witness:
    """The log of one newsletter: time, edition, and how many answers of relays it had, separated by tabs."""

    path: Path

    def verify(self, edition: str, answers: int | None) -> None:
        """RestoredError where the log knows of more answers than the database (None: it has no such edition)."""
        seen = self._seen(edition)
        if not seen or (answers is not None and answers >= max(seen)):
            return
        known = "does not have it" if answers is None else f"has only {answers}"
        raise RestoredError(
            f"edition {edition} was begun and {max(seen)} answers recorded, but the database {known}",
            thing=str(self.path),
            remedy="Was a backup restored, or the database lost? Restore a newer one; or send all the same, to some for a second "
            "time, with `digest send --again`.",
        )

    def forget(self, edition: str, now: datetime) -> None:
        """Somebody has said that the database is right."""
        self._add(edition, AGAIN, now)

    def note(self, edition: str, answers: int, now: datetime) -> None:
        """Add a line, on the disk when this returns."""
        self._add(edition, str(answers), now)

    def _add(self, edition: str, what: str, now: datetime) -> None:
        try:
            with self.path.open("ab+") as file:
                whole = file.seek(0, os.SEEK_END) == 0 or (file.seek(-1, os.SEEK_END) >= 0 and file.read() == b"\n")
                line = f"{now.isoformat(timespec='seconds')}\t{edition}\t{what}\n"
                file.write((line if whole else f"\n{line}").encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"cannot be written: {error.strerror}", thing=str(self.path)) from error

    def _seen(self, edition: str) -> list[int]:
        """The counts of an edition since it was last forgotten; a line cut off by a crash counts for nothing."""
        seen: list[int] = []
        if not self.path.exists():
            return seen
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for row in file:
                name, _, what = row.rstrip("\n").partition("\t")[2].partition("\t")
                if name == edition and what == AGAIN:
                    seen = []
                elif name == edition and what.isascii() and what.isdigit():
                    seen.append(int(what))
        return seen

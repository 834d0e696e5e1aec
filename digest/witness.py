"""A second memory of what was sent, beside the database: one line in `sent.log` before an edition's first byte, and one after
each pass.

A database restored from a backup, or lost and made anew, knows less than this file does. Then nothing is sent by itself:
readers would get an edition twice.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from digest.errors import RestoredError, StoreError

FILE = "sent.log"


@dataclass(frozen=True, slots=True)
class Witness:
    """The log of one newsletter: time, edition, and how many answers of relays it had, separated by tabs."""

    path: Path

    def verify(self, edition: str, answers: int | None) -> None:
        """RestoredError where the log knows of more answers than the database (None: it has no such edition)."""
        seen = list(self._seen(edition))
        if not seen or (answers is not None and answers >= max(seen)):
            return
        known = "does not have it" if answers is None else f"has only {answers}"
        raise RestoredError(
            f"edition {edition} was begun and {max(seen)} answers recorded, but the database {known}",
            thing=str(self.path),
            remedy="Was a backup restored, or the database lost? Restore a newer one; or send all the same, to some for a second "
            "time, with `digest send --again`.",
        )

    def note(self, edition: str, answers: int, now: datetime) -> None:
        """Add a line, on the disk when this returns."""
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{now.isoformat(timespec='seconds')}\t{edition}\t{answers}\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(f"cannot be written: {error.strerror}", thing=str(self.path)) from error

    def _seen(self, edition: str) -> Iterator[int]:
        """The counts of an edition; a line cut off by a crash counts for nothing."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for row in file:
                _, _, rest = row.partition("\t")
                name, _, count = rest.partition("\t")
                if name == edition and count.strip().isdigit():
                    yield int(count)

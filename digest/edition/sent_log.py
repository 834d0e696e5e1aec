"""A second memory beside the database, in `sent.log`: which editions were made of which articles, how many answers each has had,
and who must not be written to any more. It is appended to and never changed.

A database restored from a backup, or lost and made anew, knows less than this file does. What the file proves is believed: those
editions were made, those articles were printed, those readers left. What it does not tell, who of an edition's readers got it,
holds that edition until somebody has said so.

A line is a time, an edition (or `-`), a word and what belongs to it, separated by tabs. Readers stand in it as a keyed hash.
"""

import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from digest.config.file_modes import PRIVATE
from digest.errors import RestoredError, StoreError
from digest.model import ArticleSigns, Edition
from digest.store.logged_edition import LoggedEdition
from digest.text.same_article import signs_of

LOG_FILE = "sent.log"
AGAIN, MADE, GONE, BACK, SALT = "again", "made", "gone", "back", "salt"
_NOBODY = "-"


@dataclass(frozen=True, slots=True)
class SentLog:
    """The log of one newsletter."""

    path: Path

    def verify(self, edition: str, answers: int | None) -> None:
        """RestoredError where the log knows of more answers than the database (None: it has no such edition)."""
        seen = self._seen(edition)
        if not seen or (answers is not None and answers >= max(seen)):
            return
        known = f"has only {answers}" if answers else "has none"
        raise RestoredError(
            f"sent.log has {max(seen)} replies for edition {edition}, but the database {known}",
            thing=str(self.path),
            remedy="The database may have been restored from an old backup. Restore a newer one, or run `digest send --again`; "
            "some subscribers will get the edition twice.",
        )

    def forget(self, edition: str, now: datetime) -> None:
        """Somebody has said that the database is right."""
        self._add([(edition, AGAIN, "")], now)

    def note(self, edition: str, answers: int, now: datetime) -> None:
        """Add how many answers an edition has had, on the disk when this returns."""
        self._add([(edition, str(answers), "")], now)

    def made(self, edition: Edition, now: datetime) -> None:
        """Add an edition with its window and the articles that it settles."""
        slot = edition.slot
        articles = [signs_of(story.article) for story in edition.stories]
        articles += [row.told for row in edition.left_out if row.told and row.final]
        data = {
            "number": edition.number,
            "name": slot.name,
            "day": slot.day.isoformat(),
            "window": [slot.window.start.isoformat(), slot.window.end.isoformat()],
            "articles": [[*row[:5], row.published.isoformat() if row.published else None, row.source] for row in articles],
        }
        self._add([(slot.key, MADE, json.dumps(data, ensure_ascii=True, separators=(",", ":")))], now)

    def gone(self, readers: Mapping[str, str], now: datetime) -> None:
        """Add readers who must not be written to any more, each with the reason."""
        marks = self._marks(readers, now)
        self._add([(_NOBODY, GONE, f"{marks[email]} {reason}") for email, reason in readers.items()], now)

    def back(self, email: str, now: datetime) -> None:
        """Add that one may be written to again."""
        self._add([(_NOBODY, BACK, self._marks([email], now)[email])], now)

    # — remembering —

    def editions(self) -> Iterator[LoggedEdition]:
        """The editions that were made, in their order; of one that was made again the last time."""
        found: dict[str, LoggedEdition] = {}
        for at, key, word, rest in self._rows():
            if word == MADE and (row := _made(at, key, rest)):
                found[key] = row
        return iter(found.values())

    def away(self) -> dict[str, str]:
        """Who must not be written to any more, by the marks that `marks_of` gives, with the reasons."""
        found: dict[str, str] = {}
        for _, _, word, rest in self._rows():
            mark, _, reason = rest.partition(" ")
            if word == GONE:
                found[mark] = reason
            elif word == BACK:
                found.pop(mark, None)
        return found

    def marks_of(self, emails: Iterable[str]) -> dict[str, str]:
        """The marks of some readers; without a log there are none."""
        salt = self._salt()
        return {email: _mark(salt, email) for email in emails} if salt else {}

    def _marks(self, emails: Iterable[str], now: datetime) -> dict[str, str]:
        if not self._salt():
            self._add([(_NOBODY, SALT, secrets.token_hex(16))], now)
        return self.marks_of(emails)

    def _salt(self) -> str:
        return next((rest for _, _, word, rest in self._rows() if word == SALT), "")

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Time, edition, word and rest of every whole line; one that was cut off by a crash counts for nothing."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8", errors="replace") as file:
            for line in file:
                at, _, more = line.rstrip("\n").partition("\t")
                edition, _, more = more.partition("\t")
                word, _, rest = more.partition("\t")
                if line.endswith("\n") and word:
                    yield at, edition, word, rest

    def _add(self, rows: Iterable[tuple[str, str, str]], now: datetime) -> None:
        at = now.isoformat(timespec="seconds")
        text = "".join("\t".join([at, *filter(None, row)]) + "\n" for row in rows)
        try:
            with os.fdopen(os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, PRIVATE), "ab+") as file:
                whole = file.seek(0, os.SEEK_END) == 0 or (file.seek(-1, os.SEEK_END) >= 0 and file.read() == b"\n")
                file.write((text if whole else f"\n{text}").encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise StoreError(
                f"cannot write: {error.strerror}", thing=str(self.path), remedy="Check free disk space and write permission."
            ) from error

    def _seen(self, edition: str) -> list[int]:
        """The counts of an edition since it was last forgotten."""
        seen: list[int] = []
        for _, name, word, _ in self._rows():
            if name == edition and word == AGAIN:
                seen = []
            elif name == edition and word.isascii() and word.isdigit():
                seen.append(int(word))
        return seen


def _mark(salt: str, email: str) -> str:
    return hmac.new(salt.encode(), email.encode(), hashlib.sha256).hexdigest()[:32]


def _made(at: str, key: str, rest: str) -> LoggedEdition | None:
    try:
        data: dict[str, Any] = json.loads(rest)
        start, end = (datetime.fromisoformat(text) for text in data["window"])
        articles = tuple(_told(*row) for row in data["articles"])
        return LoggedEdition(
            key=key, number=int(data["number"]), name=data["name"], day=data["day"], start=start, end=end,
            at=datetime.fromisoformat(at), articles=articles,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError):  # somebody has written into it
        return None


def _told(key: str, address: str, anchor: str, title: str, opening: str, published: str | None, source: str) -> ArticleSigns:
    return ArticleSigns(key, address, anchor, title, opening, datetime.fromisoformat(published) if published else None, source)

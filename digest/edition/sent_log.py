"""`sent.log`, a second record outside the database: which editions were made of which articles, how many answers each has had,
and who must not get mail any more. Lines are added and never changed.

A database that was restored from a backup, or lost and made anew, has less than this file. digest believes what the file proves:
those editions were made, those articles were printed, those subscribers left. The file does not say which recipients got an
edition; that edition is held until a person decides.

A line is a time, an edition (or `-`), a keyword and its data, separated by tabs. Subscribers are in it as keyed hashes.
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

from digest.config.file_permissions import PRIVATE
from digest.errors import RestoredError, StoreError
from digest.model import ArticleSigns, Edition
from digest.store.sent_log_edition import LoggedEdition
from digest.text.article_identity import signs_of

LOG_FILE = "sent.log"
AGAIN, MADE, GONE, BACK, SALT = "again", "made", "gone", "back", "salt"
_NO_EDITION = "-"


@dataclass(frozen=True, slots=True)
class SentLog:
    """The log of one newsletter."""

    path: Path

    def verify(self, edition: str, answers: int | None) -> None:
        """Raise RestoredError if the log has more answers than the database (None: the database has no such edition)."""
        counts = self._answer_counts(edition)
        if not counts or (answers is not None and answers >= max(counts)):
            return
        known = f"has only {answers}" if answers else "has none"
        raise RestoredError(
            f"sent.log has {max(counts)} replies for edition {edition}, but the database {known}",
            thing=str(self.path),
            remedy="The database may have been restored from an old backup. Restore a newer one, or run `digest send --again`; "
            "some subscribers will get the edition twice.",
        )

    def disregard_answers(self, edition: str, now: datetime) -> None:
        """Add that a person has said that the database is right, so that earlier counts of the edition are ignored."""
        self._add([(edition, AGAIN, "")], now)

    def add_answers(self, edition: str, answers: int, now: datetime) -> None:
        """Add how many answers an edition has had; the line is on the disk when this returns."""
        self._add([(edition, str(answers), "")], now)

    def add_edition(self, edition: Edition, now: datetime) -> None:
        """Add an edition with its window and the articles that it prints or leaves out for good."""
        slot = edition.slot
        articles = [signs_of(story.source_article) for story in edition.stories]
        articles += [row.signs for row in edition.left_out if row.signs and row.final]
        data = {
            "number": edition.number,
            "name": slot.name,
            "day": slot.day.isoformat(),
            "window": [slot.window.start.isoformat(), slot.window.end.isoformat()],
            "articles": [[*row[:5], row.published.isoformat() if row.published else None, row.source] for row in articles],
        }
        self._add([(slot.key, MADE, json.dumps(data, ensure_ascii=True, separators=(",", ":")))], now)

    def add_suppressed(self, subscribers: Mapping[str, str], now: datetime) -> None:
        """Add subscribers who must not get mail any more, each with the reason."""
        hashes = self._hash_all(subscribers, now)
        self._add([(_NO_EDITION, GONE, f"{hashes[email]} {reason}") for email, reason in subscribers.items()], now)

    def add_released(self, email: str, now: datetime) -> None:
        """Add that a subscriber may get mail again."""
        self._add([(_NO_EDITION, BACK, self._hash_all([email], now)[email])], now)

    # — reading —

    def editions(self) -> Iterator[LoggedEdition]:
        """Return the editions that were made, in order; of one that was made again, the last line."""
        found: dict[str, LoggedEdition] = {}
        for at, key, word, rest in self._rows():
            if word == MADE and (row := _parse_edition(at, key, rest)):
                found[key] = row
        return iter(found.values())

    def suppressed(self) -> dict[str, str]:
        """Return why each subscriber who must not get mail any more is suppressed, by the hashes that `hashes_of` gives."""
        found: dict[str, str] = {}
        for _, _, word, rest in self._rows():
            email_hash, _, reason = rest.partition(" ")
            if word == GONE:
                found[email_hash] = reason
            elif word == BACK:
                found.pop(email_hash, None)
        return found

    def hashes_of(self, emails: Iterable[str]) -> dict[str, str]:
        """Return the keyed hash of each address; nothing if the log has no key yet."""
        salt = self._salt()
        return {email: _hash(salt, email) for email in emails} if salt else {}

    def _hash_all(self, emails: Iterable[str], now: datetime) -> dict[str, str]:
        if not self._salt():
            self._add([(_NO_EDITION, SALT, secrets.token_hex(16))], now)
        return self.hashes_of(emails)

    def _salt(self) -> str:
        return next((rest for _, _, word, rest in self._rows() if word == SALT), "")

    def _rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield time, edition, keyword and data of every whole line; ignore a line that a crash cut off."""
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

    def _answer_counts(self, edition: str) -> list[int]:
        """Return the answer counts of an edition since `disregard_answers` was last called for it."""
        counts: list[int] = []
        for _, name, word, _ in self._rows():
            if name == edition and word == AGAIN:
                counts = []
            elif name == edition and word.isascii() and word.isdigit():
                counts.append(int(word))
        return counts


def _hash(salt: str, email: str) -> str:
    return hmac.new(salt.encode(), email.encode(), hashlib.sha256).hexdigest()[:32]


def _parse_edition(at: str, key: str, rest: str) -> LoggedEdition | None:
    try:
        data: dict[str, Any] = json.loads(rest)
        start, end = (datetime.fromisoformat(text) for text in data["window"])
        articles = tuple(_parse_signs(*row) for row in data["articles"])
        return LoggedEdition(
            key=key, number=int(data["number"]), name=data["name"], day=data["day"], start=start, end=end,
            at=datetime.fromisoformat(at), articles=articles,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError):  # somebody has edited the file
        return None


def _parse_signs(key: str, address: str, anchor: str, title: str, opening: str, published: str | None, source: str) -> ArticleSigns:
    return ArticleSigns(key, address, anchor, title, opening, datetime.fromisoformat(published) if published else None, source)

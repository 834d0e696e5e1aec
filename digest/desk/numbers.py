"""The numbers of the last editions: what went out, who came and left, what was printed. Nobody is tracked for them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from digest.app import App
from digest.desk.edition_view import DeskEdition
from digest.edition.readership import count_recipients
from digest.store.history import CONFIRMED

CAME = ("confirmed", "added", "restored")
LEFT = ("unsubscribed", "complained")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionNumbers:
    """The numbers of one edition; who came, left or bounced is counted from it to the next, and `note` says why there was none."""

    key: str
    day: date
    note: str = ""
    recipients: int = 0
    sent: int = 0
    refused: int = 0
    in_doubt: int = 0
    bounced: int = 0
    came: int = 0
    left: int = 0
    stories: int = 0
    comments: int = 0
    came_from: Mapping[str, int] = field(default_factory=dict)  # of those who confirmed, by what the form's address said

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return asdict(self)


@dataclass
class SentCounts:
    """How many got each of the last editions; what has gone is counted once."""

    app: App
    _known: dict[str, EditionNumbers] = field(default_factory=dict)

    def last(self, count: int) -> list[EditionNumbers]:
        """Return the numbers of what was sent, the newest edition first; the newest is counted anew."""
        rows = self.app.store.editions.headlines(count)
        for at, row in enumerate(rows):
            if at == 0 or row.key not in self._known:
                sent = self.app.store.deliveries.counts(row.key).get("sent", 0)
                self._known[row.key] = EditionNumbers(key=row.key, day=row.day, sent=sent)
        return [self._known[row.key] for row in rows]


def edition_numbers(app: App, count: int) -> list[EditionNumbers]:
    """Return the numbers of the last editions, the newest first."""
    entries, until = app.store.editions.recent(count), app.clock()
    found = []
    for entry in entries:
        frozen = app.store.editions.frozen(entry.key)
        if frozen and frozen.corrects:
            continue
        events = app.store.history.counts_between(entry.window_end, until)
        origins = app.store.history.counts_by_origin(CONFIRMED, entry.window_end, until)
        came_from = {origin.removeprefix("form:"): count for origin, count in origins.items()}
        until = entry.window_end
        stories = frozen.edition.stories if frozen else ()
        found.append(
            EditionNumbers(
                key=entry.key,
                day=date.fromisoformat(entry.key[-10:]),
                note=entry.note,
                recipients=sum(entry.counts.values()),
                sent=entry.counts.get("sent", 0),
                refused=entry.counts.get("refused", 0),
                in_doubt=entry.counts.get("unknown", 0),
                bounced=events.get("bounced", 0),
                came=sum(events.get(event, 0) for event in CAME),
                came_from=came_from,
                left=sum(events.get(event, 0) for event in LEFT),
                stories=len(stories),
                comments=sum(len(story.picks) for story in stories),
            )
        )
    return found


def count_readers(app: App, edition: DeskEdition) -> int:
    """Return how many subscribers would get an edition if it went now."""
    who = [app.readership(edition.plan).gets]
    return count_recipients(app.store, app.subscriber_file(), edition.slot.day, who)[0]

"""The subscriber list as any other program reads it, with the statuses that count and the ones wanted only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.batching import batched
from digest.model import Subscriber
from digest.store import Store
from digest.subscribers import SubscriberFile
from digest.subscribers.columns import KNOWN, day_of

FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # what a spreadsheet runs, the full-width forms among them


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Who is wanted; nothing said: everybody."""

    statuses: Sequence[str] = ()
    topic: str | None = None
    domain: str | None = None
    joined_since: str | None = None

    def takes(self, row: Subscriber, status: str) -> bool:
        """Whether a reader is among them."""
        return (
            (not self.statuses or status in self.statuses)
            and (self.topic is None or self.topic.casefold() in {topic.casefold() for topic in row.topics})
            and (self.domain is None or row.email.endswith(f"@{self.domain.lower()}"))
            and (self.joined_since is None or day_of(row.joined) >= self.joined_since)
        )


def export_rows(store: Store, subscriber_file: SubscriberFile, wanted: Filter) -> Iterator[Sequence[str]]:
    """A header and a row for each; a cell that a spreadsheet would take for a formula gets an apostrophe."""
    extra = [name for _, name in subscriber_file.columns().extra]
    yield [*KNOWN, *extra]
    for readers in batched(subscriber_file.distinct()):
        gone = store.suppressions.among(row.email for row in readers)
        for row in readers:
            status = gone.get(row.email, row.status)
            if wanted.takes(row, status):
                others = [*_known(row, status), *(row.extra.get(name, "") for name in extra)]
                yield [*map(neutralised, [row.email, *others])]


def _known(row: Subscriber, status: str) -> Sequence[str]:
    until = row.paused_until.isoformat() if row.paused_until else ""
    return (
        row.name, status, ", ".join(row.topics), row.timezone, row.language, row.frequency, row.joined, until,
    )  # fmt: skip


def neutralised(value: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{value}" if value.startswith(FORMULA) else value

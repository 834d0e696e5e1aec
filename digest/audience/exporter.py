"""The export of the subscriber list for other programs: only the subscribers wanted, with the statuses that count."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from digest.batching import batched
from digest.model import Subscriber
from digest.store import Store
from digest.subscriber_statuses import UNKNOWN_PREFIX
from digest.subscribers import SubscriberFile
from digest.subscribers.columns import KNOWN_COLUMNS, iso_date

FORMULA_PREFIXES = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")  # what a spreadsheet runs, also in full width


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberFilter:
    """The subscribers that are wanted; everybody if nothing is set."""

    statuses: Sequence[str] = ()
    topic: str | None = None
    domain: str | None = None
    joined_since: str | None = None

    def matches(self, row: Subscriber, status: str) -> bool:
        """Return whether a subscriber with this status is wanted."""
        return (
            (not self.statuses or status in self.statuses)
            and (self.topic is None or self.topic.casefold() in {topic.casefold() for topic in row.topics})
            and (self.domain is None or row.email.endswith(f"@{self.domain.lower().removeprefix('@')}"))
            and (self.joined_since is None or iso_date(row.joined) >= self.joined_since)
        )


def export_rows(store: Store, subscriber_file: SubscriberFile, wanted: SubscriberFilter) -> Iterator[Sequence[str]]:
    """Yield a header and a row for each subscriber wanted; a cell that a spreadsheet would run as a formula gets an apostrophe."""
    extra = [name for _, name in subscriber_file.columns().extra]
    yield [*KNOWN_COLUMNS, *extra]
    for subscribers in batched(subscriber_file.distinct()):
        reasons = store.suppressions.among(row.email for row in subscribers)
        for row in subscribers:
            status = reasons.get(row.email, row.status)
            if wanted.matches(row, status):
                others = [*_known_values(row, status), *(row.extra.get(name, "") for name in extra)]
                yield [*map(neutralise_formula, [row.email, *others])]


def _known_values(row: Subscriber, status: str) -> Sequence[str]:
    until = row.paused_until.isoformat() if row.paused_until else ""
    shown = status.removeprefix(UNKNOWN_PREFIX)  # as the list has it
    return row.name, shown, ", ".join(row.topics), row.timezone, row.language, row.frequency, row.joined, until


def neutralise_formula(value: str) -> str:
    """Return a cell's text so that no spreadsheet runs it as a formula."""
    return f"'{value}" if value.startswith(FORMULA_PREFIXES) else value

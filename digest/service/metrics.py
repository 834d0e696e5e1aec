"""What a monitor is told, in Prometheus' text format: counts and times of the service, and nothing about a single reader.

What the database knows is read at each scrape, so a restart forgets nothing. Only what happens in this process is counted here:
the relays' answers, and how long collecting takes.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from digest import __version__
from digest.app import App
from digest.edition.pipeline import Unwatched
from digest.model import Receipt
from digest.subscribers import SubscriberFile

COLLECTING = (0.5, 1, 2, 5, 10, 30, 60, 120, 300)  # seconds


class Metrics(Unwatched):
    """The metrics of one newsletter. It is the progress of its runs too: each answer of a relay counts."""

    def __init__(self, app: App) -> None:
        self._registry = CollectorRegistry()
        names = ["relay", "outcome"]
        self._answers = Counter("digest_messages", "Answers of the relays.", names, registry=self._registry)
        self._seconds = Histogram(
            "digest_collect_seconds", "How long collecting takes.", buckets=COLLECTING, registry=self._registry
        )
        self._failures = Counter("digest_collect_failures", "Sources that could not be read.", ["source"], registry=self._registry)
        self._registry.register(_StoreCollector(app))
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)

    def text(self) -> bytes:
        """Return all of them as a scrape gets them; it may read the whole subscriber list."""
        return generate_latest(self._registry)

    def collected(self, seconds: float, failed: Sequence[str]) -> None:
        """Count a collection, and the sources that could not be read."""
        self._seconds.observe(seconds)
        for source in failed:
            self._failures.labels(source).inc()

    def answered(self, receipt: Receipt) -> None:
        """Count an answer of a relay."""
        self._answers.labels(receipt.relay, receipt.outcome).inc()


class _StoreCollector(Collector):
    """What the database, the calendar and the list say at a scrape."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._list: tuple[tuple[int, int], dict[str, int]] = ((0, 0), {})

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its values."""
        store, now = self._app.store, self._app.clock()
        yield _gauge("digest_build_info", "The version.", [((__version__,), 1)], "version")
        yield _gauge("digest_troubles", "What is wrong, as it was told.", [((), len(store.alarms.told()))])
        yield from self._editions(now)
        suppressed = store.suppressions.counts().items()
        yield _gauge("digest_suppressed", "Addresses that get no mail.", [((why,), n) for why, n in suppressed], "reason")
        listed = self._subscribers().items()
        yield _gauge("digest_subscribers", "Rows of subscribers.csv.", [((status,), n) for status, n in listed], "status")
        read = store.content.last_read().items()
        what = "When a source was last read as a whole."
        yield _gauge("digest_source_last_read_timestamp_seconds", what, [((name,), at.timestamp()) for name, at in read], "source")
        limits = store.relay_limits.known(now).items()
        rows = [((relay,), limit.rate) for relay, limit in limits]
        yield _gauge("digest_relay_limit_per_second", "The rate that a relay has shown to be its limit; 0: none.", rows, "relay")

    def _editions(self, now: datetime) -> Iterator[Metric]:
        """Yield what is known of the last edition of each plan, and of the next."""
        deliveries, plans = self._app.store.deliveries, self._app.config.editions
        series = [(plan, self._app.series[plan.name]) for plan in plans]
        made = self._app.store.editions.counts()
        rows = [((name, state), n) for (name, state), n in made.items()]
        yield _gauge("digest_editions", "Editions made and skipped.", rows, "edition", "state")
        last = {name: frozen for _, name in series if (frozen := self._app.store.editions.newest(name))}
        states = [((name, state), n) for name, row in last.items() for state, n in deliveries.counts(row.key).items()]
        yield _gauge("digest_edition_messages", "Messages of the last edition.", states, "edition", "state")
        waiting = [((name,), deliveries.waiting(row.key, None)) for name, row in last.items()]
        yield _gauge("digest_queue", "Messages of the last edition that are still to send.", waiting, "edition")
        sent = [((name,), row.finished_at.timestamp()) for name, row in last.items() if row.finished_at]
        yield _gauge("digest_last_success_timestamp_seconds", "When the last edition was finished.", sent, "edition")
        due = [((name,), self._app.calendar(plan).next_due(now).timestamp()) for plan, name in series]
        yield _gauge("digest_next_edition_timestamp_seconds", "When the next edition goes.", due, "edition")

    def _subscribers(self) -> dict[str, int]:
        """Return how many rows the list has by status; it is read again only when the file has changed."""
        try:
            found = self._app.subscriber_path.stat()
        except OSError:
            return {}
        signature = found.st_mtime_ns, found.st_size
        if signature != self._list[0]:
            self._list = signature, dict(SubscriberFile(self._app.subscriber_path).summarise().counts)
        return self._list[1]


def _gauge(name: str, what: str, rows: Sequence[tuple[tuple[str, ...], float]], *labels: str) -> Metric:
    family = GaugeMetricFamily(name, what, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family

"""A copy of the store's decisions in the subscriber list, for the operator to see. The store counts, never the copy.

A file of a million rows takes seconds to write, so a hundred subscribers who leave in a minute cause one write. Nobody waits
for it: an opt-out counts from its commit. A suppression that a power cut keeps out of the
file is written at the next start; topics and pauses stay in the store alone.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from digest.batching import batched
from digest.errors import DigestError
from digest.store import Store
from digest.subscriber_statuses import FINAL_STATUSES
from digest.subscribers import SubscriberFile, set_columns

log = logging.getLogger("digest")
WRITE_INTERVAL = 5.0  # seconds between two writes
RETRY_DELAY = 60.0  # seconds before a failed write is tried again


class CsvSync:
    """The writer of one subscriber list; `enqueue` may be called at any time on the event loop that runs it."""

    def __init__(self, store: Store, subscriber_file: Callable[[], SubscriberFile]) -> None:
        self._store = store
        self._subscriber_file = subscriber_file
        self._waiting: dict[str, dict[str, str]] = {}
        self._task: asyncio.Task[None] | None = None
        self._writing = asyncio.Lock()

    def enqueue(self, email: str, values: Mapping[str, str]) -> None:
        """Have some columns of an address written soon."""
        self._waiting.setdefault(email, {}).update(values)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self._waiting:
            done = await self.flush()
            await asyncio.sleep(WRITE_INTERVAL if done else RETRY_DELAY)

    async def flush(self) -> bool:
        """Write what waits, and return True once it is written; return False if it could not be, and keep it waiting."""
        async with self._writing:
            return await self._write()

    async def _write(self) -> bool:
        taken, self._waiting = self._waiting, {}
        if not taken:
            return True
        try:
            await asyncio.to_thread(set_columns, self._subscriber_file().path, partial(self._recheck, taken))
        except DigestError as error:
            log.warning("saved, but not yet written to subscribers.csv: %s", error)
            self._waiting = {email: {**values, **self._waiting.get(email, {})} for email, values in taken.items()} | {
                email: values for email, values in self._waiting.items() if email not in taken
            }
            return False
        return True

    def _recheck(self, taken: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
        """Return the values that still hold when the file is open: a subscriber may have come back since they left."""
        suppressed = self._store.suppressions.among(taken)
        return {
            email: {name: value for name, value in values.items() if name != "status" or email in suppressed}
            for email, values in taken.items()
        }

    async def close(self) -> None:
        """Write what waits, and stop."""
        async with self._writing:  # a write that is under way ends first, or its values would be lost if it failed
            if self._task is not None:
                self._task.cancel()
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)
        await self.flush()


def write_suppressions(store: Store, subscriber_file: SubscriberFile) -> int:
    """Mark everybody in the subscriber list who is suppressed but not marked so; return how many rows were edited."""
    missing = dict(_missing(store, subscriber_file))
    return set_columns(subscriber_file.path, lambda: {**_recheck_missing(store, missing)}) if missing else 0


def _recheck_missing(store: Store, missing: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
    suppressed = store.suppressions.among(missing)
    return {email: values for email, values in missing.items() if email in suppressed}


def _missing(store: Store, subscriber_file: SubscriberFile) -> Iterator[tuple[str, dict[str, str]]]:
    for subscribers in batched(subscriber_file):
        reasons = store.suppressions.among(row.email for row in subscribers if row.status not in FINAL_STATUSES)
        for email, reason in reasons.items():
            yield email, {"status": reason if reason in FINAL_STATUSES else "unsubscribed"}

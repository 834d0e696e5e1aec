"""Stages 4 and 5 once: everyone who waits for an edition, witnessed, and stopped where too many addresses are dead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count

from digest.compose import Composer, compose_all
from digest.deliver import Run
from digest.edition.guards import DeadAddresses
from digest.edition.pipeline import Pipeline, Progress
from digest.model import Outcome, Receipt
from digest.store import FrozenEdition, StoredDeliveryLog

LOG_EVERY = 1_000  # answers between two lines of sent.log


async def send_pending(
    pipeline: Pipeline, frozen: FrozenEdition, waiting: int, progress: Progress, due: datetime | None, tally: DeadAddresses
) -> None:
    """Compose and deliver what waits; HeldError where the tally says that too many addresses are dead, and the rest is kept."""
    deliveries, key, now = pipeline.store.deliveries, frozen.key, pipeline.clock()
    midnight = now.astimezone(pipeline.sender.newsletter.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    used = deliveries.sent_since(midnight) if any(relay.warm_up for relay in pipeline.smtp.fleet) else {}
    journal, at = StoredDeliveryLog(deliveries, key), frozen.edition.frozen_at
    composer = Composer(pipeline.sender, frozen.rendered, key, at, variants=frozen.variants)
    start = deliveries.answers(key)
    pipeline.sent_log.note(key, start, now)
    try:
        async with _stopping(pipeline.stop) as stop:
            watch = _watching(pipeline, key, start, progress, tally, stop)
            run = Run(
                pipeline.smtp, pipeline.sender.newsletter.address, journal, pipeline.clock, watch, stop, used, midnight.date(),
                proved=bool(deliveries.counts(key).get(Outcome.SENT)), learnt=pipeline.store.relay_limits.known(now),
            )  # fmt: skip
            try:
                with compose_all(composer, deliveries.to_send(key, due), waiting) as messages:
                    await run.deliver(messages)
            finally:
                pipeline.store.relay_limits.keep(run.lessons(), pipeline.clock())
    finally:
        pipeline.sent_log.note(key, deliveries.answers(key), pipeline.clock())
    tally.check()


@asynccontextmanager
async def _stopping(asked: asyncio.Event) -> AsyncIterator[asyncio.Event]:
    """An event of this run's own, set also when somebody asks everything to stop."""
    stop = asyncio.Event()

    async def forward() -> None:
        await asked.wait()
        stop.set()

    if asked.is_set():
        stop.set()
    task = asyncio.create_task(forward())
    try:
        yield stop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _watching(
    pipeline: Pipeline, key: str, start: int, progress: Progress, tally: DeadAddresses, stop: asyncio.Event
) -> Callable[[Receipt], None]:
    """Progress that also counts, and leaves a line in the log now and then: of the answers up to the last time, which are in
    the database.
    """
    numbers = count(1)

    def watch(receipt: Receipt) -> None:
        progress.answered(receipt)
        tally.count(receipt)
        if tally.too_many:
            stop.set()
        if (number := next(numbers)) % LOG_EVERY == 0:
            pipeline.sent_log.note(key, start + number - LOG_EVERY, pipeline.clock())

    return watch

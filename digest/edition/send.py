"""One pass of stages 4 and 5 over the recipients who wait, noted in `sent.log`, and stopped if too many addresses are dead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from itertools import count

from digest.compose import Composer, compose_all
from digest.deliver import Run
from digest.edition.editors_word import word_on
from digest.edition.guards import DeadAddresses
from digest.edition.pipeline import Pipeline, Progress
from digest.model import Outcome, Receipt
from digest.store import FrozenEdition, StoredDeliveryLog

STOP_ASKED_EVERY = 1.0  # seconds between two looks whether an editor has stopped the edition
LOG_EVERY = 1_000  # answers between two lines of sent.log


async def send_pending(
    pipeline: Pipeline, frozen: FrozenEdition, waiting: int, progress: Progress, due: datetime | None, tally: DeadAddresses
) -> None:
    """Compose and deliver what waits; raise HeldError if too many addresses are dead: the rest stays queued."""
    deliveries, key, now = pipeline.store.deliveries, frozen.key, pipeline.clock()
    midnight = now.astimezone(pipeline.sender.newsletter.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    used = pipeline.store.delivery_reports.sent_since(midnight) if any(relay.warm_up for relay in pipeline.smtp.fleet) else {}
    delivery_log, at = StoredDeliveryLog(deliveries, key), frozen.edition.frozen_at
    composer = Composer(pipeline.sender, frozen.rendered, key, at, variants=frozen.variants, signed_at=now)
    start = deliveries.answers(key)
    pipeline.sent_log.add_answers(key, start, now)
    try:
        async with _linked_stop(pipeline, key) as stop:
            watch = _receipt_watcher(pipeline, key, start, progress, tally, stop)
            run = Run(
                pipeline.smtp, pipeline.sender.newsletter.address, delivery_log, pipeline.clock, watch, stop, used, midnight.date(),
                has_sent_before=bool(deliveries.counts(key).get(Outcome.SENT)), known_limits=pipeline.store.relay_limits.known(now),
            )  # fmt: skip
            try:
                with compose_all(composer, deliveries.to_send(key, due, now), waiting) as messages:
                    await run.deliver(messages)
            finally:
                pipeline.store.relay_limits.keep(run.learnt_limits(), pipeline.clock())
    finally:
        pipeline.sent_log.add_answers(key, deliveries.answers(key), pipeline.clock())
    tally.check()


@asynccontextmanager
async def _linked_stop(pipeline: Pipeline, key: str) -> AsyncIterator[asyncio.Event]:
    """Yield a stop event for this run alone, which is also set when somebody asks the whole program to stop, or an editor stops
    this edition, from whatever process.
    """
    stop, requested = asyncio.Event(), pipeline.stop

    async def forward() -> None:
        await requested.wait()
        stop.set()

    async def watch() -> None:
        while not stop.is_set():
            if (await asyncio.to_thread(word_on, pipeline.store, key)).stop:
                stop.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), STOP_ASKED_EVERY)

    if requested.is_set():
        stop.set()
    tasks = [asyncio.create_task(forward()), asyncio.create_task(watch())]
    try:
        yield stop
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _receipt_watcher(
    pipeline: Pipeline, key: str, start: int, progress: Progress, tally: DeadAddresses, stop: asyncio.Event
) -> Callable[[Receipt], None]:
    """Return a function that shows and counts each receipt, and every `LOG_EVERY` adds a line to `sent.log`. That line has the
    count of the time before, because those answers are in the database.
    """
    numbers = count(1)

    def watch(receipt: Receipt) -> None:
        progress.answered(receipt)
        tally.count(receipt)
        if tally.too_many:
            stop.set()
        if (number := next(numbers)) % LOG_EVERY == 0:
            pipeline.sent_log.add_answers(key, start + number - LOG_EVERY, pipeline.clock())

    return watch

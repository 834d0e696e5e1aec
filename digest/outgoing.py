"""Stages 4 and 5 once: everyone who waits for an edition, witnessed, and stopped where too many addresses are dead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count

from digest.compose import Composer, composed
from digest.deliver import Run
from digest.guards import Tally
from digest.line import Line, Progress
from digest.model import Outcome, Receipt
from digest.store import Frozen, Journal

WITNESSED = 1_000  # answers between two lines of sent.log


async def carried(line: Line, frozen: Frozen, waiting: int, progress: Progress, due: datetime | None, tally: Tally) -> None:
    """Compose and deliver what waits; HeldError where the tally says that too many addresses are dead, and the rest is kept."""
    deliveries, key, now = line.store.deliveries, frozen.key, line.clock()
    midnight = now.astimezone(line.sender.newsletter.timezone).replace(hour=0, minute=0, second=0, microsecond=0)
    used = deliveries.sent_since(midnight) if any(relay.warm_up for relay in line.smtp.fleet) else {}
    journal, at = Journal(deliveries, key), frozen.edition.frozen_at
    composer = Composer(line.sender, frozen.rendered, key, at, variants=frozen.variants)
    start = deliveries.answers(key)
    line.witness.note(key, start, now)
    try:
        async with _stopping(line.stop) as stop:
            watch = _watching(line, key, start, progress, tally, stop)
            run = Run(
                line.smtp, line.sender.newsletter.address, journal, line.clock, watch, stop, used, midnight.date(),
                proved=bool(deliveries.counts(key).get(Outcome.SENT)), learnt=line.store.relay_limits.known(now),
            )  # fmt: skip
            try:
                with composed(composer, deliveries.to_send(key, due), waiting) as messages:
                    await run.deliver(messages)
            finally:
                line.store.relay_limits.keep(run.lessons(), line.clock())
    finally:
        line.witness.note(key, deliveries.answers(key), line.clock())
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


def _watching(line: Line, key: str, start: int, progress: Progress, tally: Tally, stop: asyncio.Event) -> Callable[[Receipt], None]:
    """Progress that also counts, and leaves a line in the log now and then: of the answers up to the last time, which are in
    the ledger.
    """
    numbers = count(1)

    def watch(receipt: Receipt) -> None:
        progress.answered(receipt)
        tally.count(receipt)
        if tally.too_many:
            stop.set()
        if (number := next(numbers)) % WITNESSED == 0:
            line.witness.note(key, start + number - WITNESSED, line.clock())

    return watch

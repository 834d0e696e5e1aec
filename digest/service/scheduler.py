"""Timed jobs: collect during the day, publish at each edition's cut-off, and check every minute for unfinished work.

The scheduler keeps no state. It reads what is due from the calendar and the database each time. A restart, a missed
hour or two jobs at once therefore change nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from digest.app import App
from digest.audience.bounce_handler import BounceHandler
from digest.audience.csv_sync import write_suppressions
from digest.config import EditionPlan
from digest.edition.report import RunReport
from digest.errors import DigestError
from digest.model import Slot
from digest.publish import Unwatched, publish, send, suppress_opted_out
from digest.store import FrozenEdition

log = logging.getLogger("digest")
MINUTE = timedelta(minutes=1)
RETRY_PAUSE = timedelta(minutes=5)  # before another try at an edition that failed because of its sources


@dataclass(frozen=True, slots=True)
class Job:
    """An action and the trigger that starts it."""

    name: str
    trigger: BaseTrigger
    action: Callable[[], Awaitable[None]]


class Service:
    """The timed actions of `digest run`; each may be called at any time and any number of times."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._sending = asyncio.Lock()
        self._not_before: dict[str, datetime] = {}  # by slot: the earliest time of another try

    def now(self) -> datetime:
        """Return the newsletter's time, which DIGEST_NOW may have shifted."""
        return self._app.clock()

    def jobs(self) -> list[Job]:
        """Return every job of this newsletter."""
        config = self._app.config
        zone = config.newsletter.timezone
        editions = [Job(f"publish {plan.name}", _publish_trigger(plan, zone), self.publish_due) for plan in config.editions]
        every = int(config.collect_every.total_seconds())
        now = self.now()  # the intervals count from here, also if DIGEST_NOW has shifted the clock
        collecting = Job("collect", IntervalTrigger(seconds=every, start_date=now + timedelta(seconds=every)), self.collect)
        return [*editions, collecting, Job("catch up", IntervalTrigger(minutes=1, start_date=now + MINUTE), self.catch_up)]

    async def collect(self) -> None:
        """Read the sources, because feeds drop older entries."""
        harvest = await self._app.gather(conditional=True)
        log.info("collected %d articles and %d comments", len(harvest.articles), len(harvest.comments))
        for failure in harvest.failures:
            log.warning("%s", failure)

    async def publish_due(self) -> None:
        """Make and send every edition that is due and that the database does not have."""
        async with self._sending:
            for plan in self._app.config.editions:
                slot = self.due(plan)
                if slot is not None and self._app.clock() >= self._not_before.get(slot.key, slot.window.end):
                    self._not_before[slot.key] = self._app.clock() + RETRY_PAUSE
                    await self._run_safely(slot.key, partial(publish, self._app.pipeline, plan, slot, Unwatched()))

    def due(self, plan: EditionPlan) -> Slot | None:
        """Return the slot of the latest cut-off that has passed; None if its edition is made, skipped or too late."""
        app, now = self._app, self._app.clock()
        day = app.calendar(plan).latest(now)
        slot = app.slot(plan, day)
        late = now - slot.window.end > plan.late_after
        return None if late or app.store.editions.knows(slot.key) else slot

    async def catch_up(self) -> None:
        """Send deferred and interrupted messages that are due again, and make the editions that a stopped service missed."""
        async with self._sending:
            for frozen in self._app.unfinished():
                await self._run_safely(frozen.key, partial(self._resume, frozen))
        await self.publish_due()

    async def _resume(self, frozen: FrozenEdition) -> RunReport:
        await asyncio.to_thread(suppress_opted_out, self._app.pipeline, self._app.subscriber_file())
        return await send(self._app.pipeline, frozen, Unwatched(), due=self._app.clock())

    async def write_down(self) -> None:
        """Mark suppressed subscribers in subscribers.csv; log a warning if that fails."""
        try:
            await asyncio.to_thread(write_suppressions, self._app.store, self._app.subscriber_file())
        except DigestError as error:
            log.warning("could not write suppressions to subscribers.csv: %s", error)

    async def watch_returns(self) -> None:
        """Read bounces from the mailbox until the service stops."""
        await BounceHandler(self._app).watch()

    async def settled(self) -> None:
        """Wait until no run is in progress."""
        async with self._sending:
            return

    async def _run_safely(self, key: str, run: Callable[[], Awaitable[RunReport]]) -> None:
        """Run under the sending lock and log the result, or the failure: nothing is lost, and the next minute tries again."""
        try:
            with self._app.sending():
                report = await run()
        except DigestError as error:
            log.error("%s: %s", key, error)  # noqa: TRY400  a traceback would hide the message, which says what to do
            return
        except Exception:  # the pages must stay up, and the next minute may succeed
            log.exception("%s", key)
            return
        if report.bounced:
            await self.write_down()
        if report.status != "nothing":
            counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
            log.info("%s %s: %s", key, report.status, counts or report.note)
        for failure in report.failures:
            log.warning("%s", failure)


def _publish_trigger(plan: EditionPlan, zone: object) -> CronTrigger:
    return CronTrigger(
        day_of_week=",".join(map(str, sorted(plan.days))),
        hour=plan.at.hour,
        minute=plan.at.minute,
        second=plan.at.second,
        timezone=zone,
    )


class _ShiftedTrigger(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """A trigger on a clock that is ahead of the machine's or behind it, because DIGEST_NOW shifts the service."""

    def __init__(self, trigger: BaseTrigger, ahead: timedelta) -> None:
        self._trigger = trigger
        self._ahead = ahead

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return the next time of the job on the machine's clock; None if there is none."""
        previous = None if previous_fire_time is None else previous_fire_time + self._ahead
        following = self._trigger.get_next_fire_time(previous, now + self._ahead)
        return None if following is None else following - self._ahead


async def serve(service: Service, stop: asyncio.Event) -> None:
    """Run the jobs until `stop` is set, then finish the run in progress."""
    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    ahead = service.now() - datetime.now(UTC)
    for job in service.jobs():
        scheduler.add_job(job.action, _ShiftedTrigger(job.trigger, ahead), id=job.name, name=job.name)
    scheduler.start()
    bounce_watch = asyncio.create_task(service.watch_returns())
    await service.write_down()
    await service.collect()
    await service.catch_up()
    await stop.wait()
    scheduler.pause()  # a shutdown now would cancel the run in progress
    await service.settled()
    scheduler.shutdown(wait=False)
    await bounce_watch
    log.info("service stopped")

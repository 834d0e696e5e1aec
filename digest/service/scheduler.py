"""When things happen: collect during the day, publish at each edition's hour, and look every minute for what is left over.

The scheduler remembers nothing. What is due is read from the calendar and the database each time, so a restart, a missed
hour or two alarms at once change nothing.
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
from digest.audience.csv_sync import catch_up
from digest.config import EditionPlan
from digest.edition.report import RunReport
from digest.errors import DigestError
from digest.model import Slot
from digest.publish import Unwatched, publish, send, suppress_opted_out
from digest.store import FrozenEdition

log = logging.getLogger("digest")
MINUTE = timedelta(minutes=1)
RETRY_PAUSE = timedelta(minutes=5)  # before an edition that failed for its sources is tried again


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do whenever its trigger says so."""

    name: str
    trigger: BaseTrigger
    action: Callable[[], Awaitable[None]]


class Service:
    """What `digest run` does at its hours; each action may be called at any time and as often as one likes."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._sending = asyncio.Lock()
        self._not_before: dict[str, datetime] = {}  # slots that could not be made: when to try again

    def now(self) -> datetime:
        """The newsletter's time, which DIGEST_NOW may have moved."""
        return self._app.clock()

    def jobs(self) -> list[Job]:
        """Every alarm of this newsletter."""
        config = self._app.config
        zone = config.newsletter.timezone
        editions = [Job(f"publish {plan.name}", _at(plan, zone), self.publish_due) for plan in config.editions]
        every = int(config.collect_every.total_seconds())
        now = self.now()  # from which the intervals count, wherever DIGEST_NOW has moved the clock
        collecting = Job("collect", IntervalTrigger(seconds=every, start_date=now + timedelta(seconds=every)), self.collect)
        return [*editions, collecting, Job("catch up", IntervalTrigger(minutes=1, start_date=now + MINUTE), self.catch_up)]

    async def collect(self) -> None:
        """Read the sources, since feeds forget."""
        harvest = await self._app.gather(conditional=True)
        log.info("collected %d articles and %d comments", len(harvest.articles), len(harvest.comments))
        for failure in harvest.failures:
            log.warning("%s", failure)

    async def publish_due(self) -> None:
        """Make and send every edition whose cut-off has passed and that the database does not have."""
        async with self._sending:
            for plan in self._app.config.editions:
                slot = self.due(plan)
                if slot is not None and self._app.clock() >= self._not_before.get(slot.key, slot.window.end):
                    self._not_before[slot.key] = self._app.clock() + RETRY_PAUSE
                    await self._safely(slot.key, partial(publish, self._app.pipeline, plan, slot, Unwatched()))

    def due(self, plan: EditionPlan) -> Slot | None:
        """The edition to make now: the latest cut-off that has passed, unless it is made, skipped or too late for."""
        app, now = self._app, self._app.clock()
        day = app.calendar(plan).latest(now)
        slot = app.slot(plan, day)
        late = now - slot.window.end > plan.late_after
        return None if late or app.store.editions.knows(slot.key) else slot

    async def catch_up(self) -> None:
        """Send what was deferred or interrupted and is due again, and make what a stopped service missed."""
        async with self._sending:
            for frozen in self._app.unfinished():
                await self._safely(frozen.key, partial(self._resume, frozen))
        await self.publish_due()

    async def _resume(self, frozen: FrozenEdition) -> RunReport:
        await asyncio.to_thread(suppress_opted_out, self._app.pipeline, self._app.subscriber_file())
        return await send(self._app.pipeline, frozen, Unwatched(), due=self._app.clock())

    async def write_down(self) -> None:
        """Show in the subscriber list who must not be written to any more."""
        try:
            await asyncio.to_thread(catch_up, self._app.store, self._app.subscriber_file())
        except DigestError as error:
            log.warning("could not write suppressions to subscribers.csv: %s", error)

    async def watch_returns(self) -> None:
        """Read the mail that comes back, until the service stops."""
        await BounceHandler(self._app).watch()

    async def settled(self) -> None:
        """Return when no run is under way."""
        async with self._sending:
            return

    async def _safely(self, key: str, run: Callable[[], Awaitable[RunReport]]) -> None:
        """A run that fails is told; the next minute tries again, and nothing is lost meanwhile."""
        try:
            with self._app.sending():
                report = await run()
        except DigestError as error:
            log.error("%s: %s", key, error)  # noqa: TRY400  the message says what to do; a traceback would hide it
            return
        except Exception:  # the pages must stay up, and the next minute may go better
            log.exception("%s", key)
            return
        if report.bounced:
            await self.write_down()
        if report.status != "nothing":
            counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
            log.info("%s %s: %s", key, report.status, counts or report.note)
        for failure in report.failures:
            log.warning("%s", failure)


def _at(plan: EditionPlan, zone: object) -> CronTrigger:
    return CronTrigger(
        day_of_week=",".join(map(str, sorted(plan.days))),
        hour=plan.at.hour,
        minute=plan.at.minute,
        second=plan.at.second,
        timezone=zone,
    )


class _Shifted(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """A trigger on a clock that runs ahead of the machine's, or behind it: how DIGEST_NOW moves a service."""

    def __init__(self, trigger: BaseTrigger, ahead: timedelta) -> None:
        self._trigger = trigger
        self._ahead = ahead

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """When the alarm rings, on the machine's clock."""
        previous = None if previous_fire_time is None else previous_fire_time + self._ahead
        following = self._trigger.get_next_fire_time(previous, now + self._ahead)
        return None if following is None else following - self._ahead


async def serve(service: Service, stop: asyncio.Event) -> None:
    """Run the jobs until `stop` is set; what is in flight then is finished."""
    scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
    ahead = service.now() - datetime.now(UTC)
    for job in service.jobs():
        scheduler.add_job(job.action, _Shifted(job.trigger, ahead), id=job.name, name=job.name)
    scheduler.start()
    returning = asyncio.create_task(service.watch_returns())
    await service.write_down()
    await service.collect()
    await service.catch_up()
    await stop.wait()
    scheduler.pause()  # to shut it down now would cancel the run that is under way
    await service.settled()
    scheduler.shutdown(wait=False)
    await returning
    log.info("service stopped")

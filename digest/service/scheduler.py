"""Timed jobs: collect during the day, publish at each edition's cut-off, and check every minute for unfinished work.

The scheduler keeps no state. It reads what is due from the calendar and the database each time. A restart, a missed
hour or two jobs at once therefore change nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from digest.app import App
from digest.audience.bounce_handler import BounceHandler
from digest.audience.transactional_emails import TransactionalEmails
from digest.config import EditionPlan
from digest.desk.edition_view import Desk
from digest.desk.notices import Notices
from digest.errors import DigestError
from digest.service.alarms import Alarms
from digest.service.catch_up import CatchUp

log = logging.getLogger("digest")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Job:
    """An action and the trigger that starts it."""

    name: str
    trigger: BaseTrigger
    action: Callable[[], Awaitable[None]]


class Service:
    """The timed actions of `digest run`; each may be called at any time and any number of times."""

    def __init__(self, app: App, after_collecting: Callable[[], Awaitable[None]] | None = None) -> None:
        """`after_collecting` is work that somebody would otherwise wait for."""
        self._app = app
        self._after_collecting = after_collecting
        self.catch_up = CatchUp(app)
        self._emails = TransactionalEmails(app)
        self.alarms = Alarms(app, self.catch_up.said)
        self._notices = Notices(app, self._emails, Desk(app))

    def now(self) -> datetime:
        """Return the newsletter's time, which DIGEST_NOW may have shifted."""
        return self._app.clock()

    def jobs(self) -> list[Job]:
        """Return every job of this newsletter."""
        config = self._app.config
        zone = config.newsletter.timezone
        editions = [
            Job(f"publish {plan.name}", _publish_trigger(plan, zone), self.catch_up.publish_due) for plan in config.editions
        ]
        every = int(config.collect_every.total_seconds())
        now = self.now()  # the intervals count from here, also if DIGEST_NOW has shifted the clock
        collecting = Job("collect", IntervalTrigger(seconds=every, start_date=now + timedelta(seconds=every)), self.collect)
        telling = Job("tell the editors", IntervalTrigger(minutes=1, start_date=now + MINUTE / 2), self.tell_editors)
        catching_up = Job("catch up", IntervalTrigger(minutes=1, start_date=now + MINUTE), self.catch_up.run)
        watching = Job("look for trouble", IntervalTrigger(minutes=1, start_date=now + MINUTE / 4), self.look_for_trouble)
        return [*editions, watching, collecting, *([telling] if config.desk.editors else []), catching_up]

    async def collect(self) -> None:
        """Read the sources, because feeds drop older entries."""
        harvest = await self._app.gather(conditional=True)
        log.info("collected %d articles and %d comments", len(harvest.articles), len(harvest.comments))
        for failure in harvest.failures:
            log.warning("%s", failure)
        if self._after_collecting is not None:
            await self._after_collecting()

    async def tell_editors(self) -> None:
        """Send the mails to the editors that are due."""
        try:
            await self._notices.tell()
        except DigestError as error:
            log.error("could not tell the editors: %s", error)  # noqa: TRY400  a traceback would hide the message

    async def look_for_trouble(self) -> None:
        """Tell the operator what is wrong, and what is over."""
        try:
            await self.alarms.look()
        except DigestError as error:
            log.error("could not look for trouble: %s", error)  # noqa: TRY400  a traceback would hide the message

    async def wait_for_mails(self) -> None:
        """Wait until the mails that were begun are sent."""
        await self._emails.wait()

    async def watch_bounces(self) -> None:
        """Read bounces from the mailbox until the service stops."""
        await BounceHandler(self._app).watch()


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
    bounce_watch = asyncio.create_task(service.watch_bounces())
    await service.catch_up.mark_suppressed()
    await service.collect()
    await service.catch_up.run()
    await stop.wait()
    scheduler.pause()  # a shutdown now would cancel the run in progress
    await service.catch_up.wait_until_idle()
    await service.wait_for_mails()
    scheduler.shutdown(wait=False)
    await bounce_watch
    log.info("service stopped")

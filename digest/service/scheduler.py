"""Timed jobs: collect during the day, publish at each edition's cut-off, and check every minute for unfinished work.

The scheduler keeps no state. It reads what is due from the calendar and the database each time. A restart, a missed
hour or two jobs at once therefore change nothing.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.interval import IntervalTrigger

from digest.app import App
from digest.audience.bounce_handler import BounceHandler
from digest.audience.transactional_emails import TransactionalEmails
from digest.desk.edition_view import Desk
from digest.desk.notices import Notices
from digest.edition.edition_calendar import EditionCalendar
from digest.edition.pipeline import Progress, Unwatched
from digest.errors import DigestError
from digest.service.alarms import Alarms
from digest.service.catch_up import CatchUp
from digest.service.good_files import GoodFiles
from digest.service.housekeeping import tidy
from digest.service.reload import Reload

log = logging.getLogger("digest")
MINUTE = timedelta(minutes=1)
DRAIN = timedelta(seconds=30)


class Measuring(Progress, Protocol):
    """Whoever counts what the service does."""

    def collected(self, seconds: float, failed: Sequence[str]) -> None:
        """Count a collection, and the sources that could not be read."""


@dataclass(frozen=True, slots=True)
class Job:
    """An action and the trigger that starts it."""

    name: str
    trigger: BaseTrigger
    action: Callable[[], Awaitable[None]]


class Service:
    """The timed actions of `digest run`; each may be called at any time and any number of times."""

    def __init__(
        self,
        app: App,
        *,
        after_collecting: Callable[[], Awaitable[None]] | None = None,
        after_changes: Callable[[], Awaitable[None]] | None = None,
        metrics: Measuring | None = None,
    ) -> None:
        """`after_collecting` is work that somebody would otherwise wait for; `after_changes` follows a new digest.toml."""
        self._app = app
        self._after_collecting = after_collecting
        self._after_changes = after_changes
        self._metrics = metrics
        self.catch_up = CatchUp(app, metrics or Unwatched())
        self._files = GoodFiles(app)
        self._files.current()  # so that there are some to go back to
        app.design_files = self._files.current
        self.reload = Reload(app, self._adopt)
        self.alarms = Alarms(app, self.catch_up.said, lambda: (self.reload.trouble, self._files.trouble))
        self.scheduler = AsyncIOScheduler(job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None})
        self._take_settings()

    def _take_settings(self) -> None:
        """Make what keeps settings for as long as it lives."""
        self._emails = TransactionalEmails(self._app)
        self._notices = Notices(self._app, self._emails, Desk(self._app))

    async def _adopt(self) -> None:
        """Go on with the settings that the newsletter has now."""
        before = self._emails
        self._take_settings()
        self.schedule()
        await before.wait()
        if self._after_changes is not None:
            await self._after_changes()

    def schedule(self) -> None:
        """Have every job done at its times; a job that is under way is not disturbed."""
        self.scheduler.remove_all_jobs()
        ahead = self.now() - datetime.now(UTC)
        for job in self.jobs():
            self.scheduler.add_job(job.action, _ShiftedTrigger(job.trigger, ahead), id=job.name, name=job.name)

    def now(self) -> datetime:
        """Return the newsletter's time, which DIGEST_NOW may have shifted."""
        return self._app.clock()

    def jobs(self) -> list[Job]:
        """Return every job of this newsletter."""
        config = self._app.config
        editions = [
            Job(f"publish {plan.name}", _CalendarTrigger(self._app.calendar(plan)), self.catch_up.publish_due)
            for plan in config.editions
        ]
        every = int(config.collect_every.total_seconds())
        now = self.now()  # the intervals count from here, also if DIGEST_NOW has shifted the clock
        collecting = Job("collect", IntervalTrigger(seconds=every, start_date=now + timedelta(seconds=every)), self.collect)
        telling = Job("tell the editors", IntervalTrigger(minutes=1, start_date=now + MINUTE / 2), self.tell_editors)
        catching_up = Job("catch up", IntervalTrigger(minutes=1, start_date=now + MINUTE), self.catch_up.run)
        watching = Job("look for trouble", IntervalTrigger(seconds=30, start_date=now + MINUTE / 4), self.look_for_trouble)
        reading = Job("read the files", IntervalTrigger(minutes=1, start_date=now + MINUTE / 3), self.read_files)
        tidying = Job("tidy up", IntervalTrigger(hours=1, start_date=now + 10 * MINUTE), self.tidy)
        return [*editions, watching, reading, tidying, collecting, *([telling] if config.desk.editors else []), catching_up]

    async def collect(self) -> None:
        """Read the sources, because feeds drop older entries."""
        began = time.monotonic()
        harvest = await self._app.gather(conditional=True)
        if self._metrics is not None:
            self._metrics.collected(time.monotonic() - began, [failure.source for failure in harvest.failures])
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

    async def read_files(self) -> None:
        """Read digest.toml and the templates again if they have changed; what is broken is told, and changes nothing."""
        await self.reload.look()
        await asyncio.to_thread(self._files.current)

    async def tidy(self) -> None:
        """Fold and delete what is older than the newsletter keeps it."""
        try:
            await asyncio.to_thread(tidy, self._app)
        except DigestError as error:
            log.error("could not tidy up: %s", error)  # noqa: TRY400  a traceback would hide the message

    async def begin(self) -> None:
        """Do what a service that was stopped has missed."""
        await self.catch_up.mark_suppressed()
        await self.collect()
        await self.catch_up.run()

    async def asked_to_stop(self) -> None:
        """Wait until somebody asks the service to stop."""
        await self._app.stop.wait()

    async def finish(self) -> None:
        """Wait until the run in progress and the mails that were begun are done."""
        await self.catch_up.wait_until_idle()
        await self.alarms.wait_until_idle()
        await self._emails.wait()

    async def watch_bounces(self) -> None:
        """Read bounces from the mailbox until the service stops."""
        await BounceHandler(self._app).watch()


class _CalendarTrigger(BaseTrigger):  # type: ignore[misc]  # apscheduler has no types
    """A trigger at the hour of each edition of a calendar."""

    def __init__(self, calendar: EditionCalendar) -> None:
        self._calendar = calendar

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """Return when the next edition goes, after the one before and not before now."""
        return self._calendar.next_due(max(previous_fire_time or now, now - timedelta(microseconds=1)))


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


async def serve(service: Service, drain: timedelta = DRAIN) -> bool:
    """Run the jobs until the service is asked to stop, then finish the run in progress; return False if that takes longer.

    What is in flight then is in doubt, as after a kill: the next run sends it again under the same Message-ID.
    """
    service.schedule()
    service.scheduler.start()
    bounce_watch = asyncio.create_task(service.watch_bounces())
    beginning, asked = asyncio.create_task(service.begin()), asyncio.create_task(service.asked_to_stop())
    await asyncio.wait({beginning, asked}, return_when=asyncio.FIRST_COMPLETED)
    if beginning.done():
        await beginning  # which may have failed
        await asked
    service.scheduler.pause()  # a shutdown now would cancel the run in progress
    try:
        async with asyncio.timeout(drain.total_seconds()):
            await beginning
            await service.finish()
            await bounce_watch
    except TimeoutError:
        log.warning("stopped after %d seconds, with work unfinished; the next start goes on with it", drain.total_seconds())
        return False
    service.scheduler.shutdown(wait=False)
    log.info("service stopped")
    return True

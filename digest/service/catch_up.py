"""Catch-up: make the editions that are due, send what was deferred or interrupted, and make what a stopped service missed.

Nothing is remembered between two calls. What is due is read from the calendar and the database each time, so a restart, a missed
hour or two alarms at once change nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial

from digest.app import App
from digest.audience.csv_sync import write_suppressions
from digest.config import EditionPlan
from digest.desk.correcting import carry_out_all
from digest.edition.editors_word import EditorsWord, skip_note, word_on
from digest.edition.pipeline import Progress, Unwatched
from digest.edition.preflight import respect_the_list
from digest.edition.report import RunReport
from digest.errors import BusyError, DigestError
from digest.model import Slot
from digest.publish import publish, send
from digest.service.logs import logged_edition

log = logging.getLogger("digest")
EARLIEST = datetime.min.replace(tzinfo=UTC)
UNWATCHED = Unwatched()
RETRY_PAUSE = timedelta(minutes=5)  # before another try at an edition that failed because of its sources


class CatchUp:
    """The editions of one newsletter that are due or unfinished; each method may be called at any time and any number of times."""

    def __init__(self, app: App, progress: Progress = UNWATCHED) -> None:
        self._app = app
        self._progress = progress
        self._sending = asyncio.Lock()
        self._waiting: dict[str, str] = {}  # why an edition that is due waits, by slot
        self.said: dict[str, str] = {}  # why the last run on an edition failed, by its key
        self._not_before: dict[str, datetime] = {}  # by slot: the earliest time of another try

    async def publish_due(self) -> None:
        """Make and send every edition that is due and that the database does not have."""
        async with self._sending:
            for plan in self._app.config.editions:
                slot = self.due(plan)
                if slot is not None and self._app.clock() >= self._not_before.get(slot.key, EARLIEST):
                    self._not_before[slot.key] = self._app.clock() + RETRY_PAUSE
                    await self._run_safely(slot.key, partial(publish, self._app.pipeline, plan, slot, self._progress))

    def due(self, plan: EditionPlan) -> Slot | None:
        """Return the slot of an edition that is to be made now; None if there is none.

        That is the one of the latest cut-off, unless it is made, skipped or too late, or waits for an editor; or else the next one,
        if an editor sends it early.
        """
        app, now = self._app, self._app.clock()
        calendar = app.calendar(plan)
        for day in (calendar.latest(now), next(calendar.upcoming(now))):
            slot = app.slot(plan, day)
            if app.store.editions.has_slot(slot.key):
                continue
            word = word_on(app.store, slot.key)
            if now > plan.latest(slot):
                self._record_skip(slot, word)
                continue
            at = word.goes_at(plan, slot)
            if at is not None and now >= at:
                return slot
            if at is None and now >= plan.due(slot):
                self._log_waiting(slot, "on hold" if word.hold else "skipped by an editor" if word.skip else "not approved")
        return None

    def _record_skip(self, slot: Slot, word: EditorsWord) -> None:
        """Record that there was no edition because an editor wanted none, once nobody can take that back any more."""
        if note := skip_note(word, self._app.config.newsletter.timezone):
            self._app.store.editions.skip(slot, note, self._app.clock())

    def _log_waiting(self, slot: Slot, why: str) -> None:
        """Log once that an edition waits for an editor."""
        if self._waiting.get(slot.key) != why:
            self._waiting[slot.key] = why
            log.warning("%s is due and does not go: it is %s", slot.key, why)

    async def run(self) -> None:
        """Send deferred and interrupted messages that are due again, and make the editions that a stopped service missed."""
        await asyncio.to_thread(self._correct)
        async with self._sending:
            for frozen in self._app.unfinished():
                if self._is_due(frozen.key):
                    await self._run_safely(frozen.key, partial(self._resume, frozen.key))
        await self.publish_due()

    def _is_due(self, key: str) -> bool:
        """Return whether there is anything to do on an edition now: its readers' own hours may all be still to come."""
        deliveries, now = self._app.store.deliveries, self._app.clock()
        return bool(deliveries.waiting(key, now, now) or deliveries.in_flight(key) or not deliveries.waiting(key, None))

    async def _resume(self, key: str) -> RunReport:
        """Send what waits of an edition as it is now: it may have been changed since it was stopped."""
        frozen = self._app.store.editions.frozen(key)
        assert frozen is not None  # noqa: S101  nothing deletes an edition that was made
        await asyncio.to_thread(respect_the_list, self._app.pipeline, self._app.subscriber_file(), frozen)
        return await send(self._app.pipeline, frozen, self._progress, due=self._app.clock())

    def _correct(self) -> None:
        """Carry out the corrections that are not yet, because a run was cut off."""
        try:
            carry_out_all(self._app)
        except DigestError as error:
            log.error("correction: %s", error)  # noqa: TRY400  a traceback would hide the message

    async def mark_suppressed(self) -> None:
        """Mark suppressed subscribers in subscribers.csv; log a warning if that fails."""
        try:
            await asyncio.to_thread(write_suppressions, self._app.store, self._app.subscriber_file())
        except DigestError as error:
            log.warning("could not write suppressions to subscribers.csv: %s", error)

    async def wait_until_idle(self) -> None:
        """Wait until no run is in progress."""
        async with self._sending:
            return

    async def _run_safely(self, key: str, run: Callable[[], Awaitable[RunReport]]) -> None:
        """Run under the sending lock and log the result, or the failure: nothing is lost, and the next minute tries again."""
        with logged_edition(key):
            await self._run(key, run)

    async def _run(self, key: str, run: Callable[[], Awaitable[RunReport]]) -> None:
        try:
            with self._app.sending():
                report = await run()
        except BusyError as error:
            log.warning("%s: %s", key, error)
            return
        except DigestError as error:
            self.said[key] = error.what
            log.error("%s: %s", key, error)  # noqa: TRY400  a traceback would hide the message, which says what to do
            return
        except Exception as error:  # the pages must stay up, and the next minute may succeed
            self.said[key] = f"An error in digest itself: {error}"
            log.exception("%s", key)
            return
        if report.status == "failed":
            self.said[key] = report.note
        elif report.waiting and report.waiting * 2 > sum(report.total.values()):
            self.said[key] = "The relay puts most of them off."
        else:
            self.said.pop(key, None)
        if report.bounced:
            await self.mark_suppressed()
        if report.status != "nothing":
            counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count)
            log.info("%s %s: %s", key, report.status, counts or report.note)
        for failure in report.failures:
            log.warning("%s", failure)

"""What is wrong just now, and what to do about it: read from the calendar, the database, the disk and the last runs.

Nothing is remembered between two looks but what the runs of this process said.
"""

import asyncio
import shutil
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from digest.app import App
from digest.config import EditionPlan
from digest.edition.editors_word import check_released, word_on
from digest.edition.guards import check_bounce_rate
from digest.edition.sent_log import LOG_FILE, SentLog
from digest.errors import DigestError
from digest.model import Slot
from digest.store import Trouble
from digest.text.formats import day_text, instant_text
from digest.text.prose import counted

MIN_FREE_BYTES = 300_000_000  # bytes; below it a morning's edition may fill the disk
SILENT_FOR = timedelta(hours=26)  # a source that could not be read for so long has failed on two mornings
CERTIFICATE_ENDS = timedelta(days=14)
CONNECT_TIMEOUT = 10.0  # seconds


def troubles(app: App, said: Mapping[str, str]) -> list[Trouble]:
    """Return what is wrong; `said` has the errors of the last runs by the edition's key."""
    return [*_late(app, said), *_stuck(app, said), *_list(app), *_bounces(app), *_silent_sources(app), *_disk(app)]


def _late(app: App, said: Mapping[str, str]) -> Iterator[Trouble]:
    """Yield the editions that have not begun although they should have."""
    for plan in app.config.editions:
        slot = app.slot(plan, app.calendar(plan).latest_due(app.clock()))
        if app.store.editions.has_slot(slot.key) or app.clock() - plan.due(slot) < app.config.alarms.late_by:
            continue
        word = word_on(app.store, slot.key)
        if word.skip or not _was_running_before(app, slot):
            continue
        due = instant_text(plan.due(slot), app.config.newsletter.timezone)
        what = f"The edition of {day_text(slot.day)} has not begun; it was due on {due}"
        why, remedy = _why_late(app, plan, slot, said)
        yield Trouble(key=f"late {slot.key}", what=what, why=why, remedy=remedy)


def _was_running_before(app: App, slot: Slot) -> bool:
    """Return whether the newsletter was at work before a cut-off: one that was set up since has missed nothing."""
    return app.store.editions.last(slot.name) is not None or app.store.content.read_before(slot.window.end)


def _why_late(app: App, plan: EditionPlan, slot: Slot, said: Mapping[str, str]) -> tuple[str, str]:
    """Return why an edition has not begun, and what to do."""
    try:
        check_released(app.store, plan, slot, app.clock())
        SentLog(app.config.root / LOG_FILE).verify(slot.key, None)
    except DigestError as error:
        return error.what, error.remedy
    if app.clock() > plan.latest(slot):
        why = said.get(slot.key) or "Nothing has tried to make it."
        return f"{why} It is too late now.", "To send it anyway: `digest send --late`. Its stories go into the next one."
    if slot.key in said:
        return said[slot.key], "`digest status` has more; `digest send` tries again at once."
    return "Nothing has tried to make it.", "Is `digest run` at work? `digest send` makes and sends it now."


def _stuck(app: App, said: Mapping[str, str]) -> Iterator[Trouble]:
    """Yield the editions that wait because the last run on them failed."""
    for frozen in app.store.editions.unfinished():
        waiting = app.store.deliveries.waiting(frozen.key, None)
        if not waiting or frozen.key not in said or word_on(app.store, frozen.key).stop:
            continue
        what = f"{counted(waiting, 'reader')} of No. {frozen.edition.number} {'waits' if waiting == 1 else 'wait'}"
        remedy = "It is tried again each minute, and nobody gets it twice. `digest check` tries the relay."
        yield Trouble(key=f"stuck {frozen.key}", what=what, why=said[frozen.key], remedy=remedy)


def _list(app: App) -> Iterator[Trouble]:
    """Yield that the subscriber list cannot be read: an old copy is never used, because somebody may have left since."""
    try:
        app.subscriber_file().columns()
    except DigestError as error:
        yield Trouble(
            key="list",
            what="subscribers.csv cannot be read",
            why=f"{error} Nobody gets an edition until it can.",
            remedy="Copies from before each change are in state/backups.",
        )


def _bounces(app: App) -> Iterator[Trouble]:
    for plan in app.config.editions:
        last = app.store.editions.last(app.series[plan.name])
        try:
            if last is not None:
                check_bounce_rate(app.config.guards, app.store, last)
        except DigestError as error:
            yield Trouble(
                key=f"bounces {plan.name}", what="Bounces or complaints hold the next edition", why=error.what, remedy=error.remedy
            )


def _silent_sources(app: App) -> Iterator[Trouble]:
    """Yield the sources that were read once, and not for a day."""
    last_read = app.store.content.last_read()
    for source in app.config.sources:
        at = last_read.get(source.label)
        if at is not None and app.clock() - at > SILENT_FOR:
            since = instant_text(at, app.config.newsletter.timezone)
            yield Trouble(
                key=f"source {source.label}",
                what=f"{source.label} cannot be read",
                why=f"It was last read on {since}.",
                remedy="`digest collect` says what is wrong.",
            )


def _disk(app: App) -> Iterator[Trouble]:
    free = shutil.disk_usage(app.config.root).free
    if free < MIN_FREE_BYTES:
        yield Trouble(
            key="disk",
            what="The disk is nearly full",
            why=f"{free // 1_000_000} MB are free in {app.config.root}.",
            remedy="Make room: without it nothing can be recorded, and nothing is sent.",
        )


async def certificate_trouble(url: str, now: datetime) -> Trouble | None:
    """Return what is wrong with the certificate of a site, or will be within two weeks; None if the site cannot be reached now."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return None
    remedy = "Renew it: readers cannot unsubscribe without these pages."
    key, name = "certificate", parts.hostname
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT):
            _, writer = await asyncio.open_connection(name, parts.port or 443, ssl=ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        return Trouble(key=key, what=f"The certificate of {name} is not valid", why=error.verify_message, remedy=remedy)
    except (OSError, TimeoutError):
        return None
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(writer.get_extra_info("peercert")["notAfter"]), UTC)
    writer.close()
    if ends - now > CERTIFICATE_ENDS:
        return None
    return Trouble(key=key, what=f"The certificate of {name} ends on {day_text(ends.date())}", remedy=remedy)

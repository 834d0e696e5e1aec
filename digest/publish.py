"""The line: collect → curate → render → compose → deliver, with the ledger around it.

    1. collect   read the sources once more, in full, and keep what they say
    2. curate    choose the articles and comments of the window
    3. render    put them into words, once for all readers
                 ── the edition is frozen: selection, words and recipients are in the ledger ──
    4. compose   make each reader's message
    5. deliver   hand it to the relay, recorded before and after

What is frozen is sent as it is, also by a later run: a second run sends only what has no receipt.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Literal

from digest.batches import batched
from digest.config import EditionPlan
from digest.curate import curate
from digest.errors import LateError
from digest.fitting import fitted, without_room
from digest.guards import Tally, quiet, sized
from digest.line import NO_PERMIT, Line, Permit, Progress, Unwatched
from digest.marks import columns
from digest.model import LOOKBACK, Edition, Failure, Harvest, Slot, Subscriber
from digest.outgoing import carried
from digest.report import Report, difference
from digest.statuses import GONE, Origin
from digest.store import REACH, Frozen, Store, Suppression, Terms
from digest.store.ledger import FROM_LOG
from digest.subscribers import Roll
from digest.versions import Versions


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edition that nobody has been sent yet, and what the sources said while it was made."""

    edition: Edition
    failures: tuple[Failure, ...]


async def publish(line: Line, plan: EditionPlan, slot: Slot, progress: Progress, permit: Permit = NO_PERMIT) -> Report:
    """Make the edition of a slot, unless the ledger has it, and send what of it has no receipt.

    LateError or RestoredError where it should not be sent without somebody's word (`permit`).
    """
    roll, failures = line.roll(), tuple[Failure, ...]()
    frozen = line.store.ledger.frozen(slot.key)
    if frozen is None and not permit.late and (note := _was_without(line, plan, slot)):
        return Report(status="skipped", slot=slot, note=note)
    check(line, plan, slot, frozen, permit)
    if frozen is None:
        draft = await drafted(line, plan, slot)
        failures = draft.failures
        if len(draft.edition.stories) < plan.min_articles:
            return _without_edition(line, plan, draft)
        frozen = await asyncio.to_thread(freeze, line, draft.edition, roll, permit)
    else:
        await asyncio.to_thread(heed, line, roll)
    report = await send(line, frozen, progress, permit)
    return replace(report, failures=failures, bad_rows=roll.skipped, without_room=without_room(frozen.edition))


def check(line: Line, plan: EditionPlan, slot: Slot, frozen: Frozen | None, permit: Permit) -> None:
    """The fences. An edition begins within `late_after`; one that has begun is finished within `give_up_after`."""
    remember(line)
    if permit.again:
        line.witness.forget(slot.key, line.clock())
        line.store.ledger.unremember(slot.key)
    answers = line.store.deliveries.answers(slot.key) if frozen else None
    line.witness.verify(slot.key, answers)
    over = frozen is not None and not line.store.deliveries.waiting(slot.key, None)
    age = line.clock() - slot.window.end
    if line.clock() - begun(slot, frozen) > time_allowed(line, plan, answers) and not permit.late and not over:
        raise LateError(
            f"edition {slot.key} is {age.total_seconds() / 3600:.0f} hours old",
            remedy="Its readers do not expect it any more; `--late` sends it all the same.",
        )


def remember(line: Line) -> None:
    """What `sent.log` proves and the database does not know is taken down: a backup was restored, or the database lost."""
    editions, store = list(line.witness.editions()), line.store
    for made in editions:
        if not store.ledger.knows(made.key):
            store.ledger.remember(made)
    away = line.witness.away()
    for mark in line.witness.marks_of(store.suppressions.emails()).values():
        away.pop(mark, None)
    if not away:
        return
    for rows in batched(line.roll()):
        marks = line.witness.marks_of(row.email for row in rows)
        line.store.suppressions.adopt(
            Suppression(email=row.email, reason=away[marks[row.email]], since=line.clock(), origin=Origin.LOG, detail=FROM_LOG)
            for row in rows
            if marks[row.email] in away
        )


def begun(slot: Slot, frozen: Frozen | None) -> datetime:
    """From when on an edition's time is counted: its cut-off, or when it was made, where somebody has made it late."""
    return max(slot.window.end, frozen.edition.frozen_at) if frozen else slot.window.end


def time_allowed(line: Line, plan: EditionPlan, answers: int | None) -> timedelta:
    """How old an edition may be that has had so many answers."""
    return line.smtp.give_up_after if answers else plan.late_after


async def drafted(line: Line, plan: EditionPlan, slot: Slot) -> Draft:
    """Stages 1 and 2: what the edition holds if it is made now, as much of it as fits into a mail."""
    harvest = await line.collect(slot.window.start - LOOKBACK)
    line.store.archive.keep(harvest, line.clock())
    edition = await _chosen(line, plan, slot, harvest)
    return Draft(edition=fitted(edition, line.design().size), failures=harvest.failures)


async def _chosen(line: Line, plan: EditionPlan, slot: Slot, harvest: Harvest) -> Edition:
    """Stage 2. Each story is looked for once more: what its site has taken down makes room for another."""
    material, settled = line.store.archive.material(slot.window.start - REACH), line.store.ledger.settled(slot.name)
    number, rules, gone, asked = line.store.ledger.next_number(), line.rules(plan), dict[str, str](), set[str]()
    while True:
        edition = curate(slot, material, settled, rules, number=number, now=line.clock(), gone=gone)
        new = [story.article for story in edition.stories if story.article.id not in asked]
        asked |= {article.id for article in new}
        missing = await line.taken_down(new, harvest)
        if not missing:
            return edition
        gone |= missing


def freeze(line: Line, edition: Edition, roll: Roll, permit: Permit = NO_PERMIT) -> Frozen:
    """Stage 3, and the edition is final: its words in every version that a reader has chosen, and its readers.

    HeldError where the list is suddenly another one, and then nothing is final.
    """
    last = None if permit.anyway else line.store.ledger.last(edition.slot.name)
    if last is not None:
        quiet(line.guards, line.store, last)
    guard = sized(line.guards, last.readers if last else None)
    design = line.design()
    rendered, versions = design.render(edition), Versions(edition, design)
    own = columns([rendered.html, rendered.text])
    terms = Terms(token=line.sender.links.token, version=versions.chosen, columns=own, guard=guard)
    frozen = line.store.ledger.freeze(edition, rendered, roll, terms, versions.rendered)
    line.witness.made(edition, line.clock())
    return frozen


def heed(line: Line, rows: Iterable[Subscriber]) -> None:
    """Put who is marked in the roll as gone on the suppression list: there it holds, whatever becomes of the file."""
    said = partial(Suppression, since=line.clock(), origin=Origin.LIST, detail="so marked in the roll")
    line.store.suppressions.adopt(said(email=row.email, reason=row.status) for row in rows if row.status in GONE)


async def send(
    line: Line, frozen: Frozen, progress: Progress, permit: Permit = NO_PERMIT, *, due: datetime | None = None
) -> Report:
    """Stages 4 and 5 for every recipient without a receipt, those deferred among them (only if due by then, where given).

    RestoredError where the database has forgotten answers that it had; HeldError where too many addresses are dead.
    """
    deliveries, key = line.store.deliveries, frozen.key
    line.witness.verify(key, deliveries.answers(key))
    before, tally = deliveries.counts(key), Tally(line.guards, *deliveries.dead(key), off=permit.anyway)
    tally.check()
    resumed = tuple(deliveries.reclaim(key, hold=line.smtp.in_doubt == "hold"))
    for pause in (0.0, *line.patience):
        waiting = deliveries.waiting(key, due)
        if not waiting or (pause and not deliveries.waiting(key, due, refused=False)):
            break
        if not await _paused(line, pause, waiting, progress):
            break
        progress.started(waiting)
        await carried(line, frozen, waiting, progress, due, tally)
    now, bounces = line.clock(), line.bounces
    adopt, since = line.store.suppressions.adopt_bounces, now - bounces.soft_within
    bounced = await asyncio.to_thread(adopt, key, now, limit=bounces.soft_limit, since=since)
    return _report(line, frozen, before, resumed, bounced)


async def _paused(line: Line, seconds: float, waiting: int, progress: Progress) -> bool:
    """Wait before another pass; False where somebody asks to stop."""
    if seconds and not line.stop.is_set():
        progress.pausing(seconds, waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await line.stop.wait()
    return not line.stop.is_set()


def recipients(store: Store, roll: Roll, day: date) -> int:
    """How many readers would get an edition of a day: active, no pause of theirs, not opted out, whatever the file says."""
    total = 0
    for rows in batched(row.email for row in roll.distinct() if row.standing(day) == "active"):
        total += len(set(rows) - set(store.suppressions.among(rows)) - store.readers.paused(rows, day))
    return total


def _without_edition(line: Line, plan: EditionPlan, draft: Draft) -> Report:
    """Too few articles: the slot is skipped, its articles stay for the next edition. Where a source failed that might have
    had more, nothing is settled yet.
    """
    slot, found = draft.edition.slot, len(draft.edition.stories)
    since = slot.window.start.astimezone(line.sender.newsletter.timezone)
    note = f"{found} of at least {plan.min_articles} articles since {since:%A %H:%M}"
    if draft.failures:
        return Report(status="failed", slot=slot, note=f"{note}, and not every source could be read", failures=draft.failures)
    line.store.ledger.skip(slot, note, line.clock())
    return Report(status="skipped", slot=slot, note=note)


def _was_without(line: Line, plan: EditionPlan, slot: Slot) -> str:
    """Why a slot whose morning is over stayed without an edition; empty where it did not, or may still get one."""
    over = line.clock() - slot.window.end > plan.late_after
    return line.store.ledger.skipped(slot.key) if over else ""


def _report(line: Line, frozen: Frozen, before: dict[str, int], resumed: tuple[str, ...], bounced: int) -> Report:
    """Count the run, and close the edition where nothing is left to try."""
    slot, now = frozen.edition.slot, line.clock()
    total = line.store.deliveries.counts(frozen.key)
    pending = line.store.deliveries.waiting(frozen.key, None)
    if not pending:
        line.store.ledger.finish(frozen.key, now)
    if before == total and not pending:
        when = (frozen.finished_at or frozen.edition.frozen_at).astimezone(line.sender.newsletter.timezone)
        note = f"edition {frozen.key} was sent on {when:%d %B %Y %H:%M}; nobody is waiting for it"
        return Report(status="nothing", slot=slot, note=note, total=total, resumed=resumed)
    status: Literal["sent", "unfinished"] = "unfinished" if pending else "sent"
    counts = difference(before, total)
    return Report(status=status, slot=slot, counts=counts, total=total, resumed=resumed, bounced=bounced, waiting=pending)


__all__ = ["Line", "Permit", "Progress", "Unwatched", "check", "drafted", "heed", "publish", "recipients", "send", "time_allowed"]

"""The pipeline: collect → curate → render → compose → deliver, with the database around it.

    1. collect   read the sources once more, in full, and keep what they say
    2. curate    choose the articles and comments of the window
    3. render    put them into words, once for all readers
                 ── the edition is frozen: selection, words and recipients are in the database ──
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

from digest.batching import batched
from digest.config import EditionPlan
from digest.curate import curate
from digest.edition.guards import DeadAddresses, check_bounce_rate, list_size_check
from digest.edition.pipeline import NO_PERMIT, Permit, Pipeline, Progress, Unwatched
from digest.edition.report import RunReport, difference
from digest.edition.send import send_pending
from digest.edition.size_limit import fit_size, without_room
from digest.errors import LateError
from digest.model import LOOKBACK, Edition, Failure, Harvest, Slot, Subscriber
from digest.render.variants import Variants
from digest.statuses import GONE, Origin
from digest.store import MAX_LOOKBACK, FrozenEdition, RecipientRules, Store, Suppression
from digest.store.editions import FROM_LOG
from digest.subscribers import SubscriberFile
from digest.text.placeholders import columns
from digest.text.prose import counted


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edition that nobody has been sent yet, and what the sources said while it was made."""

    edition: Edition
    failures: tuple[Failure, ...]


async def publish(pipeline: Pipeline, plan: EditionPlan, slot: Slot, progress: Progress, permit: Permit = NO_PERMIT) -> RunReport:
    """Make the edition of a slot, unless the database has it, and send what of it has no receipt.

    LateError or RestoredError where it should not be sent without somebody's word (`permit`).
    """
    subscriber_file, failures = pipeline.subscriber_file(), tuple[Failure, ...]()
    frozen = pipeline.store.editions.frozen(slot.key)
    if frozen is None and not permit.late and (note := _was_without(pipeline, plan, slot)):
        return RunReport(status="skipped", slot=slot, note=note)
    check_may_send(pipeline, plan, slot, frozen, permit)
    if frozen is None:
        draft = await make_draft(pipeline, plan, slot)
        failures = draft.failures
        if len(draft.edition.stories) < plan.min_articles:
            return _without_edition(pipeline, plan, draft)
        frozen = await asyncio.to_thread(freeze, pipeline, draft.edition, subscriber_file, permit)
    else:
        await asyncio.to_thread(suppress_opted_out, pipeline, subscriber_file)
    report = await send(pipeline, frozen, progress, permit)
    return replace(report, failures=failures, bad_rows=subscriber_file.skipped, without_room=without_room(frozen.edition))


def check_may_send(pipeline: Pipeline, plan: EditionPlan, slot: Slot, frozen: FrozenEdition | None, permit: Permit) -> None:
    """The fences. An edition begins within `late_after`; one that has begun is finished within `give_up_after`."""
    adopt_sent_log(pipeline)
    if permit.again:
        pipeline.sent_log.forget(slot.key, pipeline.clock())
        pipeline.store.editions.unremember(slot.key)
    answers = pipeline.store.deliveries.answers(slot.key) if frozen else None
    pipeline.sent_log.verify(slot.key, answers)
    over = frozen is not None and not pipeline.store.deliveries.waiting(slot.key, None)
    age = pipeline.clock() - slot.window.end
    if pipeline.clock() - clock_starts(slot, frozen) > time_allowed(pipeline, plan, answers) and not permit.late and not over:
        raise LateError(
            f"edition {slot.key} was due {age.total_seconds() / 3600:.0f} hours ago, too late to send",
            remedy="To send it anyway, add --late.",
        )


def adopt_sent_log(pipeline: Pipeline) -> None:
    """What `sent.log` proves and the database does not know is taken down: a backup was restored, or the database lost."""
    editions, store = list(pipeline.sent_log.editions()), pipeline.store
    for made in editions:
        if not store.editions.knows(made.key):
            store.editions.remember(made)
    away = pipeline.sent_log.away()
    for mark in pipeline.sent_log.marks_of(store.suppressions.emails()).values():
        away.pop(mark, None)
    if not away:
        return
    for rows in batched(pipeline.subscriber_file()):
        marks = pipeline.sent_log.marks_of(row.email for row in rows)
        pipeline.store.suppressions.adopt(
            Suppression(email=row.email, reason=away[marks[row.email]], since=pipeline.clock(), origin=Origin.LOG, detail=FROM_LOG)
            for row in rows
            if marks[row.email] in away
        )


def clock_starts(slot: Slot, frozen: FrozenEdition | None) -> datetime:
    """From when on an edition's time is counted: its cut-off, or when it was made, where somebody has made it late."""
    return max(slot.window.end, frozen.edition.frozen_at) if frozen else slot.window.end


def time_allowed(pipeline: Pipeline, plan: EditionPlan, answers: int | None) -> timedelta:
    """How old an edition may be that has had so many answers."""
    return pipeline.smtp.give_up_after if answers else plan.late_after


async def make_draft(pipeline: Pipeline, plan: EditionPlan, slot: Slot) -> Draft:
    """Stages 1 and 2: what the edition holds if it is made now, as much of it as fits into a mail."""
    harvest = await pipeline.collect(slot.window.start - LOOKBACK)
    pipeline.store.content.keep(harvest, pipeline.clock())
    edition = await _chosen(pipeline, plan, slot, harvest)
    return Draft(edition=fit_size(edition, pipeline.design().size), failures=harvest.failures)


async def _chosen(pipeline: Pipeline, plan: EditionPlan, slot: Slot, harvest: Harvest) -> Edition:
    """Stage 2. Each story is looked for once more: what its site has taken down makes room for another."""
    material, settled = (
        pipeline.store.content.material(slot.window.start - MAX_LOOKBACK),
        pipeline.store.editions.settled(slot.name),
    )
    number, rules, gone, asked = pipeline.store.editions.next_number(), pipeline.rules(plan), dict[str, str](), set[str]()
    while True:
        edition = curate(slot, material, settled, rules, number=number, now=pipeline.clock(), gone=gone)
        new = [story.article for story in edition.stories if story.article.id not in asked]
        asked |= {article.id for article in new}
        missing = await pipeline.taken_down(new, harvest)
        if not missing:
            return edition
        gone |= missing


def freeze(pipeline: Pipeline, edition: Edition, subscriber_file: SubscriberFile, permit: Permit = NO_PERMIT) -> FrozenEdition:
    """Stage 3, and the edition is final: its words in every version that a reader has chosen, and its readers.

    HeldError where the list is suddenly another one, and then nothing is final.
    """
    last = None if permit.anyway else pipeline.store.editions.last(edition.slot.name)
    if last is not None:
        check_bounce_rate(pipeline.guards, pipeline.store, last)
    guard = list_size_check(pipeline.guards, last.readers if last else None)
    design = pipeline.design()
    rendered, versions = design.render(edition), Variants(edition, design)
    own = columns([rendered.html, rendered.text])
    terms = RecipientRules(token=pipeline.sender.links.token, version=versions.chosen, columns=own, guard=guard)
    frozen = pipeline.store.editions.freeze(edition, rendered, subscriber_file, terms, versions.rendered)
    pipeline.sent_log.made(edition, pipeline.clock())
    return frozen


def suppress_opted_out(pipeline: Pipeline, rows: Iterable[Subscriber]) -> None:
    """Put who is marked in the subscriber list as gone on the suppression list: there it holds, whatever becomes of the file."""
    said = partial(Suppression, since=pipeline.clock(), origin=Origin.LIST, detail="marked in subscribers.csv")
    pipeline.store.suppressions.adopt(said(email=row.email, reason=row.status) for row in rows if row.status in GONE)


async def send(
    pipeline: Pipeline, frozen: FrozenEdition, progress: Progress, permit: Permit = NO_PERMIT, *, due: datetime | None = None
) -> RunReport:
    """Stages 4 and 5 for every recipient without a receipt, those deferred among them (only if due by then, where given).

    RestoredError where the database has forgotten answers that it had; HeldError where too many addresses are dead.
    """
    deliveries, key = pipeline.store.deliveries, frozen.key
    pipeline.sent_log.verify(key, deliveries.answers(key))
    before, tally = deliveries.counts(key), DeadAddresses(pipeline.guards, *deliveries.dead(key), off=permit.anyway)
    tally.check()
    resumed = tuple(deliveries.reclaim(key, hold=pipeline.smtp.in_doubt == "hold"))
    for pause in (0.0, *pipeline.retry_delays):
        waiting = deliveries.waiting(key, due)
        if not waiting or (pause and not deliveries.waiting(key, due, refused=False)):
            break
        if not await _paused(pipeline, pause, waiting, progress):
            break
        progress.started(waiting)
        await send_pending(pipeline, frozen, waiting, progress, due, tally)
    now, bounces = pipeline.clock(), pipeline.bounces
    adopt, since = pipeline.store.suppressions.adopt_bounces, now - bounces.soft_within
    bounced = await asyncio.to_thread(adopt, key, now, limit=bounces.soft_limit, since=since)
    return _report(pipeline, frozen, before, resumed, bounced)


async def _paused(pipeline: Pipeline, seconds: float, waiting: int, progress: Progress) -> bool:
    """Wait before another pass; False where somebody asks to stop."""
    if seconds and not pipeline.stop.is_set():
        progress.pausing(seconds, waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await pipeline.stop.wait()
    return not pipeline.stop.is_set()


def count_recipients(store: Store, subscriber_file: SubscriberFile, day: date) -> int:
    """How many readers would get an edition of a day: active, no pause of theirs, not opted out, whatever the file says."""
    total = 0
    for rows in batched(row.email for row in subscriber_file.distinct() if row.standing(day) == "active"):
        total += len(set(rows) - set(store.suppressions.among(rows)) - store.readers.paused(rows, day))
    return total


def _without_edition(pipeline: Pipeline, plan: EditionPlan, draft: Draft) -> RunReport:
    """Too few articles: the slot is skipped, its articles stay for the next edition. Where a source failed that might have
    had more, nothing is settled yet.
    """
    slot, found = draft.edition.slot, len(draft.edition.stories)
    since = slot.window.start.astimezone(pipeline.sender.newsletter.timezone)
    note = f"{counted(found, 'article')} since {since:%A %-d %B %H:%M}, fewer than min_articles ({plan.min_articles})"
    if draft.failures:
        return RunReport(
            status="failed", slot=slot, note=f"{note}, and a source failed; run `digest send` to try again", failures=draft.failures
        )
    pipeline.store.editions.skip(slot, note, pipeline.clock())
    return RunReport(status="skipped", slot=slot, note=note)


def _was_without(pipeline: Pipeline, plan: EditionPlan, slot: Slot) -> str:
    """Why a slot whose morning is over stayed without an edition; empty where it did not, or may still get one."""
    over = pipeline.clock() - slot.window.end > plan.late_after
    return pipeline.store.editions.skipped(slot.key) if over else ""


def _report(pipeline: Pipeline, frozen: FrozenEdition, before: dict[str, int], resumed: tuple[str, ...], bounced: int) -> RunReport:
    """Count the run, and close the edition where nothing is left to try."""
    slot, now = frozen.edition.slot, pipeline.clock()
    total = pipeline.store.deliveries.counts(frozen.key)
    pending = pipeline.store.deliveries.waiting(frozen.key, None)
    if not pending:
        pipeline.store.editions.finish(frozen.key, now)
    if before == total and not pending:
        when = (frozen.finished_at or frozen.edition.frozen_at).astimezone(pipeline.sender.newsletter.timezone)
        note = f"edition {frozen.key} was already sent on {when:%-d %B %Y %H:%M}"
        return RunReport(status="nothing", slot=slot, note=note, total=total, resumed=resumed)
    status: Literal["sent", "unfinished"] = "unfinished" if pending else "sent"
    counts = difference(before, total)
    return RunReport(status=status, slot=slot, counts=counts, total=total, resumed=resumed, bounced=bounced, waiting=pending)


__all__ = [
    "Permit",
    "Pipeline",
    "Progress",
    "Unwatched",
    "check_may_send",
    "count_recipients",
    "make_draft",
    "publish",
    "send",
    "suppress_opted_out",
    "time_allowed",
]

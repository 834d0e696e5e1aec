"""The pipeline: collect → curate → render → compose → deliver, with the database around it.

    1. collect   `make_draft`   read every source once more, in full, and store what it says
    2. curate    `make_draft`   choose the articles and comments of the window, and hear the newsroom's own judge, if it has one
    3. render    `freeze`       make the HTML and text of each variant, once for all its recipients
                                ── the edition is frozen: stories, text and recipients are in the database ──
    4. compose   `send`         make each recipient's message
    5. deliver   `send`         hand it to the relay, recorded before and after

A later run sends a frozen edition unchanged, and only to the recipients who still wait for it.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple

from digest.config import EditionPlan
from digest.curate import chosen_threads, curate
from digest.curate.editor_decisions import EditorDecisions, editor_decisions
from digest.edition.additions import with_additions
from digest.edition.editors_word import check_released, skip_note, word_on
from digest.edition.guards import DeadAddresses, check_bounce_rate, list_size_check
from digest.edition.pipeline import NO_PERMIT, Permit, Pipeline, Progress, Unwatched
from digest.edition.preflight import check_may_send, respect_the_list
from digest.edition.report import RunReport, difference
from digest.edition.second_opinion import NOT_ASKED, SecondOpinion
from digest.edition.send import send_pending
from digest.edition.size_limit import fit_size, without_room
from digest.model import LOOKBACK, ArticleSigns, Edition, Failure, Harvest, Slot
from digest.render.variants import Variants
from digest.store import MAX_LOOKBACK, DecidedSinceError, FrozenEdition, RecipientRules, Store
from digest.subscribers import SubscriberFile
from digest.text.formats import instant_text
from digest.text.placeholders import columns
from digest.text.prose import counted


class Material(NamedTuple):
    """What an edition is made of: what was collected, the articles that earlier editions used, and what editors have decided."""

    harvest: Harvest
    used_articles: tuple[ArticleSigns, ...]
    decisions: EditorDecisions


@dataclass(frozen=True, kw_only=True)
class Draft:
    """An edition before it is frozen, and what came with it: the sources that failed while it was made, the second opinion on its
    comments, and how many decisions were known by then.
    """

    edition: Edition
    failed_sources: tuple[Failure, ...]
    second_opinion: SecondOpinion
    decided: int
    failed_additions: tuple[Failure, ...] = ()

    @property
    def failures(self) -> tuple[Failure, ...]:
        """All that failed."""
        return self.failed_sources + self.second_opinion.failures + self.failed_additions


async def publish(pipeline: Pipeline, plan: EditionPlan, slot: Slot, progress: Progress, permit: Permit = NO_PERMIT) -> RunReport:
    """Make and freeze the edition of a slot, unless the database has it, and send it to every recipient who still waits.

    Raises LateError, RestoredError or HeldError if a person must first permit it (`permit`).
    """
    subscriber_file, failures, heard = pipeline.subscriber_file(), tuple[Failure, ...](), NOT_ASKED
    frozen = pipeline.store.editions.frozen(slot.key)
    if frozen is None and (note := _skip_note(pipeline, plan, slot, permit)):
        return RunReport(status="skipped", slot=slot, note=note)
    check_may_send(pipeline, plan, slot, frozen, permit)
    if frozen is None:
        check_released(pipeline.store, plan, slot, pipeline.clock())
    else:
        await asyncio.to_thread(respect_the_list, pipeline, subscriber_file, frozen)
    while frozen is None:  # again if an editor decides in between: what is answered as printed is in the mail
        draft = await make_draft(pipeline, plan, slot, heard)  # stages 1 and 2
        failures, heard = draft.failures, draft.second_opinion
        if note := _skip_note(pipeline, plan, slot, permit):
            return RunReport(status="skipped", slot=slot, note=note)
        word = check_released(pipeline.store, plan, slot, pipeline.clock())  # what is said after the draft stops the freeze
        if len(draft.edition.stories) < (1 if word.send else plan.fewest):
            return _skip_slot(pipeline, plan, draft)
        frozen = await asyncio.to_thread(freeze, pipeline, plan, draft, subscriber_file, permit)  # stage 3
    report = await send(pipeline, frozen, progress, permit)  # stages 4 and 5
    return replace(report, failures=failures, bad_rows=subscriber_file.skipped, without_room=without_room(frozen.edition))


async def make_draft(pipeline: Pipeline, plan: EditionPlan, slot: Slot, heard: SecondOpinion = NOT_ASKED) -> Draft:
    """Collect and curate (stages 1 and 2): return the edition of a slot as it is now, cut to what fits into one email.

    `heard` is the second opinion of an earlier draft, which serves again as far as it may.
    """
    harvest = await pipeline.collect(slot.window.start - LOOKBACK)
    pipeline.store.content.keep(harvest, pipeline.clock())
    decided = pipeline.store.decisions.count(slot.key)
    material = stored_material(pipeline.store, slot)
    edition, second = await _choose(pipeline, plan, slot, harvest, material, heard)
    edition, failures = await with_additions(pipeline, edition, material.decisions)
    edition = fit_size(edition, pipeline.design())
    return Draft(
        edition=edition, failed_sources=harvest.failures, second_opinion=second, decided=decided, failed_additions=failures
    )


async def _choose(
    pipeline: Pipeline, plan: EditionPlan, slot: Slot, harvest: Harvest, material: Material, heard: SecondOpinion
) -> tuple[Edition, SecondOpinion]:
    """Choose the stories (stage 2), and then their comments once more if there is a second opinion; return it too.

    Look for each story once more: one that its site has taken down makes room for another. The judge is not asked if only editors
    choose the comments.
    """
    number, rules, taken_down, checked = pipeline.store.editions.next_number(), pipeline.rules(plan), dict[str, str](), set[str]()
    make = partial(curate, slot, *material[:2], rules, number=number, taken_down=taken_down, decisions=material.decisions)
    while True:
        edition = make(now=pipeline.clock())
        new = [story.article for story in edition.stories if story.article.id not in checked]
        checked |= {article.id for article in new}
        missing = await pipeline.taken_down(new, harvest)
        if not missing:
            break
        taken_down |= missing
    if pipeline.second_opinion is None or not rules.machine_picks:
        return edition, NOT_ASKED
    threads = chosen_threads(slot, *material[:2], rules, taken_down, material.decisions)
    second = await pipeline.second_opinion(threads, rules.scoring_rules, material.decisions.about_comments(), heard)
    return make(now=edition.frozen_at, opinions=second.by_article(threads)), second


def stored_material(store: Store, slot: Slot) -> Material:
    """Return what the store has for the edition of a slot."""
    harvest = store.content.material(slot.window.start - MAX_LOOKBACK)
    return Material(harvest, store.editions.used_articles(slot.name), stored_decisions(store, slot))


def stored_decisions(store: Store, slot: Slot) -> EditorDecisions:
    """Return what editors have decided for the edition of a slot."""
    rows = store.decisions.for_edition(slot.key, slot.window.start - MAX_LOOKBACK)
    return editor_decisions(rows, slot.key, slot.name)


def freeze(
    pipeline: Pipeline, plan: EditionPlan, draft: Draft, subscriber_file: SubscriberFile, permit: Permit = NO_PERMIT
) -> FrozenEdition | None:
    """Render the edition in every variant that a subscriber has chosen (stage 3), and freeze it with its recipients.

    Freezes nothing and returns None if an editor has decided something since the draft was made. Raises HeldError, and freezes
    nothing, if the list has suddenly changed or too many addresses bounced or complained.
    """
    edition = draft.edition
    last = None if permit.anyway else pipeline.store.editions.last(edition.slot.name)
    if last is not None:
        check_bounce_rate(pipeline.guards, pipeline.store, last)
    guard = list_size_check(pipeline.guards, last.recipients if last else None)
    design = pipeline.design()
    rendered, variants = design.render(edition), Variants(edition, design)
    readers = pipeline.readership(plan)
    rules = RecipientRules(
        token=pipeline.sender.links.token, variant=variants.variant_for, gets=readers.gets, hour=readers.hours(edition.slot),
        columns=columns([rendered.html, rendered.text]), guard=guard,
    )  # fmt: skip
    try:
        frozen = pipeline.store.editions.freeze(edition, rendered, subscriber_file, rules, variants.render, decided=draft.decided)
    except DecidedSinceError:
        return None
    pipeline.sent_log.add_edition(edition, pipeline.clock())
    return frozen


async def send(
    pipeline: Pipeline, frozen: FrozenEdition, progress: Progress, permit: Permit = NO_PERMIT, *, due: datetime | None = None
) -> RunReport:
    """Compose and deliver (stages 4 and 5) to every recipient who still waits: queued, or deferred and due by `due` if given.

    Raises RestoredError if the database has fewer answers than `sent.log`, HeldError if too many addresses are dead.
    """
    deliveries, key = pipeline.store.deliveries, frozen.key
    if stop := word_on(pipeline.store, key).stop:
        return RunReport(
            status="nothing", slot=frozen.edition.slot, note=f"stopped by {stop.made_by}", total=deliveries.counts(key)
        )
    pipeline.sent_log.verify(key, deliveries.answers(key))
    before, dead = deliveries.counts(key), pipeline.store.delivery_reports.count_dead(key)
    tally = DeadAddresses(pipeline.guards, *dead, off=permit.anyway)
    tally.check()
    resumed = tuple(deliveries.reclaim(key, hold=pipeline.smtp.in_doubt == "hold"))
    for pause in (0.0, *pipeline.retry_delays):
        if word_on(pipeline.store, key).stop:
            break
        now = pipeline.clock()
        waiting = deliveries.waiting(key, due, now)
        if not waiting or (pause and not deliveries.waiting(key, due, now, refused=False)):
            break
        if not await _pause(pipeline, pause, waiting, progress):
            break
        progress.started(waiting)
        await send_pending(pipeline, frozen, waiting, progress, due, tally)
    now, bounces = pipeline.clock(), pipeline.bounces
    adopt, since = pipeline.store.bounces.adopt_refusals, now - bounces.soft_within
    bounced = await asyncio.to_thread(adopt, key, now, limit=bounces.soft_limit, since=since)
    return _finish(pipeline, frozen, before, resumed, bounced)


async def _pause(pipeline: Pipeline, seconds: float, waiting: int, progress: Progress) -> bool:
    """Wait before another pass; return False if somebody asks to stop."""
    if seconds and not pipeline.stop.is_set():
        progress.pausing(seconds, waiting)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await pipeline.stop.wait()
    return not pipeline.stop.is_set()


def _skip_slot(pipeline: Pipeline, plan: EditionPlan, draft: Draft) -> RunReport:
    """Skip a slot with too few articles, which stay for the next edition. If a source failed, only report that: it might
    have had more.
    """
    slot, found = draft.edition.slot, len(draft.edition.stories)
    since = instant_text(slot.window.start, pipeline.sender.newsletter.timezone)
    note = f"{counted(found, 'article')} since {since}, fewer than min_articles ({plan.min_articles})"
    if failures := draft.failed_sources:
        return RunReport(
            status="failed", slot=slot, note=f"{note}, and a source failed; run `digest send` to try again", failures=failures
        )
    pipeline.store.editions.skip(slot, note, pipeline.clock())
    return RunReport(status="skipped", slot=slot, note=note)


def _skip_note(pipeline: Pipeline, plan: EditionPlan, slot: Slot, permit: Permit) -> str:
    """Return why a slot is skipped: by an editor, who may still take it back, or long ago; empty if it may get an edition."""
    if note := skip_note(word_on(pipeline.store, slot.key), pipeline.sender.newsletter.timezone):
        return note
    overdue = pipeline.clock() > plan.latest(slot)
    return pipeline.store.editions.skipped(slot.key) if overdue and not permit.late else ""


def _finish(pipeline: Pipeline, frozen: FrozenEdition, before: dict[str, int], resumed: tuple[str, ...], bounced: int) -> RunReport:
    """Return the report of a run, and close the edition if nothing is left to try."""
    slot, now = frozen.edition.slot, pipeline.clock()
    total = pipeline.store.deliveries.counts(frozen.key)
    pending = pipeline.store.deliveries.waiting(frozen.key, None)
    if not pending:
        pipeline.store.editions.finish(frozen.key, now)
    if before == total and not pending:
        when = instant_text(frozen.finished_at or frozen.edition.frozen_at, pipeline.sender.newsletter.timezone)
        note = f"edition {frozen.key} was already sent on {when}"
        return RunReport(status="nothing", slot=slot, note=note, total=total, resumed=resumed)
    status: Literal["sent", "unfinished"] = "unfinished" if pending else "sent"
    counts, (waves, following, _) = difference(before, total), pipeline.store.deliveries.waves(frozen.key, now)
    return RunReport(
        status=status, slot=slot, counts=counts, total=total, resumed=resumed, bounced=bounced, waiting=pending - waves,
        waves=waves, next_wave=following,
    )  # fmt: skip


__all__ = [
    "Permit",
    "Pipeline",
    "Progress",
    "Unwatched",
    "make_draft",
    "publish",
    "send",
    "stored_decisions",
    "stored_material",
]

"""Preflight: what must hold before an edition is made or sent, and what is put right first.

The database must know all that `sent.log` proves, the edition must not be too old, and nobody who has left may be a recipient.
Guards that look at the list itself are in `guards.py`.
"""

from collections.abc import Iterable
from datetime import datetime
from functools import partial

from digest.batching import batched
from digest.config import EditionPlan
from digest.edition.pipeline import Permit, Pipeline
from digest.errors import LateError
from digest.model import Slot, Subscriber
from digest.store import FrozenEdition, Suppression
from digest.store.editions import FROM_LOG
from digest.subscriber_statuses import FINAL_STATUSES, Origin


def check_may_send(pipeline: Pipeline, plan: EditionPlan, slot: Slot, frozen: FrozenEdition | None, permit: Permit) -> None:
    """Raise RestoredError or LateError if the edition must not be sent now; take over first what `sent.log` proves.

    An edition begins within `late_after`; one that has begun is finished within `give_up_after`.
    """
    adopt_sent_log(pipeline)
    if permit.again:
        pipeline.sent_log.disregard_answers(slot.key, pipeline.clock())
        pipeline.store.editions.delete_logged(slot.key)
    answers = pipeline.store.deliveries.answers(slot.key) if frozen else None
    pipeline.sent_log.verify(slot.key, answers)
    complete = frozen is not None and not pipeline.store.deliveries.waiting(slot.key, None)
    age = pipeline.clock() - plan.due(slot)
    if pipeline.clock() > sendable_until(pipeline, plan, slot, frozen) and not permit.late and not complete:
        raise LateError(
            f"edition {slot.key} was due {age.total_seconds() / 3600:.0f} hours ago, too late to send",
            remedy="To send it anyway, add --late.",
        )


def adopt_sent_log(pipeline: Pipeline) -> None:
    """Store what `sent.log` proves and the database lacks, because a backup was restored or the database was lost."""
    editions, store = list(pipeline.sent_log.editions()), pipeline.store
    for logged in editions:
        if not store.editions.has_slot(logged.key):
            store.editions.add_logged(logged)
    reasons = pipeline.sent_log.suppressed()
    for email_hash in pipeline.sent_log.hashes_of(store.suppressions.emails()).values():
        reasons.pop(email_hash, None)
    if not reasons:
        return
    for rows in batched(pipeline.subscriber_file()):
        hashes = pipeline.sent_log.hashes_of(row.email for row in rows)
        pipeline.store.suppressions.adopt(
            Suppression(
                email=row.email, reason=reasons[hashes[row.email]], since=pipeline.clock(), origin=Origin.LOG, detail=FROM_LOG
            )
            for row in rows
            if hashes[row.email] in reasons
        )


def sendable_until(pipeline: Pipeline, plan: EditionPlan, slot: Slot, frozen: FrozenEdition | None) -> datetime:
    """Return until when an edition may be sent: `late_after` its hour, or after it was made if that was later.

    Once the relay has answered for it at all it has `give_up_after` instead, and that counts from the last hour of a reader.
    """
    if frozen is None:
        return plan.latest(slot)
    deliveries = pipeline.store.deliveries
    begins = max(plan.due(slot), frozen.edition.frozen_at, deliveries.last_wave(frozen.key) or frozen.edition.frozen_at)
    return begins + (pipeline.smtp.give_up_after if deliveries.answers(frozen.key) else plan.late_after)


def respect_the_list(pipeline: Pipeline, rows: Iterable[Subscriber], frozen: FrozenEdition) -> None:
    """Do what the list says now of the readers who still wait for an edition: suppress who has left, skip who is paused."""
    key, day = frozen.key, frozen.edition.slot.day
    pipeline.store.deliveries.skip_paused(key, day)
    for some in batched(row for row in rows if row.status in FINAL_STATUSES or row.status_on(day) == "paused"):
        suppress_opted_out(pipeline, some)
        pipeline.store.deliveries.skip_waiting(key, [row.email for row in some if row.status_on(day) == "paused"], "paused")


def suppress_opted_out(pipeline: Pipeline, rows: Iterable[Subscriber]) -> None:
    """Suppress the subscribers whose status in the list forbids mail for good: a suppression holds whatever becomes of the file."""
    suppression = partial(Suppression, since=pipeline.clock(), origin=Origin.LIST, detail="marked in subscribers.csv")
    pipeline.store.suppressions.adopt(
        suppression(email=row.email, reason=row.status) for row in rows if row.status in FINAL_STATUSES
    )

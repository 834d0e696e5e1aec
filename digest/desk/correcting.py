"""What an editor's correction of an edition leads to: a note on its page, a mail to those who have it wrong, a line tomorrow.

Each is done once, whatever is restarted: it is done again until it is done, and known by the number of the editor's decision.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from digest.app import App
from digest.config import EditionPlan
from digest.curate.editor_decisions import EDITION
from digest.edition.pipeline import Pipeline
from digest.model import Decision, Edition, EditorParts, Rendered, Slot
from digest.publish import stored_decisions
from digest.render.variants import IN
from digest.store import FrozenEdition, TooLateError

CORRECT = "correct"  # the verb of such a decision
MAX_AHEAD = 14  # editions in which the first that is not made yet is looked for
CARRIED_OUT_FOR = timedelta(days=2)  # so long it is looked whether each of them is carried out


def correction_edition(frozen: FrozenEdition, value: Mapping[str, Any], number: int, now: datetime) -> Edition:
    """Return the edition that is the mail of a correction: nothing but what was wrong. `number` is that of its decision."""
    made = frozen.edition
    parts = EditorParts(subject=value["subject"], correction=value["text"])
    stories = tuple(replace(story, picks=()) for story in made.stories)
    slot = replace(made.slot, name=f"{made.slot.name}-correction-{number}")
    return replace(made, slot=slot, stories=stories, left_out=(), events=(), parts=parts, frozen_at=now)


def carry_out(app: App, decision: Decision, *, is_newest: bool = True) -> None:
    """Do what a correction says and is not done yet. The note on the page is that of the newest correction."""
    pipeline, frozen = app.pipeline, app.store.editions.frozen(decision.edition)
    if frozen is None:
        return
    if decision.value["web"] and is_newest:
        pipeline.store.revisions.set_correction(frozen.key, decision.value["text"], pipeline.clock())
    if decision.value["mail"]:
        _make_mail(pipeline, frozen, decision)
    if decision.value["tomorrow"]:
        plan = app.plan_of(frozen.edition.slot.name) or app.config.editions[0]
        _say_tomorrow(pipeline, decision, coming_slots(app, plan))


def carry_out_all(app: App) -> None:
    """Carry out every correction of the last days that is not, because a run was cut off."""
    rows = app.store.decisions.of_verb(CORRECT, app.clock() - CARRIED_OUT_FOR)
    newest = {row.edition: row.id for row in rows if row.value["web"]}
    for row in rows:
        carry_out(app, row, is_newest=newest.get(row.edition) == row.id)


def mail_of(pipeline: Pipeline, frozen: FrozenEdition, value: Mapping[str, Any], language: str = "") -> Rendered:
    """Return the mail that a correction sends, if it sends one; `value` is what its decision has."""
    base = (pipeline.sender.newsletter.public_url or "").rstrip("/")
    url = f"{base}/archive/{frozen.key}" if base and (value["web"] or frozen.revision) else ""
    first = pipeline.store.revisions.past(frozen.key)[0].rendered if frozen.revision else frozen.rendered  # as its readers know it
    edition = correction_edition(frozen, value, 0, pipeline.clock())
    return pipeline.design().correction(edition, first.subject, url, language)


def _make_mail(pipeline: Pipeline, frozen: FrozenEdition, decision: Decision) -> None:
    """Make the mail for everybody who has the edition as it was wrong, unless that is done; it is sent as any edition."""
    edition, store = correction_edition(frozen, decision.value, decision.id, pipeline.clock()), pipeline.store
    if store.editions.has_slot(edition.slot.key):
        return
    store.revisions.add_correction(
        edition,
        frozen.key,
        decision.value["below"],
        lambda name: mail_of(pipeline, frozen, decision.value, name.partition(IN)[2]),
        lambda variant: f"{IN}{language}" if (language := variant.partition(IN)[2]) else "",
    )
    pipeline.sent_log.add_edition(replace(edition, stories=()), pipeline.clock())


def coming_slots(app: App, plan: EditionPlan) -> Iterator[Slot]:
    """Yield the slot of the edition that is due or comes next, and those after it."""
    yield app.coming_slot(plan)
    for day in islice(app.calendar(plan).upcoming(app.clock()), MAX_AHEAD):
        yield app.slot(plan, day)


def _say_tomorrow(pipeline: Pipeline, decision: Decision, slots: Iterable[Slot]) -> None:
    """Add the correction to the first edition that is not made yet, unless that is done."""
    decisions, once = pipeline.store.decisions, f"{CORRECT}:{decision.id}"
    if decisions.made_once(once) is not None:
        return
    for slot in slots:
        before = stored_decisions(pipeline.store, slot).edition.get("correction") or ""
        value: dict[str, Any] = {"field": "correction", "text": f"{before}\n\n{decision.value['text']}".strip(), "was": before}
        thing, by, now = (EDITION, slot.key), decision.made_by, pipeline.clock()
        with suppress(TooLateError):  # it is made already: an editor may have sent it early
            decisions.add(thing, "edit", value, by, now, edition=slot.key, before_freeze=True, once=once)
            return

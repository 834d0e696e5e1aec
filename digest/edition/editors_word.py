"""What editors have said of an edition as a whole: hold, approve, send at another time, skip, stop; and when it goes.

A hold counts whatever else was said, and whenever, until it is taken back or somebody sends the edition at a time of their own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from digest.config import EditionPlan
from digest.curate.editor_decisions import EDITION
from digest.errors import HeldError
from digest.model import Decision, Slot
from digest.store import Store
from digest.text.formats import instant_text

VERBS = ("hold", "approve", "send", "skip", "stop", "give-up")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorsWord:
    """The newest decision of each kind that stands on an edition, or None."""

    hold: Decision | None = None
    approve: Decision | None = None
    send: Decision | None = None
    skip: Decision | None = None
    stop: Decision | None = None
    give_up: Decision | None = None

    @property
    def approved(self) -> Decision | None:
        """The approval: who sends an edition at a time of their own has approved it too."""
        return self.send or self.approve

    def goes_at(self, plan: EditionPlan, slot: Slot) -> datetime | None:
        """Return when the edition goes; None if that waits for an editor, or if it does not go at all."""
        if self.hold or self.skip:
            return None
        if self.send:
            return datetime.fromisoformat(self.send.value["at"])
        return None if plan.approval == "required" and not self.approve else plan.due(slot)


def editors_word(rows: Iterable[Decision]) -> EditorsWord:
    """Return what stands on an edition as a whole; `rows` are its decisions, oldest first."""
    standing = {row.verb: row for row in rows if row.thing_kind == EDITION and row.verb in VERBS and row.undone_at is None}
    if "send" in standing and "hold" in standing and standing["send"].id > standing["hold"].id:
        del standing["hold"]
    return EditorsWord(**{verb.replace("-", "_"): row for verb, row in standing.items()})


def word_on(store: Store, key: str) -> EditorsWord:
    """Return what stands on the edition with this key."""
    return editors_word(store.decisions.log(key))


def check_released(store: Store, plan: EditionPlan, slot: Slot, now: datetime) -> EditorsWord:
    """Return what stands on the edition; raise HeldError if an editor holds it, wants it later, or has not given a yes it needs."""
    word = word_on(store, slot.key)
    if word.hold:
        why = f": {word.hold.value['reason']}" if word.hold.value.get("reason") else ""
        raise HeldError(
            f"edition {slot.key} is on hold by {word.hold.made_by}{why}",
            remedy="`digest edition undo` takes the hold back; `digest edition send` sends it now.",
        )
    if plan.approval == "required" and not word.approved:
        raise HeldError(f"edition {slot.key} waits for an editor's yes", remedy="Give it with `digest edition approve`.")
    if word.send and (at := datetime.fromisoformat(word.send.value["at"])) > now:
        raise HeldError(
            f"{word.send.made_by} wants edition {slot.key} to go later, in {round((at - now).total_seconds() / 60)} minutes"
        )
    return word


def skip_note(word: EditorsWord, zone: tzinfo) -> str:
    """Return why an edition is skipped by an editor's word, for the list of editions; empty if it is not."""
    if word.skip is None:
        return ""
    why = f": {word.skip.value['reason']}" if word.skip.value.get("reason") else ""
    return f"skipped by {word.skip.made_by} on {instant_text(word.skip.made_at, zone)}{why}"

"""What somebody does at the desk, what is recorded of it, and how both are said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from digest.curate.editor_decisions import ARTICLE, COMMENT, WRITER
from digest.desk.values import ValueFieldError
from digest.errors import DigestError, UsageError
from digest.model import Decision
from digest.text.prose import shorten

Fields = Mapping[str, str]
ORDER_VERBS = frozenset({"lead", "move"})
PRESENCE_VERBS = frozenset({"leave-out", "take-in", "keep"})


class ConflictError(DigestError):
    """Somebody else has decided about the same thing since it was seen; nothing was recorded. `theirs` is what they decided, `mine`
    what was to be.
    """

    def __init__(self, what: str, theirs: Decision | None = None, mine: "NewDecision | None" = None) -> None:
        by = theirs.made_by if theirs else "Somebody"
        super().__init__(f"{by} {what} while you were looking; your change was not made", remedy="Look again.")
        self.theirs, self.mine = theirs, mine


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What somebody does: `seen` is the number of the newest decision that they had seen, None if they saw none; `once` the form's
    own random value.
    """

    verb: str
    fields: Fields = field(default_factory=dict)
    by: str
    seen: int | None = None
    once: str | None = None

    @property
    def thing(self) -> str:
        """The id of what it is about; raise UsageError if there is none."""
        if not (key := self.fields.get("id", "")):
            raise UsageError(f"{self.verb} needs an id")
        return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was recorded, and what is said of it."""

    decisions: tuple[Decision, ...]
    said: str

    def as_json(self) -> dict[str, Any]:
        """Return what `--json` prints."""
        return {"said": self.said, "decisions": [decision_json(row) for row in self.decisions]}


def decision_json(row: Decision) -> dict[str, Any]:
    """Return a decision as programs read it."""
    return {
        "id": row.id,
        "edition": row.edition,
        "thing": {"kind": row.thing_kind, "id": row.thing_id},
        "verb": row.verb,
        "value": dict(row.value),
        "by": row.made_by,
        "at": row.made_at,
        "undone_by": row.undone_by,
        "undone_at": row.undone_at,
    }


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision to be recorded."""

    kind: str
    id: str
    verb: str
    value: Mapping[str, Any] = field(default_factory=dict)


def sentence(row: Decision) -> str:
    """Return a decision in words, as the log has it."""
    value, about = row.value, f"“{shorten(str(row.value.get('title', '')), 60)}”"
    if row.thing_kind in {COMMENT, WRITER}:
        about = f"{value.get('writer') or 'a comment'}{f' on {about}' if value.get('title') else ''}"
    if row.verb == "edit":
        return _edit_sentence(row, about)
    why = f": {value['reason']}" if value.get("reason") else ""
    places = ", ".join(words for name, words in _PLACES.items() if value.get(name))
    return f"{_WORDS[row.verb].format(about=about, place=value.get('place', ''), places=f' {places}')}{why}"


def undone_sentence(row: Decision) -> str:
    """Return what taking a decision back did, in words."""
    return {"stop": "Let it go on", "hold": "Let it go"}.get(row.verb) or f"Undone: {sentence(row)}"


def _edit_sentence(row: Decision, about: str) -> str:
    value, name = row.value, {"without": "blocks"}.get(row.value["field"], row.value["field"])
    whose = f" of {about}" if row.thing_kind == ARTICLE else ""
    if value["text"] is None:
        return f"Took the {name}{whose} from the site again"
    if isinstance(value["text"], str) and value["text"] and len(value["text"]) <= 120 and "\n" not in value["text"]:
        return f"Changed the {name}{whose} to “{value['text']}”"
    return f"{'Changed' if value['text'] else 'Took out'} the {name}{whose}"


_PLACES = {"web": "on the web", "mail": "by mail to its readers", "tomorrow": "in the next edition"}
_WORDS = {
    "leave-out": "Left out {about}", "take-in": "Took in {about}", "lead": "Moved {about} to the top",
    "move": "Moved {about} to {place}", "keep": "Kept {about} for the next edition", "print": "Printed {about}",
    "refuse": "Refused a comment by {about}", "cut": "Shortened {about}", "refuse-writer": "Refused {about} as a writer",
    "hold": "Put on hold",
    "approve": "Approved", "send": "Sent at a time of their own", "skip": "No edition today", "stop": "Stopped it",
    "give-up": "Gave up the rest", "correct": "Corrected it{places}",
}  # fmt: skip


def about(title: str) -> dict[str, Any]:
    """Return what a decision on a story keeps of it, to be said in the log."""
    return {"title": title}


def whole(text: str, least: int, most: int) -> int:
    """Return a place as a whole number; raise ValueFieldError if it is none from `least` to `most`."""
    if not (text.isascii() and text.isdigit() and len(text) < 5 and least <= int(text) <= most):
        raise ValueFieldError(f"Choose a place from {least} to {most}", "place")
    return int(text)


def saved(rows: Sequence[NewDecision]) -> tuple[Sequence[NewDecision], str]:
    """Return the decisions on some fields, and which of them were saved."""
    names = [{"without": "blocks"}.get(row.value["field"], row.value["field"]) for row in rows]
    return rows, f"Saved: {', '.join(names)}" if names else "Nothing was changed"


def field_of(kind: str, verb: str, value: Mapping[str, Any]) -> str:
    """Return what of a thing is decided: its place, whether it is in, one of its texts, or what it is as a whole."""
    if verb == "edit":
        return str(value["field"])
    return "place" if verb in ORDER_VERBS else "presence" if verb in PRESENCE_VERBS and kind == ARTICLE else kind


def check_seen(log: Sequence[Decision], row: NewDecision, act: Act) -> None:
    """Raise ConflictError if another person has decided the same of the same thing since it was seen.

    The field `mine` of an act names up to which decision its editor has seen what they insist on: `headline:12`.
    """
    unseen = _unseen(log, row, act)
    insisted = dict(part.partition(":")[::2] for part in act.fields.get("mine", "").split())
    if unseen and str(unseen[-1].id) != insisted.get(field_of(row.kind, row.verb, row.value)):
        raise ConflictError(sentence(unseen[-1])[:1].lower() + sentence(unseen[-1])[1:], unseen[-1], row)


def is_untouched(log: Sequence[Decision], row: NewDecision, act: Act) -> bool:
    """Return whether a text is as it stood when the editor looked: the form has it, and somebody else has changed it meanwhile."""
    unseen = _unseen(log, row, act) if row.verb == "edit" else []
    return bool(unseen) and unseen[0].value.get("was") == row.value["text"]


def _unseen(log: Sequence[Decision], row: NewDecision, act: Act) -> list[Decision]:
    """Return what other people have decided of the same since it was seen, and that stands, oldest first."""
    name = field_of(row.kind, row.verb, row.value)
    return [
        theirs
        for theirs in log
        if act.seen is not None and theirs.id > act.seen and theirs.made_by != act.by and theirs.undone_at is None
        and (theirs.thing_kind, theirs.thing_id) == (row.kind, row.id)
        and field_of(theirs.thing_kind, theirs.verb, theirs.value) == name
    ]  # fmt: skip


def check_hold_seen(theirs: Decision, act: Act, what: str) -> None:
    """Raise ConflictError if a hold of another person was not seen: it comes before everything."""
    if act.seen is not None and theirs.id > act.seen and theirs.made_by != act.by:
        raise ConflictError(what, theirs)

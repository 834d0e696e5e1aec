"""Why a comment stands where it does, as a sentence about its text that ends in what can be done; never a weight."""

from dataclasses import dataclass

from digest.curate.comments import FINAL_GATES, JudgedComment
from digest.desk.edition_view import DeskEdition
from digest.text.prose import shorten

_WHY = {  # by gate; {reason} is what the gate itself says
    "kind": "Not a comment but a link from another site.",
    "state": "Not approved on your site. Approve it there and it can be printed.",
    "abuse": "Blocked as abuse. To print it you must say why, and the log keeps it.",
    "links": "Three links or more: usually advertising.",
    "quotation": "Nothing in it but a quotation.",
    "excerpt": "Left by another site’s program.",
    "short": "Too short to stand alone.",
    "meta": "About the comments, not about the story.",
    "capitals": "Mostly capitals.",
    "repeated": "Said before in the same words.",
    "quarrel": "The end of a quarrel between two people.",
    "held": "It reads as an attack. Print it without the passage, or not at all.",
    "unfit": "It reads as something an editor would not print: the marked passage above all.",
    "contact": "It gives a telephone number or an email address.",
    "address": "It {reason}. You can print it without that sentence.",
    "threat": "It may be read as a threat. Never printed without a yes.",
    "group": "It says what a whole group of people is like.",
    "child": "It seems to be about a child.",
    "identity": "It seems to name a private person.",
    "language": "It is {reason}.",
}
_ASKED = {  # the question above a held comment
    "held": "Is this too harsh to print?",
    "unfit": "Would you print this?",
    "contact": "Does it give away how to reach somebody?",
    "address": "Does it give away where somebody lives?",
    "threat": "Is this a threat?",
    "group": "Is this fair to a whole group of people?",
    "child": "Does it give away a child?",
    "identity": "Does it name a private person?",
    "accusation": "Is this accusation fit to print?",
    "contempt": "Does it tell guilt before the court does?",
    "language": "Can your readers read this?",
}


@dataclass(frozen=True, slots=True)
class CommentReason:
    """A comment's state in a word, and why; `passage` is where the trouble is in its own words, or (0, 0)."""

    state: str
    why: str
    question: str = ""
    passage: tuple[int, int] = (0, 0)
    may_print: bool = True
    needs_reason: bool = False


def reason_of(edition: DeskEdition, row: JudgedComment) -> CommentReason:
    """Return why a comment of an edition is printed, held or left out."""
    rejection = row.rejection
    if rejection is None:
        return _passed(edition, row)
    gate, evidence = rejection.gate, rejection.evidence
    if gate in {"refused", "left-out"}:
        return CommentReason("Refused" if gate == "refused" else "Left out", _capital(f"{rejection.reason}."))
    why = _WHY.get(gate, "It {reason}." if rejection.held else "{reason}.").format(reason=rejection.reason)
    return CommentReason(
        state="Held for you" if rejection.held else "Not printed",
        why=_capital(why),
        question=_ASKED.get(gate, "Is this fit to print?") if rejection.held else "",
        passage=(evidence.start, evidence.end) if evidence else (0, 0),
        may_print=gate not in FINAL_GATES,
        needs_reason=gate == "abuse",
    )


def _passed(edition: DeskEdition, row: JudgedComment) -> CommentReason:
    by = f" Printed by {row.approval.by}." if row.approval else ""
    said = _capital(", ".join(row.remarks)) + "." if row.remarks else "Clear, and on the subject."
    if row.comment.id in edition.printed:
        return CommentReason("Printed", said + by)
    picked = any(pick.comment.id == row.comment.id for story in edition.edition.stories for pick in story.picks)
    if picked:
        return CommentReason("Next in line", f"{said} There is no room for it at this place.{by}")
    if edition.plan.comments == "approved":
        return CommentReason("Waits for your yes", f"{said} Not printed without your yes.")
    return CommentReason("Next in line", f"{said} Others say it better, or its writer is printed already.")


def left_out_sentence(reason: str) -> str:
    """Return why a story is left out, for the list of what is not in."""
    if reason.startswith("over the limit of "):
        most = reason.removeprefix("over the limit of ").split()[0]
        return f"The edition was full at {most}; it was next in line"
    return _capital(shorten(reason, 200))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]

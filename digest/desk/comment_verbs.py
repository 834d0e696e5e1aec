"""What an editor does with comments: print, refuse, shorten, put in order."""

from collections.abc import Sequence
from typing import Any

from digest.curate.comment_decisions import may_lift, writer_key
from digest.curate.comments import FINAL_GATES, JudgedComment
from digest.curate.editor_decisions import COMMENT, WRITER
from digest.desk.acts import Act, NewDecision, whole
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.values import ValueFieldError, checked_text, kept_sentence_numbers
from digest.errors import UsageError
from digest.model import Article, Comment
from digest.text.prose import shorten


def comment_leave_out(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Leave a comment out of this edition; the next best stands there."""
    story, comment = edition.comment(act.thing)
    return [_comment_row(desk, edition, act, "leave-out")], f"Left out: {comment.author} on “{shorten(story.article.title, 50)}”"


def comment_take(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Print a comment, as well or instead of another."""
    _, comment = edition.comment(act.thing)
    other = act.fields.get("instead-of", "")
    where = f" in place of {edition.comment(other)[1].author}’s" if other else ""
    row = _comment_row(desk, edition, act, "print", **({"instead_of": other} if other else {}))
    return [row], f"Printed{where}: {comment.author}"


def comment_pin(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Print a comment at a place among those under its story, counted from 1."""
    _, comment = edition.comment(act.thing)
    place = whole(act.fields.get("place", "1"), 1, 9)
    return [_comment_row(desk, edition, act, "print", place=place - 1)], f"Pinned as number {place}: {comment.author}"


def comment_cut(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Keep only some sentences of a comment, counted from 1."""
    _, comment = edition.comment(act.thing)
    keep = kept_sentence_numbers(comment, act.fields.get("keep", ""))
    return [_comment_row(desk, edition, act, "cut", keep=keep)], f"Shortened: {comment.author}"


def release(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Print a comment that is held or left out, all of it or some sentences."""
    _, comment = edition.comment(act.thing)
    kept = act.fields.get("keep", "")
    more: dict[str, Any] = {"keep": kept_sentence_numbers(comment, kept)} if kept and kept != "all" else {"whole": True}
    return [_comment_row(desk, edition, act, "print", **more)], f"Printed by you: {comment.author}"


def refuse(desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Refuse a comment: it is not printed, and not quoted above an answer."""
    _, comment = edition.comment(act.thing)
    return [_comment_row(desk, edition, act, "refuse")], f"Refused by you: {comment.author}"


def refuse_writer(_desk: Desk, edition: DeskEdition, act: Act) -> tuple[Sequence[NewDecision], str]:
    """Refuse all comments of a comment's writer, in this edition or for good."""
    _, comment = edition.comment(act.thing)
    until = act.fields.get("until", "edition")
    if until not in {"edition", "good"}:
        raise ValueFieldError("Choose this edition or for good", "until")
    value = {"until": until, "reason": checked_text("reason", act.fields.get("reason", "")), "writer": comment.author}
    how = "for good" if until == "good" else "in this edition"
    return [NewDecision(WRITER, writer_key(comment.author), "refuse-writer", value)], f"Refused {how}: {comment.author}"


def _comment_row(desk: Desk, edition: DeskEdition, act: Act, verb: str, **more: Any) -> NewDecision:
    """Return a decision on a comment; raise UsageError if the comment may not be printed."""
    story, comment = edition.comment(act.thing)
    if (seen := act.fields.get("wording", "")) and not edition.wording(story, comment).startswith(seen):
        what = "has changed on the site since you read it, or what it answers has"
        raise UsageError(what, thing=comment.author, remedy="Read it again.")
    reason = checked_text("reason", act.fields.get("reason", ""))
    gate = ""
    if verb in {"print", "refuse"}:
        judged = _judged_alone(desk, edition, story.article, comment)
        gate = judged.rejection.gate if judged.rejection else ""
        if verb == "print":
            _check_may_print(judged, reason)
    value = {"reason": reason, "wording": edition.wording(story, comment), "gate": gate, "article": story.article.id,
             "writer": comment.author, "title": story.article.title}  # fmt: skip
    return NewDecision(COMMENT, comment.id, verb, value | more)


def _judged_alone(desk: Desk, edition: DeskEdition, article: Article, comment: Comment) -> JudgedComment:
    """Return the judgement of a comment as if nobody had decided on it."""
    standing = next(row for row in edition.threads[article.id].thread.judged if row.comment.id == comment.id)
    if comment.id not in edition.decisions.comments and writer_key(comment.author) not in edition.decisions.writers:
        return standing
    return desk.judged_alone(edition, article, comment.id)


def _check_may_print(judged: JudgedComment, reason: str) -> None:
    """Raise UsageError if no yes lifts the gate that stands against a comment, ValueFieldError if only one with a reason does."""
    gate = judged.rejection.gate if judged.rejection else ""
    if gate in FINAL_GATES:
        raise UsageError(
            f"cannot be printed: {judged.rejection.reason if judged.rejection else ''}",
            thing=judged.comment.id,
            remedy="Approve it on your site first.",
        )
    if gate and not may_lift(gate, reason):
        raise ValueFieldError("Say why it should be printed", "reason")

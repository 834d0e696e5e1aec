"""What editors have decided, as the curating stage takes it: the rows of the store become values keyed by the thing's id."""

from collections.abc import Iterable

from digest.curate.comment_decisions import CommentDecision, Verb
from digest.store import Decision

COMMENT = "comment"  # `thing_kind` of a decision on a comment
_VERBS: dict[str, Verb] = {"print": "print", "refuse": "refuse"}


def comment_decisions(rows: Iterable[Decision]) -> dict[str, CommentDecision]:
    """Return the decision that stands on each comment, by its id; the newest of several. `rows` are the standing ones in order."""
    return {row.thing_id: comment_decision(row) for row in rows if row.thing_kind == COMMENT and row.verb in _VERBS}


def comment_decision(row: Decision) -> CommentDecision:
    """Return one decision on a comment as the curating stage takes it."""
    return CommentDecision(verb=_VERBS[row.verb], wording=row.value["wording"], by=row.made_by, reason=row.value["reason"])

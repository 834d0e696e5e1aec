"""What editors have said of single comments, as data: it is laid over the judgement, and undoing it leaves the judgement as it was.

A yes counts for the words that were seen: the comment, its writer's name and what it answers. If any of them has changed on the
site since, the yes counts for nothing. A refusal counts whatever the words become.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from digest.curate.abuse import AbuseState, AbuseVerdict
from digest.curate.comment_gates import FINAL_GATES
from digest.curate.comment_thread import CommentThread
from digest.curate.gate_case import Rejection
from digest.model import Comment
from digest.text.markup import without_quotes
from digest.text.prose import squeeze

REFUSED = "refused"  # the gate of a comment that an editor has refused
NEEDS_REASON = frozenset({"abuse"})  # gates that only a yes with a reason lifts
Verb = Literal["print", "refuse"]


class CommentDecision(NamedTuple):
    """What an editor said of one comment; `wording` is the fingerprint of what was decided on (`wording`)."""

    verb: Verb
    wording: str
    by: str
    reason: str = ""

    @property
    def sentence(self) -> str:
        """The decision in words, for the editor's lists."""
        done = "printed" if self.verb == "print" else "refused"
        return f"{done} by {self.by}{f': {self.reason}' if self.reason else ''}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentDecisions:
    """The decision that stands on each comment, by its id; if `approved_only`, a comment without a yes is not picked."""

    by_id: Mapping[str, CommentDecision] = field(default_factory=dict)
    approved_only: bool = False

    def approval(self, comment: Comment, thread: CommentThread) -> CommentDecision | None:
        """Return the yes that was said of a comment as it is now, or None."""
        said, parent = self.by_id.get(comment.id), thread.by_id.get(comment.parent_id or "")
        return said if said and said.verb == "print" and said.wording == wording(comment, parent) else None

    def overrule(self, comment: Comment, thread: CommentThread, rejection: Rejection | None) -> Rejection | None:
        """Return the rejection of a comment after the editor's word: a refusal adds one, a yes takes away what it may."""
        said = self.by_id.get(comment.id)
        if said and said.verb == "refuse" and not (rejection and rejection.gate in FINAL_GATES):
            return Rejection(REFUSED, said.sentence)
        approval = self.approval(comment, thread)
        return rejection if rejection and not (approval and may_lift(rejection.gate, approval.reason)) else None

    def clear(self, verdicts: Mapping[str, AbuseVerdict], thread: CommentThread) -> dict[str, AbuseVerdict]:
        """Return the abuse verdicts after the editor's word: a comment with a yes may be printed, and quoted above its replies."""
        return {key: self._cleared(verdict, thread.by_id[key], thread) for key, verdict in verdicts.items()}

    def _cleared(self, verdict: AbuseVerdict, comment: Comment, thread: CommentThread) -> AbuseVerdict:
        if verdict.state is AbuseState.CLEAR or (approval := self.approval(comment, thread)) is None:
            return verdict
        blocked = verdict.state is AbuseState.BLOCKED and not may_lift("abuse", approval.reason)
        return verdict if blocked else replace(verdict, state=AbuseState.CLEAR)


NOTHING_DECIDED = CommentDecisions()


def may_lift(gate: str, reason: str) -> bool:
    """Return whether an editor's yes with this reason (or none) lets a comment through a gate."""
    return gate not in FINAL_GATES and (bool(reason) or gate not in NEEDS_REASON)


def wording(comment: Comment, parent: Comment | None) -> str:
    """Return the fingerprint of all that is printed of a comment: its text, its writer's name and what it answers.

    Every visible change counts, since an emoji or a question mark may turn the sense of a text.
    """
    shown = [row for each in (comment, parent) if each for row in (each.author, without_quotes(each.text))]
    return hashlib.sha256("\0".join(map(squeeze, shown)).encode()).hexdigest()[:32]

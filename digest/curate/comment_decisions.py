"""What editors have said of single comments, as data: it is laid over the judgement, and undoing it leaves the judgement as it was.

A yes counts for the words that were seen: the comment, its writer's name and what it answers. If any of them has changed on the
site since, the yes counts for nothing. A refusal counts whatever the words become.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

from digest.curate.abuse import AbuseState, AbuseVerdict
from digest.curate.comment_gates import FINAL_GATES
from digest.curate.comment_thread import CommentThread
from digest.curate.gate_case import Rejection
from digest.model import Comment
from digest.text.markup import without_quotes
from digest.text.prose import sentences, squeeze

REFUSED = "refused"  # the gate of a comment that an editor has refused
LEFT_OUT = "left-out"  # the gate of a comment that an editor has left out of one edition
GAP = "[…]"  # stands for sentences that an editor has left out
NEEDS_REASON = frozenset({"abuse"})  # gates that only a yes with a reason lifts
Verb = Literal["print", "refuse", "leave-out"]
_DONE = {"print": "printed", "refuse": "refused", "leave-out": "left out"}


class CommentDecision(NamedTuple):
    """What an editor said of one comment; `wording` is the fingerprint of what was decided on (`wording`).

    `place` is where a printed one stands among those under its story, from 0; `number` that of the decision.
    """

    verb: Verb
    wording: str
    by: str
    reason: str = ""
    place: int | None = None
    number: int = 0

    @property
    def sentence(self) -> str:
        """The decision in words, for the editor's lists."""
        return f"{_DONE[self.verb]} by {self.by}{f': {self.reason}' if self.reason else ''}"


class Cut(NamedTuple):
    """Which sentences of a comment an editor keeps, counted from 0, and the wording that was cut."""

    keep: tuple[int, ...]
    wording: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentDecisions:
    """The decision that stands on each comment, by its id; if `approved_only`, a comment without a yes is not picked.

    `writers` are those that an editor has refused, by `writer_key`. `seen` has the comments of an edition that was approved as it
    stood, by their ids in their order, with the wording of each: no others are picked; None if it is not approved.
    """

    by_id: Mapping[str, CommentDecision] = field(default_factory=dict)
    approved_only: bool = False
    writers: Mapping[str, CommentDecision] = field(default_factory=dict)
    cuts: Mapping[str, Cut] = field(default_factory=dict)
    seen: Mapping[str, str] | None = None

    def approval(self, comment: Comment, thread: CommentThread) -> CommentDecision | None:
        """Return the yes that was said of a comment as it is now, or None."""
        said, parent = self.by_id.get(comment.id), thread.by_id.get(comment.parent_id or "")
        return said if said and said.verb == "print" and said.wording == wording(comment, parent) else None

    def overrule(self, comment: Comment, thread: CommentThread, rejection: Rejection | None) -> Rejection | None:
        """Return the rejection of a comment after the editor's word: a refusal adds one, a yes takes away what it may."""
        refusal = self._refusal(comment)
        if refusal and refusal.verb == "refuse" and not (rejection and rejection.gate in FINAL_GATES):
            return Rejection(REFUSED, refusal.sentence)
        if refusal and rejection is None:  # what a gate keeps out stays out for its reason, which may be one for its answers too
            return Rejection(LEFT_OUT, refusal.sentence)
        approval = self.approval(comment, thread)
        return rejection if rejection and not (approval and may_lift(rejection.gate, approval.reason)) else None

    def _refusal(self, comment: Comment) -> CommentDecision | None:
        """Return what was said against a comment, or else against its writer, unless it got a yes of its own after that."""
        said, writer = self.by_id.get(comment.id), self.writers.get(writer_key(comment.author))
        if said and said.verb != "print":
            return said
        return writer if writer and not (said and said.number > writer.number) else None

    def shortened(self, comment: Comment, thread: CommentThread) -> str | None:
        """Return a comment's text as an editor has cut it, or None; a cut counts only for the words that it was made in."""
        cut = self.cuts.get(comment.id)
        if cut is None or cut.wording != wording(comment, thread.by_id.get(comment.parent_id or "")):
            return None
        return kept_sentences(sentences(squeeze(thread.texts[comment.id])), cut.keep)

    def is_open(self, comment: Comment, thread: CommentThread) -> bool:
        """Return whether the machine may pick a comment: not if it has changed since an editor cut it, or approved the edition."""
        if comment.id in self.cuts and self.shortened(comment, thread) is None:
            return False
        return self.seen is None or self.seen.get(comment.id) == wording(comment, thread.by_id.get(comment.parent_id or ""))

    def quotable(self, comment: Comment, thread: CommentThread) -> str:
        """Return the words of a comment that may stand above an answer to it: no others than an editor has kept."""
        if comment.id in self.cuts:
            return self.shortened(comment, thread) or ""
        return without_quotes(comment.text)

    def clear(self, verdicts: Mapping[str, AbuseVerdict], thread: CommentThread) -> dict[str, AbuseVerdict]:
        """Return the abuse verdicts after the editor's word: a comment with a yes may be printed, and quoted above its replies."""
        return {key: self._cleared(verdict, thread.by_id[key], thread) for key, verdict in verdicts.items()}

    def _cleared(self, verdict: AbuseVerdict, comment: Comment, thread: CommentThread) -> AbuseVerdict:
        if verdict.state is AbuseState.CLEAR or (approval := self.approval(comment, thread)) is None:
            return verdict
        blocked = verdict.state is AbuseState.BLOCKED and not may_lift("abuse", approval.reason)
        return verdict if blocked else replace(verdict, state=AbuseState.CLEAR)


NOTHING_DECIDED = CommentDecisions()


def kept_sentences(all_sentences: Sequence[str], keep: Sequence[int]) -> str:
    """Return the sentences with these numbers, in their own order, with a mark wherever others are left out."""
    parts, before = list[str](), -1
    for number in sorted({at for at in keep if 0 <= at < len(all_sentences)}):
        parts += [GAP] * (number > before + 1) + [all_sentences[number]]
        before = number
    return " ".join(parts + [GAP] * (before + 1 < len(all_sentences)))


def writer_key(name: str) -> str:
    """Return what a comment's writer is known by: their name, whatever its case and its spaces."""
    return squeeze(name).casefold()


def may_lift(gate: str, reason: str) -> bool:
    """Return whether an editor's yes with this reason (or none) lets a comment through a gate."""
    return gate not in FINAL_GATES and (bool(reason) or gate not in NEEDS_REASON)


def wording(comment: Comment, parent: Comment | None) -> str:
    """Return the fingerprint of all that is printed of a comment: its text, its writer's name and what it answers.

    Every visible change counts, since an emoji or a question mark may turn the sense of a text.
    """
    shown = [row for each in (comment, parent) if each for row in (each.author, without_quotes(each.text))]
    return hashlib.sha256("\0".join(map(squeeze, shown)).encode()).hexdigest()[:32]

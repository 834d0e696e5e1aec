"""What is found for and against each comment of a thread: gates, then a score from text and crowd; an editor's word over both."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import cached_property

from digest.curate.abuse import AbuseVerdict
from digest.curate.comment_decisions import NOTHING_DECIDED, CommentDecision, CommentDecisions
from digest.curate.comment_gates import abuse_verdicts, own_rejection, rejections
from digest.curate.comment_thread import CommentThread
from digest.curate.gate_case import Case, Rejection
from digest.curate.remarks import reason_line, remarks
from digest.curate.scoring_rules import ScoringRules
from digest.curate.text_features import text_features
from digest.curate.thread_reading import read_thread
from digest.curate.votes import vote_count, vote_ranks
from digest.model import Article, Comment


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedComment:
    """One comment with everything found for and against it.

    `terms` are multiplied by their weights; `vote_rank` is None if votes do not count. `factor` is what a second opinion has
    lowered the score to, and `lowered_by` whose opinion it is. `approval` is the yes that an editor said. `remarks` say in an
    editor's words what speaks for the comment, or why it is not printed, with the passage.
    """

    comment: Comment
    abuse_verdict: AbuseVerdict
    approval: CommentDecision | None = None
    rejection: Rejection | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    vote_rank: float | None = None
    score: float = 0.0
    factor: float = 1.0
    lowered_by: str = ""
    remarks: tuple[str, ...] = ()

    @property
    def text_score(self) -> float:
        """The text score without heat, which has its own gates."""
        return lower(sum(value for name, value in self.terms.items() if name != "heat"), self.factor)


class ReadThread:
    """A thread with what its own words say of each comment. Decisions are laid over it any number of times, and little is done
    twice.
    """

    def __init__(
        self, article: Article, comments: Sequence[Comment], scoring_rules: ScoringRules, printed: AbstractSet[str] = frozenset()
    ) -> None:
        self.given = (article, tuple(comments))
        self.thread = CommentThread(article, comments, printed)
        self.scoring_rules = scoring_rules
        self._cases = cases(self.thread, scoring_rules)
        self._rejections: dict[tuple[str, AbuseVerdict], Rejection | None] = {}
        self._terms: dict[str, dict[str, float]] = {}

    def cases(self, decisions: CommentDecisions) -> dict[str, Case]:
        """Return each comment with all that is known of it after the editors' word, by its id, oldest first."""
        verdicts = decisions.clear({key: case.verdict for key, case in self._cases.items()}, self.thread)
        return {
            key: case if verdicts[key] is case.verdict else replace(case, verdict=verdicts[key])
            for key, case in self._cases.items()
        }

    def own_rejection(self, case: Case) -> Rejection | None:
        """Return the rejection by the first gate that a comment fails by itself, or None."""
        key = (case.comment.id, case.verdict)
        if key not in self._rejections:
            self._rejections[key] = own_rejection(case)
        return self._rejections[key]

    def terms(self, case: Case) -> dict[str, float]:
        """Return what a comment earns, by the names of the terms."""
        if case.comment.id not in self._terms:
            self._terms[case.comment.id] = _weighed(text_features(case), self.scoring_rules.scores.text)
        return self._terms[case.comment.id]

    @cached_property
    def ranks(self) -> Mapping[str, float]:
        """The rank of each comment by its votes; empty if there are too few."""
        limits = self.scoring_rules.scores.crowd
        return vote_ranks(self.thread, limits.confidence) if vote_count(self.thread) >= limits.votes else {}


def judge(read: ReadThread, decisions: CommentDecisions = NOTHING_DECIDED) -> list[JudgedComment]:
    """Return the judgement of every comment, oldest first."""
    thread, known = read.thread, read.cases(decisions)
    rejected = rejections(known, decisions.overrule, read.own_rejection)
    share = read.scoring_rules.scores.crowd.share
    rows = []
    for comment, case in zip(thread.comments, known.values(), strict=True):
        rejection, approval = rejected.get(comment.id), decisions.approval(comment, thread)
        row = JudgedComment(comment=comment, abuse_verdict=case.verdict, approval=approval, rejection=rejection)
        if rejection:
            rows.append(replace(row, remarks=(reason_line(case.reading.texts[comment.id], rejection),)))
            continue
        weighed = read.terms(case)
        text, rank = sum(weighed.values()), read.ranks.get(comment.id)
        score = text if rank is None else (1 - share) * text + share * rank
        rows.append(replace(row, terms=weighed, vote_rank=rank, score=round(score, 4), remarks=remarks(case, weighed)))
    return rows


def cases(thread: CommentThread, scoring_rules: ScoringRules) -> dict[str, Case]:
    """Return each comment with all that is known of it, by its id, oldest first."""
    reading = read_thread(thread, scoring_rules.text_rules)
    verdicts = abuse_verdicts(thread, reading, scoring_rules)
    return {
        comment.id: Case(
            comment=comment,
            thread=thread,
            reading=reading,
            verdict=verdicts[comment.id],
            opinion=scoring_rules.editor(reading.sentences[comment.id], reading.classes[comment.id]),
            scoring_rules=scoring_rules,
        )
        for comment in thread.comments
    }


def lower(score: float, factor: float) -> float:
    """Return a score times a factor from 0 to 1; a score below 0 stays, because it would rise."""
    return round(min(score, score * factor), 4)


def _weighed(found: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    weighed = {name: round(value * weights[name], 4) for name, value in found.items()}
    return {name: value for name, value in weighed.items() if value}

"""Which comments of one article are printed: first gates, then a score from text and crowd, then the best few that differ."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from digest.curate.abuse import AbuseVerdict, State, assess
from digest.curate.comment_thread import CommentThread, similarity
from digest.curate.features import text_features
from digest.curate.gates import Refusal, abuse_verdicts, refusals
from digest.curate.scoring_rules import ScoringRules
from digest.curate.votes import vote_ranks, votes
from digest.model import Article, Comment, LeftOut, Pick
from digest.text.markup import without_quotes
from digest.text.prose import excerpt, shorten

VOICES = 2  # picks that are allowed, however far apart their scores are


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedComment:
    """One comment with everything found for and against it.

    `terms` are multiplied by their weights; `crowd` is None if the crowd has no say.
    """

    comment: Comment
    ruling: AbuseVerdict
    refusal: Refusal | None = None
    terms: Mapping[str, float] = field(default_factory=dict)
    crowd: float | None = None
    score: float = 0.0

    @property
    def text(self) -> float:
        """The text score without heat, which has its own gates."""
        return round(sum(value for name, value in self.terms.items() if name != "heat"), 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedThread:
    """A whole thread: the picks, best first, and every comment, first those that passed the gates, best first."""

    picks: tuple[Pick, ...]
    judged: tuple[JudgedComment, ...]

    def left_out(self) -> list[LeftOut]:
        """Return the records of the comments that a gate kept out."""
        return [comment_left_out(row.comment, row.refusal.reason) for row in self.judged if row.refusal]


def pick(
    article: Article, thread: Sequence[Comment], most: int, standards: ScoringRules, printed: AbstractSet[str] = frozenset()
) -> JudgedThread:
    """Judge a thread and choose at most `most` comments; the order in which the comments are given does not matter.

    `printed` holds the fingerprints of the comments that the edition prints under other articles.
    """
    talk = CommentThread(article, thread, printed)
    judged = judge(talk, standards)
    passed = sorted((row for row in judged if not row.refusal), key=lambda row: (-row.score, row.comment.written, row.comment.id))
    refused = [row for row in judged if row.refusal]
    return JudgedThread(picks=tuple(_chosen(passed, talk, most, standards)), judged=(*passed, *refused))


def judge(talk: CommentThread, standards: ScoringRules) -> list[JudgedComment]:
    """Return the judgement of every comment, oldest first."""
    ruled = abuse_verdicts(talk, standards)
    refused = refusals(talk, ruled, standards)
    limits = standards.scores.crowd
    ranks = vote_ranks(talk, limits.confidence) if votes(talk) >= limits.votes else {}
    rows = []
    for comment in talk.comments:
        ruling, refusal = ruled[comment.id], refused.get(comment.id)
        if refusal:
            rows.append(JudgedComment(comment=comment, ruling=ruling, refusal=refusal))
            continue
        weighed = _weighed(text_features(comment, talk, ruling.heat), standards.scores.text)
        text, rank = sum(weighed.values()), ranks.get(comment.id)
        score = text if rank is None else (1 - limits.share) * text + limits.share * rank
        rows.append(JudgedComment(comment=comment, ruling=ruling, terms=weighed, crowd=rank, score=round(score, 4)))
    return rows


def _weighed(found: Mapping[str, float], weights: Mapping[str, float]) -> dict[str, float]:
    weighed = {name: round(value * weights[name], 4) for name, value in found.items()}
    return {name: value for name, value in weighed.items() if value}


def comment_left_out(comment: Comment, reason: str) -> LeftOut:
    """Return the record of a comment that is not printed."""
    label = f"{comment.author}: {shorten(comment.text, 60)}"
    return LeftOut(kind="comment", id=comment.id, label=label, url=comment.url, reason=reason)


def _chosen(passed: Sequence[JudgedComment], talk: CommentThread, most: int, standards: ScoringRules) -> list[Pick]:
    """Return the best few by maximal marginal relevance (Carbonell and Goldstein, 1998), one per writer and one per sub-thread.

    Two picks give a thread its voices. A later comment far behind the first is not picked merely to make up the number.
    """
    limits = standards.scores.choice
    candidates = [row for row in passed if row.text >= limits.floor]
    roots = {row.comment.id: talk.root(row.comment) for row in candidates}
    picks: list[Pick] = []
    while candidates and len(picks) < most:
        best = max(candidates, key=lambda row: row.score - _price(row, picks, talk, standards))  # the first, if several are equal
        candidates.remove(best)
        if new_pick := _as_pick(best, talk, standards):
            picks.append(new_pick)
            author, root = best.comment.author, roots[best.comment.id]
            candidates = [row for row in candidates if row.comment.author != author and roots[row.comment.id] != root]
        if len(picks) >= VOICES:
            candidates = [row for row in candidates if row.score >= picks[0].score - limits.gap]
    return picks


def _price(row: JudgedComment, picks: Sequence[Pick], talk: CommentThread, standards: ScoringRules) -> float:
    """Return how much its similarity to the earlier picks costs a comment."""
    alike = (similarity(talk.vectors[row.comment.id], talk.vectors[pick.comment.id]) for pick in picks)
    return standards.scores.choice.variety * max(alike, default=0.0)


def _as_pick(row: JudgedComment, talk: CommentThread, standards: ScoringRules) -> Pick | None:
    """Return a comment as it is printed, or None if its excerpt or its parent's is not clear of abuse by itself."""
    limits, parent = standards.scores.choice, talk.by_id.get(row.comment.parent_id or "")
    cut = excerpt(talk.texts[row.comment.id], limits.excerpt)
    answered = excerpt(without_quotes(parent.text), limits.parent) if parent else ""
    if not all(_fit(text, talk, standards) for text in (cut, answered)):
        return None
    reasons = [f"{name.replace('_', ' ')} {value:+.2f}" for name, value in row.terms.items()]
    return Pick(
        comment=row.comment,
        excerpt=cut,
        score=row.score,
        reasons=tuple(reasons if row.crowd is None else [*reasons, f"votes {row.crowd:.2f}"]),
        parent_author=parent.author if parent else "",
        parent_excerpt=answered,
    )


def _fit(text: str, talk: CommentThread, standards: ScoringRules) -> bool:
    ruling = assess(text, [talk.article.author], standards.lists, standards.heat, standards.scores.gate.held)
    return ruling.state is State.CLEAR

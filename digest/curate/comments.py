"""Which comments of one article are printed: first gates, then a score from text and crowd, then the best few that differ."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from functools import cached_property

from digest.curate.abuse import AbuseState, assess
from digest.curate.comment_decisions import GAP, NOTHING_DECIDED, CommentDecisions
from digest.curate.comment_gates import FINAL_GATES
from digest.curate.comment_thread import CommentThread, fingerprint, similarity
from digest.curate.gate_case import Rejection
from digest.curate.judgement import JudgedComment, ReadThread, cases, judge, lower
from digest.curate.opinion import Opinion, opinion_rejections
from digest.curate.scoring_rules import ScoringRules
from digest.model import Article, Comment, LeftOut, Pick
from digest.text.prose import excerpt, sentences, shorten, squeeze, word_count

MIN_SENTENCE_WORDS = 8  # of a sentence that says something by itself
PICKS_BEFORE_GAP = 2  # picks that are allowed, however far apart their scores are


@dataclass(frozen=True, kw_only=True)
class JudgedThread:
    """A whole thread: the picks, best first, and every comment, first those that passed the gates, best first."""

    picks: tuple[Pick, ...]
    judged: tuple[JudgedComment, ...]

    @cached_property
    def left_out(self) -> Sequence[LeftOut]:
        """Return the records of the comments that a gate kept out."""
        return [comment_left_out(row.comment, row.rejection.sentence) for row in self.judged if row.rejection]

    @cached_property
    def held(self) -> Sequence[JudgedComment]:
        """The comments that a gate holds for an editor."""
        return [row for row in self.judged if row.rejection and row.rejection.held]


def pick(
    article: Article,
    comments: Sequence[Comment],
    most: int,
    scoring_rules: ScoringRules,
    printed: AbstractSet[str] = frozenset(),
    decisions: CommentDecisions = NOTHING_DECIDED,
    opinion: Opinion | None = None,
    read: "ReadThread | None" = None,
) -> JudgedThread:
    """Judge a thread and choose at most `most` comments; the order in which the comments are given does not matter.

    `read` is the same thread, read before with the same rules and the same `printed`.

    `printed` holds the fingerprints of the comments that the edition prints under other articles. `opinion` may hold or lower what
    our own judgement lets through, but not what an editor has said yes to. Comments with such a yes come first; the machine's
    picks fill up the rest, unless the decisions are `approved_only`.
    """
    read = read or ReadThread(article, comments, scoring_rules, printed)
    thread, judged = read.thread, judge(read, decisions)
    if opinion:
        judged = _with_opinion(judged, opinion)
    passed = sorted((row for row in judged if not row.rejection), key=lambda row: (-row.score, row.comment.written, row.comment.id))
    rejected = [row for row in judged if row.rejection]
    picks = _approved_picks(passed, thread, scoring_rules, decisions)[:most]
    if not decisions.approved_only:
        picks += _machine_picks(passed, picks, thread, most, scoring_rules, decisions)
    return JudgedThread(picks=tuple(_in_editors_order(picks, decisions)), judged=(*passed, *rejected))


def _in_editors_order(picks: Sequence[Pick], decisions: CommentDecisions) -> list[Pick]:
    """Return the picks in the order in which they were approved, and then each that has a place there."""
    seen = list(decisions.seen or ())
    ordered = sorted(picks, key=lambda pick: seen.index(pick.comment.id) if pick.comment.id in seen else -1) if seen else [*picks]
    placed = [(said.number, said.place, pick) for pick in picks if (said := decisions.by_id.get(pick.comment.id)) and pick.approved]
    for _, place, pick in sorted(placed, key=lambda row: row[0]):
        if place is not None:
            ordered.remove(pick)
            ordered.insert(place, pick)
    return ordered


def _with_opinion(judged: Sequence[JudgedComment], opinion: Opinion) -> list[JudgedComment]:
    """Return the judgement after a second opinion; what a gate or an editor has rejected stays rejected for that reason."""
    approved = {row.comment.id for row in judged if row.approval}
    held = opinion_rejections(opinion, [row.comment for row in judged], approved)
    return [row if row.rejection else _second_judgement(row, held.get(row.comment.id), opinion) for row in judged]


def _second_judgement(row: JudgedComment, rejection: Rejection | None, opinion: Opinion) -> JudgedComment:
    factor = opinion.factors.get(row.comment.id, 1.0)
    if rejection:
        return JudgedComment(
            comment=row.comment,
            abuse_verdict=row.abuse_verdict,
            approval=row.approval,
            rejection=rejection,
            remarks=(rejection.sentence,),
        )
    return row if factor >= 1 else replace(row, factor=factor, lowered_by=opinion.judge, score=lower(row.score, factor))


def comment_left_out(comment: Comment, reason: str) -> LeftOut:
    """Return the record of a comment that is not printed."""
    label = f"{comment.author}: {shorten(comment.text, 60)}"
    return LeftOut(kind="comment", id=comment.id, label=label, url=comment.url, reason=reason)


def _approved_picks(
    passed: Sequence[JudgedComment], thread: CommentThread, scoring_rules: ScoringRules, decisions: CommentDecisions
) -> list[Pick]:
    """Return the comments with an editor's yes as they are printed, best first. No limit of the machine's choice applies."""
    approved = {row.comment.id for row in passed if row.approval}
    return list(filter(None, (_as_pick(row, thread, scoring_rules, decisions, approved) for row in passed if row.approval)))


def _machine_picks(
    passed: Sequence[JudgedComment],
    approved: Sequence[Pick],
    thread: CommentThread,
    most: int,
    scoring_rules: ScoringRules,
    decisions: CommentDecisions,
) -> list[Pick]:
    """Return the best few beside the approved picks by maximal marginal relevance (Carbonell and Goldstein, 1998), one per writer
    and one per sub-thread.

    Two picks give a thread its voices. A later comment far behind the best is not picked merely to make up the number.
    """
    limits = scoring_rules.scores.choice
    said = {fingerprint(pick.comment.text) for pick in approved}
    candidates = [row for row in passed if row.factor > 0 and row.text_score >= limits.floor and not row.approval]
    candidates = [row for row in candidates if decisions.is_open(row.comment, thread)]
    candidates = [row for row in candidates if not said or fingerprint(row.comment.text) not in said]
    picks, roots = list(approved), {row.comment.id: thread.root_id(row.comment) for row in passed}
    for pick in approved:
        candidates = _of_others(candidates, pick, roots)
    while candidates and len(picks) < most:
        near = [row for row in candidates if row.score >= candidates[0].score - limits.variety]  # no other can be the best
        best = max(near, key=lambda row: row.score - _price(row, picks, thread, scoring_rules))  # the first, if several are equal
        candidates.remove(best)
        if new_pick := _as_pick(best, thread, scoring_rules, decisions):
            picks.append(new_pick)
            candidates = _of_others(candidates, new_pick, roots)
        if len(picks) >= PICKS_BEFORE_GAP:
            candidates = [row for row in candidates if row.score >= max(pick.score for pick in picks) - limits.gap]
    return picks[len(approved) :]


def _of_others(candidates: Sequence[JudgedComment], pick: Pick, roots: Mapping[str, str]) -> list[JudgedComment]:
    """Return the candidates of other writers and other sub-threads than a pick's; `roots` names each comment's sub-thread."""
    author, root = pick.comment.author, roots[pick.comment.id]
    return [row for row in candidates if row.comment.author != author and roots[row.comment.id] != root]


def _price(row: JudgedComment, picks: Sequence[Pick], thread: CommentThread, scoring_rules: ScoringRules) -> float:
    """Return how much its similarity to the earlier picks costs a comment."""
    alike = (similarity(thread.vector(row.comment.id), thread.vector(pick.comment.id)) for pick in picks)
    return scoring_rules.scores.choice.variety * max(alike, default=0.0)


def _as_pick(
    row: JudgedComment,
    thread: CommentThread,
    scoring_rules: ScoringRules,
    decisions: CommentDecisions,
    approved: AbstractSet[str] = frozenset(),
) -> Pick | None:
    """Return a comment as it is printed, or None if its excerpt or its parent's is not clear of abuse by itself.

    What an editor has `approved` needs no such test.
    """
    limits, parent = scoring_rules.scores.choice, thread.by_id.get(row.comment.parent_id or "")
    cut = decisions.shortened(row.comment, thread) or excerpt(thread.texts[row.comment.id], limits.excerpt)
    answered = excerpt(decisions.quotable(parent, thread), limits.parent) if parent else ""
    shown = {row.comment.id: cut, **({parent.id: answered} if parent else {})}
    shown = {key: text for key, text in shown.items() if text != squeeze(thread.texts[key])}  # the whole has passed the gates
    if not all(key in approved or _is_clear(text, thread, scoring_rules) for key, text in shown.items()):
        return None
    alone = [text for text in sentences(cut) if text != GAP and (text == cut or _is_clear(text, thread, scoring_rules))]
    return Pick(
        comment=row.comment,
        excerpt=cut,
        sentence=next((text for text in alone if word_count(text) >= MIN_SENTENCE_WORDS), next(iter(alone), "")),
        score=row.score,
        reasons=tuple(score_reasons(row)),
        parent_author=parent.author if parent else "",
        parent_excerpt=answered,
        approved=row.approval is not None,
    )


def score_reasons(row: JudgedComment) -> list[str]:
    """Return what a score is made of, and who said yes, for the editor to read."""
    terms = [f"{name.replace('_', ' ')} {value:+.2f}" for name, value in row.terms.items()]
    crowd = [] if row.vote_rank is None else [f"votes {row.vote_rank:.2f}"]
    lowered = [f"{row.lowered_by} ×{row.factor:.2f}"] if row.lowered_by else []
    said = [", ".join(row.remarks)] if row.remarks else []
    return [*said, *terms, *crowd, *lowered, *([row.approval.sentence] if row.approval else [])]


def _is_clear(text: str, thread: CommentThread, scoring_rules: ScoringRules) -> bool:
    verdict = assess(text, [thread.article.author], scoring_rules.lists, scoring_rules.heat, scoring_rules.scores.gate.held)
    return verdict.state is AbuseState.CLEAR


__all__ = [
    "FINAL_GATES",
    "JudgedComment",
    "JudgedThread",
    "ReadThread",
    "cases",
    "comment_left_out",
    "fingerprint",
    "judge",
    "lower",
    "pick",
    "score_reasons",
]

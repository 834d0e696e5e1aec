"""How other readers rate a comment, if the source says so: votes, the source's own order, and who answers.

Each signal is a rank inside the thread, because sources count differently. A signal that a source does not have is left out,
not counted as zero.
"""

import math
from collections.abc import Mapping

from digest.curate.comment_thread import CommentThread
from digest.model import Comment

VOTES_WEIGHT, PLACE_WEIGHT, ANSWERS_WEIGHT = 0.6, 0.25, 0.15  # weights in the crowd's rank, rescaled to the signals that differ


def wilson_lower_bound(up: int, down: int, z: float) -> float:
    """Return the lower bound of the share of up votes, at z standard deviations (Wilson, 1927)."""
    n = up + down
    if n <= 0:
        return 0.0
    share = up / n
    middle = share + z * z / (2 * n)
    return (middle - z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def vote_count(thread: CommentThread) -> int:
    """Return how many votes the thread has, up and down together."""
    return sum(_bounded_count(comment.up) + _bounded_count(comment.down) for comment in thread.comments)


def vote_ranks(thread: CommentThread, z: float) -> Mapping[str, float]:
    """Return each comment's rank by the crowd, 0 to 1; empty if no signal tells the comments apart."""
    signals = [(weight, ranked) for weight, ranked in _signals(thread, z) if len(set(ranked.values())) > 1]
    total = sum(weight for weight, _ in signals)
    return {comment.id: sum(weight * ranked[comment.id] for weight, ranked in signals) / total
            for comment in thread.comments} if signals else {}  # fmt: skip


def _signals(thread: CommentThread, z: float) -> list[tuple[float, Mapping[str, float]]]:
    """Return the signals that the source has, each as its weight and the comments' ranks."""
    found = []
    if any(comment.up is not None for comment in thread.comments):
        both = any(comment.down is not None for comment in thread.comments)
        found.append((VOTES_WEIGHT, _ranks({comment.id: _vote_score(comment, z, both=both) for comment in thread.comments})))
    if any(comment.place is not None for comment in thread.comments):
        last = max(_bounded_count(comment.place) for comment in thread.comments) + 1
        found.append(
            (
                PLACE_WEIGHT,
                _ranks({row.id: float(-(last if row.place is None else _bounded_count(row.place))) for row in thread.comments}),
            )
        )
    answers = {comment.id: thread.answerer_counts.get(comment.id, comment.replies) for comment in thread.comments}
    return [*found, (ANSWERS_WEIGHT, _ranks({key: math.log1p(_bounded_count(count)) for key, count in answers.items()}))]


def _bounded_count(number: int | None) -> int:
    """Return a source's number as a count from 0 to a billion, whatever the source says."""
    return min(max(0, number or 0), 10**9)


def _vote_score(comment: Comment, z: float, *, both: bool) -> float:
    up, down = _bounded_count(comment.up), _bounded_count(comment.down)
    return wilson_lower_bound(up, down, z) if both else math.log1p(up)


def _ranks(values: Mapping[str, float]) -> Mapping[str, float]:
    """Return ranks from 0 for the least to 1 for the most; equal values have equal ranks."""
    order = sorted(values.values())
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for at, value in enumerate(order):
        first.setdefault(value, at)
        last[value] = at
    most = max(1, len(order) - 1)
    return {key: (first[value] + last[value]) / 2 / most for key, value in values.items()}

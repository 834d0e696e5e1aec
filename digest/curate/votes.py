"""What the other readers say for a comment, where the source tells: votes, its own order, and who answers.

Each signal is a rank inside the thread, since sources count differently; one that a source does not have is left out, not
counted as nothing.
"""

import math
from collections.abc import Mapping

from digest.curate.comment_thread import CommentThread
from digest.model import Comment

VOTES, PLACE, ANSWERS = 0.6, 0.25, 0.15  # of the crowd's word, shared out again among those there are


def wilson(up: int, down: int, z: float) -> float:
    """The lower bound of the share of up votes, at z standard deviations (Wilson, 1927)."""
    n = up + down
    if n <= 0:
        return 0.0
    share = up / n
    middle = share + z * z / (2 * n)
    return (middle - z * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))) / (1 + z * z / n)


def votes(talk: CommentThread) -> int:
    """How many votes the thread has, up and down."""
    return sum(_counted(comment.up) + _counted(comment.down) for comment in talk.comments)


def vote_ranks(talk: CommentThread, z: float) -> Mapping[str, float]:
    """Each comment's rank by what the crowd says, 0 to 1; empty where the source says nothing."""
    signals = [(weight, ranked) for weight, ranked in _signals(talk, z) if len(set(ranked.values())) > 1]
    total = sum(weight for weight, _ in signals)
    return {comment.id: sum(weight * ranked[comment.id] for weight, ranked in signals) / total
            for comment in talk.comments} if signals else {}  # fmt: skip


def _signals(talk: CommentThread, z: float) -> list[tuple[float, Mapping[str, float]]]:
    """The signals that the source has, each as ranks."""
    found = []
    if any(comment.up is not None for comment in talk.comments):
        both = any(comment.down is not None for comment in talk.comments)
        found.append((VOTES, _ranks({comment.id: _liked(comment, z, both=both) for comment in talk.comments})))
    if any(comment.place is not None for comment in talk.comments):
        last = max(_counted(comment.place) for comment in talk.comments) + 1
        found.append(
            (PLACE, _ranks({row.id: float(-(last if row.place is None else _counted(row.place))) for row in talk.comments}))
        )
    answers = {comment.id: talk.answerers.get(comment.id, comment.replies) for comment in talk.comments}
    return [*found, (ANSWERS, _ranks({key: math.log1p(_counted(count)) for key, count in answers.items()}))]


def _counted(number: int | None) -> int:
    """What a source counts, whatever it says."""
    return min(max(0, number or 0), 10**9)


def _liked(comment: Comment, z: float, *, both: bool) -> float:
    up, down = _counted(comment.up), _counted(comment.down)
    return wilson(up, down, z) if both else math.log1p(up)


def _ranks(values: Mapping[str, float]) -> Mapping[str, float]:
    """From 0 for the least to 1 for the most; the same for the same."""
    order = sorted(values.values())
    first: dict[float, int] = {}
    last: dict[float, int] = {}
    for at, value in enumerate(order):
        first.setdefault(value, at)
        last[value] = at
    most = max(1, len(order) - 1)
    return {key: (first[value] + last[value]) / 2 / most for key, value in values.items()}

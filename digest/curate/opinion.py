"""A second opinion on one thread: what a newsroom's own judge holds or lowers. It never brings back what a gate keeps out.

Opinions are data here. `questions` is what a judge is asked and how its answer is read; `edition.second_opinion` asks it.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType

from digest.curate.gate_case import Rejection
from digest.model import Comment

GATE = "opinion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What a judge thinks of a thread's comments, by their ids; a comment that it does not mention keeps our judgement.

    `held` has the judge's reasons, `factors` the numbers from 0 to 1 that scores are multiplied by. A comment in `context` is held
    itself, but its answers are not. `unknown` are ids of no comment that the judge was asked about.
    """

    judge: str
    held: Mapping[str, str] = field(default_factory=dict)
    factors: Mapping[str, float] = field(default_factory=dict)
    context: AbstractSet[str] = frozenset()
    unknown: AbstractSet[str] = frozenset()


Opinions = Mapping[str, Opinion]
NO_OPINIONS: Opinions = MappingProxyType({})  # by the article's id


def opinion_rejections(
    opinion: Opinion, comments: Sequence[Comment], approved: AbstractSet[str] = frozenset()
) -> dict[str, Rejection]:
    """Return the rejection of each comment that the judge holds, and of each answer to one: it would be printed with its words.

    What an editor has `approved` is not held. If it answers a held comment, it goes with that one, as it does at our own gates.
    """
    held = {key: reason for key, reason in opinion.held.items() if key not in approved}
    found = {key: Rejection(GATE, f"{opinion.judge}: {reason}", held=True) for key, reason in held.items()}
    answers: dict[str | None, list[str]] = {}
    for comment in comments:
        answers.setdefault(comment.parent_id, []).append(comment.id)
    pending = deque(key for key in found if key not in opinion.context)
    while pending:
        new = [key for key in answers.get(pending.popleft(), ()) if key not in found]
        found |= dict.fromkeys(new, Rejection("parent", f"replies to a comment held by {opinion.judge}"))
        pending += new
    return found

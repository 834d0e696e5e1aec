"""Which comments of one article are printed: gates, a text score, the best few, one a writer and one a sub-thread."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digest.curate.gates import TOO_SHORT, Lists, fingerprint, gate, length
from digest.markup import own_words
from digest.model import Article, Comment, LeftOut, Pick
from digest.prose import excerpt, shorten, words

EXCERPT = 450  # characters
PARENT = 160
REPEATED = "said before in the same words"
FLOOR = 0.5  # below it, no pick is the better answer

_FIGURE = re.compile(r"\b\d[\d,.]*|[£$€]\s?\d")
_LIVED = re.compile(
    r"\b(?:i|we) (?:\w+ )?(?:worked?|lived?|live|run|ran|taught|teach|built|bought|went|walked|counted|wrote|used to|remember"
    r"|was|were|have been)\b"
    r"|\bmy (?:\w+ )?(?:mother|father|son|daughter|street|school|shop|family|job|husband|wife|neighbours?)\b",
    re.IGNORECASE,
)
_SECOND = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Scored:
    """A comment that passed the gates, with the terms of its score."""

    comment: Comment
    terms: Mapping[str, float]

    @property
    def score(self) -> float:
        """The sum of the terms."""
        return round(sum(self.terms.values()), 4)


def pick(article: Article, thread: Sequence[Comment], most: int, lists: Lists) -> tuple[tuple[Pick, ...], list[LeftOut]]:
    """The comments to print, best first, and those that a gate kept out; `thread` is oldest first."""
    by_id = {comment.id: comment for comment in thread}
    reasons = _gated(article, thread, lists)
    passed = [_scored(comment, article) for comment in thread if comment.id not in reasons]
    picks: list[Pick] = []
    taken: set[str] = set()
    for row in sorted(passed, key=lambda row: (-row.score, row.comment.written, row.comment.id)):
        claims = {f"by {row.comment.author}", f"in {_root(row.comment, by_id)}"}
        if len(picks) < most and row.score >= FLOOR and not claims & taken:
            taken |= claims
            picks.append(_printed(row, by_id))
    return tuple(picks), [_left_out(by_id[key], reason) for key, reason in reasons.items()]


def _left_out(comment: Comment, reason: str) -> LeftOut:
    label = f"{comment.author}: {shorten(comment.text, 60)}"
    return LeftOut(kind="comment", id=comment.id, label=label, url=comment.url, reason=reason)


def _gated(article: Article, thread: Sequence[Comment], lists: Lists) -> dict[str, str]:
    """The reason against each comment that may not be printed, its own or that of the comment it answers."""
    names = [comment.author for comment in thread]
    reasons: dict[str, str] = {}
    seen: set[str] = set()
    for comment in thread:
        mark = fingerprint(comment)
        reason = gate(comment, article, names, lists) or (REPEATED if mark in seen else None)
        seen.add(mark)
        if reason:
            reasons[comment.id] = reason
    by_id = {comment.id: comment for comment in thread}
    answers = {comment.id: _by_parent(comment, by_id, reasons) for comment in thread if comment.id not in reasons}
    return {**reasons, **{key: reason for key, reason in answers.items() if reason}}


def _by_parent(comment: Comment, by_id: Mapping[str, Comment], reasons: Mapping[str, str]) -> str | None:
    """Why a reply cannot be printed: it stands only with its parent's words, so they must be there and fit to print."""
    if comment.parent_id is None:
        return None
    parent = by_id.get(comment.parent_id)
    if parent is None or parent.state != "approved" or not own_words(parent.text):
        return "what it answers is gone"
    fit = reasons.get(parent.id) in {None, TOO_SHORT, REPEATED}  # a short question is context enough
    return None if fit else "what it answers is not fit to print"


def _scored(comment: Comment, article: Article) -> Scored:
    """The text score; every term is hand-set, and shown."""
    text = own_words(comment.text)
    size = max(1, length(text))
    title = {word for word in words(article.title.casefold()) if len(word) > 3}
    told = set(words(article.body_text.casefold()))
    said = [word for word in words(text.casefold()) if len(word) > 3]
    terms = {
        "length": _by_length(size),
        "on the subject": 0.1 * min(1.0, len(title & set(said)) / 2),
        "new to the article": 0.2 * sum(word not in told for word in said) / max(1, len(said)),
        "figures": 0.1 * min(1.0, len(_FIGURE.findall(text)) / 2),
        "lived through": 0.15 * bool(_LIVED.search(text)),
        "long words": 0.1 * min(1.0, max(0.0, sum(map(len, said)) / max(1, len(said)) - 5) / 2),
        "exclamations": -0.1 * min(3, text.count("!")),
        "rhetoric": -0.05 * min(3, max(0, text.count("?") - 1)),
        "second person": -0.3 * min(1.0, len(_SECOND.findall(text)) * 8 / size),
    }
    return Scored(comment, {name: round(value, 4) for name, value in terms.items() if value})


def _by_length(size: int) -> float:
    """Rises to 40 words, holds to 150, falls after 250: the longest comments are the most hostile."""
    return 0.5 * min(1.0, math.sqrt(size / 40)) - 0.3 * min(1.0, max(0, size - 250) / 250)


def _root(comment: Comment, by_id: Mapping[str, Comment]) -> str:
    """The id of the comment that began this sub-thread; of a circle, its least."""
    seen = {comment.id}
    while comment.parent_id in by_id:
        comment = by_id[comment.parent_id or ""]
        if comment.id in seen:
            return min(seen)
        seen.add(comment.id)
    return comment.id


def _printed(row: Scored, by_id: Mapping[str, Comment]) -> Pick:
    parent = by_id.get(row.comment.parent_id or "")
    return Pick(
        comment=row.comment,
        excerpt=excerpt(own_words(row.comment.text), EXCERPT),
        score=row.score,
        reasons=tuple(f"{name} {value:+.2f}" for name, value in row.terms.items()),
        parent_author=parent.author if parent else "",
        parent_excerpt=excerpt(own_words(parent.text), PARENT) if parent else "",
    )

"""Which articles an edition prints, in which order, and why the others are left out."""

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from digest.markup import identity
from digest.model import Article, LeftOut, Window
from digest.prose import words

_OPENING = 40  # words that two articles of one title must share to be one article


@dataclass(frozen=True, slots=True)
class Choice:
    """The articles in print order with their reasons, those left out, and which duplicate stands for which article."""

    chosen: tuple[tuple[Article, tuple[str, ...]], ...]
    left_out: tuple[LeftOut, ...]
    same_as: Mapping[str, str] = field(default_factory=dict)


def choose(articles: Sequence[Article], window: Window, settled: AbstractSet[str], limit: int, counts: Mapping[str, int]) -> Choice:
    """The window's articles: the most talked-about leads, the rest follow newest first, `limit` in all."""
    left_out, candidates = [], []
    for article in _by_age(articles):
        reason = _unfit(article, window, settled)
        if reason is None:
            candidates.append(article)
        elif reason:
            left_out.append(_left_out(article, reason))
    united, same_as = _unite(candidates)
    left_out += [_left_out(article, f"the same article as {keeper.url}") for article, keeper in same_as]
    ranked = sorted(united, key=lambda article: (-_weight(article, counts), -article.published.timestamp(), article.id))
    left_out += [_left_out(article, f"the edition holds {limit} articles") for article in ranked[limit:]]
    return Choice(
        chosen=tuple((article, _reasons(article, counts, window)) for article in _in_print_order(ranked[:limit])),
        left_out=tuple(left_out),
        same_as={article.id: keeper.id for article, keeper in same_as},
    )


def _by_age(articles: Sequence[Article]) -> list[Article]:
    return sorted(articles, key=lambda article: (article.published, article.source, article.id))


def _left_out(article: Article, reason: str) -> LeftOut:
    return LeftOut(kind="article", id=article.id, label=article.title, url=article.url, reason=reason)


def _unfit(article: Article, window: Window, settled: AbstractSet[str]) -> str | None:
    """Why an article cannot be in this edition; an empty string where it is another edition's business."""
    if article.published >= window.end or article.id in settled or identity(article.url) in settled:
        return ""
    if article.published < window.start and not settled:
        return "published before the first edition's window"
    if article.access == "protected":
        return "behind a password"
    if not article.url:
        return "has no web address"
    return None


def _unite(articles: Sequence[Article]) -> tuple[list[Article], list[tuple[Article, Article]]]:
    """The articles without copies, oldest first, and each copy with the one that is kept."""
    kept: dict[str, Article] = {}
    copies = []
    for article in articles:
        keys = [key for key in (identity(article.url), _opening(article)) if key]
        keeper = next((kept[key] for key in keys if key in kept), None)
        if keeper is not None:
            copies.append((article, keeper))
        for key in keys:
            kept.setdefault(key, keeper or article)
    return list(dict.fromkeys(kept.values())), copies


def _opening(article: Article) -> str:
    """Title and first words: what the same article has in common on two sites; nothing where the text is short."""
    opening = words(article.body_text.casefold())[:_OPENING]
    return " ".join([*words(article.title.casefold()), "|", *opening]) if len(opening) == _OPENING else ""


def _discussed(article: Article, counts: Mapping[str, int]) -> int:
    return max(article.comment_count or 0, counts.get(article.id, 0))


def _weight(article: Article, counts: Mapping[str, int]) -> float:
    """How much an article has to say for itself: its discussion, a picture, a text of some length."""
    length = min(len(words(article.body_text)) / 150, 1.0)
    return math.log2(1 + _discussed(article, counts)) + 1.5 * (article.image is not None) + length


def _in_print_order(ranked: Sequence[Article]) -> list[Article]:
    """The heaviest article leads; the others follow by age, so that the mail reads as the day went, newest first."""
    newest = sorted(ranked[1:], key=lambda article: (article.published, article.id), reverse=True)
    return [*ranked[:1], *newest]


def _reasons(article: Article, counts: Mapping[str, int], window: Window) -> tuple[str, ...]:
    late = ("came in after its own edition had closed",) if article.published < window.start else ()
    return (f"{_discussed(article, counts)} comments", *(("has a picture",) if article.image else ()), *late)

"""Which articles an edition prints, in which order, and why the others are left out."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from digest.markup import identity
from digest.model import Article, LeftOut, Window
from digest.prose import counted, words

COST = {"t": 0.6, "a": 0.4, "s": 0.1}  # in weight, for each article before of the same topic, writer, source
_OPENING = 40  # words that two articles of one title must share to be one article


@dataclass(frozen=True, slots=True)
class Choice:
    """The articles in print order with their reasons, those left out, and which duplicate stands for which article."""

    chosen: tuple[tuple[Article, tuple[str, ...]], ...]
    left_out: tuple[LeftOut, ...]
    same_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taste:
    """How many articles an edition holds, how much each source weighs (1 where it is not named), and how often each article was
    commented on.
    """

    limit: int
    weights: Mapping[str, float]
    counts: Mapping[str, int]


def choose(articles: Sequence[Article], window: Window, settled: AbstractSet[str], taste: Taste) -> Choice:
    """The window's articles: the heaviest leads, the rest follow newest first; where there are too many, of many kinds."""
    left_out, candidates = [], []
    for article in _by_age(articles):
        reason = _unfit(article, window, settled)
        if reason is None:
            candidates.append(article)
        elif reason:
            left_out.append(article_left_out(article, reason))
    united, same_as = _unite(candidates)
    left_out += [article_left_out(article, f"the same article as {keeper.url}") for article, keeper in same_as]
    ranked = _varied(united, taste)
    left_out += [
        article_left_out(article, f"the edition holds {counted(taste.limit, 'article')}") for article in ranked[taste.limit :]
    ]
    return Choice(
        chosen=tuple((article, _reasons(article, ranked, taste, window)) for article in _in_print_order(ranked[: taste.limit])),
        left_out=tuple(left_out),
        same_as={article.id: keeper.id for article, keeper in same_as},
    )


def _by_age(articles: Sequence[Article]) -> list[Article]:
    return sorted(articles, key=lambda article: (article.published, article.source, article.id))


def article_left_out(article: Article, reason: str) -> LeftOut:
    """An article that is not printed."""
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


def _weight(article: Article, taste: Taste) -> float:
    """How much an article has to say for itself: its discussion, a picture, a text of some length; times its source's weight."""
    length = min(len(words(article.body_text)) / 150, 1.0)
    own = 1 + math.log2(1 + _discussed(article, taste.counts)) + 1.5 * (article.image is not None) + length
    return own * taste.weights.get(article.source, 1.0)


def _varied(articles: Sequence[Article], taste: Taste) -> list[Article]:
    """The articles by weight; up to the limit each is lighter for every one before it of its topic, writer or source."""
    weights = {article.id: _weight(article, taste) for article in articles}
    rest = sorted(articles, key=lambda article: (-weights[article.id], -article.published.timestamp(), article.id))
    found: list[Article] = []
    seen: Counter[str] = Counter()
    while rest and len(found) < taste.limit:
        best = max(rest, key=lambda article: weights[article.id] - sum(COST[mark[0]] * seen[mark] for mark in _marks(article)))
        rest.remove(best)
        found.append(best)
        seen.update(_marks(best))
    return [*found, *rest]


def _marks(article: Article) -> set[str]:
    """What an article has in common with others."""
    writer = [f"a{article.author}"] if article.author else []
    return {f"s{article.source}", *writer, *(f"t{topic.casefold()}" for topic in article.topics[:3])}


def _in_print_order(ranked: Sequence[Article]) -> list[Article]:
    """The heaviest article leads; the others follow by age, so that the mail reads as the day went, newest first."""
    newest = sorted(ranked[1:], key=lambda article: (article.published, article.id), reverse=True)
    return [*ranked[:1], *newest]


def _reasons(article: Article, ranked: Sequence[Article], taste: Taste, window: Window) -> tuple[str, ...]:
    """What speaks for an article, for the editor."""
    comments, weight = _discussed(article, taste.counts), taste.weights.get(article.source, 1.0)
    most = comments > 0 and comments == max(_discussed(row, taste.counts) for row in ranked)
    told = [
        counted(comments, "comment"),
        "the most discussed" if most else "",
        "has a picture" if article.image else "",
        f"its source weighs {weight:g}" if weight != 1.0 else "",
        "came in after its own edition had closed" if article.published < window.start else "",
    ]
    return tuple(filter(None, told))

"""Which articles an edition prints, in which order, and why the others are left out."""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from digest.model import NOTHING, OVER_THE_LIMIT, Article, ArticleSigns, LeftOut, Window
from digest.text.article_identity import KnownArticles, signs_of
from digest.text.formats import day_text
from digest.text.prose import counted, words

REPEAT_COST = {"t": 0.6, "a": 0.4, "s": 0.1}  # in weight, for each earlier article of the same topic, author, source
SPARE_FOR = timedelta(days=7)  # before a window: so long what there was no room for may fill a thin day
MAX_AHEAD = timedelta(days=30)  # after an edition's window; a date beyond that is a typing error


@dataclass(frozen=True, slots=True)
class Choice:
    """The articles in print order with their reasons, those left out, and for each duplicate's id the id of the article kept."""

    chosen: tuple[tuple[Article, tuple[str, ...]], ...]
    left_out: tuple[LeftOut, ...]
    same_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleRules:
    """How many articles an edition holds, up to how many it takes spare ones of earlier days, how much each source weighs (1 if it
    is not named), and how many comments each article has.
    """

    limit: int
    fill_to: int = 0
    source_weights: Mapping[str, float]
    comment_counts: Mapping[str, int]


class _Sorted(NamedTuple):
    """What there is, sorted out: what may be printed, what an earlier day had no room for, and what is left out."""

    candidates: list[Article]
    spare: dict[str, Article]
    left_out: list[LeftOut]


def choose(
    articles: Sequence[Article],
    window: Window,
    used_articles: Iterable[ArticleSigns],
    rules: ArticleRules,
    taken_down: Mapping[str, str] = NOTHING,
) -> Choice:
    """Return the window's articles: the heaviest leads, the rest follow newest first. If there are too many, kinds are mixed.

    `used_articles` are those of earlier editions. `taken_down` has the reason why an article is no longer on its site, by its id.
    """
    candidates, spare, left_out = _sort_out(articles, window, KnownArticles(used_articles), taken_down)
    united, same_as = _unite(candidates)
    left_out += [article_left_out(article, f"the same article as {keeper.url}") for article, keeper in same_as]
    ranked = _varied(united, rules)
    if 0 < len(ranked) < rules.fill_to:
        ranked += _varied(list(spare.values()), rules)[: rules.fill_to - len(ranked)]
    full = f"{OVER_THE_LIMIT} {counted(rules.limit, 'article')}"
    left_out += [article_left_out(article, full) for article in ranked[rules.limit :]]
    printed = _in_print_order(ranked[: rules.limit])
    return Choice(
        chosen=tuple((article, _reasons(article, ranked, rules, window, spare)) for article in printed),
        left_out=tuple(left_out),
        same_as={article.id: keeper.id for article, keeper in same_as},
    )


def _sort_out(articles: Sequence[Article], window: Window, known: KnownArticles, taken_down: Mapping[str, str]) -> _Sorted:
    found, first = _Sorted([], {}, []), not known
    for article in _by_age(articles):
        before, gone = known.find(signs_of(article)), taken_down.get(article.id, "")
        unfit = gone or _unfit_reason(article, window, first=first)
        if article.published >= window.end + MAX_AHEAD:
            found.left_out.append(article_left_out(article, f"dated {day_text(article.published)}, far ahead", final=False))
        elif before and before.id == article.id:  # an earlier edition has it, or had no room for it
            if before.spare and not unfit and article.published >= window.start - SPARE_FOR:
                found.spare[article.id] = article
        elif article.published >= window.end:
            continue  # it belongs to a later edition
        elif before:
            found.left_out.append(article_left_out(article, f"the same article as {before.address}, of an earlier edition"))
        elif unfit:
            found.left_out.append(article_left_out(article, unfit, final=not gone))
        else:
            found.candidates.append(article)
    return found


def _by_age(articles: Sequence[Article]) -> list[Article]:
    return sorted(articles, key=lambda article: (article.published, article.source, article.id))


def article_left_out(article: Article, reason: str, *, final: bool = True) -> LeftOut:
    """Return the record of an article that is not printed."""
    return LeftOut(
        kind="article", id=article.id, label=article.title, url=article.url, reason=reason, final=final, signs=signs_of(article)
    )


def _unfit_reason(article: Article, window: Window, *, first: bool) -> str:
    """Return why an article cannot be in this edition, or an empty string if it can."""
    if article.published < window.start and first:
        return "published before the first edition's window"
    if article.access == "protected":
        return "password-protected"
    return "" if article.url else "has no web address"


def _unite(articles: Sequence[Article]) -> tuple[list[Article], list[tuple[Article, Article]]]:
    """Return the articles without copies, oldest first, and each copy with the article that is kept."""
    known, kept, copies = KnownArticles(), dict[str, Article](), []
    for article in articles:
        row = signs_of(article)
        if (keeper := known.find(row)) is None:
            kept[article.id] = article
            known.add(row)
        elif keeper.id != article.id:
            copies.append((article, kept[keeper.id]))
    return list(kept.values()), copies


def _discussion_size(article: Article, counts: Mapping[str, int]) -> int:
    return max(article.comment_count or 0, counts.get(article.id, 0))


def _weight(article: Article, rules: ArticleRules) -> float:
    """Return an article's weight: for its discussion, a picture and the length of its text, times its source's weight."""
    length = min(len(words(article.body_text)) / 150, 1.0)
    own = 1 + math.log2(1 + _discussion_size(article, rules.comment_counts)) + 1.5 * (article.image is not None) + length
    return own * rules.source_weights.get(article.source, 1.0)


def _varied(articles: Sequence[Article], rules: ArticleRules) -> list[Article]:
    """Return the articles by weight; up to the limit, each is lighter for every one before it of its topic, author or source."""
    weights = {article.id: _weight(article, rules) for article in articles}
    rest = sorted(articles, key=lambda article: (-weights[article.id], -article.published.timestamp(), article.id))
    found: list[Article] = []
    seen: Counter[str] = Counter()
    while rest and len(found) < rules.limit:
        best = max(
            rest, key=lambda article: weights[article.id] - sum(REPEAT_COST[trait[0]] * seen[trait] for trait in _traits(article))
        )
        rest.remove(best)
        found.append(best)
        seen.update(_traits(best))
    return [*found, *rest]


def _traits(article: Article) -> set[str]:
    """Return what an article may have in common with others: its source, its author, its first three topics."""
    writer = [f"a{article.author}"] if article.author else []
    return {f"s{article.source}", *writer, *(f"t{topic.casefold()}" for topic in article.topics[:3])}


def _in_print_order(ranked: Sequence[Article]) -> list[Article]:
    """Return the heaviest article first and the others newest first, so that the mail follows the day backwards."""
    newest = sorted(ranked[1:], key=lambda article: (article.published, article.id), reverse=True)
    return [*ranked[:1], *newest]


def _reasons(
    article: Article, ranked: Sequence[Article], rules: ArticleRules, window: Window, spare: Collection[str]
) -> tuple[str, ...]:
    """Return what speaks for an article, for the editor to read."""
    comments, weight = _discussion_size(article, rules.comment_counts), rules.source_weights.get(article.source, 1.0)
    most = comments > 0 and comments == max(_discussion_size(row, rules.comment_counts) for row in ranked)
    reasons = [
        counted(comments, "comment"),
        "most discussed" if most else "",
        "has a picture" if article.image else "",
        f"source weight {weight:g}" if weight != 1.0 else "",
        "an earlier edition had no room for it" if article.id in spare else "",
        "arrived too late for an earlier edition" if article.published < window.start and article.id not in spare else "",
        "its source tells no date: dated by when it was first seen" if article.guessed else "",
        "only for members: what is public of it is printed" if article.access == "members" else "",
    ]
    return tuple(filter(None, reasons))

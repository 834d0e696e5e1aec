"""Whether two articles are the same: unless they have one id, several signs decide together, never one alone.

One page may have several stories at anchors, or all stories may link to the front page. A story may move, be posted twice, or
come from two sites. So two articles with one address are the same only if their words agree too, or two sources publish them.
Two articles with the same words are the same only if more than the headline agrees.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from itertools import pairwise

from digest.model import Article, ArticleSigns
from digest.text.markup import identity
from digest.text.prose import words

OPENING_WORDS = 40  # words of a text that are compared
MIN_WORDS = 8  # words that two texts must have to be compared
MIN_SIMILARITY = 0.8  # the share of both texts' pairs of words that they have in common
MAX_DISTANCE = timedelta(days=7)  # between two that are the same although they have only their words in common


def signs_of(article: Article) -> ArticleSigns:
    """Return the signs by which an article is recognised."""
    address, _, anchor = article.url.partition("#")
    return ArticleSigns(
        id=article.id,
        address=identity(address),
        anchor=anchor,
        title=" ".join(words(article.title.casefold())),
        opening=" ".join(words(article.body_text[:1_000].casefold())[:OPENING_WORDS]),
        published=article.published,
        source=article.source,
    )


class KnownArticles:
    """Articles that can be found again."""

    def __init__(self, rows: Iterable[ArticleSigns] = ()) -> None:
        self._by: dict[tuple[str, str], list[ArticleSigns]] = defaultdict(list)
        for row in rows:
            self.add(row)

    def add(self, row: ArticleSigns) -> None:
        """Add one article."""
        for sign in _signs(row):
            self._by[sign].append(row)

    def find(self, row: ArticleSigns) -> ArticleSigns | None:
        """Return the known article that is the same, if any; one with the same id comes before any other."""
        candidates = [other for sign in _signs(row) for other in self._by.get(sign, ())]
        return next((other for other in candidates if same_article(row, other)), None)

    def __bool__(self) -> bool:
        return bool(self._by)


def _signs(row: ArticleSigns) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in (("id", row.id), ("at", row.address), ("title", row.title)) if value]


def same_article(one: ArticleSigns, other: ArticleSigns) -> bool:
    """Return whether two articles are the same."""
    if one.id == other.id:
        return True
    if one.address and one.address == other.address:
        return _on_one_page(one, other)
    near_in_time = not (one.published and other.published) or abs(one.published - other.published) <= MAX_DISTANCE
    return bool(one.title) and one.title == other.title and near_in_time and _texts_alike(one, other)


def _on_one_page(one: ArticleSigns, other: ArticleSigns) -> bool:
    if not (one.title and other.title):  # a row from the time when only the address was kept
        return True
    alike = _titles_alike(one, other) and (_texts_alike(one, other) or not (one.opening and other.opening))
    if one.anchor != other.anchor:
        return alike
    return alike or _titles_alike(one, other) or _texts_alike(one, other) or one.source != other.source


def _titles_alike(one: ArticleSigns, other: ArticleSigns) -> bool:
    """Return whether two titles are equal, or one is within the other, as when a page adds its site's name."""
    short, long = sorted((one.title, other.title), key=len)
    return short == long or (" " in short and f" {short} " in f" {long} ")


def _texts_alike(one: ArticleSigns, other: ArticleSigns) -> bool:
    """Return whether two openings are nearly the same; a figure that differs makes them two, as with each day's tides."""
    a, b = one.opening.split(), other.opening.split()
    if a == b and len(a) >= MIN_WORDS:
        return True
    if min(len(a), len(b)) < MIN_WORDS or _figures(a) != _figures(b):
        return False
    pairs = [set(pairwise(row)) for row in (a, b)]
    return len(pairs[0] & pairs[1]) >= MIN_SIMILARITY * len(pairs[0] | pairs[1])


def _figures(row: list[str]) -> list[str]:
    return [word for word in row if re.search(r"\d", word)]

"""Whether two articles are one: decided by several signs together, never by one alone.

The same page may tell several stories by anchors, or link all of them to the front page; a story may move, be posted twice, or
come from two sites. So an address that two articles share makes them one only where their words agree too (or where two sources
speak of it), and words that agree only where they are more than a headline.
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
MIN_WORDS = 8  # words that two texts must have to be alike
MIN_SIMILARITY = 0.8  # of the pairs of words of both
MAX_DISTANCE = timedelta(days=7)  # between two that are one although they have nothing in common but their words


def signs_of(article: Article) -> ArticleSigns:
    """What an article is known again by."""
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
        """One more."""
        for sign in _signs(row):
            self._by[sign].append(row)

    def find(self, row: ArticleSigns) -> ArticleSigns | None:
        """The one that is the same, if there is one; by its own id before any other."""
        candidates = [other for sign in _signs(row) for other in self._by.get(sign, ())]
        return next((other for other in candidates if same_article(row, other)), None)

    def __bool__(self) -> bool:
        return bool(self._by)


def _signs(row: ArticleSigns) -> list[tuple[str, str]]:
    return [(kind, value) for kind, value in (("id", row.id), ("at", row.address), ("title", row.title)) if value]


def same_article(one: ArticleSigns, other: ArticleSigns) -> bool:
    """Whether two are one article."""
    if one.id == other.id:
        return True
    if one.address and one.address == other.address:
        return _on_one_page(one, other)
    near_in_time = not (one.published and other.published) or abs(one.published - other.published) <= MAX_DISTANCE
    return bool(one.title) and one.title == other.title and near_in_time and _texts_alike(one, other)


def _on_one_page(one: ArticleSigns, other: ArticleSigns) -> bool:
    if not (one.title and other.title):  # from a time when no more than the address was kept
        return True
    alike = _titles_alike(one, other) and (_texts_alike(one, other) or not (one.opening and other.opening))
    if one.anchor != other.anchor:
        return alike
    return alike or _titles_alike(one, other) or _texts_alike(one, other) or one.source != other.source


def _titles_alike(one: ArticleSigns, other: ArticleSigns) -> bool:
    """Equal, or one within the other, as where a page adds its site's name."""
    short, long = sorted((one.title, other.title), key=len)
    return short == long or (" " in short and f" {short} " in f" {long} ")


def _texts_alike(one: ArticleSigns, other: ArticleSigns) -> bool:
    """Whether two openings are nearly the same; a figure that differs makes them two, as with each day's tides."""
    a, b = one.opening.split(), other.opening.split()
    if a == b and len(a) >= MIN_WORDS:
        return True
    if min(len(a), len(b)) < MIN_WORDS or _figures(a) != _figures(b):
        return False
    pairs = [set(pairwise(row)) for row in (a, b)]
    return len(pairs[0] & pairs[1]) >= MIN_SIMILARITY * len(pairs[0] | pairs[1])


def _figures(row: list[str]) -> list[str]:
    return [word for word in row if re.search(r"\d", word)]

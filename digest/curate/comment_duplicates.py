"""The comments of a thread that repeat an earlier one: in the same words, nearly, or in another order.

A copy, reworded or not, shares most of its words with the original: where comments were labelled, pairs of them had a Jaccard index
of .50 or more (of the first six letters of the words that are not the commonest), all other pairs one of .30 or less. Short
comments are compared by their runs of three words, because they have few. Two similar sets share one of their first few elements in
any fixed order (Chaudhuri, Ganti and Kaushik, 2006), so only those few are looked up. They are the ones that are likely to be
rarest; the fifty comments that share most are compared.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

MIN_SIMILARITY = 0.7  # Jaccard index of the runs of three words; from this value on, two short comments are the same
MIN_SHARED_WORDS = 0.45  # Jaccard index of the words; from this value on, one comment repeats the other
MIN_WORDS = 8  # different words of a comment that is compared by its words
STEM_CHARS = 6  # letters of a word that are compared: “mow” and “mown” differ, “mowing” and “mowings” do not
MAX_NUMBER = 1 << 20  # different words of a thread; a thread of more is bounded before it comes here
MAX_SHARERS = 50  # comments; an element that more of them share tells nothing about any two
_Elements = AbstractSet[int]


def find_duplicates(words_by_id: Mapping[str, Sequence[str]], content_by_id: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Return the id of each copy with the id of the comment it repeats; both mappings have the earliest comment first.

    `content_by_id` has the words without the commonest.
    """
    numbers = _numbered(chain(*words_by_id.values()))
    stems = _numbered(word[:STEM_CHARS] for word in chain(*content_by_id.values()))
    exact: dict[tuple[str, ...], str] = {}
    runs, content = _Kept(MIN_SIMILARITY), _Kept(MIN_SHARED_WORDS)
    found: dict[str, str] = {}
    for key, words in words_by_id.items():
        said = frozenset(stems[word[:STEM_CHARS]] for word in content_by_id[key])
        rows, elements = (content, said) if len(said) >= MIN_WORDS else (runs, _runs([numbers[word] for word in words]))
        rare = rows.rare(elements)
        original = exact.get(tuple(words)) or rows.like(elements, rare)
        if original is not None:
            found[key] = original
            continue
        if words:
            exact[tuple(words)] = key
        rows.keep(key, elements, rare)
    return found


class _Kept:
    """The comments that repeat no earlier one, as sets of elements, with an index of the few elements to look up."""

    def __init__(self, min_similarity: float) -> None:
        self._min = min_similarity
        self._rows: list[tuple[str, _Elements]] = []
        self._holders: dict[int, list[int]] = {}

    def rare(self, elements: _Elements) -> Sequence[int]:
        """Return the few elements of a comment to look up."""
        return sorted(elements, reverse=True)[: len(elements) - math.ceil(self._min * len(elements)) + 1]

    def like(self, elements: _Elements, rare: Sequence[int]) -> str | None:
        """Return the id of the earliest of the nearest comments that is similar enough, or None."""
        holders = [self._holders[element] for element in rare if element in self._holders]
        places = _most_shared(chain(*holders)) if holders else ()
        return next((self._rows[place][0] for place in places if self._alike(elements, self._rows[place][1])), None)

    def keep(self, key: str, elements: _Elements, rare: Sequence[int]) -> None:
        """Keep a comment, to compare later ones with it."""
        for element in rare:
            if len(sharers := self._holders.setdefault(element, [])) < MAX_SHARERS:
                sharers.append(len(self._rows))
        self._rows.append((key, elements))

    def _alike(self, one: _Elements, other: _Elements) -> bool:
        shared = len(one & other)
        return shared >= self._min * (len(one) + len(other) - shared)


def _numbered(items: Iterable[str]) -> Mapping[str, int]:
    """Return a number for each word; rare words tend to get high ones."""
    return {item: place for place, item in enumerate(dict.fromkeys(items))}


def _runs(numbers: Sequence[int]) -> AbstractSet[int]:
    """Return each run of three words as one number; the words have numbers below MAX_NUMBER."""
    runs = zip(numbers, numbers[1:], numbers[2:], strict=False)
    return frozenset((one * MAX_NUMBER + two) * MAX_NUMBER + three for one, two, three in runs)


def _most_shared(places: Iterable[int]) -> Sequence[int]:
    """Return the places that occur most often, at most MAX_SHARERS of them, in ascending order."""
    shared = Counter(places)
    if len(shared) > MAX_SHARERS:
        return sorted(sorted(shared, key=lambda place: (-shared[place], place))[:MAX_SHARERS])
    return sorted(shared)

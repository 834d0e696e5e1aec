"""The comments of a thread that repeat an earlier one, in the same words or nearly.

Two very similar sets share one of their first few elements in any fixed order (Chaudhuri, Ganti and Kaushik, 2006), so only
those few are looked up. They are the shingles that are likely to be rarest; the fifty comments that share most are compared.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

MIN_SIMILARITY = 0.7  # Jaccard index of the shingles; from this value on, two comments are the same
MAX_SHARERS = 50  # comments; a shingle that more of them share tells nothing about any two
Shingle = tuple[int, int, int]  # three consecutive words, by their numbers


def find_duplicates(words_by_id: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Return the id of each copy with the id of the comment it repeats; `words_by_id` has the earliest comment first."""
    numbers = {
        word: place for place, word in enumerate(dict.fromkeys(chain(*words_by_id.values())))
    }  # rare words tend to get high ones
    found: dict[str, str] = {}
    exact: dict[tuple[str, ...], str] = {}
    holders: dict[Shingle, list[int]] = {}  # indices in `kept`
    kept: list[tuple[str, AbstractSet[Shingle]]] = []
    for key, words in words_by_id.items():
        shingles = _shingles([numbers[word] for word in words])
        rare = sorted(shingles, reverse=True)[: len(shingles) - math.ceil(MIN_SIMILARITY * len(shingles)) + 1]
        nearest = _most_shared(chain(*(holders.get(shingle, ()) for shingle in rare)))
        original = exact.get(tuple(words)) or next((kept[place][0] for place in nearest if _alike(shingles, kept[place][1])), None)
        if original is not None:
            found[key] = original
            continue
        if words:
            exact[tuple(words)] = key
        for shingle in rare:
            if len(sharers := holders.setdefault(shingle, [])) < MAX_SHARERS:
                sharers.append(len(kept))
        kept.append((key, shingles))
    return found


def _shingles(numbers: Sequence[int]) -> AbstractSet[Shingle]:
    return set(zip(numbers, numbers[1:], numbers[2:], strict=False))


def _most_shared(places: Iterable[int]) -> Sequence[int]:
    """Return the places that occur most often, at most MAX_SHARERS of them, in ascending order."""
    shared = Counter(places)
    return sorted(sorted(shared, key=lambda place: (-shared[place], place))[:MAX_SHARERS])


def _alike(one: AbstractSet[Shingle], other: AbstractSet[Shingle]) -> bool:
    shared = len(one & other)
    return shared >= MIN_SIMILARITY * (len(one) + len(other) - shared)

"""Which comments of a thread say what another has said before, in the same words or nearly.

Two sets that are much alike share one of their first few elements in any order (Chaudhuri, Ganti and Kaushik, 2006), so only
those are looked up: here the rarest, and of the comments that have them the fifty that share most.
"""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain

MIN_SIMILARITY = 0.7  # Jaccard index of the shingles from which two comments are one
MAX_SHARERS = 50  # comments; what more of them share says nothing of any two
Shingle = tuple[int, int, int]  # three words that follow each other, by their numbers


def find_duplicates(said: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
    """Each comment that is a copy, with the one it repeats; from the words of each by its id, the earliest first."""
    numbers = {word: place for place, word in enumerate(dict.fromkeys(chain(*said.values())))}  # the rarer, the higher
    found: dict[str, str] = {}
    exact: dict[tuple[str, ...], str] = {}
    holders: dict[Shingle, list[int]] = {}  # places in `kept`
    kept: list[tuple[str, AbstractSet[Shingle]]] = []
    for key, words in said.items():
        marks = _shingles([numbers[word] for word in words])
        rare = sorted(marks, reverse=True)[: len(marks) - math.ceil(MIN_SIMILARITY * len(marks)) + 1]
        near = _near(chain(*(holders.get(mark, ()) for mark in rare)))
        twin = exact.get(tuple(words)) or next((kept[place][0] for place in near if _alike(marks, kept[place][1])), None)
        if twin is not None:
            found[key] = twin
            continue
        if words:
            exact[tuple(words)] = key
        for mark in rare:
            if len(known := holders.setdefault(mark, [])) < MAX_SHARERS:
                known.append(len(kept))
        kept.append((key, marks))
    return found


def _shingles(numbers: Sequence[int]) -> AbstractSet[Shingle]:
    return set(zip(numbers, numbers[1:], numbers[2:], strict=False))


def _near(places: Iterable[int]) -> Sequence[int]:
    """Those that come up most often, in their own order."""
    shared = Counter(places)
    return sorted(sorted(shared, key=lambda place: (-shared[place], place))[:MAX_SHARERS])


def _alike(one: AbstractSet[Shingle], other: AbstractSet[Shingle]) -> bool:
    shared = len(one & other)
    return shared >= MIN_SIMILARITY * (len(one) + len(other) - shared)

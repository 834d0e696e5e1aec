"""Words and phrases by class: which classes the words of a text belong to. Each word is looked up once, however long the lists are.

A term is one word or several. A star at its end stands for any ending, at its beginning for any beginning; a star of its own
stands for up to three words: `hope*`, `*straße`, `hope * rot`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

MAX_GAP = 3  # words that a star of its own may stand for
MIN_STEM = 2  # letters that a term with a star must have
CACHED_WORDS = 30_000
_Phrase = tuple[tuple[str, ...], int]  # the words after the first, and the bits of its classes


class Match(NamedTuple):
    """A term that occurs in some words: the indices of its first word and behind its last, and the bits of its classes."""

    start: int
    end: int
    classes: int


class _Entry(NamedTuple):
    classes: int
    phrases: tuple[_Phrase, ...]


class Vocabulary:
    """The classes of words and phrases; each class is one bit. Terms and words are in lower case, without punctuation."""

    def __init__(self, classes: Mapping[str, Iterable[str]], names: Sequence[str] = ()) -> None:
        self.names = tuple(dict.fromkeys([*names, *classes]))
        self._bits = {name: 1 << place for place, name in enumerate(self.names)}
        self._exact: dict[str, _Entry] = {}
        self._stems: dict[str, _Entry] = {}
        self._endings: dict[str, _Entry] = {}
        for name, terms in classes.items():
            for term in terms:
                self._add(term.split(), self._bits[name])
        self._longest = max(map(len, [*self._stems, *self._endings]), default=0)
        self.entry = lru_cache(maxsize=CACHED_WORDS)(self._entry)

    def bit(self, name: str) -> int:
        """Return the bit of a class; raise KeyError if there is no such class."""
        return self._bits[name]

    def _add(self, parts: Sequence[str], bit: int) -> None:
        first, rest = parts[0], tuple(parts[1:])
        table = self._exact
        if first.endswith("*") and len(first) > MIN_STEM:
            table, first = self._stems, first[:-1]
        elif first.startswith("*") and len(first) > MIN_STEM:
            table, first = self._endings, first[1:]
        old = table.get(first, _Entry(0, ()))
        table[first] = _Entry(old.classes, (*old.phrases, (rest, bit))) if rest else _Entry(old.classes | bit, old.phrases)

    def _entry(self, word: str) -> _Entry:
        """Return a word's classes, and the phrases that begin with it."""
        found = [self._exact[word]] if word in self._exact else []
        for size in range(1, min(self._longest, len(word)) + 1):
            found += [table[part] for table, part in ((self._stems, word[:size]), (self._endings, word[-size:])) if part in table]
        classes = 0
        for entry in found:
            classes |= entry.classes
        return _Entry(classes, tuple(phrase for entry in found for phrase in entry.phrases))

    def classes(self, words: Sequence[str]) -> int:
        """Return the bits of all classes that occur in some words."""
        found = 0
        for place, entry in enumerate(map(self.entry, words)):
            found |= entry[0]
            if entry[1]:
                for rest, bit in entry[1]:
                    if not found & bit and _end(words, place + 1, rest):
                        found |= bit
        return found

    def matches(self, words: Sequence[str], mask: int) -> list[Match]:
        """Return each term of the classes in `mask` that occurs in some words, in order."""
        found = []
        for place, (classes, phrases) in enumerate(map(self.entry, words)):
            if classes & mask:
                found.append(Match(place, place + 1, classes & mask))
            for rest, bit in phrases:
                if bit & mask and (end := _end(words, place + 1, rest)):
                    found.append(Match(place, end, bit))
        return found


def _end(words: Sequence[str], place: int, rest: Sequence[str]) -> int:
    """Return the index behind the last word of a phrase whose other words are `rest`; 0 if it does not occur at `place`."""
    for at, part in enumerate(rest):
        if part == "*":
            after = rest[at + 1 :]
            return next((end for skipped in range(MAX_GAP + 1) if (end := _end(words, place + skipped, after))), 0)
        if place >= len(words) or not _fits(words[place], part):
            return 0
        place += 1
    return place


def _fits(word: str, part: str) -> bool:
    if part.endswith("*"):
        return word.startswith(part[:-1])
    return word.endswith(part[1:]) if part.startswith("*") else word == part

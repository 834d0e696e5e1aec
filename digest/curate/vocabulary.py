"""Words and phrases by class: which classes the words of a text belong to. Each word is looked up once, however long the lists are.

A term is one word or several. A star at its end stands for any ending, at its beginning for any beginning; a star of its own
stands for up to three words: `hope*`, `*straße`, `hope * rot`.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

MAX_GAP = 3  # words that a star of its own may stand for
MIN_STEM = 2  # letters that a term with a star must have
CACHED_WORDS = 50_000
_Phrase = tuple[tuple[str, ...], int]  # the words after those already compared, and the bit of its class


# A phrase whose second word has a star: a whole word that must occur, and how the second word must begin (either may be empty);
# the words after the first, and the bit of its class.
_Loose = tuple[str, str, tuple[str, ...], int]


class Match(NamedTuple):
    """A term that occurs in some words: the indices of its first word and behind its last, and the bits of its classes."""

    start: int
    end: int
    classes: int


class _Entry(NamedTuple):
    """What a first word says: its own classes, the phrases by their second word, and those whose second word has a star."""

    classes: int
    by_second: Mapping[str, tuple[_Phrase, ...]]
    loose: tuple[_Loose, ...]


_NOTHING = _Entry(0, {}, ())


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
        last = next((place for place in range(len(parts) - 1, 0, -1) if parts[place] != "*"), 0)  # a gap at the end says nothing
        first, rest = parts[0], tuple(parts[1 : last + 1])
        table = self._exact
        if first.endswith("*") and len(first) > MIN_STEM:
            table, first = self._stems, first[:-1]
        elif first.startswith("*") and len(first) > MIN_STEM:
            table, first = self._endings, first[1:]
        table[first] = _with(table.get(first, _NOTHING), rest, bit)

    def _entry(self, word: str) -> _Entry:
        """Return a word's classes, and the phrases that begin with it."""
        found = [self._exact[part] for part in dict.fromkeys((word, word.removesuffix("'s"))) if part in self._exact]
        sizes = range(1, min(self._longest, len(word)) + 1)
        found += [self._stems[word[:size]] for size in sizes if word[:size] in self._stems]
        found += [self._endings[word[-size:]] for size in sizes if word[-size:] in self._endings] if self._endings else []
        return _united(found) if len(found) > 1 else found[0] if found else _NOTHING

    def classes(self, words: Sequence[str]) -> int:
        """Return the bits of all classes that occur in some words."""
        found, last, present = 0, len(words) - 1, set(words)
        for place, entry in enumerate(map(self.entry, words)):
            if entry is _NOTHING:
                continue
            classes, by_second, loose = entry
            found |= classes
            if by_second and place < last and words[place + 1] in by_second:
                for rest, bit in by_second[words[place + 1]]:
                    if not rest or (not found & bit and _end(words, place + 2, rest)):
                        found |= bit
            for needed, start, rest, bit in loose:
                if found & bit or (needed and needed not in present):
                    continue
                if place < last and words[place + 1].startswith(start):
                    found |= bit if _end(words, place + 1, rest) else 0
        return found

    def matches(self, words: Sequence[str], mask: int) -> list[Match]:
        """Return each term of the classes in `mask` that occurs in some words, in order."""
        found = []
        for place, (classes, by_second, loose) in enumerate(map(self.entry, words)):
            if classes & mask:
                found.append(Match(place, place + 1, classes & mask))
            phrases = by_second.get(words[place + 1], ()) if place + 1 < len(words) else ()
            found += [
                Match(place, end, bit)
                for at, group in ((place + 2, phrases), (place + 1, [row[2:] for row in loose]))
                for rest, bit in group
                if bit & mask and (end := _end(words, at, rest))
            ]
        return found


def _with(entry: _Entry, rest: tuple[str, ...], bit: int) -> _Entry:
    """Return an entry with one more term: the word itself, if `rest` is empty, or a phrase that begins with it."""
    if not rest:
        return entry._replace(classes=entry.classes | bit)
    if "*" in rest[0]:
        needed = next((part for part in rest if "*" not in part), "")
        start = rest[0][:-1] if rest[0].endswith("*") else ""
        return entry._replace(loose=(*entry.loose, (needed, start, rest, bit)))
    phrases = (*entry.by_second.get(rest[0], ()), (rest[1:], bit))
    return entry._replace(by_second={**entry.by_second, rest[0]: phrases})


def _united(entries: Sequence[_Entry]) -> _Entry:
    classes, by_second, loose = 0, dict[str, tuple[_Phrase, ...]](), tuple[_Loose, ...]()
    for entry in entries:
        classes |= entry.classes
        loose += entry.loose
        for second, phrases in entry.by_second.items():
            by_second[second] = by_second.get(second, ()) + phrases
    return _Entry(classes, by_second, loose)


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

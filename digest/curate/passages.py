"""A text as the rules read it: its sentences, with the classes of their words and of what their form shows, such as a full name."""

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from digest.curate.hashed_words import HashedWords, hashed
from digest.curate.vocabulary import Vocabulary
from digest.text.prose import sentence_spans

_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)*|[%£$€]")
_LINK = re.compile(
    r"https?://|www\.|\b[\w-]{2,60}\.(?:example|com|org|net|co\.uk|de|fr|es|pl|wales|cymru|info|shop|app)\b", re.IGNORECASE
)
NAMED = "named"  # somebody by name: a title or a given name before a surname, or somebody whom the article names
STREET = "street_name"
ADDRESS = "address"  # the name of a street with a number
FIGURE = "figure"
MONEY = "money"
LINK = "link"
QUESTION = "question"
BB_LINK = "bb_link"  # [url=…]: no comment form accepts it, so it is pasted everywhere
PROMO_CODE = "promo_code"  # HARBOUR20
FORMS = (
    NAMED,
    STREET,
    ADDRESS,
    FIGURE,
    MONEY,
    LINK,
    QUESTION,
    BB_LINK,
    PROMO_CODE,
)  # classes that are shown by the form of a text, not by lists
_BB_LINK = re.compile(r"\[(?:url|link)\s*=?[^\]]{0,500}\]", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_PROMO_CODE = re.compile(r"\b[A-Z]{3,12}\d{1,3}\b")
MAX_HOUSE_NUMBER_DIGITS = 4
MAX_NAME_WORDS = 4
_PARTICLES = frozenset(
    {"von", "van", "de", "der", "den", "la", "le", "du", "di", "da", "del", "dos", "zu", "ap", "ab", "y"}
)  # of a surname
NEAR = 4  # words between a house number and its street


class Sentence(NamedTuple):
    """One sentence: its place in the text, its words as they stand and in lower case, the bits of its classes, and its hashes."""

    start: int
    end: int
    raw: Sequence[str]
    words: Sequence[str]
    classes: int
    hashed: HashedWords


Sentences = Sequence[Sentence]


class Reader:
    """Reads texts of one language with its vocabulary; `people` are surnames from the article, in lower case."""

    def __init__(self, vocabulary: Vocabulary, people: AbstractSet[str] = frozenset()) -> None:
        self._vocabulary, self._people = vocabulary, people
        self._name_starts = vocabulary.bit("first_name") | vocabulary.bit("title")
        self._small_title, self._street, self._street_before = map(vocabulary.bit, ("small_title", "street", "street_before"))
        self._name_parts = self._name_starts | self._small_title | self._street | self._street_before
        self._not_names = self._street | vocabulary.bit("no_name")

    def read(self, text: str) -> Sentences:
        """Return the sentences of a text."""
        return [self._sentence(text[start:end], start, end) for start, end in sentence_spans(text)]

    def _sentence(self, part: str, start: int, end: int) -> Sentence:
        raw = _TOKEN.findall(part)
        words = list(map(str.casefold, raw))
        if "’" in part:
            words = [word.replace("’", "'") for word in words]
        classes = self._vocabulary.classes(words)
        return Sentence(start, end, raw, words, classes | self._forms(part, raw, words, classes), hashed(words))

    def _forms(self, part: str, raw: Sequence[str], words: Sequence[str], classes: int) -> int:
        """Return the classes that the form of a sentence shows; `classes` are those of its words."""
        found = 0
        bit = self._vocabulary.bit
        if _DIGIT.search(part):
            found |= bit(FIGURE) | (bit(PROMO_CODE) if _PROMO_CODE.search(part) else 0)
        if "£" in part or "$" in part or "€" in part:
            found |= bit(MONEY)
        if "[" in part and _BB_LINK.search(part):
            found |= bit(BB_LINK)
        if "?" in part:
            found |= bit(QUESTION)
        if "." in part[:-1] and _LINK.search(part):
            found |= bit(LINK)
        if classes & self._name_parts or not self._people.isdisjoint(words) or "'s" in part or "’s" in part:
            for place, word in enumerate(raw):
                if word[0].isupper():
                    found |= self._capital(place, raw, words)
        return found

    def _capital(self, place: int, raw: Sequence[str], words: Sequence[str]) -> int:
        """Return the classes that a word with a capital shows with its neighbours."""
        classes, found = self._vocabulary.entry(words[place])[0], 0
        after = place + 1 < len(raw) and raw[place + 1][0].isupper()
        titled = place and self._vocabulary.entry(words[place - 1])[0] & self._small_title and self._is_surname(words[place])
        begun = classes & self._name_starts and after and self._is_surname(words[place + 1])
        if titled or begun or words[place].removesuffix("'s") in self._people:
            found |= self._vocabulary.bit(NAMED)
        if (classes & self._street and place and raw[place - 1][0].isupper()) or (
            classes & self._street_before and (after or len(words[place]) > NEAR + 3)
        ):
            found |= self._vocabulary.bit(STREET)
            if any(map(_is_house_number, words[max(0, place - NEAR) : place + NEAR + 1])):
                found |= self._vocabulary.bit(ADDRESS)
        return found

    def _is_surname(self, word: str) -> bool:
        return len(word) > 1 and not self._vocabulary.entry(word)[0] & self._not_names

    def surnames(self, text: str) -> frozenset[str]:
        """Return the surnames in an article, in lower case: of those to whom it gives a title, an office or a given name."""
        starts, found = self._name_starts | self._vocabulary.bit("official"), set()
        for sentence in self.read(text):
            part = text[sentence.start : sentence.end]
            for place, word in enumerate(sentence.words):
                classes = self._vocabulary.entry(word)[0]
                if classes & self._small_title or (sentence.raw[place][0].isupper() and classes & starts):
                    name = sentence.words[_end_of_name(sentence.raw, place, part)].removesuffix("'s")
                    found |= {name} if name != word and self._is_surname(name) else set()
        return frozenset(found)


def _end_of_name(raw: Sequence[str], place: int, text: str) -> int:
    """Return the index of the last word of a name that begins at `place`: of the words with capitals that follow it without a comma
    or a bracket between, four at most.
    """
    end = place
    while end - place < MAX_NAME_WORDS:
        step = 2 if end + 2 < len(raw) and raw[end + 1] in _PARTICLES and _follows(raw, end, text) else 1
        if end + step >= len(raw) or not raw[end + step][0].isupper() or not _follows(raw, end + step - 1, text):
            break
        end += step
    return end


def _follows(raw: Sequence[str], place: int, text: str) -> bool:
    return f"{raw[place]} {raw[place + 1]}" in text or f"{raw[place]}. {raw[place + 1]}" in text


def _is_house_number(word: str) -> bool:
    digits = word.rstrip("abcd")
    return digits.isdigit() and len(digits) <= MAX_HOUSE_NUMBER_DIGITS

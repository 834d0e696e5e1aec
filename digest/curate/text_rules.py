"""Rules for what must not be printed unseen: each names the classes of words that make it fire, as data (`text_rules.toml`).

The lists of words are data too, one file for each language (`words/`) and one for all (`any.toml`). A newsletter's own
`text_rules.toml` turns rules off or adds its own, and its own `words/en.toml` adds terms to a class, or removes one with `-`.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, reduce
from operator import or_
from types import MappingProxyType
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from digest.curate.passages import FORMS, Sentence
from digest.curate.vocabulary import Match, Vocabulary
from digest.errors import ConfigError

RULES_FILE, WORDS_FOLDER = "text_rules.toml", "words"
DEFAULT_LANGUAGE, ANY_LANGUAGE = "en", "any"
_ABUSE = "abuse_"  # before the name of each abuse list, as a class
Words = Mapping[str, Sequence[str]]  # the terms of each class
NONE: Words = MappingProxyType({})
_TERM = re.compile(r"(?:\*['’]?)?[^\W_]+(?:['’][^\W_]+)*\*?|\*|[%£$€]")
_PERSON = (
    "named",
    "kin",
    "official",
    "he",
    "he_subject",
    "you",
    "they",
)  # classes that say of whom something is said, the surest first


class RuleText(BaseModel):
    """One rule as its file has it. `a|b` in a list stands for either of two classes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    gate: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    held: bool = True  # an editor may print it
    all: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    of: tuple[str, ...] = ()
    at_least: int = Field(default=0, ge=0)  # of the classes in `of`
    article: tuple[str, ...] = ()  # classes that the article must have
    not_article: tuple[str, ...] = ()  # classes that it must not have: what it tells of may be talked about
    sentences: int = Field(default=1, ge=0)  # neighbouring sentences in which the classes must meet; 0 is the whole comment
    times: int = Field(default=1, ge=1)  # different terms of the classes in `all` that must occur
    near: int = Field(default=0, ge=0)  # words at most between the first two classes in `all`, in one sentence; 0 is any number
    words: int = Field(default=0, ge=0)  # the most words of a comment to which the rule applies; 0 is any number


class Evidence(NamedTuple):
    """What a rule found: its name, the passage from `start` to `end`, the words that made it fire, and of whom it is said."""

    rule: str
    start: int
    end: int
    matched: tuple[str, ...]
    about: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, with its classes as bits."""

    text: RuleText
    all: tuple[int, ...]
    none: int
    of: tuple[int, ...]
    article: tuple[int, ...]
    not_article: int
    forms: int  # the classes that are shown by the form of a text, which no word matches

    def find(self, sentences: Sequence[Sentence], whole: int, article: int, vocabulary: Vocabulary) -> tuple[int, int] | None:
        """Return the first and the last sentence in which the rule fires, or None. `whole` has all classes of the comment."""
        if not self._may_fire(whole, article):
            return None
        if self.text.words and sum(len(sentence.words) for sentence in sentences) > self.text.words:
            return None
        window = self.text.sentences or len(sentences)
        for first in range(max(1, len(sentences) - window + 1)):
            found = reduce(or_, (sentence.classes for sentence in sentences[first : first + window]), 0)
            if not found & self.none and self._has_enough(found):
                span = first, min(first + window, len(sentences))
                if self._is_close(sentences[slice(*span)], vocabulary):
                    return span
        return None

    def _may_fire(self, whole: int, article: int) -> bool:
        for mask in self.all:
            if not whole & mask:
                return False
        if article & self.not_article:
            return False
        for mask in self.article:
            if not article & mask:
                return False
        return not self.text.at_least or self._has_enough(whole)

    def _has_enough(self, found: int) -> bool:
        for mask in self.all:
            if not found & mask:
                return False
        return not self.text.at_least or sum(bool(found & mask) for mask in self.of) >= self.text.at_least

    def _is_close(self, sentences: Sequence[Sentence], vocabulary: Vocabulary) -> bool:
        """Return whether the terms occur as often, and as near to each other, as the rule says."""
        if self.text.times > 1:
            mask = reduce(or_, self.all, 0)
            found = {said for row in sentences for said in _terms(row, vocabulary.matches(row.words, mask))}
            return len(found) >= self.text.times
        return not self.text.near or any(self._are_near(row, vocabulary) for row in sentences)

    def _are_near(self, sentence: Sentence, vocabulary: Vocabulary) -> bool:
        """Return whether the first two classes meet within a few words; a name counts where its form shows it."""
        first, second = self.all[:2]
        if sentence.classes & second and sentence.classes & second & self.forms:
            return bool(sentence.classes & first)
        ones, others = vocabulary.matches(sentence.words, first), vocabulary.matches(sentence.words, second)
        gap = self.text.near
        return any(-gap <= other.start - one.end <= gap or -gap <= one.start - other.end <= gap for one in ones for other in others)

    @property
    def mask(self) -> int:
        """All classes that can make the rule fire."""
        return reduce(or_, (*self.all, *self.of), 0)


class TextRules:
    """The rules, and the vocabulary of each language that has one, read when a text is in that language.

    `words` leads to the lists of each language, `abuse` has the terms of each abuse list, `names` a newsletter's own classes.
    """

    def __init__(
        self,
        rules: Sequence[RuleText],
        words: Mapping[str, Callable[[], Words]],
        abuse: Words = NONE,
        names: Iterable[str] = (),
    ) -> None:
        shared = {**words[ANY_LANGUAGE](), **{f"{_ABUSE}{name}": terms for name, terms in abuse.items()}}
        self._words, self._shared = words, shared
        self.names: Sequence[str] = tuple(dict.fromkeys([*FORMS, *shared, *words[DEFAULT_LANGUAGE](), *names]))
        self.bits = {name: 1 << place for place, name in enumerate(self.names)}
        self.mask = lru_cache(maxsize=None)(self._mask)
        self._read = lru_cache(maxsize=None)(self._vocabulary)
        self._abuse = [(name, self.bit(f"{_ABUSE}{name}")) for name in abuse]
        self.rules = tuple(self._rule(text) for text in rules)
        self._by_first = [(rule.all[0] if rule.all else rule.mask, rule) for rule in self.rules]

    def _vocabulary(self, language: str) -> Vocabulary:
        """Return the vocabulary of a language; a class that no rule can name is left out."""
        own = self._words[language]()
        classes = {name: (*self._shared.get(name, ()), *own.get(name, ())) for name in {**self._shared, **own} if name in self.bits}
        return Vocabulary(classes, self.names)

    def _rule(self, text: RuleText) -> Rule:
        try:
            return Rule(
                text,
                self._masks(text.all),
                reduce(or_, self._masks(text.none), 0),
                self._masks(text.of),
                self._masks(text.article),
                self.mask(*text.not_article),
                self.mask(*FORMS),
            )
        except KeyError as error:
            raise ConfigError(f"{text.name}: unknown class {error}", thing=RULES_FILE) from error

    def _masks(self, classes: Iterable[str]) -> tuple[int, ...]:
        return tuple(reduce(or_, map(self.bit, names.split("|"))) for names in classes)

    def bit(self, name: str) -> int:
        """Return the bit of a class, which is the same in every language."""
        return self.bits[name]

    def _mask(self, *names: str) -> int:
        """Return the bits of some classes together."""
        return reduce(or_, map(self.bit, names), 0)

    def abuse_lists(self, classes: int) -> frozenset[str]:
        """Return the names of the abuse lists of which a text with some classes may have a term."""
        return frozenset(name for name, bit in self._abuse if classes & bit)

    def vocabulary(self, *languages: str | None) -> Vocabulary:
        """Return the vocabulary of the first of some languages that has one, else the English one."""
        known = (name for name in languages if name is not None and name != ANY_LANGUAGE and name in self._words)
        return self._read(next(known, DEFAULT_LANGUAGE))

    def first(self, sentences: Sequence[Sentence], article: int, vocabulary: Vocabulary) -> tuple[RuleText, Evidence] | None:
        """Return the first rule that fires, with what it found."""
        whole = reduce(or_, (sentence.classes for sentence in sentences), 0)
        for rule in [rule for mask, rule in self._by_first if whole & mask]:
            if span := rule.find(sentences, whole, article, vocabulary):
                return rule.text, self._evidence(rule, sentences[slice(*span)], vocabulary)
        return None

    def _evidence(self, rule: Rule, sentences: Sequence[Sentence], vocabulary: Vocabulary) -> Evidence:
        persons = reduce(or_, map(self.bit, _PERSON))
        matched = [_said(row, match) for row in sentences for match in vocabulary.matches(row.words, rule.mask & ~persons)]
        about = [_said(row, match) for row in sentences for match in vocabulary.matches(row.words, rule.mask & persons)]
        return Evidence(
            rule.text.name, sentences[0].start, sentences[-1].end, tuple(dict.fromkeys(matched)), about[0] if about else ""
        )


def _terms(sentence: Sentence, matches: Sequence[Match]) -> set[tuple[str, ...]]:
    """Return the terms that occur in a sentence, without those that are a part of another: “informative” in “very informative”."""
    found, end = set(), 0
    for match in sorted(matches, key=lambda match: (match.start, -match.end)):
        if match.end > end:
            found.add(tuple(sentence.words[match.start : match.end]))
            end = match.end
    return found


def _said(sentence: Sentence, match: Match) -> str:
    return " ".join(sentence.raw[match.start : match.end])


def parse_rules(texts: Sequence[str]) -> list[RuleText]:
    """Return the rules from the contents of their files: first ours, then a newsletter's. Raise ConfigError for a fault."""
    rules: dict[str, RuleText] = {}
    for text in texts:
        try:
            table = tomllib.loads(text)
            for name in table.pop("off", []):
                rules.pop(name)
            for row in table.pop("rule", []):
                rule = RuleText.model_validate(row)
                rules[rule.name] = rule
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"invalid TOML: {error}", thing=RULES_FILE) from error
        except KeyError as error:
            raise ConfigError(f"off: no rule is called {error}", thing=RULES_FILE, remedy=f"Rules: {', '.join(rules)}.") from error
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}", thing=RULES_FILE) from error
        if table:
            raise ConfigError(f"{next(iter(table))}: unknown key", thing=RULES_FILE, remedy="Valid keys: rule, off.")
    return list(rules.values())


def parse_words(texts: Sequence[str], *, thing: str) -> dict[str, tuple[str, ...]]:
    """Return the terms of each class of one language; a later text adds terms, or removes one with `-`."""
    classes: dict[str, dict[str, None]] = {}
    for text in texts:
        try:
            table = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"invalid TOML: {error}", thing=thing) from error
        for name, terms in table.items():
            known = classes.setdefault(name, {})
            for term in terms:
                if term.startswith("-"):
                    known.pop(_term(term[1:], thing), None)
                else:
                    known[_term(term, thing)] = None
    return {name: tuple(known) for name, known in classes.items()}


def _term(text: str, thing: str) -> str:
    """Return a term as its words in lower case, with single spaces; raise ConfigError if it has none."""
    term = " ".join(_TERM.findall(text.casefold().replace("’", "'")))
    if not term.strip("* "):
        raise ConfigError(f"not a word: {text!r}", thing=thing)
    return term

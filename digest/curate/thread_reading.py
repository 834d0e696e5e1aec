"""A thread as the rules read it: the language of each comment, its sentences with their classes, and what the article is about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from digest.curate.comment_thread import CommentThread
from digest.curate.language import language_of
from digest.curate.passages import Reader, Sentence
from digest.curate.text_rules import DEFAULT_LANGUAGE, TextRules
from digest.text.prose import words

NAME_PARTS = 2  # of the article's author: from so many parts on, the last one is a surname


@dataclass(frozen=True, slots=True)
class ThreadReading:
    """What the rules see of a thread. `language` is the article's, None if it cannot be told; `people` are surnames in the article."""

    language: str | None
    languages: Mapping[str, str | None]
    sentences: Mapping[str, Sequence[Sentence]]
    article_classes: int
    people: frozenset[str]
    readers: Mapping[str, Reader]

    def language_by_id(self, key: str) -> str:
        """Return the language by whose rules a comment is read: its own, else the article's, else English."""
        language = self.languages[key] or self.language or DEFAULT_LANGUAGE
        return language if language in self.readers else DEFAULT_LANGUAGE

    def classes(self, key: str) -> int:
        """Return the bits of all classes that a comment has."""
        return reduce(or_, (sentence.classes for sentence in self.sentences[key]), 0)


def read_thread(thread: CommentThread, rules: TextRules) -> ThreadReading:
    """Read a thread by the rules' vocabularies."""
    article = f"{thread.article.title}\n{thread.article.body_text}"
    language = language_of(article) or _common_language(thread)
    plain = Reader(rules.vocabularies.get(language or "", rules.vocabularies[DEFAULT_LANGUAGE]))
    byline = words(thread.article.author.casefold())
    people = plain.surnames(article) | frozenset(byline[-1:] if len(byline) >= NAME_PARTS else ())
    readers = {name: Reader(vocabulary, people) for name, vocabulary in rules.vocabularies.items()}
    languages = {key: language_of(text, thread.words[key]) for key, text in thread.texts.items()}
    reading = ThreadReading(language, languages, {}, reduce(or_, (row.classes for row in plain.read(article)), 0), people, readers)
    sentences = {key: readers[reading.language_by_id(key)].read(text) for key, text in thread.texts.items()}
    return ThreadReading(language, languages, sentences, reading.article_classes, people, readers)


def _common_language(thread: CommentThread) -> str | None:
    """Return the language of all comments together: an article may have too few words to tell."""
    return language_of("\n".join(text[:200] for text in thread.texts.values()))

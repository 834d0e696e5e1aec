"""A thread as the rules read it: the language of each comment, its sentences with their classes, and what the article is about."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_

from digest.curate.comment_thread import CommentThread
from digest.curate.language import language_of
from digest.curate.passages import Reader, Sentences
from digest.curate.plain_text import as_read
from digest.curate.text_rules import DEFAULT_LANGUAGE, TextRules
from digest.curate.vocabulary import Vocabulary
from digest.text.prose import words

MIN_NAME_PARTS = 2  # of the article's author; the last of so many parts is a surname
MIN_ARTICLE_WORDS = 40  # of an article from which alone its language is told
MAX_SAMPLE_CHARS = 60  # of each comment, where the article is shorter


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadReading:
    """What the rules see of a thread: by a comment's id its language, its own words as they are read,
    their sentences and the bits of all their classes.

    `language` is the article's, None if it cannot be told. `people` are surnames in the article and its byline.
    """

    language: str | None
    languages: Mapping[str, str | None]
    texts: Mapping[str, str]
    sentences: Mapping[str, Sentences]
    classes: Mapping[str, int]
    article_classes: int
    people: frozenset[str]
    rules: TextRules

    def vocabulary(self, key: str) -> Vocabulary:
        """Return the vocabulary by which a comment is read."""
        return self.rules.vocabulary(self.languages[key], self.language)

    def is_english(self, key: str) -> bool:
        """Return whether a comment is English, or may be."""
        return (self.languages[key] or self.language or DEFAULT_LANGUAGE) == DEFAULT_LANGUAGE


def read_thread(thread: CommentThread, rules: TextRules) -> ThreadReading:
    """Read a thread by the rules' vocabularies."""
    article = f"{thread.article.title}\n{thread.article.body_text}"
    language = language_of(article if len(words(article)) >= MIN_ARTICLE_WORDS else _sample(article, thread)) or language_of(
        article
    )
    plain = Reader(rules.vocabulary(language))
    byline = words(thread.article.author.casefold())
    people = plain.surnames(article) | frozenset(byline[-1:] if len(byline) >= MIN_NAME_PARTS else ())
    languages = {key: language_of(text, thread.words[key]) for key, text in thread.texts.items()}
    readers = {own: Reader(rules.vocabulary(own, language), people) for own in set(languages.values())}
    texts = {key: as_read(text) for key, text in thread.texts.items()}
    sentences = {key: readers[languages[key]].read(text) for key, text in texts.items()}
    return ThreadReading(
        language=language,
        languages=languages,
        texts=texts,
        sentences=sentences,
        classes={key: classes_of(rows) for key, rows in sentences.items()},
        article_classes=classes_of(plain.read(article)),
        people=people,
        rules=rules,
    )


def _sample(article: str, thread: CommentThread) -> str:
    """Return the beginnings of the comments and a short article: a headline of names tells less than those who talk about it."""
    return "\n".join([*(text[:MAX_SAMPLE_CHARS] for text in thread.texts.values()), article])


def classes_of(sentences: Sentences) -> int:
    """Return the bits of all classes that some sentences have."""
    return reduce(or_, (sentence.classes for sentence in sentences), 0)

"""One article's comments as a whole: who answers whom, who repeats whom, and what the thread is about."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property

from digest.curate.comment_duplicates import find_duplicates
from digest.model import Article, Comment
from digest.text.markup import without_quotes
from digest.text.prose import word_count, words

MAX_READ_CHARS = 20_000  # characters of a comment that are read; an excerpt of its beginning is printed
QUARREL_COMMENTS = 4  # of an exchange between two people; a question, its answer and thanks are no quarrel
_COMMON = frozenset(
    words("""
    the a an and or but of to in on at for with by from as is are was were be been it its this that these those he she they we
    i you his her their our my your not no do does did have has had will would can could should may might must if then than so
    what which who when where how why all any some more most other into out up about over after just also there here them us me him
    """)
)


class CommentThread:
    """The comments of one article, oldest first; `printed` holds the fingerprints of those printed under other articles."""

    def __init__(self, article: Article, comments: Sequence[Comment], printed: AbstractSet[str] = frozenset()) -> None:
        self.article = article
        self.printed = printed
        each = {comment.id: comment for comment in sorted(comments, key=lambda comment: (comment.id, comment.text, comment.author))}
        self.comments = sorted(each.values(), key=lambda comment: (comment.written, comment.id))
        self.by_id = {comment.id: comment for comment in self.comments}
        self.texts = {comment.id: without_quotes(comment.text[: 2 * MAX_READ_CHARS])[:MAX_READ_CHARS] for comment in self.comments}
        self._vectors: dict[str, Mapping[str, float]] = {}
        self.words = {key: words(text.casefold()) for key, text in self.texts.items()}

    def root_id(self, comment: Comment) -> str:
        """Return the id of the comment that began this sub-thread; if replies form a circle, the least id seen."""
        seen = {comment.id}
        while comment.parent_id in self.by_id:
            comment = self.by_id[comment.parent_id or ""]
            if comment.id in seen:
                return min(seen)
            seen.add(comment.id)
        return comment.id

    @cached_property
    def copies(self) -> Mapping[str, str]:
        """The id of each comment that repeats an earlier one, in the same words or nearly, with the earlier one's id."""
        return find_duplicates(self.words, self.content_words)

    @cached_property
    def word_counts(self) -> Mapping[str, int]:
        """How many words of its own each comment has."""
        return {key: word_count(text, self.words[key]) for key, text in self.texts.items()}

    @cached_property
    def names(self) -> Sequence[str]:
        """The writers' names in lower case, each once."""
        return sorted({comment.author.casefold() for comment in self.comments})

    @cached_property
    def names_by_first_word(self) -> Mapping[str, Sequence[str]]:
        """The writers' names in lower case, by their first word."""
        found: dict[str, list[str]] = {}
        for name in self.names:
            if parts := words(name):
                found.setdefault(parts[0], []).append(name)
        return found

    @cached_property
    def article_fingerprint(self) -> str:
        """The words of the article in lower case, as `fingerprint` gives them."""
        return " ".join(words(f"{self.article.title} {self.article.body_text}".casefold()))

    def is_quarrel(self, comment: Comment) -> bool:
        """Return whether a comment is the fourth or a later one of an exchange between only two people; a circle is none."""
        exchange = {comment.id: comment.author}
        while comment.parent_id in self.by_id and comment.parent_id not in exchange and len(exchange) < QUARREL_COMMENTS:
            comment = self.by_id[comment.parent_id or ""]
            exchange[comment.id] = comment.author
        writers = list(exchange.values())
        return len(writers) == QUARREL_COMMENTS and len(set(writers)) == len(set(writers[:2])) == 2

    def leans(self, comment: Comment) -> bool:
        """Return whether a comment has no word in common with the article, nor with what it answers."""
        parent = self.content_words.get(comment.parent_id or "", ())
        return not {word for word in self.content_words[comment.id] if len(word) > 3} & (self.article_words | set(parent))

    @cached_property
    def answerer_counts(self) -> Mapping[str, int]:
        """How many other people have answered each comment or a copy of it."""
        people: dict[str, set[str]] = {}
        for comment in self.comments:
            parent = self.copies.get(comment.parent_id or "", comment.parent_id)
            if parent in self.by_id and comment.kind == "comment" and comment.author != self.by_id[parent].author:
                people.setdefault(parent, set()).add(comment.author)
        return {key: len(names) for key, names in people.items()}

    @cached_property
    def content_words(self) -> Mapping[str, Sequence[str]]:
        """Each comment's words of three letters or more, without the commonest."""
        return {key: [word for word in said if len(word) > 2 and word not in _COMMON] for key, said in self.words.items()}

    @cached_property
    def document_frequency(self) -> Mapping[str, int]:
        """In how many comments each word occurs."""
        return Counter(word for said in self.content_words.values() for word in set(said))

    @cached_property
    def idf(self) -> Mapping[str, float]:
        """How much each word weighs: the fewer comments have it, the more."""
        total = len(self.comments)
        return {word: math.log(1 + total / count) for word, count in self.document_frequency.items()}

    def vector(self, key: str) -> Mapping[str, float]:
        """Return a comment as a vector of length one: the weights of its words, with rare words heavier (tf-idf)."""
        if key not in self._vectors:
            raw = {word: (1 + math.log(count)) * self.idf[word] for word, count in Counter(self.content_words[key]).items()}
            length = math.sqrt(sum(weight * weight for weight in raw.values())) or 1.0
            self._vectors[key] = {word: weight / length for word, weight in raw.items()}
        return self._vectors[key]

    @cached_property
    def article_words(self) -> frozenset[str]:
        """The article's own words."""
        return frozenset(words(f"{self.article.title} {self.article.body_text}".casefold()))

    @cached_property
    def title_words(self) -> frozenset[str]:
        """The words of the title of four letters or more, without the commonest."""
        return frozenset(word for word in words(self.article.title.casefold()) if len(word) > 3 and word not in _COMMON)


def fingerprint(text: str) -> str:
    """Return a string that is equal for texts of the same words, apart from quotations, case and punctuation."""
    return " ".join(words(without_quotes(text).casefold()))


def similarity(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Return the cosine of two vectors of length one."""
    small, large = (one, other) if len(one) <= len(other) else (other, one)
    return sum(weight * large.get(word, 0.0) for word, weight in small.items())

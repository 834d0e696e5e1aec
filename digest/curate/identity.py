"""Who writes, and under whose name: a commenter unmasked by another, and somebody who writes as the article's author or as somebody
whom it names.
"""

import re
from collections.abc import Sequence
from itertools import zip_longest

from digest.curate.comment_thread import CommentThread
from digest.curate.passages import Sentences
from digest.model import Comment
from digest.text.prose import words

MIN_NAME_CHARS = 4  # of a writer's name that another comment may mention
_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "cllr",
        "councillor",
        "sir",
        "lady",
        "lord",
        "rev",
        "prof",
        "professor",
        "jr",
        "junior",
        "snr",
        "senior",
        "md",
        "kc",
    ]
)
MAX_OPENING_WORDS = 14  # words in which a writer introduces himself
_INTRODUCTIONS = frozenset({("this", "is"), ("i", "am"), ("hier", "ist"), ("ich", "bin"), ("je", "suis")})
_DESK = frozenset(
    [
        "editor",
        "editors",
        "moderator",
        "moderators",
        "admin",
        "administrator",
        "newsdesk",
        "newsroom",
        "redaktion",
        "rédaction",
        "redacción",
        "redakcja",
    ]
)


def unmasked(comment: Comment, thread: CommentThread, sentences: Sentences, named: int, reveals: int) -> str:
    """Return the name of another commenter about whom a comment says who it is, or an empty string.

    `named` and `reveals` are the bits of the classes that say so.
    """
    small, own = thread.texts[comment.id].casefold(), comment.author.casefold()
    for word in dict.fromkeys(thread.words[comment.id]):
        for name in thread.names_by_first_word.get(word.removesuffix("'s"), ()):
            if len(name) >= MIN_NAME_CHARS and name != own and _is_told(name, small, sentences, named, reveals):
                return name
    return ""


def _is_told(name: str, small: str, sentences: Sentences, named: int, reveals: int) -> bool:
    """Return whether a sentence with a name, or the one after it, has both classes."""
    pattern = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    for row, after in zip_longest(sentences, sentences[1:]):
        near = row.classes | (after.classes if after else 0)
        if near & named and near & reveals and pattern.search(small, row.start, row.end):
            return True
    return False


def borrowed_name(author: str, article_author: str, people: frozenset[str]) -> str:
    """Return whose name a writer borrows: that of the article's author with something added, of somebody whom the article names, or
    of the desk; an empty string if nobody's. The author's own name alone is the author's answer.
    """
    given, own = [part.casefold() for part in words(author)], [part.casefold() for part in words(article_author)]
    if not given:
        return ""
    if len(own) > 1 and given != own and all(part in given for part in own):
        return article_author
    if _DESK & set(given) and len(given) <= 3:
        return author
    bare = [part for part in given if part not in _TITLES]
    titled = len(bare) < len(given)
    capital = all(part[:1].isupper() for part in words(author))
    return author if bare and bare[-1] in people and capital and (len(bare) > 1 or titled) and bare != own else ""


def claimed_name(comment: Comment, opening: Sequence[str], article_author: str, people: frozenset[str]) -> str:
    """Return the name by which a comment's first words introduce its writer, if the article or its byline has that name."""
    own = frozenset(part for part in words(article_author.casefold()) if len(part) >= MIN_NAME_CHARS - 1)
    if (own | people).isdisjoint(opening) or comment.author.casefold() == article_author.casefold():
        return ""
    for place, word in enumerate(opening):
        before, after = opening[max(0, place - 3) : place], opening[place + 1 : place + 5]
        if word in own | people and (_introduces(before) or "here" in after[:3] or "from" in after[:1]):
            return word.capitalize()
    return ""


def _introduces(before: Sequence[str]) -> bool:
    return any(pair in _INTRODUCTIONS for pair in zip(before, [*before[1:], ""], strict=False)) or bool({"i'm", "im"} & set(before))

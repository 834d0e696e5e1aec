"""The terms that a comment's text earns, by name, each between 0 and 1. Their weights are data (`scores.toml`)."""

import math
import re
from collections.abc import Mapping

from digest.curate.comment_thread import CommentThread, similarity
from digest.curate.editor_model import EditorOpinion
from digest.model import Comment
from digest.text.prose import sentences

_FIGURE = re.compile(r"\b\d[\d,.]*|[£$€]\s?\d")
_LIVED = re.compile(
    r"\b(?:i|we)(?:'ve|'d)? (?:\w+ )?(?:work(?:ed)?|lived?|run|ran|taught|teach|built|bought|went|walked|counted|wrote|used to"
    r"|remember|was|were|have been|grew|moved|own(?:ed)?|volunteer\w*|served|saw|raised|learned|studied)\b"
    r"|\bmy (?:\w+ )?(?:mother|father|son|daughter|street|school|shop|family|job|husband|wife|neighbou?rs?|parents?|kids?|children"
    r"|brother|sister|students?|patients?|town|career)\b",
    re.IGNORECASE,
)
_SECOND = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
_SHOUTED = re.compile(r"\b[A-Z]{4,}\b")
_TRAILING = re.compile(r"[!?.]{2,}|…")
_ENDED = re.compile(r"""[.!?。！？؟]["'”’»)\]]*$""")
COOL, HOT = -1.6, 1.0  # log odds of abuse between which heat rises from 0 to 1


def text_features(comment: Comment, thread: CommentThread, heat: float | None, opinion: EditorOpinion) -> Mapping[str, float]:
    """Return the terms of one comment, without those that rely on English words if `heat` is None, as in another language."""
    text = thread.texts[comment.id]
    said = thread.content_words[comment.id]
    size = max(1, thread.word_counts[comment.id])
    found = {
        "length": _by_length(size),
        "care": _care(text, size),
        "subject": _subject(comment, thread),
        "new": sum(map(thread.new_words.__contains__, said)) / max(1, len(said)),
        "figures": _share(len(_FIGURE.findall(text)), 2),
        "exclamations": _share(text.count("!"), 3),
        "questions": _share(text.count("?") - 1, 3),
        "capitals": _share(len(_SHOUTED.findall(text)), 4),
        "worth": _likelihood(opinion.worth),
        "unfit": _likelihood(opinion.unfit),
        "trailing": _share(len(_TRAILING.findall(text)), 2),
    }
    if heat is not None:  # the text is English
        found["lived"] = float(bool(_LIVED.search(text.replace("’", "'"))))
        found["long_words"] = _share(sum(map(len, said)) / max(1, len(said)) - 5, 2)
        found["second_person"] = min(1.0, len(_SECOND.findall(text)) * 8 / size)
        found["heat"] = _share(heat - COOL, HOT - COOL)
    return found


def _likelihood(odds: float) -> float:
    """Return log odds as a probability."""
    return 1 / (1 + math.exp(-odds))


def _share(value: float, most: float) -> float:
    return min(1.0, max(0.0, value / most))


def _by_length(size: int) -> float:
    """Return a term that rises ever more slowly up to 110 words, and falls from 250 words to half at 500."""
    return min(1.0, math.log1p(size / 10) / math.log1p(11)) - 0.5 * _share(size - 250, 250)


def _care(text: str, size: int) -> float:
    """Return a term for careful writing: sentences of 12 to 30 words on average, a capital first, an end mark last."""
    parts = [part for line in text.split("\n") for part in sentences(line)]
    mean = size / max(1, len(parts))
    shape = _share(mean - 4, 8) - 0.5 * _share(mean - 30, 20)
    return 0.5 * shape + 0.25 * (not text[:1].islower()) + 0.25 * bool(_ENDED.search(text))


def _subject(comment: Comment, thread: CommentThread) -> float:
    """Return a term for words of the title and for similarity to what the thread is about."""
    named = _share(len(thread.title_words & set(thread.words[comment.id])), 2)
    return 0.5 * named + 0.5 * _share(similarity(thread.vectors[comment.id], thread.centroid), 0.4)

"""The terms that a comment's text earns, by name, each between 0 and 1. Their weights are data (`scores.toml`)."""

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from digest.curate.gate_case import Case

_FIGURE = re.compile(r"\b\d[\d,.]*|[£$€]\s?\d")
_SECOND = frozenset({"you", "your", "yours"})
_SHOUTED = re.compile(r"[A-Z](?<!\w.)[A-Z]{3,}\b")
_TRAILING = re.compile(r"[!?.…](?:(?<=…)|[!?.]+)")
ENOUGH_WORDS, LONG_WORDS = 55, 250  # a comment of 55 words has room to say something; one of 300 is an article
ORDINARY_HEAT = -0.9  # log odds of an ordinary text, for languages that the model of abuse does not know
COOL, HOT = -1.6, 1.0  # log odds of abuse between which heat rises from 0 to 1


def text_features(case: Case) -> Mapping[str, float]:
    """Return the terms of one comment; those that rely on English words only if it was read as English."""
    text, thread, key = case.text, case.thread, case.comment.id
    said = thread.content_words[key]
    size = max(1, case.size)
    heat = case.verdict.heat
    found = {
        "length": _by_length(size),
        "subject": _subject(case),
        "figures": _share(len(_FIGURE.findall(text)), 2) if case.has("figure") else 0.0,
        "exclamations": _share(text.count("!"), 3),
        "questions": _share(text.count("?") - 1, 3),
        "capitals": _share(len(_SHOUTED.findall(text)), 4),
        "worth": _likelihood(case.opinion.worth),
        "unfit": _likelihood(case.opinion.unfit),
        "heat": _share((ORDINARY_HEAT if heat is None else heat) - COOL, HOT - COOL),
        "trailing": _share(len(_TRAILING.findall(text)), 2),
    }
    if heat is not None:  # the text is English
        found["long_words"] = _share(sum(map(len, said)) / max(1, len(said)) - 5, 2)
        found["second_person"] = min(1.0, _second_person(thread.words[key]) * 8 / size)
    return found


def _second_person(said: Sequence[str]) -> int:
    """Return how often some words speak to somebody, apart from thanks."""
    thanks = sum(pair == ("thank", "you") for pair in pairwise(said)) if "thank" in said else 0
    return sum(map(_SECOND.__contains__, said)) - thanks


def _likelihood(odds: float) -> float:
    """Return log odds as a probability."""
    return 1 / (1 + math.exp(-odds))


def _share(value: float, most: float) -> float:
    return min(1.0, max(0.0, value / most))


def _by_length(size: int) -> float:
    """Return a term that rises up to 55 words, and falls from 250 words to half at 500."""
    return _share(size, ENOUGH_WORDS) - 0.5 * _share(size - LONG_WORDS, LONG_WORDS)


def _subject(case: Case) -> float:
    """Return a term for words of the article's title, two at most."""
    return _share(len(case.thread.title_words.intersection(case.thread.words[case.comment.id])), 2)

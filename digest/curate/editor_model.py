"""What an editor would make of a comment: a small trained model of two answers, over pieces of words and classes of words.

`unfit` is how much a text reads like what an editor would not print, `worth` how much like what one would choose, both as log odds.
A text's hashed words and pairs (`hashed_words`) have one weight for each answer; so has each class of the words' lists (`words/`).
`benchmarks/train_editor.py` makes the weights from invented comments that this project owns.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial, reduce
from operator import or_
from typing import Any, NamedTuple

from digest.curate.hashed_words import CACHED_WORDS, WeightTable
from digest.curate.passages import Sentences
from digest.errors import ConfigError

FORMAT = "digest-editor 1"
HEADS = ("unfit", "worth")
MIN_WEIGHTS = 256  # of one answer
MIN_SENTENCE_WEIGHTS = 40  # weights, about three words, of a sentence that can weigh most
WORST_SHARE = 1 / 3  # of `unfit` that the worst sentence decides: one address is enough to spoil a fair comment


class EditorOpinion(NamedTuple):
    """Both answers, in log odds, and the index of the sentence that speaks most against a text."""

    unfit: float
    worth: float
    worst: int


@dataclass(frozen=True, slots=True)
class _Head:
    """One answer's scale and bias, and what the classes of a text add to it."""

    scale: float
    bias: float
    known: int  # the bits of all classes of the training
    added: Callable[[int], float]


class EditorModel:
    """The trained model; raises ConfigError for other data. `bits` has the bit of each class by its name."""

    def __init__(self, data: bytes, bits: dict[str, int], *, thing: str = "editor.model") -> None:
        head, _, body = data.partition(b"\n")
        size = len(body) // len(HEADS)
        try:
            given = json.loads(head)
            known = given["format"] == FORMAT and size >= MIN_WEIGHTS and not size & (size - 1)
            self._heads = [_head(given[name], bits) for name in HEADS] if known else []
        except (ValueError, KeyError, TypeError, AttributeError):  # not JSON, or not such an object
            self._heads = []
        if not self._heads:
            remedy = "Train one with benchmarks/train_editor.py, or delete the file."
            raise ConfigError("not an editor's model", thing=thing, remedy=remedy)
        self.weights = [body[at * size : (at + 1) * size] for at in range(len(HEADS))]
        self._table: WeightTable | None = None
        self._place = 1

    def use(self, table: WeightTable, place: int) -> None:
        """Add the weights by a table that has them from one place on, perhaps beside those of other models."""
        self._table, self._place = table, place

    def __call__(self, sentences: Sentences, classes: int) -> EditorOpinion:
        """Return what an editor would make of a text, read as `sentences` with `classes`."""
        self._table = table = self._table or WeightTable(self.weights)
        sums = [row.hashed.sums(table) for row in sentences]
        parts = [(row[0], *row[self._place : self._place + len(HEADS)]) for row in sums]
        first, second = self._heads
        whole = [sum(column) for column in zip(*parts, strict=True)] or [0, 0, 0]
        odds = [_odds(first, part[0], part[1], row.classes) for row, part in zip(sentences, parts, strict=True)]
        unfit = _odds(first, whole[0], whole[1], classes)
        long_enough = [place for place, part in enumerate(parts) if part[0] >= MIN_SENTENCE_WEIGHTS]
        worst = max(long_enough, key=odds.__getitem__, default=0)
        if long_enough:
            unfit += WORST_SHARE * (odds[worst] - unfit)
        return EditorOpinion(round(unfit, 4), round(_odds(second, whole[0], whole[2], classes), 4), worst)


def _head(given: Mapping[str, Any], bits: dict[str, int]) -> _Head:
    known = {bits[name]: float(value) for name, value in given["classes"].items() if name in bits}
    added = lru_cache(maxsize=CACHED_WORDS)(partial(_added, known))
    return _Head(float(given["scale"]), float(given["bias"]), reduce(or_, known, 0), added)


def _added(known: Mapping[int, float], classes: int) -> float:
    """Return the sum of what some classes add, all of them known, over the square root of their number."""
    total, left = 0.0, classes
    while left:
        bit = left & -left
        total += known[bit]
        left ^= bit
    return total / math.sqrt(classes.bit_count() or 1)


def _odds(head: _Head, count: int, total: int, classes: int) -> float:
    """Return the log odds of some words with `count` weights that sum up to `total`, and of the classes that they have.

    Both sums are divided by the square root of their number, as in training.
    """
    return head.bias + head.scale * total / math.sqrt(count or 1) + head.added(classes & head.known)

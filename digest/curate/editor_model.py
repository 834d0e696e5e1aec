"""What an editor would make of a comment: a small trained model of two answers, over pieces of words and classes of words.

`unfit` is how much a text reads like what an editor would not print, `worth` how much like what one would choose, both as log odds.
Each word yields itself, its pieces and the pair it makes with the word before, hashed to one weight for each answer; so does each
class of the words' lists (`words/`). `benchmarks/train_editor.py` makes the weights from invented comments that this project owns.
"""

import json
import math
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from digest.curate.abuse_model import names_an_identity, word_features
from digest.curate.passages import Sentence
from digest.errors import ConfigError

FORMAT = "digest-editor 1"
HEADS = ("unfit", "worth")
MIN_SENTENCE_WORDS = 4  # words of a sentence that can weigh most


class EditorOpinion(NamedTuple):
    """Both answers, in log odds, and the index of the sentence that speaks most against a text."""

    unfit: float
    worth: float
    worst: int


class _Head(NamedTuple):
    weights: memoryview
    scale: float
    bias: float
    classes: Sequence[tuple[int, float]]  # the bit of a class, and what it adds


class EditorModel:
    """The trained model; raises ConfigError for other data. `bits` has the bit of each class by its name."""

    def __init__(self, data: bytes, bits: dict[str, int], *, thing: str = "editor.model") -> None:
        head, _, body = data.partition(b"\n")
        try:
            given = json.loads(head)
            if given["format"] != FORMAT:
                raise ValueError(given["format"])
            size = len(body) // len(HEADS)
            if size < 256 or size & (size - 1):
                raise ValueError("weights")
            self._heads = [_head(given[name], body[at * size : (at + 1) * size], bits) for at, name in enumerate(HEADS)]
        except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
            raise ConfigError(
                "not an editor's model", thing=thing, remedy="Train one with benchmarks/train_editor.py, or delete the file."
            ) from error
        self._mask = size - 1
        self._word = lru_cache(maxsize=20_000)(self._weigh_word)

    def __call__(self, sentences: Sequence[Sentence], classes: int) -> EditorOpinion:
        """Return what an editor would make of a text, read as `sentences` with `classes`."""
        parts = [self._sums(words) for words in map(counted_words, (row.words for row in sentences))]
        count = math.sqrt(sum(part[0] for part in parts) or 1)
        unfit, worth = (
            head.bias
            + head.scale * sum(part[at] for part in parts) / count
            + _mean([value for bit, value in head.classes if classes & bit], classes)
            for at, head in enumerate(self._heads, 1)
        )
        return EditorOpinion(round(unfit, 4), round(worth, 4), _worst(parts))

    def _weigh_word(self, word: str) -> tuple[int, int, int, int, bytes]:
        """Return the number of a word's weights, their sums, and its parts in a pair's hash: as the first word, as the second."""
        found = word_features(word)
        unfit, worth = (sum(head.weights[crc & self._mask] for crc in found) for head in self._heads)
        return len(found), unfit, worth, zlib.crc32(word.encode()), f" {word}".encode()

    def _sums(self, words: Sequence[str]) -> tuple[int, int, int]:
        """Return the number of weights of some consecutive words, and their sums."""
        known, mask = list(map(self._word, words)), self._mask
        first, second = (head.weights for head in self._heads)
        count, unfit, worth = sum(row[0] for row in known), sum(row[1] for row in known), sum(row[2] for row in known)
        for one, other in pairwise(known):
            at = zlib.crc32(other[4], one[3]) & mask
            unfit += first[at]
            worth += second[at]
        return count + max(0, len(known) - 1), unfit, worth


def _head(given: dict[str, object], weights: bytes, bits: dict[str, int]) -> _Head:
    classes = given["classes"]
    if not isinstance(classes, dict):
        raise TypeError("classes")
    known = [(bits[name], float(value)) for name, value in classes.items() if name in bits]
    return _Head(memoryview(weights).cast("b"), float(given["scale"]), float(given["bias"]), known)  # type: ignore[arg-type]


def _mean(values: Sequence[float], classes: int) -> float:
    """Return what the classes of a text add: their sum, as in training, over the square root of their number."""
    return sum(values) / math.sqrt(classes.bit_count() or 1)


def _worst(parts: Sequence[tuple[int, int, int]]) -> int:
    return max(range(len(parts)), key=lambda place: parts[place][1] / math.sqrt(parts[place][0] or 1), default=0)


def counted_words(words: Sequence[str]) -> list[str]:
    """Return the words that count: not those for who people are."""
    return [word for word in words if not names_an_identity(word)]


def features(words: Sequence[str]) -> Iterator[int]:
    """Yield the hashes of some consecutive words, of their pieces and of their pairs."""
    for word in words:
        yield from word_features(word)
    for one, other in pairwise(words):
        yield zlib.crc32(f"{one} {other}".encode())

"""How much a text reads like abuse: a small trained model over hashed pieces of words, with the standard library alone.

The risk of a text is the sum of its weights (`hashed_words`) over the square root of their number, as log odds: at 0, a reader is
as likely as not to call it toxic. The weights are English; `benchmarks/train_abuse.py` makes them.
"""

import math
import re
from collections.abc import Sequence

from digest.curate.hashed_words import HashedWords, WeightTable
from digest.errors import ConfigError

HEADER = re.compile(rb"digest-abuse 1 scale=([\d.]{1,20}) bias=(-?[\d.]{1,20})\n")
MIN_SENTENCE_WORDS = 3  # words


class AbuseModel:
    """The trained model; `data` is a header line and one signed byte for each weight. Raises ConfigError for other data."""

    def __init__(self, data: bytes, *, thing: str = "abuse.model") -> None:
        head = HEADER.match(data)
        body = data[head.end() :] if head else b""
        if head is None or len(body) < 256 or len(body) & (len(body) - 1):
            raise ConfigError(
                "not an abuse model", thing=thing, remedy="Train one with benchmarks/train_abuse.py, or delete the file."
            )
        self.weights = body
        self._table: WeightTable | None = None
        self._place = 1
        self._scale = float(head[1])
        self._bias = float(head[2])

    def use(self, table: WeightTable, place: int) -> None:
        """Add the weights by a table that has them in one place, perhaps beside those of other models."""
        self._table, self._place = table, place

    def __call__(self, sentences: Sequence[HashedWords]) -> float:
        """Return the log odds that a text is abuse: halfway between those of the whole and those of its worst sentence."""
        self._table = table = self._table or WeightTable([self.weights])
        sums = [said.sums(table) for said in sentences]
        parts = [(row[0], row[self._place], len(said.words)) for row, said in zip(sums, sentences, strict=True)]
        whole = self._odds(sum(total for _, total, _ in parts), sum(count for count, _, _ in parts))
        worst = max((self._odds(total, count) for count, total, size in parts if size >= MIN_SENTENCE_WORDS), default=whole)
        return (whole + worst) / 2

    def _odds(self, total: int, count: int) -> float:
        return self._bias + self._scale * total / math.sqrt(count or 1)

"""Words as the trained models read them: pieces and pairs, hashed. Both models read a sentence alike, so it is hashed once.

Each word yields itself, its pieces of three to five letters, and the pair it makes with the word before. Each of these is hashed
(CRC-32) to one of a model's weights. Words for who people are do not count: what is said matters, not about whom it is said.
"""

import re
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

from digest.text.prose import words

PIECE_CHARS = (3, 4, 5)  # letters
MAX_WORD_CHARS = 24
CACHED_WORDS = 50_000
FIELD_BITS, OFFSET = 32, 128  # of one answer's sum in a packed number; what makes a signed byte positive
_FIELD = (1 << FIELD_BITS) - 1
_WHO = re.compile(
    r"(?:gay|lesbian|bisexual|trans(?:gender|sexual)?|queer|homosexual|heterosexual|straight|lgbtq?|black|white|brown|asian|african"
    r"|arab|latin[ao]|hispanic|mexican|indian|chinese|polish|irish|pakistani|gyps(?:y|ies)|roma|native|indigenous|aboriginal"
    r"|muslim|islam|islamic|moslem|jew|jewish|christian|catholic|protestant|hindu|sikh|buddhist|atheist|mormon|immigrant|migrant"
    r"|refugee|foreigner|wom[ae]n|m[ae]n|female|male|girl|boy|lad(?:y|ies)|guy|wife|husband|mother|father|disabled|disability"
    r"|deaf|blind|autistic|autism|elderly|pensioner|boomer|feminist|feminism)(?:s|'s)?"
)


class HashedWords:
    """The words of one sentence that count, in lower case, and the hash of each with the one before."""

    __slots__ = ("_sums", "_table", "pairs", "words")

    def __init__(self, words: Sequence[str], pairs: Sequence[int]) -> None:
        self.words, self.pairs = words, pairs
        self._table: WeightTable | None = None
        self._sums: tuple[int, ...] = ()

    def sums(self, table: "WeightTable") -> tuple[int, ...]:
        """Return how many weights the sentence has in a table, and their sum for each answer; models that share one add once."""
        if self._table is not table:
            self._table, self._sums = table, table.sums(self)
        return self._sums


def hashed(said: Sequence[str]) -> HashedWords:
    """Return the words of a sentence, given in lower case, as the models read them."""
    parts = list(filter(None, map(_parts, said)))
    return HashedWords([part[0] for part in parts], [zlib.crc32(second[2], first[1]) for first, second in pairwise(parts)])


def hashed_text(text: str) -> HashedWords:
    """Return the words of one sentence as the models read them."""
    return hashed(words(text.casefold().replace("’", "'")))


def features(sentence: HashedWords) -> Iterator[int]:
    """Yield the hashes of a sentence: of its words, of their pieces, and of their pairs."""
    for word in sentence.words:
        yield from word_features(word)
    yield from sentence.pairs


@lru_cache(maxsize=CACHED_WORDS)
def word_features(word: str) -> tuple[int, ...]:
    """Return the hashes of a word and of its pieces."""
    padded = f"<{word[:MAX_WORD_CHARS]}>"
    ends = [(at, at + size) for size in PIECE_CHARS for at in range(len(padded) - size + 1)]
    if word.isascii():  # a letter is a byte
        plain = padded.encode()
        return (zlib.crc32(f"w{word}".encode()), *[zlib.crc32(plain[start:end]) for start, end in ends])
    return (zlib.crc32(f"w{word}".encode()), *[zlib.crc32(padded[start:end].encode()) for start, end in ends])


@lru_cache(maxsize=CACHED_WORDS)
def _parts(word: str) -> tuple[str, int, bytes] | None:
    """Return a word with its parts in the hash of “first second”: as the first, as the second; None if it says who somebody is."""
    return None if _WHO.fullmatch(word) else (word, zlib.crc32(word.encode()), f" {word}".encode())


class WeightTable:
    """The weights of one or more answers, summed together: they stand side by side in one whole number, which is added at once."""

    def __init__(self, answers: Sequence[bytes]) -> None:
        self._answers = len(answers)
        self._mask = len(answers[0]) - 1
        shifted = [[((byte + OFFSET) % 256) << (place * FIELD_BITS) for byte in range(256)] for place in range(1, len(answers) + 1)]
        columns = [map(values.__getitem__, weights) for values, weights in zip(shifted, answers, strict=True)]
        known: dict[int, int] = {}  # equal numbers are one object: so they stay in the processor's cache
        each = (1 + sum(row) for row in zip(*columns, strict=True))  # a count of one, and each weight made positive
        self._packed = [known.setdefault(number, number) for number in each]
        self._word = lru_cache(maxsize=CACHED_WORDS)(self._weigh_word)

    def _weigh_word(self, word: str) -> int:
        mask = self._mask
        return sum(map(self._packed.__getitem__, [crc & mask for crc in word_features(word)]))

    def sums(self, sentence: HashedWords) -> tuple[int, ...]:
        """Return how many weights a sentence has, and for each answer their sum."""
        mask = self._mask
        total = sum(map(self._word, sentence.words)) + sum(map(self._packed.__getitem__, [pair & mask for pair in sentence.pairs]))
        count = total & _FIELD
        sums = (((total >> (place * FIELD_BITS)) & _FIELD) - count * OFFSET for place in range(1, self._answers + 1))
        return (count, *sums)

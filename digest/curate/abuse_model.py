"""How much a text reads like abuse: a small trained model over hashed pieces of words, with the standard library alone.

Each word yields itself, its pieces of three to five letters, and the pair it makes with the word before. Each of these is
hashed (CRC-32) to one of the weights. The risk of a text is the sum of its weights over the square root of their number, as
log odds: at 0, a reader is as likely as not to call it toxic. The weights are English; `benchmarks/train_abuse.py` makes them.

Words for who people are do not count, in training or here: what is said matters, not about whom it is said.
"""

import math
import re
import zlib
from functools import lru_cache
from itertools import pairwise
from operator import itemgetter

from digest.errors import ConfigError
from digest.text.prose import sentences, words

HEADER = re.compile(rb"digest-abuse 1 scale=([\d.]{1,20}) bias=(-?[\d.]{1,20})\n")
PIECE_CHARS = (3, 4, 5)  # letters
MAX_WORD_CHARS = 24
_TOTAL, _COUNT = itemgetter(0), itemgetter(1)  # of what `_weigh_word` returns
MIN_SENTENCE_WORDS = 3  # words
_WHO = re.compile(
    r"(?:gay|lesbian|bisexual|trans(?:gender|sexual)?|queer|homosexual|heterosexual|straight|lgbtq?|black|white|brown|asian|african"
    r"|arab|latin[ao]|hispanic|mexican|indian|chinese|polish|irish|pakistani|gyps(?:y|ies)|roma|native|indigenous|aboriginal"
    r"|muslim|islam|islamic|moslem|jew|jewish|christian|catholic|protestant|hindu|sikh|buddhist|atheist|mormon|immigrant|migrant"
    r"|refugee|foreigner|wom[ae]n|m[ae]n|female|male|girl|boy|lad(?:y|ies)|guy|wife|husband|mother|father|disabled|disability"
    r"|deaf|blind|autistic|autism|elderly|pensioner|boomer|feminist|feminism)(?:s|'s)?"
)


def word_features(word: str) -> list[int]:
    """Return the hashes of a word and of its pieces."""
    padded = f"<{word[:MAX_WORD_CHARS]}>"
    pieces = (padded[at : at + size] for size in PIECE_CHARS for at in range(len(padded) - size + 1))
    return [zlib.crc32(f"w{word}".encode()), *(zlib.crc32(piece.encode()) for piece in pieces)]


def pair_feature(first: str, second: str) -> int:
    """Return the hash of two consecutive words."""
    return zlib.crc32(f"{first} {second}".encode())


def split(text: str) -> list[str]:
    """Return the words of a text that count, in lower case."""
    return [word for word in words(text.casefold().replace("’", "'")) if not names_an_identity(word)]


@lru_cache(maxsize=20_000)
def names_an_identity(word: str) -> bool:
    """Return whether a word says who somebody is."""
    return _WHO.fullmatch(word) is not None


class AbuseModel:
    """The trained model; `data` is a header line and one signed byte for each weight. Raises ConfigError for other data."""

    def __init__(self, data: bytes, *, thing: str = "abuse.model") -> None:
        head = HEADER.match(data)
        body = data[head.end() :] if head else b""
        if head is None or len(body) < 256 or len(body) & (len(body) - 1):
            raise ConfigError(
                "not an abuse model", thing=thing, remedy="Train one with benchmarks/train_abuse.py, or delete the file."
            )
        self._weights = memoryview(body).cast("b")
        self._mask = len(body) - 1
        self._scale = float(head[1])
        self._bias = float(head[2])
        self._word = lru_cache(maxsize=20_000)(self._weigh_word)

    def _weigh_word(self, word: str) -> tuple[int, int, int, bytes]:
        """Return the sum of a word's weights, their number, and its parts in a pair's hash: as the first word, as the second."""
        found = word_features(word)
        return sum(self._weights[crc & self._mask] for crc in found), len(found), zlib.crc32(word.encode()), f" {word}".encode()

    def __call__(self, text: str) -> float:
        """Return the log odds that a text is abuse: halfway between those of the whole and those of its worst sentence."""
        parts = [self._sum(split(part)) for line in text.split("\n") for part in sentences(line)]
        whole = self._odds(sum(total for total, _, _ in parts), sum(count for _, count, _ in parts))
        worst = max((self._odds(total, count) for total, count, size in parts if size >= MIN_SENTENCE_WORDS), default=whole)
        return (whole + worst) / 2

    def _sum(self, said: list[str]) -> tuple[int, int, int]:
        """Return the sum of the weights of some consecutive words, the number of weights, and the number of words."""
        known, weights, mask = list(map(self._word, said)), self._weights, self._mask
        pairs = [weights[zlib.crc32(second[3], first[2]) & mask] for first, second in pairwise(known)]
        return sum(map(_TOTAL, known)) + sum(pairs), sum(map(_COUNT, known)) + len(pairs), len(said)

    def _odds(self, total: int, count: int) -> float:
        return self._bias + self._scale * total / math.sqrt(count or 1)

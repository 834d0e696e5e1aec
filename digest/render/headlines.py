"""A headline as it is printed: without shouting, and without the topic that stands above it."""

import re

from digest.text.prose import squeeze

_SHOUTED = re.compile(r"([!?！？])[!?！？]+")
_SCHEME = re.compile(r"\bhttps?://(?:www\.)?", re.IGNORECASE)
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_VOWELS = frozenset("aeiouyäöüáéíóúàèìòùâêîôûåæøœаеёиоуыэюяіїєαεηιουωάέήίόύώ")
_READ_CHARS = 10_000  # of the texts in which a headline's words are looked for


def quietly(text: str, *texts: str) -> str:
    """Return a headline without shouting: neither all in capitals nor with a row of exclamation marks.

    Its words are written as `texts`, the article's own, write them: in one of capitals only, nothing else tells a name from a verb.
    An address in it loses its scheme, so that no mail program makes a link of it that leads elsewhere than the headline's own.
    """
    quiet = _SHOUTED.sub(r"\1", text)
    while "://" in quiet and (without := _SCHEME.sub("", quiet)) != quiet:
        quiet = without
    return (_as_written(quiet, squeeze(" ".join(texts)[:_READ_CHARS])) if _shouts(quiet) else quiet).strip() or text


def without_topic(title: str, topic: str) -> str:
    """Return a headline without the topic that stands above it: `Opinion: turn the lights off` is `Turn the lights off`."""
    name, colon, rest = title.partition(":")
    rest = rest.strip()
    return rest[0].upper() + rest[1:] if colon and rest and name.strip().casefold() == topic.casefold() else title


def _shouts(text: str) -> bool:
    small = sum(map(str.islower, text))
    if 4 * small >= len(text):  # as in nearly all headlines
        return False
    capitals = sum(map(str.isupper, text))
    return capitals + small >= 12 and capitals > 4 * small


def _as_written(headline: str, text: str) -> str:
    """Return a headline's words as a text writes them, in small letters where it does so even once; others with a capital."""
    known: dict[str, str] = {}
    for word in _WORD.findall(text.replace(headline, " ")) if not _shouts(text) else ():
        before = known.get(word.casefold())
        if before is None or word.islower() or (before.isupper() and not word.isupper()):
            known[word.casefold()] = word
    cased = _WORD.sub(lambda found: known.get(found[0].casefold()) or _with_a_capital(found[0]), headline)
    first = next(at for at, sign in enumerate(cased) if sign.isalpha())
    return cased[:first] + cased[first].upper() + cased[first + 1 :]


def _with_a_capital(word: str) -> str:
    """Return a word that nobody knows as in a title; one without a vowel is an abbreviation."""
    return word.capitalize() if _VOWELS.intersection(word.casefold()) else word

"""The language of a text, from its script, its small words and its letters; None where these do not tell.

No library: those with trained letters that are small do not know Welsh, and those that know it weigh more than all of digest.
"""

import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from digest.text.prose import words

MAX_WORDS = 60  # words of a text from which its language is told
MAX_CHARS = 1_000
MIN_HITS = 2.0  # small words of a language that a text must have
MIN_LEAD = 1.3  # how many times as many it must have as of any other language
LETTER_WEIGHT = 2.0  # what a letter counts, in words, that few languages have
MANY = 4  # languages; a small word of so many or more counts half
SURE_WORDS, SURE_SHARE = 15, 0.3  # of a text in which so many words are small English ones; other languages share 1 in 10
LATIN_END = "ɏ"  # the last letter of the Latin alphabets
_LISTS: Mapping[str, Mapping[str, str]] = tomllib.loads((Path(__file__).parent / "languages.toml").read_text(encoding="utf-8"))
_SCRIPTS = (  # first and last letter, and the language that most often has them
    ("\u0370", "\u03ff", "el"), ("\u0400", "\u052f", "ru"), ("\u0530", "\u058f", "hy"), ("\u0590", "\u05ff", "he"),
    ("\u0600", "\u06ff", "ar"), ("\u0900", "\u097f", "hi"), ("\u0980", "\u09ff", "bn"), ("\u0e00", "\u0e7f", "th"),
    ("\u10a0", "\u10ff", "ka"), ("\u3040", "\u30ff", "ja"), ("\u4e00", "\u9fff", "zh"), ("\uac00", "\ud7af", "ko"),
)  # fmt: skip


def _languages_by(part: str, split: bool) -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Return the languages of each word or letter, each with what it counts."""
    found: dict[str, list[str]] = {}
    for language, lists in _LISTS.items():
        for item in lists[part].split() if split else lists[part]:
            found.setdefault(item, []).append(language)
    return {item: tuple((name, _weight(len(names), split)) for name in names) for item, names in found.items()}


def _weight(languages: int, word: bool) -> float:
    return (0.5 if languages >= MANY else 1.0) if word else LETTER_WEIGHT


_ENGLISH = frozenset(_LISTS["en"]["words"].split())
_BY_WORD, _BY_LETTER = _languages_by("words", split=True), _languages_by("letters", split=False)


def language_of(text: str, known_words: Sequence[str] | None = None) -> str | None:
    """Return the code of a text's language (ISO 639-1), None if it cannot be told. `known_words` are its words in lower case."""
    head = text[:MAX_CHARS].casefold()
    if not head.isascii() and (script := _script(head)):
        return script
    said = (words(head) if known_words is None else known_words)[:MAX_WORDS]
    if len(said) >= SURE_WORDS and sum(map(_ENGLISH.__contains__, said)) >= SURE_SHARE * len(said):
        return "en"
    hits: Counter[str] = Counter()
    for word in said:
        for name, weight in _BY_WORD.get(word, ()):
            hits[name] += weight  # type: ignore[assignment]
    if not head.isascii():
        for letter in _BY_LETTER.keys() & set(head):
            for name, weight in _BY_LETTER[letter]:
                hits[name] += weight  # type: ignore[assignment]
    (best, most), (_, next_most) = [*hits.most_common(2), ("", 0), ("", 0)][:2]
    return best if most >= MIN_HITS and most >= MIN_LEAD * next_most else None


def _script(text: str) -> str:
    """Return the language that is written in the script of most of a text's letters; an empty string if that is Latin."""
    letters = [letter for letter in text if letter.isalpha()]
    other = [letter for letter in letters if letter > LATIN_END]
    if 2 * len(other) <= len(letters):
        return ""
    counts = Counter(name for letter in other for first, last, name in _SCRIPTS if first <= letter <= last)
    return min(counts, key=lambda name: (-counts[name], name)) if counts else "und"


def is_english(text: str) -> bool:
    """Return whether a text is English or may be: the answer is no only on evidence of another language."""
    return language_of(text) in {None, "en"}

"""Plain text, cut where a person would cut it: at the end of a sentence, else of a word."""

import re
from collections.abc import Sequence

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SURROGATE = re.compile("[\ud800-\udfff]")  # half of a character beyond the first plane, without its other half
_SENTENCE_END = re.compile(r"""[.!?…。！？؟\n](?:(?<=\n)|[)"'’”»\]]*(?=\s|$)|(?<=[。！？]))""")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NO_END = re.compile(
    r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|Nr|Str|Hr|Fr|bzw|ca|vs|etc|e\.g|i\.e|approx|Cllr|Rev|Sgt|Lt"
    r"|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec)|\b[A-Z])\.$"
)


def words(text: str) -> list[str]:
    """Return the words of a text, including numbers."""
    return _WORD.findall(text)


def word_count(text: str, known_words: Sequence[str] | None = None) -> int:
    """Return how many words a text has (`known_words`, if given); in scripts without spaces two characters count as one word."""
    if known_words is not None and not _CJK.search(text):
        return len(known_words)
    return len(words(_CJK.sub(" ", text))) + len(_CJK.findall(text)) // 2


def squeeze(text: str) -> str:
    """Return the text on one line, with its white space folded."""
    return " ".join(text.split())


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return where each sentence of a text begins and ends; so does each line. Abbreviations and initials do not end one."""
    found, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        if _NO_END.search(text, max(start, match.end() - 12), match.end()):
            continue
        found.append((start, match.end()))
        start = match.end()
    found.append((start, len(text)))
    return [span for span in (_stripped(text, *span) for span in found) if span[0] < span[1]]


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    part = text[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, as `sentence_spans` finds them."""
    return [text[start:end] for start, end in sentence_spans(text)]


def excerpt(text: str, limit: int) -> str:
    """Return the leading whole sentences that fit in `limit` characters, else whole words and an ellipsis."""
    text = squeeze(text[: 4 * limit + 1_000])
    if len(text) <= limit:
        return text
    kept = ""
    for sentence in sentences(text):  # pragma: no branch  together the sentences are as long as the text, which does not fit
        longer = f"{kept} {sentence}".strip()
        if len(longer) > limit:
            break
        kept = longer
    return kept or shorten(text, limit)


def shorten(text: str, limit: int) -> str:
    """Return the text on one line, cut before the word that passes `limit` characters, with an ellipsis."""
    text = squeeze(text[: 4 * limit + 1_000])
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    at = head.rfind(" ")
    return (head[:at] if at > limit // 2 else head).rstrip(" ,;:–—-") + "…"


def ended(sentence: str) -> str:
    """Return a sentence with the mark that ends it."""
    return sentence if sentence.endswith((".", "!", "?")) else f"{sentence}."


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun, as in a sentence; `many` is the plural if it is not the noun with an `s`."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def number(text: object, most: int) -> int | None:
    """Return a whole number as a stranger wrote it, at most `most`; None if it is not one, or has 12 digits or more."""
    digits = str(text).strip()
    return min(int(digits), most) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None


def storable(text: str) -> str:
    """Return the text as any database and any file accepts it: without NUL and without halves of characters."""
    return _SURROGATE.sub("\ufffd", text).replace("\0", "")

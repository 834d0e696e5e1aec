"""Why a comment may not be printed: each gate has a name that the editor can read. Gates come before any score.

The abuse lists are data (`abuse.txt`), which a newsletter's own file of that name extends or loosens. They are English;
on a text in another language they find nothing and so step aside.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from digest.markup import own_words
from digest.model import Article, Comment
from digest.prose import words

SHORTEST = 12  # own words
TOO_SHORT = f"under {SHORTEST} words of its own"
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_FIRST = re.compile(r"^\W*(?:first|this|same|agreed|well said|hear,? hear|\+1)\W*$", re.IGNORECASE)
_META = re.compile(
    r"\b(?:moderators?|moderated|censor(?:ed|ship)?"
    r"|my (?:last |previous )?(?:comment|post) (?:was|has been) (?:deleted|removed))\b",
    re.IGNORECASE,
)
_NEWSROOM = frozenset({"author", "writer", "reporter", "journalist", "editor", "columnist", "gazette", "paper"})
_ALIKE = str.maketrans("аеорсухікАЕОРСУХІКМТВН", "aeopcyxikAEOPCYXIKMTBH")
_SECOND = re.compile(r"\b(?:you|your|yours|yourself|ur|u)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Lists:
    """`always` is never printed; `aimed` is not where it is said to or of a writer. Both are patterns over lower case."""

    always: re.Pattern[str]
    aimed: re.Pattern[str]


def load(texts: Iterable[str]) -> Lists:
    """The lists from the texts of files in turn; a later one adds terms, and takes one out with a leading `-`."""
    sections: dict[str, dict[str, None]] = {"always": {}, "aimed": {}}
    for text in texts:
        section = "always"
        for raw in text.splitlines():
            line = raw.partition("#")[0].strip().casefold()
            if line.startswith("[") and line.strip("[]") in sections:
                section = line.strip("[]")
            elif line.startswith("-"):
                sections[section].pop(line[1:].strip(), None)
            elif line:
                sections[section][line] = None
    return Lists(always=_pattern(sections["always"]), aimed=_pattern(sections["aimed"]))


def _pattern(terms: Iterable[str]) -> re.Pattern[str]:
    """Whole words; `*` at the end of a term stands for any ending."""
    parts = [re.escape(term).replace(r"\*", r"\w*").replace(r"\ ", r"\s+") for term in sorted(terms, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)" if parts else r"(?!)")


def length(text: str) -> int:
    """Words; in scripts without spaces two characters count as one."""
    return len(words(_CJK.sub(" ", text))) + len(_CJK.findall(text)) // 2


def gate(comment: Comment, article: Article, names: Sequence[str], lists: Lists) -> str | None:
    """The reason against a comment by itself, or None; `names` are the people it could be aimed at."""
    text = own_words(comment.text)
    if comment.kind != "comment" or comment.state != "approved":
        return f"{comment.kind if comment.kind != 'comment' else comment.state}, not an approved comment"
    if abusive(text, [article.author, *names], lists) or abusive(comment.author, [], lists):
        return "abuse"
    if len(_LINK.findall(text)) >= 3:
        return "three links or more"
    if length(_LINK.sub(" ", text)) < SHORTEST:
        return TOO_SHORT
    if _FIRST.match(text) or _META.search(text):
        return "about the comments, not the article"
    return "mostly capitals" if _shouted(text) else None


def _shouted(text: str) -> bool:
    letters = [letter for letter in text if letter.isalpha() and letter.lower() != letter.upper()]
    return len(letters) > 20 and sum(letter.isupper() for letter in letters) > 0.5 * len(letters)


def abusive(text: str, people: Sequence[str], lists: Lists) -> bool:
    """Whether a text holds a term that is never printed, or a milder one aimed at a writer or the reader."""
    folded = _unmasked(_plain(text).casefold())
    if lists.always.search(folded):
        return True
    return bool(lists.aimed.search(folded)) and (bool(_SECOND.search(folded)) or _names_one_of(folded, people))


def _plain(text: str) -> str:
    """The text as it is read: no invisible letters, wide and Cyrillic look-alikes as the Latin letters they pose for."""
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) not in {"Cf", "Mn"})
    return seen.translate(_ALIKE) if re.search("[a-zA-Z]", seen) else seen


def _unmasked(text: str) -> str:
    """Letters behind the commonest disguises: `id1ot`, `i.d.i.o.t`, `f*ck` stays for the list."""
    text = text.replace("’", "'").translate(str.maketrans("0134@$", "oieaas")) if re.search(r"[a-z][0134@$]+[a-z]", text) else text
    return re.sub(r"\b(?:[a-z][.\-_ ]){3,}[a-z]\b", lambda match: re.sub(r"[^a-z]", "", match[0]), text)


def _names_one_of(text: str, people: Sequence[str]) -> bool:
    """Whether a text speaks of its article's author, by any part of the name, of a fellow commenter by the whole of it (half the
    town is called Town), or of the newsroom.
    """
    author, *commenters = people or [""]
    said = {part.removesuffix("'s") for part in words(text)}
    by_name = any(len(name) > 3 and re.search(rf"(?<!\w){re.escape(name.casefold())}(?!\w)", text) for name in commenters)
    return by_name or bool(said & (_NEWSROOM | {part.casefold() for part in words(author) if len(part) > 2}))


def fingerprint(comment: Comment) -> str:
    """What two copies of a comment share."""
    return " ".join(words(own_words(comment.text).casefold()))

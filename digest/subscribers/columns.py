"""What a file's columns mean, whichever program wrote them: names, statuses and flags in the words of the common ones.

Excel and its like write what a person named them; Mailchimp, Substack, Ghost, Buttondown, listmonk, MailPoet and others
have words of their own. A list of those who left often has no status at all, only the time when they did: whoever reads it
as a list of readers writes to everybody who asked not to be written to.
"""

import re
import tomllib
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from digest.errors import UsageError
from digest.model import NOTHING
from digest.statuses import STATUSES, UNCLEAR

KNOWN = ("email", "name", "status", "topics", "timezone", "language", "frequency", "joined", "paused_until")
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")  # hasOptedOut
_GAPS = re.compile(r"[\s_\-/]+")

WORDS: Mapping[str, Mapping[str, list[str]]] = tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))


def _by_word(table: str) -> dict[str, str]:
    return {word: meaning for meaning, words in WORDS[table].items() for word in words}


_COLUMNS, _STATUSES = WORDS["columns"], _by_word("statuses")
_WHEN, _IF_TRUE, _IF_FALSE = _by_word("when"), _by_word("if_true"), _by_word("if_false")
_BY_WORD = frozenset({*WORDS["by_word"]["columns"], *_COLUMNS["status"]})
_DECISIONS, _ABOUT, _HARMLESS, _BEFORE = (WORDS["decisions"][name] for name in ("words", "about", "harmless", "before"))
IGNORED = "ignore"
YES_WORDS, NO_WORDS, NOTHING_WORDS = (frozenset(WORDS["cells"][name]) for name in ("yes", "no", "nothing"))
_NEVER = NOTHING_WORDS - {""}  # where consent should stand, and somebody wrote that there is none


@dataclass(frozen=True, slots=True)
class Flag:
    """A column that is not the status and nevertheless may say one."""

    at: int
    says: Callable[[str], str | None]
    clear: str  # what stands there for one who is active


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row each known value stands; `extra` are the columns that keep their own names.

    `undecided` are those that may say who must not be written to, in words that are not known.
    """

    names: tuple[str, ...]
    known: Mapping[str, int]
    first: int | None
    last: int | None
    flags: tuple[Flag, ...]
    extra: tuple[tuple[int, str], ...]
    undecided: tuple[str, ...] = ()

    @classmethod
    def of(cls, header: Sequence[str], meant: Mapping[str, str] = NOTHING) -> "Columns":
        """The meaning of a header; `meant` says of some columns what they are: a column of ours, a status, or `ignore`."""
        names = tuple(stripped(field) for field in header)
        told = {at: meant[name.casefold()] for at, name in enumerate(names) if name.casefold() in meant}
        plain = ["" if at in told else _plain(name) for at, name in enumerate(names)]
        places = {meaning: place for meaning, words in _COLUMNS.items() if (place := _place(plain, words)) is not None}
        places |= {meaning: at for at, meaning in told.items() if meaning in _COLUMNS}
        first, last = places.pop("first", None), places.pop("last", None)
        if "name" in places:
            first = last = None
        used = {*places.values(), first, last}
        extra = tuple((at, name) for at, name in enumerate(names) if name and at not in used and told.get(at) != IGNORED)
        flags = [flag for at, name in enumerate(plain) if at not in used for flag in _flags(at, name)]
        flags += [_flag_of(at, meaning) for at, meaning in told.items() if meaning in STATUSES]
        clear = {*used, *told, *(flag.at for flag in flags)}
        undecided = tuple(name for at, name in enumerate(names) if at not in clear and _may_decide(plain[at]))
        return cls(names, places, first, last, tuple(flags), extra, undecided)

    def values(self, email: str, name: str, others: Mapping[str, str]) -> list[str]:
        """The fields of a new row: known ones by their meaning, extra ones by their name."""
        fields = [""] * len(self.names)
        given, _, family = name.partition(" ")
        for at, value in ((self.known["email"], email), (self.known.get("name"), name), (self.first, given), (self.last, family)):
            if at is not None:
                fields[at] = value if at != self.first or self.last is not None else name
        for at, value in self.placed(others).items():
            fields[at] = value
        return fields

    def placed(self, values: Mapping[str, str]) -> dict[int, str]:
        """Where the values of some columns go; those that the file does not have are left out."""
        own = {name.casefold(): at for at, name in self.extra}
        found = {name: self.known.get(name, own.get(name.casefold())) for name in values}
        return {at: values[name] for name, at in found.items() if at is not None}


def names_addresses(header: Sequence[str]) -> bool:
    """Whether a header has a column of addresses."""
    return "email" in Columns.of([stripped(field).strip('"') for field in header]).known


def status_of(word: str) -> str | None:
    """A status in our words; None for a word that nobody knows."""
    if word.startswith("-") and word[1:].strip().isdigit():  # AcyMailing's -1
        return "unsubscribed"
    return _STATUSES.get(word) or _STATUSES.get(_GAPS.sub(" ", word.partition("(")[0]).strip(" *:.\"'"))


def day_of(text: str) -> str:
    """A date as `joined` has it, from what programs write; an empty string where its order of day and month cannot be told."""
    found = _DAY.match(text.strip())
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def resume_date(text: str) -> date | None:
    """The day when a pause ends."""
    day = day_of(text)
    return date.fromisoformat(day) if day else None


def stripped(text: str) -> str:
    """A text without blanks and marks that nobody sees at its ends."""
    while text and (text[0].isspace() or unicodedata.category(text[0]) == "Cf"):
        text = text[1:]
    while text and (text[-1].isspace() or unicodedata.category(text[-1]) == "Cf"):
        text = text[:-1]
    return text


def parse_meanings(given: Sequence[str]) -> dict[str, str]:
    """What a person says of a file's columns (`Email Opt Out=unsubscribed`), by their names in small letters; UsageError."""
    found = {}
    for text in given:
        name, _, meaning = (stripped(part) for part in text.rpartition("="))
        if not name or meaning.casefold() not in (*STATUSES, *_COLUMNS, IGNORED):
            raise UsageError(
                f"--columns {text!r} is not understood",
                remedy=f'Write it like "Email Opt Out=unsubscribed"; there is: {", ".join((*STATUSES, *KNOWN, IGNORED))}.',
            )
        found[name.casefold()] = meaning.casefold()
    return found


def _plain(name: str) -> str:
    return _GAPS.sub(" ", _HUMPS.sub(" ", name).casefold()).strip(" *:.?\"'")


def plain_name(name: str) -> str:
    """A column's name in small letters, one blank for any gap."""
    return _plain(stripped(name))


def plain_cell(cell: str) -> str:
    """A cell in small letters, without what stands around its word: `'TRUE`, `yes (2023)`."""
    bare = stripped(cell).casefold()
    return bare if bare in NOTHING_WORDS else bare.partition("(")[0].strip(" *:.\"'’‘")


def _place(plain: Sequence[str], words: Sequence[str]) -> int | None:
    return next((plain.index(word) for word in words if word in plain), None)


def _may_decide(name: str) -> bool:
    """Whether a column nobody knows may say who must not be written to."""
    if name in _HARMLESS or name.startswith(tuple(f"{word} " for word in _BEFORE)):
        return False
    if f" {name}".endswith(tuple(f" {word}" for word in _ABOUT)):
        return False
    return any(f" {word}" in f" {name}" for word in _DECISIONS)


def _flag_of(at: int, status: str) -> Flag:
    """A column of which somebody has said that it tells a status: by a yes, a day or a reason; `active` is consent, and a no takes
    it back.
    """
    if status == "active":
        return Flag(at, lambda cell: _by_answer(cell, yes=None, no="unsubscribed"), "true")
    return Flag(at, lambda cell: None if plain_cell(cell) in NO_WORDS | NOTHING_WORDS else status, "false")


def _flags(at: int, name: str) -> list[Flag]:
    """A cell of `no` under `unsubscribed`, or of `0`, is no opt-out; an empty cell never says anything; what is neither is told."""
    found = []
    if name in _WHEN:
        found.append(Flag(at, lambda cell: None if plain_cell(cell) in NO_WORDS | NOTHING_WORDS else _WHEN[name], ""))
    if name in _IF_TRUE:
        found.append(Flag(at, lambda cell: _by_answer(cell, yes=_IF_TRUE[name], no=None), "false"))
    if name in _IF_FALSE:
        found.append(Flag(at, lambda cell: _by_answer(cell, yes=None, no=_IF_FALSE[name]), "true"))
    if name in _BY_WORD:
        found.append(Flag(at, lambda cell: status_of(stripped(cell).casefold()) if cell else None, "active"))
    return found


def _by_answer(cell: str, *, yes: str | None, no: str | None) -> str | None:
    """What a yes or a no comes to; a word of a status stands for it, and anything else for a question."""
    said = plain_cell(cell)
    if no and said in _NEVER:
        return no
    if said in NOTHING_WORDS:
        return None
    if said in YES_WORDS:
        return yes
    if said in NO_WORDS:
        return no
    status = status_of(said)
    if status is None:
        return f"{UNCLEAR}{cell[:40]}"
    return status if status != "active" else yes if no else None

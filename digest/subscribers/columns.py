"""What a file's columns mean, whichever program wrote them: names, statuses and flags in the words of common programs.

Excel and its like keep the names that a person chose. Mailchimp, Substack, Ghost, Buttondown, listmonk, MailPoet and others
have words of their own. A list of those who left often has no status at all, only the time when they left. Read as a list of
subscribers, it would send mail to everybody who asked for none.
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
from digest.subscriber_statuses import STATUSES, UNKNOWN_PREFIX

KNOWN_COLUMNS = ("email", "name", "status", "topics", "timezone", "language", "frequency", "joined", "paused_until")
_DAY = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")  # hasOptedOut
_GAPS = re.compile(r"[\s_\-/]+")

WORDS: Mapping[str, Mapping[str, list[str]]] = tomllib.loads(
    (Path(__file__).parent / "column_synonyms.toml").read_text(encoding="utf-8")
)


def _by_word(table: str) -> dict[str, str]:
    return {word: meaning for meaning, words in WORDS[table].items() for word in words}


_COLUMNS, _STATUSES = WORDS["columns"], _by_word("statuses")
_WHEN, _IF_TRUE, _IF_FALSE = _by_word("when"), _by_word("if_true"), _by_word("if_false")
_BY_WORD = frozenset({*WORDS["by_word"]["columns"], *_COLUMNS["status"]})
_DECISIONS, _ABOUT, _HARMLESS, _BEFORE = (WORDS["decisions"][name] for name in ("words", "about", "harmless", "before"))
IGNORED = "ignore"
YES_WORDS, NO_WORDS, NOTHING_WORDS = (frozenset(WORDS["cells"][name]) for name in ("yes", "no", "nothing"))
_NEVER = NOTHING_WORDS - {""}  # words in a consent column which say that there is none


@dataclass(frozen=True, slots=True)
class Flag:
    """A column other than the status that may also say a status."""

    position: int
    status_of_cell: Callable[[str], str | None]
    active_cell: str  # its cell in the row of an active subscriber


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of the known columns in a row, by meaning; `extra` are the columns that keep their own names.

    `ambiguous` are the columns that may say who must not be written to, but in words that are not known.
    """

    names: tuple[str, ...]
    positions: Mapping[str, int]
    first_name: int | None
    last_name: int | None
    flags: tuple[Flag, ...]
    extra: tuple[tuple[int, str], ...]
    ambiguous: tuple[str, ...] = ()

    @classmethod
    def of(cls, header: Sequence[str], meanings: Mapping[str, str] = NOTHING) -> "Columns":
        """Return the meaning of a header; `meanings` says what some columns are: a column of ours, a status, or `ignore`."""
        names = tuple(strip_invisible(field) for field in header)
        given = {at: meanings[name.casefold()] for at, name in enumerate(names) if name.casefold() in meanings}
        plain = ["" if at in given else _plain(name) for at, name in enumerate(names)]
        positions = {meaning: at for meaning, words in _COLUMNS.items() if (at := _find_word(plain, words)) is not None}
        positions |= {meaning: at for at, meaning in given.items() if meaning in _COLUMNS}
        first, last = positions.pop("first", None), positions.pop("last", None)
        if "name" in positions:
            first = last = None
        used = {*positions.values(), first, last}
        extra = tuple((at, name) for at, name in enumerate(names) if name and at not in used and given.get(at) != IGNORED)
        flags = [flag for at, name in enumerate(plain) if at not in used for flag in _flags(at, name)]
        flags += [_flag_of(at, meaning) for at, meaning in given.items() if meaning in STATUSES]
        clear = {*used, *given, *(flag.position for flag in flags)}
        ambiguous = tuple(name for at, name in enumerate(names) if at not in clear and _may_decide(plain[at]))
        return cls(names, positions, first, last, tuple(flags), extra, ambiguous)

    def new_row_fields(self, email: str, name: str, others: Mapping[str, str]) -> list[str]:
        """Return the fields of a new row; `others` has known columns by their meaning and extra ones by their name."""
        fields = [""] * len(self.names)
        given, _, family = name.partition(" ")
        names = ((self.positions.get("name"), name), (self.first_name, given), (self.last_name, family))
        for at, value in ((self.positions["email"], email), *names):
            if at is not None:
                fields[at] = value if at != self.first_name or self.last_name is not None else name
        for at, value in self.by_position(others).items():
            fields[at] = value
        return fields

    def by_position(self, values: Mapping[str, str]) -> dict[int, str]:
        """Return the values of some columns by their position in a row; columns that the file does not have are left out."""
        own = {name.casefold(): at for at, name in self.extra}
        found = {name: self.positions.get(name, own.get(name.casefold())) for name in values}
        return {at: values[name] for name, at in found.items() if at is not None}


def has_address_column(header: Sequence[str]) -> bool:
    """Return whether a header has a column of addresses."""
    return "email" in Columns.of([strip_invisible(field).strip('"') for field in header]).positions


def status_of(word: str) -> str | None:
    """Return the status that a word means, or None if the word is unknown."""
    if word.startswith("-") and word[1:].strip().isdigit():  # AcyMailing's -1
        return "unsubscribed"
    return _STATUSES.get(word) or _STATUSES.get(_GAPS.sub(" ", word.partition("(")[0]).strip(" *:.\"'"))


def iso_date(text: str) -> str:
    """Return a program's date as `joined` has it; an empty string if there is none or its day and month could be swapped."""
    found = _DAY.match(text.strip())
    try:
        return date(*map(int, found.groups())).isoformat() if found else ""
    except ValueError:
        return ""


def resume_date(text: str) -> date | None:
    """Return the day on which a pause ends, or None."""
    day = iso_date(text)
    return date.fromisoformat(day) if day else None


def strip_invisible(text: str) -> str:
    """Return a text without spaces and invisible characters at its ends."""
    while text and (text[0].isspace() or unicodedata.category(text[0]) == "Cf"):
        text = text[1:]
    while text and (text[-1].isspace() or unicodedata.category(text[-1]) == "Cf"):
        text = text[:-1]
    return text


def parse_meanings(given: Sequence[str]) -> dict[str, str]:
    """Return what a person says columns mean (`Email Opt Out=unsubscribed`), by names in lower case; or raise UsageError."""
    found = {}
    for text in given:
        name, _, meaning = (strip_invisible(part) for part in text.rpartition("="))
        if not name or meaning.casefold() not in (*STATUSES, *_COLUMNS, IGNORED):
            raise UsageError(
                f"--columns {text!r} is not understood",
                remedy=f'Write it like "Email Opt Out=unsubscribed"; there is: {", ".join((*STATUSES, *KNOWN_COLUMNS, IGNORED))}.',
            )
        found[name.casefold()] = meaning.casefold()
    return found


def _plain(name: str) -> str:
    return _GAPS.sub(" ", _HUMPS.sub(" ", name).casefold()).strip(" *:.?\"'")


def plain_name(name: str) -> str:
    """Return a column's name in lower case, with one space for any gap."""
    return _plain(strip_invisible(name))


def plain_cell(cell: str) -> str:
    """Return a cell in lower case, without what surrounds its word: `'TRUE`, `yes (2023)`."""
    bare = strip_invisible(cell).casefold()
    return bare if bare in NOTHING_WORDS else bare.partition("(")[0].strip(" *:.\"'’‘")


def _find_word(plain: Sequence[str], words: Sequence[str]) -> int | None:
    return next((plain.index(word) for word in words if word in plain), None)


def _may_decide(name: str) -> bool:
    """Return whether an unknown column may say who must not be written to."""
    if name in _HARMLESS or name.startswith(tuple(f"{word} " for word in _BEFORE)):
        return False
    if f" {name}".endswith(tuple(f" {word}" for word in _ABOUT)):
        return False
    return any(f" {word}" in f" {name}" for word in _DECISIONS)


def _flag_of(at: int, status: str) -> Flag:
    """Return the flag of a column that somebody has said gives a status: by a yes, a day or a reason.

    `active` is consent, which a no withdraws.
    """
    if status == "active":
        return Flag(at, lambda cell: _by_answer(cell, yes=None, no="unsubscribed"), "true")
    return Flag(at, lambda cell: None if plain_cell(cell) in NO_WORDS | NOTHING_WORDS else status, "false")


def _flags(at: int, name: str) -> list[Flag]:
    """Return the flags of a column. `no` or `0` under `unsubscribed` is not an opt-out, and an empty cell says nothing.

    An answer that is neither a yes nor a no is reported.
    """
    found = []
    if name in _WHEN:
        found.append(Flag(at, lambda cell: None if plain_cell(cell) in NO_WORDS | NOTHING_WORDS else _WHEN[name], ""))
    if name in _IF_TRUE:
        found.append(Flag(at, lambda cell: _by_answer(cell, yes=_IF_TRUE[name], no=None), "false"))
    if name in _IF_FALSE:
        found.append(Flag(at, lambda cell: _by_answer(cell, yes=None, no=_IF_FALSE[name]), "true"))
    if name in _BY_WORD:
        found.append(Flag(at, lambda cell: status_of(strip_invisible(cell).casefold()) if cell else None, "active"))
    return found


def _by_answer(cell: str, *, yes: str | None, no: str | None) -> str | None:
    """Return the status that a yes or a no means; the word of a status means that status, and anything else is unclear."""
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
        return f"{UNKNOWN_PREFIX}{cell[:40]}"
    return status if status != "active" else yes if no else None

"""Where a reader's own words go in an edition that was rendered once for all.

A template writes `{{ reader.unsubscribe_url }}` or `{{ subscriber.extra.town }}` and gets a mark; composing puts the
reader's value there. Marks are ASCII letters, digits and full stops only, so that no escaping, inlining or line folding
changes them. Strangers' text and links lose them on the way in (`digest.markup`): nobody else may ask for a reader's address.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PREFIX = "digest.mark."
PATTERN = re.compile(r"digest\.mark\.([a-z_0-9]+)\.end")
OWN = "extra_"
_ROOM = {"email": 100, "name": 120}  # bytes that a reader's own words may take, escaped; few take as many
_LINK = 110  # of a link beyond the address of the pages
_COLUMN = 250  # of a column of one's own


class ExtraPlaceholders:
    """The reader's own columns: `extra.town`, `extra["Home town"]`, or `extra("town", "our town")` for those who have none."""

    def __getitem__(self, column: str) -> str:
        return self(column)

    def __getattr__(self, column: str) -> str:
        if column.startswith("__"):
            raise AttributeError(column)
        return self(column)

    def __call__(self, column: str, otherwise: str = "") -> str:
        """The mark of a column, with what stands there for readers who have nothing in it."""
        return f"{PREFIX}{OWN}{column.casefold().encode().hex()}_{otherwise.encode().hex()}.end"


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What a template may say of its reader."""

    email: str = f"{PREFIX}email.end"
    name: str = f"{PREFIX}name.end"
    unsubscribe_url: str = f"{PREFIX}unsubscribe_url.end"
    preferences_url: str = f"{PREFIX}preferences_url.end"
    view_url: str = f"{PREFIX}view_url.end"
    extra: ExtraPlaceholders = field(default_factory=ExtraPlaceholders)


def split(text: str) -> list[str]:
    """Literal text and names of marks by turns: text, name, text, …, text."""
    return PATTERN.split(text)


def filled_size(text: str, public_url: int) -> int:
    """Bytes of a text once a reader's own words are in it, at their longest; `public_url` is the length of that address."""
    *turns, last = split(text)
    room = (_ROOM.get(name, _COLUMN if name.startswith(OWN) else public_url + _LINK) for name in turns[1::2])
    return sum(len(part.encode()) for part in (*turns[::2], last)) + sum(room)


def columns(texts: Iterable[str]) -> frozenset[str]:
    """The readers' own columns that some texts speak of, in lower case."""
    names = {name for text in texts for name in PATTERN.findall(text) if name.startswith(OWN)}
    return frozenset(bytes.fromhex(name.removeprefix(OWN).partition("_")[0]).decode() for name in names)


def extra_values(names: Iterable[str], extra: Mapping[str, str]) -> dict[str, str]:
    """What a reader's own columns, by their names in lower case, say in the places of such marks."""
    parts = {name: [bytes.fromhex(part).decode() for part in name.removeprefix(OWN).split("_")] for name in names}
    return {name: extra.get(column) or otherwise for name, (column, otherwise) in parts.items()}

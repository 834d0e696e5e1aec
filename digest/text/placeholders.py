"""Placeholders for a recipient's own values in an edition that is rendered once for all.

A template writes `{{ reader.unsubscribe_url }}` or `{{ subscriber.extra.town }}` and gets a placeholder. Composing puts the
recipient's value there. Placeholders are ASCII letters, digits, underscores and full stops, so that no escaping, inlining or
line folding changes them. `text.markup` takes them out of strangers' text and links: only a template may ask for an address.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

PREFIX = "digest.mark."
PATTERN = re.compile(r"digest\.mark\.([a-z_0-9]+)\.end")
EXTRA_PREFIX = "extra_"
_VALUE_BYTES = {"email": 100, "name": 120}  # bytes that a recipient's value may take, escaped; few take as many
_LINK_BYTES = 110  # bytes of a link beyond the address of the reader pages
_COLUMN_BYTES = 250  # bytes of an extra column


class ExtraPlaceholders:
    """A recipient's extra columns: `extra.town`, `extra["Home town"]`, or `extra("town", "our town")` for those who have none."""

    def __getitem__(self, column: str) -> str:
        return self(column)

    def __getattr__(self, column: str) -> str:
        if column.startswith("__"):
            raise AttributeError(column)
        return self(column)

    def __call__(self, column: str, otherwise: str = "") -> str:
        """Return the placeholder of a column, with the text for recipients who have nothing in it."""
        return f"{PREFIX}{EXTRA_PREFIX}{column.casefold().encode().hex()}_{otherwise.encode().hex()}.end"


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The placeholders that a template may use for its recipient."""

    email: str = f"{PREFIX}email.end"
    name: str = f"{PREFIX}name.end"
    unsubscribe_url: str = f"{PREFIX}unsubscribe_url.end"
    preferences_url: str = f"{PREFIX}preferences_url.end"
    view_url: str = f"{PREFIX}view_url.end"
    extra: ExtraPlaceholders = field(default_factory=ExtraPlaceholders)


def split(text: str) -> list[str]:
    """Return literal text and names of placeholders in turn: text, name, text, …, text."""
    return PATTERN.split(text)


def filled_size(text: str, public_url_chars: int) -> int:
    """Return the size in bytes of a text with a recipient's longest values in it, the links at an address of this length."""
    *turns, last = split(text)
    link_bytes = public_url_chars + _LINK_BYTES
    sizes = (_VALUE_BYTES.get(name, _COLUMN_BYTES if name.startswith(EXTRA_PREFIX) else link_bytes) for name in turns[1::2])
    return sum(len(part.encode()) for part in (*turns[::2], last)) + sum(sizes)


def columns(texts: Iterable[str]) -> frozenset[str]:
    """Return the names, in lower case, of the extra columns that some texts use."""
    names = {name for text in texts for name in PATTERN.findall(text) if name.startswith(EXTRA_PREFIX)}
    return frozenset(bytes.fromhex(name.removeprefix(EXTRA_PREFIX).partition("_")[0]).decode() for name in names)


def extra_values(names: Iterable[str], extra: Mapping[str, str]) -> dict[str, str]:
    """Return the text for each of these placeholders, from a recipient's extra columns by their names in lower case."""
    parts = {name: [bytes.fromhex(part).decode() for part in name.removeprefix(EXTRA_PREFIX).split("_")] for name in names}
    return {name: extra.get(column) or otherwise for name, (column, otherwise) in parts.items()}

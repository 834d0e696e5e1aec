"""Where a reader's own words go in an edition that was rendered once for all.

A template writes `{{ reader.unsubscribe_url }}` and gets a mark; composing puts the reader's value there. Marks are
ASCII letters and full stops only, so that no escaping, inlining or line folding changes them. Strangers' text and links
lose them on the way in (`digest.markup`): nobody else may ask for a reader's address.
"""

import re
from dataclasses import dataclass

PREFIX = "digest.mark."
PATTERN = re.compile(r"digest\.mark\.([a-z_]+)\.end")


@dataclass(frozen=True, slots=True)
class ReaderMarks:
    """What a template may say of its reader."""

    email: str = f"{PREFIX}email.end"
    name: str = f"{PREFIX}name.end"
    unsubscribe_url: str = f"{PREFIX}unsubscribe_url.end"
    view_url: str = f"{PREFIX}view_url.end"


def split(text: str) -> list[str]:
    """Literal text and names of marks by turns: text, name, text, …, text."""
    return PATTERN.split(text)

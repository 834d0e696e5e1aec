"""A text as a reader sees it, whatever characters it was made of: what hides words from lists does not hide them from people."""

import re
import unicodedata

_ALIKE = str.maketrans("аеорсухікАЕОРСУХІКМТВН", "aeopcyxikAEOPCYXIKMTBH")


def as_read(text: str) -> str:
    """Return the text as it is read: no invisible characters, wide and Cyrillic look-alikes as the Latin letters they imitate."""
    if text.isascii() or _written_plainly(text):
        return text
    seen = unicodedata.normalize("NFKC", text)
    unseen = {ord(letter): None for letter in set(seen) if not letter.isascii() and unicodedata.category(letter) in {"Cf", "Mn"}}
    seen = seen.translate(unseen)
    return seen.translate(_ALIKE) if re.search("[a-zA-Z]", seen) else seen


def _written_plainly(text: str) -> bool:
    """Return whether a text has only Western European characters (cp1252), which imitate no others, and no soft hyphen."""
    try:
        text.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return "\xad" not in text

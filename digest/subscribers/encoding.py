"""The encoding of a file: UTF-8, UTF-16 with or without a byte order mark, or Windows-1252.

Text is read so that its bytes can be written again unchanged: bytes that are not UTF-8 become surrogates (PEP 383).
"""

import codecs
import mmap
import re
from dataclasses import dataclass
from pathlib import Path

from digest.errors import SubscriberFileError

_BYTE_ORDER_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SURROGATE = re.compile("[\udc80-\udcff]")
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a file's text is encoded: its codec, for old and new text, and the byte order mark at its beginning."""

    codec: str
    bom: bytes = b""

    @property
    def errors(self) -> str:
        """How the codec treats bytes that are invalid in it."""
        return "surrogateescape" if self.codec == "utf-8" else "strict"

    @classmethod
    def of(cls, head: bytes) -> "Encoding":
        """Return the encoding of a file that begins with these bytes."""
        for bom, codec in _BYTE_ORDER_MARKS:
            if head.startswith(bom):
                return cls(codec, bom)
        even, odd = head[::2].count(0), head[1::2].count(0)
        if max(even, odd) * 4 > len(head) > 1:
            return cls("utf-16-le" if odd > even else "utf-16-be")
        return cls("utf-8")

    def encode(self, text: str) -> bytes:
        """Return text as bytes; text that was read from the file becomes the bytes it was."""
        return text.encode(self.codec, self.errors)


def is_windows_1252(text: str) -> bool:
    """Return whether some of the text was not UTF-8."""
    return not text.isascii() and bool(_SURROGATE.search(text))


def decode_windows_1252(text: str) -> str:
    """Return a text, read as Windows-1252 if some of its bytes were not UTF-8."""
    return text.encode("utf-8", "surrogateescape").decode("cp1252", "replace") if is_windows_1252(text) else text


def detect_windows_1252(path: Path) -> bool:
    """Return whether a file that should be UTF-8 is not; what is added to it is then written in Windows-1252 as well."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                decoder.decode(piece)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return True
    return False


def as_windows_1252(text: str) -> str:
    """Return new text for a Windows-1252 file, in the form in which its text was read.

    A character that Windows-1252 does not have becomes a question mark, as in every program that writes it. An address keeps
    the character, because it can be read again in either encoding.
    """
    try:
        return text.encode("cp1252").decode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text if "@" in text else text.encode("cp1252", "replace").decode("utf-8", "surrogateescape")


def may_contain_address(path: Path, address: str) -> bool:
    """Return whether a file may contain an address: False if its bytes have no spelling of it. A tenth of a second for 70 MB."""
    if not address.isascii() or "@xn--" in address or ".xn--" in address:
        return True  # it may be written in letters outside ASCII
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            if Encoding.of(data[:4_096]).codec != "utf-8":
                return True
            return re.search(re.escape(address.encode()), data, re.IGNORECASE) is not None
    except ValueError:  # an empty file
        return True
    except OSError as error:
        raise SubscriberFileError(f"cannot be read: {error.strerror}", thing=str(path)) from error

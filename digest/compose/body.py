"""A body made ready: encoded once, in relaxed form once, hashed as far as it is the same for all.

Shared text and a reader's own words stand by turns, each on lines of its own: a soft line break of the quoted-printable
text lies between, which a mail program joins again. So every piece can be encoded, put into relaxed form (RFC 6376,
section 3.4.4) and hashed by itself, and only a reader's own words are left to do for each message.
"""

import binascii
import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from digest.compose.dkim import relaxed
from digest.model import Rendered
from digest.text.placeholders import split

_LEADING_DOT = re.compile(rb"(?m)^\.")


@dataclass(frozen=True, slots=True)
class _Shared:
    """Bytes that every reader gets, as they are sent and in relaxed form."""

    raw: bytes
    relaxed: bytes


@dataclass(frozen=True, slots=True)
class _Own:
    """The place of a reader's own words; `key` tells apart where they are escaped and where not."""

    name: str
    key: str
    escape: Callable[[str], str]


class Body:
    """The two parts of one edition (multipart/alternative), for any number of readers."""

    def __init__(self, rendered: Rendered, boundary: str) -> None:
        fence = f"--{boundary}".encode()
        pieces = [fence + b"\r\n", *_part("plain", rendered.text, str)]
        pieces += [b"\r\n" + fence + b"\r\n", *_part("html", rendered.html, html.escape)]
        self._pieces = list(_merged([*pieces, b"\r\n" + fence + b"--\r\n"]))
        self._places = list({piece.key: piece for piece in self._pieces if isinstance(piece, _Own)}.values())
        first = self._pieces.pop(0)
        self._first = first.raw if isinstance(first, _Shared) else b""
        self._hash = hashlib.sha256(first.relaxed if isinstance(first, _Shared) else b"")

    @property
    def names(self) -> frozenset[str]:
        """Of what a reader's own words are asked for."""
        return frozenset(place.name for place in self._places)

    def words(self, values: Mapping[str, str]) -> dict[str, bytes]:
        """A reader's own words, encoded for the places where they go."""
        return {place.key: _soft_end(_quoted(place.escape(values.get(place.name, "")))) for place in self._places}

    def pieces(self, words: Mapping[str, bytes]) -> list[bytes]:
        """The body with a reader's words in their places."""
        return [self._first, *(piece.raw if isinstance(piece, _Shared) else words[piece.key] for piece in self._pieces)]

    def digest(self, words: Mapping[str, bytes]) -> bytes:
        """The SHA-256 of the body in relaxed form."""
        digest = self._hash.copy()
        for piece in self._pieces:
            digest.update(piece.relaxed if isinstance(piece, _Shared) else relaxed(words[piece.key]))
        return digest.digest()


def _part(subtype: str, text: str, escape: Callable[[str], str]) -> Iterator[bytes | _Own]:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield head.encode()
    *turns, last = split(text)
    for shared, name in zip(turns[::2], turns[1::2], strict=True):
        yield _soft_end(_quoted(shared))
        yield _Own(name, f"{subtype} {name}", escape)
    yield _quoted(last)


def _merged(pieces: list[bytes | _Own]) -> Iterator[_Shared | _Own]:
    """Neighbouring shared pieces as one, each in relaxed form."""
    shared = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            shared += piece
            continue
        yield _Shared(shared, relaxed(shared))
        yield piece
        shared = b""
    yield _Shared(shared, relaxed(shared))


def _quoted(text: str) -> bytes:
    """Quoted-printable with CRLF and lines of at most 76 octets (RFC 2045, section 6.7)."""
    canonical = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    encoded = binascii.b2a_qp(canonical, istext=True)
    if encoded.startswith(b".") or b"\n." in encoded:  # so that no line needs stuffing on the wire
        encoded = _LEADING_DOT.sub(b"=2E=\n", encoded)
    return encoded.replace(b"\n", b"\r\n")


def _soft_end(encoded: bytes) -> bytes:
    """The text with a soft line break at its end; a last line without room for `=` is broken once more."""
    line = encoded[encoded.rfind(b"\n") + 1 :]
    if not line:
        return encoded
    if len(line) < 76:
        return encoded + b"=\r\n"
    at = len(encoded) - 1
    while b"=" in encoded[at - 2 : at]:  # not inside an escaped octet
        at -= 1
    return encoded[:at] + b"=\r\n" + encoded[at:] + b"=\r\n"

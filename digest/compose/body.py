"""A message body prepared once: encoded, put into relaxed form, and hashed as far as it is the same for all recipients.

Shared text and a recipient's own values alternate, each on lines of its own. A soft line break (quoted-printable) is between
them, and a mail program joins the lines again. So each piece can be encoded, put into relaxed form (RFC 6376, section 3.4.4)
and hashed by itself. Only a recipient's own values are left to do for each message.
"""

import binascii
import hashlib
import html
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from digest.compose.dkim import canonicalize_body
from digest.model import Rendered
from digest.text.placeholders import split

_LEADING_DOTS = re.compile(rb"(?m)^(\.+)($)?")
_LAST_BLANK_TOO_FAR = re.compile(rb"(?m)^([^\n]{74,75})(=20|=09)$")  # binascii leaves no room for what a blank at the end becomes
_MAX_OCTETS_ESCAPED = 25  # escaped octets on a line of at most 76, with the `=` of a soft line break


@dataclass(frozen=True, slots=True)
class _Shared:
    """Bytes that every recipient gets, as they are sent and in relaxed form."""

    raw: bytes
    relaxed: bytes


@dataclass(frozen=True, slots=True)
class _Placeholder:
    """A placeholder for a recipient's own value; `key` tells its escaped form from its plain one."""

    name: str
    key: str
    escape: Callable[[str], str]


class Body:
    """The two parts of one edition (multipart/alternative), for any number of recipients."""

    def __init__(self, rendered: Rendered, boundary: str) -> None:
        delimiter = f"--{boundary}".encode()
        pieces = [delimiter + b"\r\n", *_part("plain", rendered.text, str)]
        pieces += [b"\r\n" + delimiter + b"\r\n", *_part("html", rendered.html, html.escape)]
        self._pieces = list(_merged([*pieces, b"\r\n" + delimiter + b"--\r\n"]))
        self._placeholders = list({piece.key: piece for piece in self._pieces if isinstance(piece, _Placeholder)}.values())
        first = self._pieces.pop(0)
        self._first = first.raw if isinstance(first, _Shared) else b""
        self._hash = hashlib.sha256(first.relaxed if isinstance(first, _Shared) else b"")

    @property
    def placeholder_names(self) -> frozenset[str]:
        """The names of the values that a recipient can have in this body."""
        return frozenset(place.name for place in self._placeholders)

    def own_values(self, values: Mapping[str, str]) -> dict[str, bytes]:
        """Return a recipient's own values, encoded for the places where they go."""
        return {place.key: _soft_end(_quoted(place.escape(values.get(place.name, "")))) for place in self._placeholders}

    def pieces(self, own_values: Mapping[str, bytes]) -> list[bytes]:
        """Return the body with a recipient's own values in their places."""
        return [self._first, *(piece.raw if isinstance(piece, _Shared) else own_values[piece.key] for piece in self._pieces)]

    def body_hash(self, own_values: Mapping[str, bytes]) -> bytes:
        """Return the SHA-256 of the body in relaxed form."""
        hasher = self._hash.copy()
        for piece in self._pieces:
            hasher.update(piece.relaxed if isinstance(piece, _Shared) else canonicalize_body(own_values[piece.key]))
        return hasher.digest()


def _part(subtype: str, text: str, escape: Callable[[str], str]) -> Iterator[bytes | _Placeholder]:
    head = f"Content-Type: text/{subtype}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    yield head.encode()
    *alternating, last = split(text)
    for shared, name in zip(alternating[::2], alternating[1::2], strict=True):
        yield _soft_end(_quoted(shared))
        yield _Placeholder(name, f"{subtype} {name}", escape)
    yield _quoted(last)


def _merged(pieces: list[bytes | _Placeholder]) -> Iterator[_Shared | _Placeholder]:
    """Yield the pieces with neighbouring shared ones joined and put into relaxed form."""
    shared = b""
    for piece in pieces:
        if isinstance(piece, bytes):
            shared += piece
            continue
        yield _Shared(shared, canonicalize_body(shared))
        yield piece
        shared = b""
    yield _Shared(shared, canonicalize_body(shared))


def _quoted(text: str) -> bytes:
    """Return the text as quoted-printable, with CRLF and lines of at most 76 octets (RFC 2045, section 6.7)."""
    canonical = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8")
    encoded = binascii.b2a_qp(canonical, istext=True)
    if encoded.startswith(b".") or b"\n." in encoded:  # so that no line needs dot-stuffing on the wire
        encoded = _LEADING_DOTS.sub(_escaped_dots, encoded)
    if b"=20" in encoded or b"=09" in encoded:
        encoded = _LAST_BLANK_TOO_FAR.sub(rb"\1=\n\2", encoded)
    return encoded.replace(b"\n", b"\r\n")


def _escaped_dots(dots: re.Match[bytes]) -> bytes:
    """Return the dots that begin a line as escaped octets, on lines of their own if the line goes on."""
    count = len(dots[1])
    lines = [b"=2E" * min(_MAX_OCTETS_ESCAPED, count - at) for at in range(0, count, _MAX_OCTETS_ESCAPED)]
    return b"=\n".join(lines) + (b"=\n" if dots[2] is None else b"")


def _soft_end(encoded: bytes) -> bytes:
    """Return the text with a soft line break at its end; a last line without room for `=` is broken once more."""
    line = encoded[encoded.rfind(b"\n") + 1 :]
    if not line:
        return encoded
    if len(line) < 76:
        return encoded + b"=\r\n"
    at = len(encoded) - (3 if encoded[-3:-2] == b"=" else 1)  # not inside an escaped octet
    return encoded[:at] + b"=\r\n" + encoded[at:].replace(b".", b"=2E") + b"=\r\n"

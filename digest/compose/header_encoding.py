"""Header values in ASCII, folded: text as encoded words (RFC 2047), mailboxes with display names (RFC 5322, section 3.4).

The standard library is not used: its encoder has lost or added spaces at folds and the quotation marks of long names. It did so
differently from one patch level to the next (python/cpython 80222, 92081, 121284, 144156). Decoding a value gives back what it
was made of; a test holds that for any text.
"""

import base64
import re

MAX_LINE_CHARS = 76  # characters of a line that contains an encoded word (RFC 2047, section 2)
MAX_ENCODED_WORD_CHARS = 75  # characters of one encoded word
_LONGEST_QUOTED = 200  # characters of a name that is not folded: a line may have 998 (RFC 5322, section 2.1.1)
_FRAME = len("=?utf-8?q??=")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?: [A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*\Z")  # RFC 5322, 3.2.3
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!*+-/")  # RFC 2047, section 5 (3)
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def one_line(text: str) -> str:
    """Return one line without control characters, with white space collapsed: nothing in it can begin another header."""
    return " ".join(_UNSEEN.sub(" ", text).split())


def encode_unstructured(name: str, text: str) -> str:
    """Return the value of a free-text header such as Subject; the header's `name` counts towards the first line."""
    text = one_line(text)
    if _needs_no_encoding(text):
        folded = _fold_at_blanks(text, MAX_LINE_CHARS - len(name) - 2)
        if folded is not None:
            return folded
    return _encoded_words(text, MAX_LINE_CHARS - len(name) - 2)


def encode_mailbox(name: str, display: str, email: str) -> str:
    """Return a display name and an address for the header `name`: one mailbox, whatever is in the display name."""
    address, room, display = f"<{email}>", MAX_LINE_CHARS - len(name) - 2, one_line(display)
    if not display:
        return email
    phrase = _phrase(display, room)
    last = phrase[phrase.rfind("\n") + 1 :]
    room = room if last == phrase else MAX_LINE_CHARS
    return f"{phrase} {address}" if len(last) + 1 + len(address) <= room else f"{phrase}\r\n {address}"


def _phrase(display: str, room: int) -> str:
    """Return a display name: as it is, in quotation marks on one line, or as encoded words if it is not ASCII or too long."""
    if not _needs_no_encoding(display) or len(display) > _LONGEST_QUOTED:
        return _encoded_words(display, room)
    if _ATOMS.match(display):
        return display
    quoted = display.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}"'


def _needs_no_encoding(text: str) -> bool:
    """Return whether a text needs no encoding: mail programs would decode one with `=?` in it."""
    return text.isascii() and "=?" not in text


def _fold_at_blanks(text: str, room: int) -> str | None:
    """Return the text on lines that end before a blank; None if a word in it is longer than a line."""
    lines, line = [], ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if len(longer) <= room:
            line = longer
            continue
        if not line or len(word) >= MAX_LINE_CHARS:
            return None
        lines.append(line)
        line, room = word, MAX_LINE_CHARS - 1
    return "\r\n ".join([*lines, line])


def _encoded_words(text: str, room: int) -> str:
    """Return the text as encoded words, one a line, in the shorter of the two encodings; no character is cut in two."""
    octets = text.encode()
    quoted = sum(1 if octet in _PLAIN or octet == 32 else 3 for octet in octets)
    encode, cost = (_q, _q_cost) if quoted <= 4 * -(-len(octets) // 3) else (_b, _b_cost)
    words, piece, room = [], "", min(room, MAX_ENCODED_WORD_CHARS) - _FRAME
    for letter in text:
        if cost(piece + letter) > room and piece:
            words.append(encode(piece))
            piece, room = "", min(MAX_LINE_CHARS - 1, MAX_ENCODED_WORD_CHARS) - _FRAME
        piece += letter
    return "\r\n ".join([*words, encode(piece)])


def _q(text: str) -> str:
    return "=?utf-8?q?" + "".join(map(_octet, text.encode())) + "?="


def _octet(octet: int) -> str:
    return "_" if octet == 32 else chr(octet) if octet in _PLAIN else f"={octet:02X}"


def _q_cost(text: str) -> int:
    return sum(1 if octet in _PLAIN or octet == 32 else 3 for octet in text.encode())


def _b(text: str) -> str:
    return f"=?utf-8?b?{base64.b64encode(text.encode()).decode()}?="


def _b_cost(text: str) -> int:
    return 4 * -(-len(text.encode()) // 3)

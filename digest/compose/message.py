"""The message for one reader. Every header is written here; what all readers share is made once."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, parseaddr
from urllib.parse import quote

from digest.compose.body import Body
from digest.config import Newsletter
from digest.links import ReaderLinks
from digest.model import Message, Recipient, Rendered
from digest.sign import Signer, relaxed_header

_POLICY = policy.SMTP.clone(max_line_length=76)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, how it is signed, and the links that differ from reader to reader."""

    newsletter: Newsletter
    links: ReaderLinks
    signers: Sequence[Signer] = ()


@dataclass(frozen=True, slots=True)
class _Own:
    """One reader's own parts."""

    message_id: str
    headers: list[tuple[str, str]]
    words: dict[str, bytes]


class Composer:
    """One edition, made ready for any number of readers."""

    def __init__(self, sender: Sender, rendered: Rendered, key: str, at: datetime, *, test: bool = False) -> None:
        self.made_of = (sender, rendered, key, at)
        self._sender = sender
        self._key = f"{key}-test-{at.timestamp():.0f}" if test else key
        self._view = key
        self._at = at
        subject = f"[TEST] {rendered.subject}" if test else rendered.subject
        self._boundary = f"=_{hashlib.sha256(key.encode()).hexdigest()[:32]}"
        self._shared = [*_shared_headers(sender.newsletter, subject, at), *self._mime_headers()]
        self._domain, self._mailto = sender.newsletter.domain, unsubscribe_mailto(sender.newsletter)
        self._shared_head = _head(self._shared)
        self._shared_signed = _signed(self._shared)
        self._body = Body(rendered, self._boundary)

    def __call__(self, recipient: Recipient) -> Message:
        """The message for one reader; the same bytes whenever it is asked for."""
        own = self._own(recipient)
        return self._assembled(recipient, own, self._signed(own))

    def signatures(self, recipient: Recipient) -> bytes:
        """The signature headers of one reader's message."""
        return self._signed(self._own(recipient))

    def around(self, recipient: Recipient, signatures: bytes) -> Message:
        """The message for one reader, whose signatures were made elsewhere."""
        return self._assembled(recipient, self._own(recipient), signatures)

    @property
    def signs(self) -> bool:
        """Whether messages are signed."""
        return bool(self._sender.signers)

    def _own(self, recipient: Recipient) -> _Own:
        """What differs from reader to reader."""
        links, email = self._sender.links, recipient.email
        message_id = f"<{links.message_id(email, self._key)}@{self._domain}>"
        unsubscribe, view = links.pages(email, self._view)
        words = self._body.words({
            "email": email,
            "name": _display(recipient.name),
            "unsubscribe_url": unsubscribe or self._mailto,
            "view_url": view or self._sender.newsletter.site_url or "",
        })  # fmt: skip
        return _Own(message_id, _reader_headers(recipient, message_id, [unsubscribe, self._mailto]), words)

    def _signed(self, own: _Own) -> bytes:
        if not self._sender.signers:
            return b""
        signed, digest = {**self._shared_signed, **_signed(own.headers)}, self._body.digest(own.words)
        return b"".join([signer.header(signed, digest, self._at) for signer in self._sender.signers])

    def _assembled(self, recipient: Recipient, own: _Own, signatures: bytes) -> Message:
        raw = b"".join([signatures, self._shared_head, _head(own.headers), b"\r\n", *self._body.pieces(own.words)])
        return Message(recipient=recipient, message_id=own.message_id, raw=raw, dots=False)  # `Body` writes a leading dot as =2E

    def _mime_headers(self) -> list[tuple[str, str]]:
        return [("MIME-Version", "1.0"), ("Content-Type", f'multipart/alternative;\r\n boundary="{self._boundary}"')]


def _head(headers: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("utf-8")


def _signed(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Headers as a signature takes them."""
    return {name.lower(): relaxed_header(name, value) for name, value in headers}


def _shared_headers(newsletter: Newsletter, subject: str, at: datetime) -> list[tuple[str, str]]:
    """The headers that are the same in every copy."""
    names = [("From", newsletter.sender)] + ([("Reply-To", newsletter.reply_to)] if newsletter.reply_to else [])
    senders = [(name, _folded(name, _mailbox(*parseaddr(value)))) for name, value in names]
    label = re.sub(r"[^a-z0-9]+", "-", newsletter.name.lower()).strip("-") or "digest"
    return [
        *senders,
        ("Subject", _folded("Subject", _harmless(subject))),
        ("Date", format_datetime(at)),
        ("List-Id", _folded("List-Id", f"{_ascii(_harmless(newsletter.name))} <{label}.{newsletter.domain}>".strip())),
        ("Auto-Submitted", "auto-generated"),
        ("Precedence", "list"),
    ]


def _reader_headers(recipient: Recipient, message_id: str, ways: Sequence[str]) -> list[tuple[str, str]]:
    """The headers that differ from reader to reader; one-click needs an https address (RFC 8058, section 3.1)."""
    one_click = [("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")] if ways[0].startswith("https://") else []
    return [
        ("To", _to(recipient)),
        ("Message-ID", message_id),
        ("List-Unsubscribe", ",\r\n ".join(f"<{way}>" for way in ways if way)),
        *one_click,
    ]


def unsubscribe_mailto(newsletter: Newsletter) -> str:
    """Where a mail program writes to, to take its reader off the list (RFC 2369)."""
    return f"mailto:{quote(parseaddr(newsletter.reply_to or newsletter.sender)[1], safe='@')}?subject=unsubscribe"


def _display(name: str) -> str:
    """A name without anything that could begin another header or another address."""
    return _harmless(name)[:_LONGEST_NAME]


def _harmless(text: str) -> str:
    """One line that the standard library takes as it stands: it would decode RFC 2047 words, line ends inside them too."""
    if text.isprintable() and "=?" not in text and "  " not in text:
        return text.strip()
    return " ".join(_CONTROL.sub(" ", text).replace("=?", "= ?").split())


def _to(recipient: Recipient) -> str:
    """The To header; the standard library's full encoder takes a fifth of a millisecond, and only few names need it."""
    name, email = _display(recipient.name), recipient.email
    if not (name.isascii() and email.isascii()) or len(name) + len(email) > 60:
        return _folded("To", _mailbox(name, email))
    return formataddr((name, email))


def _mailbox(name: str, email: str) -> str | Address:
    """A mailbox for a structured header; an address outside ASCII stands alone, for relays with SMTPUTF8."""
    local, _, domain = email.rpartition("@")
    address = Address(display_name=_display(name), username=local, domain=domain)
    return address if email.isascii() else email


def _folded(name: str, value: str | Address) -> str:
    """A header's value as the standard library encodes and folds it (RFC 2047, RFC 5322)."""
    if isinstance(value, str) and not value.isascii() and name == "To":
        return value
    message = EmailMessage(policy=_POLICY)
    message[name] = value
    return message.as_bytes().decode("ascii").partition(":")[2].strip()


def _ascii(text: str) -> str:
    return text if text.isascii() else ""

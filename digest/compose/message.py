"""The message for one reader. Every header is written here; what all readers share is made once."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from digest.compose.body import Body
from digest.compose.dkim import Signer, relaxed_header
from digest.compose.header import mailbox, one_line, unstructured
from digest.compose.reader_links import ReaderLinks
from digest.compose.verp import verp_address
from digest.config import Newsletter, split_mailbox
from digest.model import Message, Recipient, Rendered
from digest.text.placeholders import OWN, extra_values

_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, how it is signed, and the links that differ from reader to reader."""

    newsletter: Newsletter
    links: ReaderLinks
    signers: Sequence[Signer] = ()
    bounces: str = ""  # the address to which bounces come back; the newsletter's own where it is empty


@dataclass(frozen=True, slots=True)
class _Own:
    """One reader's own parts."""

    message_id: str
    headers: list[tuple[str, str]]
    words: dict[str, bytes]


class _Variant:
    """What all readers of one version of an edition share, made once."""

    def __init__(
        self, newsletter: Newsletter, rendered: Rendered, subject: str, at: datetime, boundary: str, *, bulk: bool
    ) -> None:
        mime = [("MIME-Version", "1.0"), ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"')]
        shared = [*_shared_headers(newsletter, subject, at), *(_list_headers(newsletter) if bulk else []), *mime]
        self.head = _head(shared)
        self.signed = _signed(shared)
        self.body = Body(rendered, boundary)
        self.own = [name for name in self.body.names if name.startswith(OWN)]


class Composer:
    """One edition in its variants, made ready for any number of readers."""

    def __init__(
        self,
        sender: Sender,
        rendered: Rendered,
        key: str,
        at: datetime,
        *,
        variants: Mapping[str, Rendered] | None = None,
        test: bool = False,
        letter: bool = False,
    ) -> None:
        self.made_of = (sender, rendered, key, at, variants)
        self._sender = sender
        self._key = f"{key}-test-{at.timestamp():.0f}" if test else key
        self._view = key
        self._at = at
        self._test = test
        self._letter = letter  # to one person who asked for it: not list mail
        self._rendered = {**(variants or {}), "": rendered}
        self._versions: dict[str, _Variant] = {}
        self._domain, self._mailto = sender.newsletter.domain, unsubscribe_mailto(sender.newsletter)

    def __call__(self, recipient: Recipient) -> Message:
        """The message for one reader; the same bytes whenever it is asked for."""
        own = self._own(recipient)
        return self._assembled(recipient, own, self._signed(recipient, own))

    def signatures(self, recipient: Recipient) -> bytes:
        """The signature headers of one reader's message."""
        return self._signed(recipient, self._own(recipient))

    def around(self, recipient: Recipient, signatures: bytes) -> Message:
        """The message for one reader, whose signatures were made elsewhere."""
        return self._assembled(recipient, self._own(recipient), signatures)

    @property
    def signs(self) -> bool:
        """Whether messages are signed."""
        return bool(self._sender.signers)

    def _version(self, name: str) -> _Variant:
        version = self._versions.get(name)
        if version is None:
            rendered, boundary = self._rendered[name], f"=_{hashlib.sha256(f'{self._view}{name}'.encode()).hexdigest()[:32]}"
            subject = f"[TEST] {rendered.subject}" if self._test else rendered.subject
            version = self._versions[name] = _Variant(
                self._sender.newsletter, rendered, subject, self._at, boundary, bulk=not self._letter
            )
        return version

    def _own(self, recipient: Recipient) -> _Own:
        """What differs from reader to reader."""
        links, email, version = self._sender.links, recipient.email, self._version(recipient.variant)
        message_id = f"<{links.message_id(email, self._key)}@{self._domain}>"
        unsubscribe, view, preferences = links.pages(email, self._view)
        words = version.body.words({
            "email": email,
            "name": _display(recipient.name),
            "unsubscribe_url": unsubscribe or self._mailto,
            "preferences_url": preferences or self._mailto,
            "view_url": view or self._sender.newsletter.site_url or "",
            **(extra_values(version.own, recipient.extra or {}) if version.own else {}),
        })  # fmt: skip
        ways = [] if self._letter else [unsubscribe, self._leaving(recipient)]
        return _Own(message_id, _reader_headers(recipient, message_id, ways), words)

    def _leaving(self, recipient: Recipient) -> str:
        """Where a mail of one who wants to leave goes: to a mailbox that knows them, where one is read."""
        box = self._sender.bounces
        if not (box and recipient.id):
            return self._mailto
        return f"mailto:{verp_address(self._sender.links.secret, 'leave', recipient.id, box)}?subject=unsubscribe"

    def _envelope(self, recipient: Recipient) -> str:
        box = self._sender.bounces
        return verp_address(self._sender.links.secret, "bounce", recipient.id, box) if box and recipient.id else box

    def _signed(self, recipient: Recipient, own: _Own) -> bytes:
        if not self._sender.signers:
            return b""
        version = self._version(recipient.variant)
        signed, digest = {**version.signed, **_signed(own.headers)}, version.body.digest(own.words)
        return b"".join([signer.header(signed, digest, self._at) for signer in self._sender.signers])

    def _assembled(self, recipient: Recipient, own: _Own, signatures: bytes) -> Message:
        version = self._version(recipient.variant)
        raw = b"".join([signatures, version.head, _head(own.headers), b"\r\n", *version.body.pieces(own.words)])
        return Message(  # `Body` writes a leading dot as =2E
            recipient=recipient, message_id=own.message_id, raw=raw, dots=False, envelope=self._envelope(recipient)
        )


def _head(headers: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("utf-8")


def _signed(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Headers as a signature takes them."""
    return {name.lower(): relaxed_header(name, value) for name, value in headers}


def _shared_headers(newsletter: Newsletter, subject: str, at: datetime) -> list[tuple[str, str]]:
    """The headers that are the same in every copy."""
    names = [("From", newsletter.sender)] + ([("Reply-To", newsletter.reply_to)] if newsletter.reply_to else [])
    return [
        *((name, mailbox(name, *split_mailbox(value))) for name, value in names),
        ("Subject", unstructured("Subject", subject)),
        ("Date", format_datetime(at)),
        ("Auto-Submitted", "auto-generated"),
    ]


def _list_headers(newsletter: Newsletter) -> list[tuple[str, str]]:
    """What tells list mail from a letter (RFC 2919)."""
    label = re.sub(r"[^a-z0-9]+", "-", newsletter.name.lower()).strip("-") or "digest"
    return [
        ("List-Id", mailbox("List-Id", newsletter.name, f"{label[:63]}.{newsletter.domain}")),
        ("Precedence", "list"),
    ]


def _reader_headers(recipient: Recipient, message_id: str, ways: Sequence[str]) -> list[tuple[str, str]]:
    """The headers that differ from reader to reader; one-click needs an https address (RFC 8058, section 3.1)."""
    headers = [("To", _to(recipient)), ("Message-ID", message_id)]
    if ways:
        headers.append(("List-Unsubscribe", ",\r\n ".join(f"<{way}>" for way in ways if way)))
    if ways and ways[0].startswith("https://"):
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def unsubscribe_mailto(newsletter: Newsletter) -> str:
    """Where a mail program writes to, to take its reader off the list (RFC 2369)."""
    return f"mailto:{quote(split_mailbox(newsletter.reply_to or newsletter.sender)[1], safe='@')}?subject=unsubscribe"


def _display(name: str) -> str:
    """A name without anything that could begin another header or another address."""
    return one_line(name)[:_LONGEST_NAME]


def _to(recipient: Recipient) -> str:
    """The To header; an address outside ASCII stands alone, for relays with SMTPUTF8."""
    email = recipient.email
    return mailbox("To", _display(recipient.name), email) if email.isascii() else email

"""The message for one recipient; the parts that all recipients share are made once. Its headers are in `headers.py`."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from digest.compose.body import Body
from digest.compose.dkim import Signer, canonicalize_header
from digest.compose.headers import (
    HEADERS,
    NO_PAGES,
    MailingList,
    display_name,
    list_headers,
    mime_headers,
    own_headers,
    shared_headers,
)
from digest.compose.subscriber_links import SubscriberLinks
from digest.compose.verp import verp_address
from digest.config import Newsletter, split_mailbox
from digest.model import Message, Recipient, Rendered
from digest.text.placeholders import EXTRA_PREFIX, extra_values


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends, how messages are signed, and the links that differ for each recipient."""

    newsletter: Newsletter
    links: SubscriberLinks
    signers: Sequence[Signer] = ()
    mailing_list: MailingList = NO_PAGES
    bounce_address: str = ""  # the address that receives bounces; if empty, the newsletter's own


@dataclass(frozen=True, slots=True)
class _OwnParts:
    """The parts that only one recipient gets."""

    message_id: str
    headers: list[tuple[str, str]]
    values: dict[str, bytes]  # of the placeholders


class _Variant:
    """The parts that all recipients of one variant of an edition share."""

    def __init__(self, shared: Sequence[tuple[str, str]], rendered: Rendered, boundary: str) -> None:
        shared = [*shared, *mime_headers(boundary)]
        self.head = _head(shared)
        self.signed = _signed(shared)
        self.body = Body(rendered, boundary)
        self.columns = [
            name for name in self.body.placeholder_names if name.startswith(EXTRA_PREFIX)
        ]  # placeholders for the subscriber list's own columns


class Composer:
    """One edition in its variants, ready for any number of recipients.

    `transactional` is for an email to one person who asked for it (RFC 2369 headers do not apply), `test` for a copy to the editor.
    `signed_at` is when the signatures begin to count, `at` if not given: an edition that is late may be older than they last.
    """

    def __init__(
        self,
        sender: Sender,
        rendered: Rendered,
        key: str,
        at: datetime,
        *,
        variants: Mapping[str, Rendered] | None = None,
        test: bool = False,
        transactional: bool = False,
        signed_at: datetime | None = None,
    ) -> None:
        self.arguments = (sender, rendered, key, at, variants, signed_at)
        self._sender = sender
        self._key = f"{key}-test-{at.timestamp():.0f}" if test else key
        self._view = key
        self._at = at
        self._signed_at = signed_at or at
        self._test = test
        self._transactional = transactional
        self._rendered = {**(variants or {}), "": rendered}
        self._variants: dict[str, _Variant] = {}
        self._domain, self._mailto = sender.newsletter.domain, unsubscribe_mailto(sender.newsletter)

    def __call__(self, recipient: Recipient) -> Message:
        """Return the message for one recipient, the same bytes each time."""
        own = self._own_parts(recipient)
        return self._assemble(recipient, own, self._sign(recipient, own))

    def signatures(self, recipient: Recipient) -> bytes:
        """Return the signature headers of one recipient's message."""
        return self._sign(recipient, self._own_parts(recipient))

    def with_signatures(self, recipient: Recipient, signatures: bytes) -> Message:
        """Return the message for one recipient with signatures that were made elsewhere."""
        return self._assemble(recipient, self._own_parts(recipient), signatures)

    @property
    def has_signers(self) -> bool:
        """Whether messages are signed."""
        return bool(self._sender.signers)

    def _variant(self, name: str) -> _Variant:
        variant = self._variants.get(name)
        if variant is None:
            rendered, boundary = self._rendered[name], f"=_{hashlib.sha256(f'{self._view}{name}'.encode()).hexdigest()[:32]}"
            subject = f"[TEST] {rendered.subject}" if self._test else rendered.subject
            variant = self._variants[name] = _Variant(self._shared_headers(subject), rendered, boundary)
        return variant

    def _shared_headers(self, subject: str) -> list[tuple[str, str]]:
        newsletter, mailing_list = self._sender.newsletter, self._sender.mailing_list
        shared = shared_headers(newsletter, subject, self._at)
        return shared if self._transactional else [*shared, *list_headers(newsletter, mailing_list, self._view)]

    def _own_parts(self, recipient: Recipient) -> _OwnParts:
        links, email, variant = self._sender.links, recipient.email, self._variant(recipient.variant)
        message_id = f"<{links.message_id_left(email, self._key)}@{self._domain}>"
        unsubscribe, view, preferences = links.urls(email, self._view)
        values = variant.body.own_values({
            "email": email,
            "name": display_name(recipient.name),
            "unsubscribe_url": unsubscribe or self._mailto,
            "preferences_url": preferences or self._mailto,
            "view_url": view or self._sender.newsletter.site_url or "",
            **(extra_values(variant.columns, recipient.extra or {}) if variant.columns else {}),
        })  # fmt: skip
        unsubscribe_urls = [] if self._transactional else [unsubscribe, self._unsubscribe_mailto(recipient)]
        return _OwnParts(message_id, own_headers(recipient, message_id, unsubscribe_urls), values)

    def _unsubscribe_mailto(self, recipient: Recipient) -> str:
        """Return where an email unsubscribes this recipient: a VERP address, if digest reads a mailbox of its own."""
        box = self._sender.bounce_address
        if not (box and recipient.id):
            return self._mailto
        return f"mailto:{verp_address(self._sender.links.secret, 'leave', recipient.id, box)}?subject=unsubscribe"

    def _envelope(self, recipient: Recipient) -> str:
        box = self._sender.bounce_address
        return verp_address(self._sender.links.secret, "bounce", recipient.id, box) if box and recipient.id else box

    def _sign(self, recipient: Recipient, own: _OwnParts) -> bytes:
        if not self._sender.signers:
            return b""
        variant = self._variant(recipient.variant)
        headers, body_hash = {**variant.signed, **_signed(own.headers)}, variant.body.body_hash(own.values)
        return b"".join([signer.signature_header(headers, body_hash, self._signed_at) for signer in self._sender.signers])

    def _assemble(self, recipient: Recipient, own: _OwnParts, signatures: bytes) -> Message:
        variant = self._variant(recipient.variant)
        raw = b"".join([signatures, variant.head, _head(own.headers), b"\r\n", *variant.body.pieces(own.values)])
        return Message(  # `Body` writes a leading dot as =2E
            recipient=recipient, message_id=own.message_id, raw=raw, dots=False, envelope=self._envelope(recipient)
        )


def _head(headers: Sequence[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in headers).encode("utf-8")


def _signed(headers: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return the headers that DKIM signs, in relaxed form."""
    return {name.lower(): canonicalize_header(name, value) for name, value in headers if HEADERS[name]}


def unsubscribe_mailto(newsletter: Newsletter) -> str:
    """Return the mailto URL at which a mail program unsubscribes its user (RFC 2369)."""
    return f"mailto:{quote(split_mailbox(newsletter.reply_to or newsletter.sender)[1], safe='@')}?subject=unsubscribe"

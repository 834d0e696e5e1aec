"""Every header of a message: its value, and whether DKIM signs it. A new header is a row of HEADERS and a line of a function."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime

from digest.compose.header_encoding import encode_mailbox, encode_unstructured, one_line
from digest.config import Newsletter, split_mailbox
from digest.model import Recipient

HEADERS: Mapping[str, bool] = {  # every header that a message may have, and whether DKIM signs it, in the order of the h= tag
    "From": True, "To": True, "Reply-To": True, "Subject": True, "Date": True, "Message-ID": True, "MIME-Version": True,
    "Content-Type": True, "List-Id": True, "List-Unsubscribe": True, "List-Unsubscribe-Post": True,
    "Auto-Submitted": False, "Precedence": False,
}  # fmt: skip
_MAX_NAME_CHARS = 100


def shared_headers(newsletter: Newsletter, subject: str, at: datetime) -> list[tuple[str, str]]:
    """Return the headers that are the same in every message."""
    names = [("From", newsletter.sender)] + ([("Reply-To", newsletter.reply_to)] if newsletter.reply_to else [])
    return [
        *((name, encode_mailbox(name, *split_mailbox(value))) for name, value in names),
        ("Subject", encode_unstructured("Subject", subject)),
        ("Date", format_datetime(at)),
        ("Auto-Submitted", "auto-generated"),
    ]


def mime_headers(boundary: str) -> list[tuple[str, str]]:
    """Return the headers of a message in two parts, text and HTML (RFC 2046, section 5.1.4)."""
    return [("MIME-Version", "1.0"), ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"')]


def list_headers(newsletter: Newsletter) -> list[tuple[str, str]]:
    """Return the headers that mark list mail (RFC 2919)."""
    label = re.sub(r"[^a-z0-9]+", "-", newsletter.name.lower()).strip("-") or "digest"
    return [
        ("List-Id", encode_mailbox("List-Id", newsletter.name, f"{label[:63]}.{newsletter.domain}")),
        ("Precedence", "list"),
    ]


def own_headers(recipient: Recipient, message_id: str, unsubscribe_urls: Sequence[str]) -> list[tuple[str, str]]:
    """Return the headers that differ for each recipient; one-click needs an https address (RFC 8058, section 3.1)."""
    headers = [("To", _to(recipient)), ("Message-ID", message_id)]
    if unsubscribe_urls:
        headers.append(("List-Unsubscribe", ",\r\n ".join(f"<{url}>" for url in unsubscribe_urls if url)))
    if unsubscribe_urls and unsubscribe_urls[0].startswith("https://"):
        headers.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
    return headers


def display_name(name: str) -> str:
    """Return a name without anything that could begin another header or another address."""
    return one_line(name)[:_MAX_NAME_CHARS]


def _to(recipient: Recipient) -> str:
    """Return the To header; an address outside ASCII has no display name, for relays with SMTPUTF8."""
    email = recipient.email
    return encode_mailbox("To", display_name(recipient.name), email) if email.isascii() else email

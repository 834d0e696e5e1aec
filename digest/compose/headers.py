"""Every header of a message: its value, and whether DKIM signs it. A new header is a row of HEADERS and a line of a function."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote

from digest.compose.header_encoding import encode_mailbox, encode_unstructured, one_line
from digest.config import Newsletter, split_mailbox
from digest.model import Recipient

HEADERS: Mapping[str, bool] = {  # every header that a message may have, and whether DKIM signs it, in the order of the h= tag
    "From": True, "To": True, "Reply-To": True, "Subject": True, "Date": True, "Message-ID": True, "MIME-Version": True,
    "Content-Type": True, "Content-Language": True, "List-Id": True, "List-Unsubscribe": True, "List-Unsubscribe-Post": True,
    "List-Help": True, "List-Subscribe": True, "List-Owner": True, "List-Archive": True, "List-Post": True, "Archived-At": True,
    "Feedback-ID": True, "X-Auto-Response-Suppress": True, "Auto-Submitted": False, "Precedence": False,
}  # fmt: skip
_MAX_NAME_CHARS = 100
_SENDER_ID_CHARS = (5, 15)  # of the last field of Feedback-ID (Google, "Feedback Loop")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """What the headers of list mail say: the id (RFC 2919) by which readers' filters know it, and which pages there are."""

    id: str = ""  # made of the newsletter's name if empty
    public_url: str = ""
    subscribe: bool = False
    archive: bool = False


NO_PAGES = MailingList()


def shared_headers(newsletter: Newsletter, subject: str, at: datetime) -> list[tuple[str, str]]:
    """Return the headers that are the same in every message."""
    names = [("From", newsletter.sender)] + ([("Reply-To", newsletter.reply_to)] if newsletter.reply_to else [])
    return [
        *((name, encode_mailbox(name, *split_mailbox(value))) for name, value in names),
        ("Subject", encode_unstructured("Subject", subject)),
        ("Date", format_datetime(at)),
        ("Content-Language", newsletter.language.replace("_", "-")),
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "OOF, AutoReply"),  # MS-OXCMAIL, section 2.1.3.2.20
    ]


def mime_headers(boundary: str) -> list[tuple[str, str]]:
    """Return the headers of a message in two parts, text and HTML (RFC 2046, section 5.1.4)."""
    return [("MIME-Version", "1.0"), ("Content-Type", f'multipart/alternative;\r\n boundary="{boundary}"')]


def list_headers(newsletter: Newsletter, mailing_list: MailingList, key: str) -> list[tuple[str, str]]:
    """Return the headers that mark an edition as list mail (RFC 2369, 2919 and 5064), and tell its complaints from others'."""
    label = re.sub(r"[^a-z0-9]+", "-", newsletter.name.lower()).strip("-") or "digest"
    list_id = mailing_list.id or f"{label[:63]}.{newsletter.domain}"
    pages, owner = mailing_list.public_url, split_mailbox(newsletter.reply_to or newsletter.sender)[1]
    return [
        ("List-Id", encode_mailbox("List-Id", newsletter.name, list_id)),
        ("List-Help", f"<{pages}/preferences>" if pages else f"<mailto:{quote(owner, safe='@')}?subject=help>"),
        *([("List-Subscribe", f"<{pages}/subscribe>")] if pages and mailing_list.subscribe else []),
        ("List-Owner", f"<mailto:{quote(owner, safe='@')}>"),
        *([("List-Archive", f"<{pages}/archive>")] if pages and mailing_list.archive else []),
        ("List-Post", "NO"),
        *([("Archived-At", f"<{pages}/archive/{key}>")] if pages and mailing_list.archive else []),
        ("Feedback-ID", f"{key}:{key.rsplit('-', 3)[0]}:edition:{_sender_id(newsletter.domain)}"),
        ("Precedence", "list"),
    ]


def _sender_id(domain: str) -> str:
    """Return the sender's part of Feedback-ID: the same in all its mail, whatever the newsletter is called, and no reader's."""
    fewest, most = _SENDER_ID_CHARS
    return re.sub(r"[^a-z0-9]", "", domain.lower())[:most].ljust(fewest, "0")


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

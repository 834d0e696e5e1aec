"""Delivery status notifications (RFC 3464) and feedback reports (RFC 5965), malformed ones included."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_string
from email.message import Message
from typing import Literal

_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?")
_INTERNATIONAL_ADDRESS = re.compile(r"[^\s<>\"',;:()\[\]]{1,64}@[^\s<>\"',;:()\[\]@]{1,252}")  # RFC 6532; alone in a field
_REPORTS = {"message/delivery-status", "message/global-delivery-status", "message/xdelivery-status", "text/delivery-status"}
_ORIGINALS = {"message/rfc822", "message/rfc822-headers", "message/global", "message/global-headers"}  # the last two: RFC 6533
_TYPE = re.compile(r"(?i)\b(?:rfc822|utf-8|local|system|x400|smtp|addr-type)\s*;")
_FAILED = {"failed", "failure", "error", "expired", "fail", "undeliverable"}
_WORD = re.compile(r"[a-z]+")
_CODE = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


@dataclass(frozen=True, slots=True)
class RecipientStatus:
    """The delivery status of one recipient; `status` is an enhanced status code (RFC 3463), or empty."""

    address: str
    action: Literal["failed", "delayed", "done"]
    status: str
    detail: str


def addresses(text: str) -> list[str]:
    """Return the addresses in a text, each once, in lower case."""
    return list(dict.fromkeys(found.lower().strip(".'") for found in _ADDRESS.findall(text)))


def status_code_in(text: str) -> str:
    """Return the first enhanced status code in a text; empty if there is none."""
    found = _CODE.search(text)
    return found[0] if found else ""


def recipient_statuses(message: Message) -> list[RecipientStatus]:
    """Return what the delivery status parts of a message say, including those of a forwarded notification.

    If the parts of a malformed message cannot be separated, its whole text is searched for their fields.
    """
    found = [status for part in message.walk() for group in _groups(part) if (status := _recipient_status(group))]
    if found or not (message.defects and message.get_content_maintype() == "multipart"):
        return found
    groups = [
        message_from_string(text.lstrip()) for text in re.split(r"\r?\n[ \t]*\r?\n", message.as_string()) if "ecipient:" in text
    ]
    return [status for group in groups if (status := _recipient_status(group))]


def decoded_header(value: object) -> str:
    """Return a header's text, decoded if its bytes are UTF-8 (RFC 6532)."""
    text = str(value)
    try:
        return text if text.isascii() else text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def _groups(part: Message) -> Iterator[Message]:
    if part.get_content_type() not in _REPORTS:
        return
    payload = part.get_payload()
    if isinstance(payload, list):
        groups = [group for group in payload if isinstance(group, Message)]
    else:
        groups = [message_from_string(text) for text in re.split(r"\r?\n\s*\r?\n", _text(part).strip())]
    for group in groups:
        yield group
        if isinstance(inner := group.get_payload(), str) and ":" in inner:  # a stray line has cut the group in two
            yield message_from_string(inner.lstrip())


def _recipient_status(group: Message) -> RecipientStatus | None:
    address = _recipient(group)
    if not address:
        return None
    detail = " ".join(str(group.get("Diagnostic-Code", "")).split())
    status = status_code_in(str(group.get("Status", ""))) or status_code_in(detail)
    word = _WORD.search(str(group.get("Action", "")).lower())
    action = word[0] if word else ""
    if action in _FAILED or (not action and status.startswith("5")):
        return RecipientStatus(address, "failed", status, detail)
    if action.startswith("delay") or (not action and status.startswith("4")):
        return RecipientStatus(address, "delayed", status, detail)
    return RecipientStatus(address, "done", status, detail) if action else None


def _recipient(group: Message) -> str:
    """Return the address that was written to, or else the one that it led to; empty if there is neither.

    A field holds a type, a semicolon and the address, or less.
    """
    for name in ("Original-Recipient", "Final-Recipient", "X-Actual-Recipient", "X-Original-Recipient", "Original-Rcpt-To"):
        text = _TYPE.sub(" ", decoded_header(group.get(name, "")))
        found = addresses(text) if text.isascii() else [match.lower() for match in _INTERNATIONAL_ADDRESS.findall(text)]
        if found:
            return found[0]
    return ""


def feedback_report(message: Message) -> tuple[list[str], str] | None:
    """Return who complained and the kind of feedback; None if the message reports no feedback.

    Providers hide the address, or most of it. Then only the original message shows whom it is about (see `classify`).
    """
    part = next((part for part in message.walk() if part.get_content_type() == "message/feedback-report"), None)
    if part is None:
        original = original_message(message)
        junk = addresses(str(original.get("X-HmXmrOriginalRecipient", ""))) if original is not None else []
        return (junk, "abuse") if junk else None  # Outlook.com forwards the original, without a report
    payload = part.get_payload()
    fields = (
        payload[0]
        if isinstance(payload, list) and payload and isinstance(payload[0], Message)
        else message_from_string(_text(part))
    )
    kind = str(fields.get("Feedback-Type", "abuse")).strip().lower()
    named = [
        found
        for name in ("Original-Rcpt-To", "Removal-Recipient")
        for value in fields.get_all(name, [])
        for found in addresses(str(value))
    ]
    return list(dict.fromkeys(named)), kind


def original_message(message: Message) -> Message | None:
    """Return the message that the report is about, or its headers; None if the report holds neither."""
    for part in message.walk():
        if part.get_content_type() in {"text/rfc822-headers", "text/rfc822-header"}:
            return message_from_string(_text(part).lstrip())
        payload = part.get_payload()
        if part.get_content_type() in _ORIGINALS and isinstance(payload, list) and payload and isinstance(payload[0], Message):
            return payload[0]
    return None


def _text(part: Message) -> str:
    return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace")

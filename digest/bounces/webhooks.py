"""What mail providers tell by webhook, each in its own form → reports; nothing is believed that does not bear its mark.

Amazon SES by SNS        RSA signature by a certificate of amazonaws.com, and the topic it may speak of
Mailgun                  HMAC-SHA256 with the webhook signing key, not older than a quarter of an hour
SendGrid                 ECDSA signature with the verification key
Postmark, Brevo          they sign nothing: HTTP basic authentication, or a bearer token for Brevo
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from digest.bounces.classify import BounceReport, Kind
from digest.bounces.dsn import status_code_in
from digest.bounces.refusals import Cause, cause
from digest.bounces.webhook_signatures import verify_ecdsa, verify_rsa
from digest.config import Webhook
from digest.errors import DigestError

MAX_CALL_AGE = 900.0  # seconds
_SES_GONE = {"General", "NoEmail", "Suppressed", "OnAccountSuppressionList"}
_DROPPED: Mapping[str, Kind] = {  # SendGrid's reasons that speak of the reader; "Invalid SMTPAPI header" is ours
    "bounced address": "hard", "invalid": "hard", "spam reporting address": "complaint", "unsubscribed address": "leave",
}  # fmt: skip
_SUPPRESSED: Mapping[str, Kind] = {"ManualSuppression": "leave", "SpamComplaint": "complaint", "HardBounce": "hard"}  # Postmark's
_AMAZON = re.compile(r"sns\.[a-z]{2}(?:-[a-z]{2,9}){1,2}-\d\.amazonaws\.com(?:\.cn)?\Z")  # a region, and not the name of a bucket
_CERTIFICATE = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem\Z")


class ForgedError(DigestError):
    """A request does not bear the mark of the provider that it claims to come from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """One thing told; `id` is the provider's own, so that what is told twice counts once."""

    id: str
    report: BounceReport


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """A request: its body as it came, and its headers by their names in lower case."""

    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """The body; ForgedError where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ForgedError("the body is not JSON") from error


Fetch = Callable[[str], bytes]
"""Reads an address of the provider's, checked before: a certificate, or the one that confirms a subscription."""


def read_call(name: str, call: WebhookCall, hook: Webhook, now: float, fetch: Fetch) -> list[WebhookEvent]:
    """What a provider tells; ForgedError where it is not the provider. `now` is in seconds since 1970."""
    try:
        return _read(name, call, hook, now, fetch)
    except ValueError as error:  # surrogates, ports and the like that no provider writes
        raise ForgedError(f"unexpected field: {error}") from error


def _read(name: str, call: WebhookCall, hook: Webhook, now: float, fetch: Fetch) -> list[WebhookEvent]:
    if name == "ses":
        return list(_ses(_fields(call.json()), hook, fetch))
    if name == "mailgun":
        return list(_mailgun(_fields(call.json()), hook, now))
    if name == "sendgrid":
        return list(_sendgrid(call, hook, now))
    _allowed(call, hook)
    told = call.json()
    rows = told if isinstance(told, list) else [told]
    return [event for row in rows[:1_000] for event in (_postmark if name == "postmark" else _brevo)(_fields(row))]


def _ses(told: Mapping[str, Any], hook: Webhook, fetch: Fetch) -> Iterator[WebhookEvent]:
    """A message of Amazon SNS, which carries one of SES (signature version 1 or 2)."""
    kind = _str(told, "Type")
    if not hook.topic or _str(told, "TopicArn") != hook.topic:
        raise ForgedError("not the topic of bounces.webhooks.ses.topic")
    _sealed_by_amazon(told, kind, fetch)
    if kind == "SubscriptionConfirmation":
        fetch(_amazons(_str(told, "SubscribeURL")))
        return
    try:
        message = _fields(json.loads(_str(told, "Message")))
    except (ValueError, RecursionError):
        return  # a test message of SNS is any text
    yield from _ses_events(message, _str(told, "MessageId"))


def _sealed_by_amazon(told: Mapping[str, Any], kind: str, fetch: Fetch) -> None:
    names = (
        ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        if kind == "Notification"
        else ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
    )
    words = "".join(f"{name}\n{_str(told, name)}\n" for name in names if name in told).encode()
    address = _amazons(_str(told, "SigningCertURL"))
    if not _CERTIFICATE.match(urlsplit(address).path) or urlsplit(address).query:
        raise ForgedError("not a certificate's address")
    certificate = fetch(address)
    modern = _str(told, "SignatureVersion") == "2"
    if not verify_rsa(certificate, words, _decoded(_str(told, "Signature")), modern=modern):
        raise ForgedError("invalid Amazon SNS signature")


def _amazons(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" or not _AMAZON.match(parts.hostname or "") or parts.port not in {None, 443}:
        raise ForgedError("an address that is not Amazon's")
    return url


def _ses_events(message: Mapping[str, Any], key: str) -> Iterator[WebhookEvent]:
    kind = _str(message, "notificationType") or _str(message, "eventType")
    sent = _message_id(_fields(message.get("mail")))
    bounce, complaint = _fields(message.get("bounce")), _fields(message.get("complaint"))
    if kind == "Bounce":
        told = _str(bounce, "bounceType") == "Permanent" and _str(bounce, "bounceSubType") in _SES_GONE
        for row in map(_fields, _rows(bounce.get("bouncedRecipients"))):
            email, status, detail = (_str(row, name) for name in ("emailAddress", "status", "diagnosticCode"))
            yield _event(f"ses {key} {email}", _failed(status, detail, gone=told), email, status, detail, sent)
    elif kind == "Complaint" and (feedback := _str(complaint, "complaintFeedbackType")) != "not-spam":
        for row in map(_fields, _rows(complaint.get("complainedRecipients"))):
            email = _str(row, "emailAddress")
            yield _event(f"ses {key} {email}", "complaint", email, "", feedback, sent)


def _message_id(mail: Mapping[str, Any]) -> str:
    headers = [_fields(row) for row in _rows(mail.get("headers"))]
    return next((_str(row, "value") for row in headers if _str(row, "name").lower() == "message-id"), "")


def _mailgun(told: Mapping[str, Any], hook: Webhook, now: float) -> Iterator[WebhookEvent]:
    seal, data = _fields(told.get("signature")), _fields(told.get("event-data"))
    stamp, token = _str(seal, "timestamp"), _str(seal, "token")
    expected = hmac.new(hook.key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    if not hook.key or not hmac.compare_digest(expected.encode(), _str(seal, "signature").encode()) or not _fresh(stamp, now):
        raise ForgedError("invalid or expired Mailgun signature")
    kinds: dict[str, Kind] = {"failed": "hard", "complained": "complaint", "unsubscribed": "leave"}
    kind = kinds.get(_str(data, "event"))
    status = _fields(data.get("delivery-status"))
    if kind == "hard":
        final = _str(data, "severity") == "permanent" and _str(data, "reason") in {"bounce", "suppress-bounce"}
        words = _str(status, "message") or _str(status, "description")
        kind = _failed(_str(status, "enhanced-code"), words, gone=final and not _mailbox_full(status))
    if kind:
        sent = _str(_fields(_fields(data.get("message")).get("headers")), "message-id")
        detail = _str(status, "message") or _str(status, "description")
        yield _event(
            f"mailgun {_str(data, 'id') or token}", kind, _str(data, "recipient"), _str(status, "enhanced-code"), detail, sent
        )


def token_of(call: WebhookCall) -> str:
    """The token of a call of Mailgun's."""
    return _str(_fields(_fields(call.json()).get("signature")), "token")


def _mailbox_full(status: Mapping[str, Any]) -> bool:
    return _str(status, "enhanced-code") in {"5.2.2", "4.2.2"} or _str(status, "code") == "552"


def _sendgrid(call: WebhookCall, hook: Webhook, now: float) -> Iterator[WebhookEvent]:
    stamp = call.headers.get("x-twilio-email-event-webhook-timestamp", "")
    seal = _decoded(call.headers.get("x-twilio-email-event-webhook-signature", ""))
    if not hook.key or not verify_ecdsa(_decoded(hook.key), stamp.encode() + call.body, seal) or not _fresh(stamp, now):
        raise ForgedError("invalid or expired SendGrid signature")
    for row in map(_fields, _rows(call.json())):
        kinds: dict[str, Kind] = {"bounce": "hard", "spamreport": "complaint", "unsubscribe": "leave", "group_unsubscribe": "leave"}
        kind = kinds.get(_str(row, "event"))
        if kind == "hard":
            told = _str(row, "type") != "blocked" and _str(row, "status").startswith("5")
            kind = _failed(_str(row, "status"), _str(row, "reason"), gone=told)
        if _str(row, "event") == "dropped":
            kind = _DROPPED.get(_str(row, "reason").strip().casefold())
        if kind:
            key = f"sendgrid {_str(row, 'sg_event_id') or hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()}"
            yield _event(key, kind, _str(row, "email"), _str(row, "status"), _str(row, "reason"), _str(row, "smtp-id"))


def _postmark(row: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    record, email = _str(row, "RecordType"), _str(row, "Email") or _str(row, "Recipient")
    if record == "Bounce" and _str(row, "Type") in {"SpamComplaint", "Unsubscribe"}:
        told: Kind = "complaint" if _str(row, "Type") == "SpamComplaint" else "leave"
        yield _event(f"postmark {_str(row, 'ID')}", told, email, "", _str(row, "Details") or _str(row, "Description"), "")
    elif record == "Bounce":
        hard = _str(row, "Type") in {"HardBounce", "BadEmailAddress", "ManuallyDeactivated"}
        kind = _failed("", _str(row, "Details") or _str(row, "Description"), gone=hard)
        if _str(row, "Type") not in {
            "AutoResponder",
            "AddressChange",
            "OpenRelayTest",
            "Subscribe",
            "Transient",
            "ChallengeVerification",
        }:
            yield _event(f"postmark {_str(row, 'ID')}", kind, email, "", _str(row, "Details") or _str(row, "Description"), "")
    elif record == "SpamComplaint":
        yield _event(f"postmark {_str(row, 'ID')}", "complaint", email, "", _str(row, "Description"), "")
    elif record == "SubscriptionChange" and row.get("SuppressSending") is True:
        by_reader = _SUPPRESSED.get(_str(row, "SuppressionReason"), "soft")
        yield _event(f"postmark {_str(row, 'MessageID')} {email}", by_reader, email, "", _str(row, "SuppressionReason"), "")


def _brevo(row: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    kinds: dict[str, Kind] = {
        "hard_bounce": "hard", "hardBounce": "hard", "invalid_email": "hard", "soft_bounce": "soft", "softBounce": "soft",
        "blocked": "soft",
        "spam": "complaint", "complaint": "complaint", "unsubscribed": "leave", "unsubscribe": "leave",
    }  # fmt: skip
    kind = kinds.get(_str(row, "event"))
    if kind in {"hard", "soft"}:
        kind = _failed("", _str(row, "reason"), gone=kind == "hard")
    if kind:
        told = (_str(row, name) for name in ("message-id", "event", "email", "ts_event", "date"))
        key = " ".join(["brevo", *told])
        yield _event(key, kind, _str(row, "email"), "", _str(row, "reason"), _str(row, "message-id"))


def _failed(status: str, words: str, *, gone: bool) -> Kind:
    """What a failure comes to. A provider calls permanent what was refused for our sake too, so its words are read (`refusals`).

    Where they say nothing, its own word (`gone`) counts.
    """
    status = status or status_code_in(words)
    kinds: dict[Cause, Kind] = {Cause.FULL: "full", Cause.OURS: "ours", Cause.LATER: "soft"}
    return kinds.get(cause(status, words), "hard" if gone else "soft")


def _allowed(call: WebhookCall, hook: Webhook) -> None:
    """Basic authentication, or a bearer token."""
    wanted = f"Bearer {hook.key}" if hook.key else f"Basic {base64.b64encode(f'{hook.user}:{hook.password}'.encode()).decode()}"
    given = call.headers.get("authorization", "")
    if not (hook.key or hook.password) or not hmac.compare_digest(wanted.encode(), given.encode()):
        raise ForgedError("wrong user or password")


def _event(key: str, kind: Kind, email: str, status: str, detail: str, message_id: str) -> WebhookEvent:
    report = BounceReport(
        kind=kind,
        addresses=(email.strip().lower(),) if email.isprintable() else (),
        status=status[:20],
        detail=" ".join(detail.split())[:300],
        message_id=message_id[:300],
    )
    return WebhookEvent(id=key[:300], report=report)


def _fields(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _rows(value: object) -> list[Any]:
    return value[:1_000] if isinstance(value, list) else []


def _str(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _fresh(stamp: str, now: float) -> bool:
    return stamp.isdigit() and len(stamp) < 12 and abs(now - int(stamp)) <= MAX_CALL_AGE

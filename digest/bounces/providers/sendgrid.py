"""SendGrid: an ECDSA signature with the verification key over the time and the body, at most a quarter of an hour old."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from digest.bounces.classify import ReportKind
from digest.bounces.providers.signatures import is_recent, verify_ecdsa
from digest.bounces.providers.webhook import (
    Fetch,
    ForgedError,
    WebhookCall,
    WebhookEvent,
    bounce_event,
    decode_base64,
    failure_kind,
    objects,
    string,
)
from digest.config import Webhook

_KINDS: Mapping[str, ReportKind] = {"spamreport": "complaint", "unsubscribe": "leave", "group_unsubscribe": "leave"}
_DROPPED: Mapping[str, ReportKind] = {  # reasons that are about the recipient; "Invalid SMTPAPI header" is the sender's fault
    "bounced address": "hard", "invalid": "hard", "spam reporting address": "complaint", "unsubscribed address": "leave",
}  # fmt: skip


def read(call: WebhookCall, webhook: Webhook, now: float, fetch: Fetch) -> Iterator[WebhookEvent]:
    """Yield the events of a request."""
    timestamp = call.headers.get("x-twilio-email-event-webhook-timestamp", "")
    signature = decode_base64(call.headers.get("x-twilio-email-event-webhook-signature", ""))
    key = decode_base64(webhook.key)
    if not key or not verify_ecdsa(key, timestamp.encode() + call.body, signature) or not is_recent(timestamp, now):
        raise ForgedError("invalid or expired SendGrid signature")
    for row in objects(call.json()):
        if kind := _kind(row):
            detail = {"status": string(row, "status"), "detail": string(row, "reason"), "message_id": string(row, "smtp-id")}
            yield bounce_event(_event_id(row), kind, string(row, "email"), **detail)


def _kind(row: Mapping[str, Any]) -> ReportKind | None:
    event, status, reason = (string(row, name) for name in ("event", "status", "reason"))
    if event == "bounce":
        dead = string(row, "type") != "blocked" and status.startswith("5")
        return failure_kind(status, reason, dead=dead)
    return _DROPPED.get(reason.strip().casefold()) if event == "dropped" else _KINDS.get(event)


def _event_id(row: Mapping[str, Any]) -> str:
    return f"sendgrid {string(row, 'sg_event_id') or hashlib.sha256(repr(sorted(row.items())).encode()).hexdigest()}"

"""Mailgun: an HMAC with the webhook signing key over a time and a token, at most a quarter of an hour old."""

from collections.abc import Iterator, Mapping
from typing import Any

from digest.bounces.classify import ReportKind
from digest.bounces.providers.signatures import is_recent, verify_hmac
from digest.bounces.providers.webhook import (
    Fetch,
    ForgedError,
    WebhookCall,
    WebhookEvent,
    bounce_event,
    failure_kind,
    fields,
    string,
)
from digest.config import Webhook

_KINDS: Mapping[str, ReportKind] = {"failed": "hard", "complained": "complaint", "unsubscribed": "leave"}
_GONE = {"bounce", "suppress-bounce"}  # reasons that are about the recipient


def read(call: WebhookCall, webhook: Webhook, now: float, fetch: Fetch) -> Iterator[WebhookEvent]:
    """Yield the event of a request."""
    request = fields(call.json())
    signature = fields(request.get("signature"))
    timestamp, token = string(signature, "timestamp"), string(signature, "token")
    genuine = verify_hmac(webhook.key, f"{timestamp}{token}", string(signature, "signature"))
    if not genuine or not is_recent(timestamp, now):
        raise ForgedError("invalid or expired Mailgun signature")
    yield from _events(fields(request.get("event-data")), token)


def single_use_token(call: WebhookCall) -> str:
    """Return the token of a request: the signature covers it, but not the event, so it may vouch for one body only."""
    return string(fields(fields(call.json()).get("signature")), "token")


def _events(event: Mapping[str, Any], token: str) -> Iterator[WebhookEvent]:
    kind = _KINDS.get(string(event, "event"))
    if kind is None:
        return
    delivery = fields(event.get("delivery-status"))
    status, reply = string(delivery, "enhanced-code"), string(delivery, "message") or string(delivery, "description")
    if kind == "hard":
        permanent = string(event, "severity") == "permanent" and string(event, "reason") in _GONE
        kind = failure_kind(status, reply, dead=permanent and not _is_mailbox_full(status, delivery))
    headers = fields(fields(event.get("message")).get("headers"))
    yield bounce_event(
        f"mailgun {string(event, 'id') or token}",
        kind,
        string(event, "recipient"),
        status=status,
        detail=reply,
        message_id=string(headers, "message-id"),
    )


def _is_mailbox_full(status: str, delivery: Mapping[str, Any]) -> bool:
    return status in {"5.2.2", "4.2.2"} or string(delivery, "code") == "552"

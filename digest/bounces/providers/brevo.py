"""Brevo signs nothing: a bearer token, or HTTP basic authentication."""

from collections.abc import Iterator, Mapping
from typing import Any

from digest.bounces.classify import ReportKind
from digest.bounces.providers.signatures import check_authorization
from digest.bounces.providers.webhook import (
    Fetch,
    WebhookCall,
    WebhookEvent,
    bounce_event,
    failure_kind,
    string,
)
from digest.config import Webhook

_KINDS: Mapping[str, ReportKind] = {  # the marketing and the transactional webhooks spell them differently
    "hard_bounce": "hard", "hardBounce": "hard", "invalid_email": "hard",
    "soft_bounce": "soft", "softBounce": "soft", "blocked": "soft",
    "spam": "complaint", "complaint": "complaint", "unsubscribed": "leave", "unsubscribe": "leave",
}  # fmt: skip


def read(call: WebhookCall, webhook: Webhook, now: float, fetch: Fetch) -> Iterator[WebhookEvent]:
    """Yield the events of a request."""
    check_authorization(call, webhook)
    for row in call.objects():
        yield from _events(row)


def _events(row: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    kind, reason = _KINDS.get(string(row, "event")), string(row, "reason")
    if kind is None:
        return
    if kind in {"hard", "soft"}:
        kind = failure_kind("", reason, dead=kind == "hard")
    event_id = " ".join(["brevo", *(string(row, name) for name in ("message-id", "event", "email", "ts_event", "date"))])
    yield bounce_event(event_id, kind, string(row, "email"), detail=reason, message_id=string(row, "message-id"))

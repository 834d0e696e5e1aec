"""Postmark signs nothing: HTTP basic authentication, with the user and password that stand in the webhook's address."""

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

_GONE = {"HardBounce", "BadEmailAddress", "ManuallyDeactivated"}
_NOT_BOUNCES = {"AutoResponder", "AddressChange", "OpenRelayTest", "Subscribe", "Transient", "ChallengeVerification"}
_BY_SUBSCRIBER: Mapping[str, ReportKind] = {"SpamComplaint": "complaint", "Unsubscribe": "leave"}
_SUPPRESSIONS: Mapping[str, ReportKind] = {"ManualSuppression": "leave", "SpamComplaint": "complaint", "HardBounce": "hard"}


def read(call: WebhookCall, webhook: Webhook, now: float, fetch: Fetch) -> Iterator[WebhookEvent]:
    """Yield the events of a request."""
    check_authorization(call, webhook)
    for row in call.objects():
        yield from _events(row)


def _events(row: Mapping[str, Any]) -> Iterator[WebhookEvent]:
    record = string(row, "RecordType")
    email, event_id = string(row, "Email") or string(row, "Recipient"), f"postmark {string(row, 'ID')}"
    if record == "Bounce" and string(row, "Type") not in _NOT_BOUNCES:
        detail = string(row, "Details") or string(row, "Description")
        yield bounce_event(event_id, _bounce_kind(string(row, "Type"), detail), email, detail=detail)
    elif record == "SpamComplaint":
        yield bounce_event(event_id, "complaint", email, detail=string(row, "Description"))
    elif record == "SubscriptionChange" and row.get("SuppressSending") is True:
        reason = string(row, "SuppressionReason")
        event_id = f"postmark {string(row, 'MessageID')} {email}"
        yield bounce_event(event_id, _SUPPRESSIONS.get(reason, "soft"), email, detail=reason)


def _bounce_kind(bounce_type: str, detail: str) -> ReportKind:
    return _BY_SUBSCRIBER.get(bounce_type) or failure_kind("", detail, dead=bounce_type in _GONE)

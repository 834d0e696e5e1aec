"""Amazon SES, by Amazon SNS: an RSA signature by a certificate of amazonaws.com, and the topic that the operator named."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from digest.bounces.providers.signatures import verify_rsa
from digest.bounces.providers.webhook import (
    Fetch,
    ForgedError,
    WebhookCall,
    WebhookEvent,
    bounce_event,
    decode_base64,
    failure_kind,
    fields,
    objects,
    string,
)
from digest.config import Webhook

_GONE = {"General", "NoEmail", "Suppressed", "OnAccountSuppressionList"}  # permanent, and about the recipient
_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]{2,9}){1,2}-\d\.amazonaws\.com(?:\.cn)?\Z")  # a region, not the name of a bucket
_CERTIFICATE_PATH = re.compile(r"/SimpleNotificationService-[0-9A-Za-z]{1,64}\.pem\Z")
_SIGNED_FIELDS = {  # by type of message; anything but a notification is about the subscription
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
}
_SIGNED_OF_SUBSCRIPTION = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]


def read(call: WebhookCall, webhook: Webhook, now: float, fetch: Fetch) -> Iterator[WebhookEvent]:
    """Yield the events of a message of SNS (signature version 1 or 2), and confirm a subscription to the topic."""
    if call.headers.get("x-amz-sns-rawdelivery", "").lower() == "true":
        raise ForgedError("raw message delivery is on, so nothing is signed; turn it off in the subscription of the topic")
    message = fields(call.json())
    kind = string(message, "Type")
    if not webhook.topic or string(message, "TopicArn") != webhook.topic:
        raise ForgedError("not the topic of bounces.webhooks.ses.topic")
    _check_signature(message, kind, fetch)
    if kind == "SubscriptionConfirmation":
        fetch(_amazon_url(string(message, "SubscribeURL")))
        return
    try:
        notification = fields(json.loads(string(message, "Message")))
    except (ValueError, RecursionError):
        return  # a test message of SNS is any text
    yield from _events(notification, string(message, "MessageId"))


def _check_signature(message: Mapping[str, Any], kind: str, fetch: Fetch) -> None:
    names = _SIGNED_FIELDS.get(kind, _SIGNED_OF_SUBSCRIPTION)
    payload = "".join(f"{name}\n{string(message, name)}\n" for name in names if name in message).encode()
    url = _amazon_url(string(message, "SigningCertURL"))
    if not _CERTIFICATE_PATH.match(urlsplit(url).path) or urlsplit(url).query:
        raise ForgedError("not a certificate's address")
    sha256 = string(message, "SignatureVersion") == "2"
    if not verify_rsa(fetch(url), payload, decode_base64(string(message, "Signature")), sha256=sha256):
        raise ForgedError("invalid Amazon SNS signature")


def _amazon_url(url: str) -> str:
    """Return an address of SNS; raise ForgedError if it is anybody else's."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not _HOST.match(parts.hostname or "") or parts.port not in {None, 443}:
        raise ForgedError("an address that is not Amazon's")
    return url


def _events(notification: Mapping[str, Any], event_id: str) -> Iterator[WebhookEvent]:
    kind = string(notification, "notificationType") or string(notification, "eventType")
    message_id = _message_id(fields(notification.get("mail")))
    if kind == "Bounce":
        yield from _bounces(fields(notification.get("bounce")), event_id, message_id)
    elif kind == "Complaint":
        yield from _complaints(fields(notification.get("complaint")), event_id, message_id)


def _bounces(bounce: Mapping[str, Any], event_id: str, message_id: str) -> Iterator[WebhookEvent]:
    dead = string(bounce, "bounceType") == "Permanent" and string(bounce, "bounceSubType") in _GONE
    for row in objects(bounce.get("bouncedRecipients")):
        email, status, reply = (string(row, name) for name in ("emailAddress", "status", "diagnosticCode"))
        kind = failure_kind(status, reply, dead=dead)
        yield bounce_event(f"ses {event_id} {email}", kind, email, status=status, detail=reply, message_id=message_id)


def _complaints(complaint: Mapping[str, Any], event_id: str, message_id: str) -> Iterator[WebhookEvent]:
    feedback = string(complaint, "complaintFeedbackType")
    if feedback == "not-spam":
        return
    for row in objects(complaint.get("complainedRecipients")):
        email = string(row, "emailAddress")
        yield bounce_event(f"ses {event_id} {email}", "complaint", email, detail=feedback, message_id=message_id)


def _message_id(mail: Mapping[str, Any]) -> str:
    headers = objects(mail.get("headers"))
    return next((string(row, "value") for row in headers if string(row, "name").lower() == "message-id"), "")

"""What the providers' modules share: a request, the event in it, and how fields of unknown types are read."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from digest.bounces.classify import BounceReport, ReportKind
from digest.bounces.dsn import status_code_in
from digest.bounces.refusals import Cause, cause_of
from digest.errors import DigestError

MAX_EVENTS = 1_000  # events of one request
_MAX_KEY, _MAX_DETAIL, _MAX_STATUS = 300, 300, 20  # characters
_OTHER_KINDS: Mapping[Cause, ReportKind] = {Cause.FULL: "full", Cause.OURS: "ours", Cause.LATER: "soft"}


class ForgedError(DigestError):
    """A request that is not proved to come from the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookCall:
    """A request: the body as received, and the headers by their names in lower case."""

    body: bytes
    headers: Mapping[str, str]

    def json(self) -> Any:
        """Return the body as JSON; raise ForgedError if it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ForgedError("the body is not JSON") from error

    def objects(self) -> list[Mapping[str, Any]]:
        """Return the objects of a body that is one object or a list of them, at most MAX_EVENTS."""
        body = self.json()
        return objects(body if isinstance(body, list) else [body])


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """One reported event; `id` is the provider's own, so that an event that is sent twice counts once."""

    id: str
    report: BounceReport


Fetch = Callable[[str], bytes]
"""Reads an address of the provider's that was checked before: a certificate, or the link that confirms a subscription."""


def bounce_event(
    event_id: str, kind: ReportKind, email: str, *, status: str = "", detail: str = "", message_id: str = ""
) -> WebhookEvent:
    """Build an event from a provider's fields, cut to lengths that the store takes."""
    report = BounceReport(
        kind=kind,
        addresses=(email.strip().lower(),) if email.isprintable() else (),
        status=status[:_MAX_STATUS],
        detail=" ".join(detail.split())[:_MAX_DETAIL],
        message_id=message_id[:300],
    )
    return WebhookEvent(id=event_id[:_MAX_KEY], report=report)


def failure_kind(status: str, reply: str, *, dead: bool) -> ReportKind:
    """Return what a failed delivery means, by the relay's status and reply, which say whose fault it is (`refusals`).

    Providers also call a refusal permanent that speaks of the sender. `dead`, the provider's own verdict, counts only if the
    reply says nothing.
    """
    status = status or status_code_in(reply)
    return _OTHER_KINDS.get(cause_of(status, reply), "hard" if dead else "soft")


def fields(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one if the value is anything else."""
    return value if isinstance(value, dict) else {}


def objects(value: object) -> list[Mapping[str, Any]]:
    """Return the objects of a JSON list, at most MAX_EVENTS; an empty list if the value is anything else."""
    return [fields(row) for row in value[:MAX_EVENTS]] if isinstance(value, list) else []


def string(row: Mapping[str, Any], name: str) -> str:
    """Return a field as text; numbers are written out, any other type is empty."""
    value = row.get(name)
    return value if isinstance(value, str) else str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def decode_base64(text: str) -> bytes:
    """Return the bytes of a base64 text; empty if it is invalid."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""

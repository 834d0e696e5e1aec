"""The values of the last two stages, compose and deliver: who is written to, with what, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from digest.model.collected import NOTHING


class Subscriber(NamedTuple):
    """One row of the subscriber list; `line` is its line in the file. A named tuple, because a million are made in a second."""

    email: str
    name: str = ""
    status: str = "active"
    topics: tuple[str, ...] = ()
    timezone: str = ""
    language: str = ""
    frequency: str = ""
    joined: str = ""
    paused_until: date | None = None
    line: int = 0
    extra: Mapping[str, str] = NOTHING

    def status_on(self, day: date) -> str:
        """Return the status on a day: a pause ends on its date, and may still lie ahead."""
        if self.paused_until is None or self.status not in {"active", "paused"}:
            return self.status
        return "paused" if day < self.paused_until else "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A subscriber on an edition's frozen list; `id` is the same for an address in every edition.

    `variant` names the variant that they get; `extra` holds those of their own columns that the templates use.
    """

    id: int
    email: str
    name: str = ""
    attempts: int = 0
    variant: str = ""
    extra: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A complete message for one recipient: CRLF line ends, signed if keys are set; `dots`: a line may begin with a dot.

    `envelope` is where its bounces go; if it is empty, they go to the sender's own address (RFC 5321, section 4.4).
    """

    recipient: Recipient
    message_id: str
    raw: bytes
    dots: bool = True
    envelope: str = ""


class Outcome(StrEnum):
    """What became of one message at the relay."""

    SENT = "sent"
    REFUSED = "refused"  # permanent
    DEFERRED = "deferred"  # temporary
    UNKNOWN = "unknown"  # the connection died after the final dot


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """The relay's answer for one recipient; `code` is 0 if it never answered, `retry_at` is None if no retry is due.

    `status` is the enhanced status code (RFC 3463), if the answer has one.
    """

    recipient: Recipient
    message_id: str
    outcome: Outcome
    code: int
    reply: str
    relay: str
    at: datetime
    status: str = ""
    retry_at: datetime | None = None

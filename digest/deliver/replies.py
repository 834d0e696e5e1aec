"""What a reply means for its recipient, for the relay and for the rate.

The code decides between now, later and never (RFC 5321, 4.2.1). The enhanced status code (RFC 3463), if there is one, says
whom a refusal concerns.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from digest.bounces.refusals import Cause, cause_of
from digest.deliver.protocol import Reply
from digest.deliver.retry import MAX_IN_DOUBT_TRIES, OUR_FAULT_STEPS, retry_delay
from digest.model import Message, Outcome, Receipt

_ENHANCED = re.compile(r"(?:^|\s)([245]\.\d{1,3}\.\d{1,3})\b")
_POLICY = re.compile(r"5\.(7\.\d+|1\.[78])$")  # RFC 3463: policy; our sender address
_CONTENT = re.compile(r"5\.(6\.\d+|3\.4)$")  # RFC 3463: media; message too big for the system
_THROTTLED = re.compile(  # the relay as a whole is at its limit now, and will take this message soon
    r"throttl|too many|too fast|concurren|thread limit|sending rate|rate limit|rate exceeded|unusual rate|connection limit"
    r"|slow down|4\.7\.28|4\.3\.2\b.*limit",
    re.IGNORECASE,
)
_CONNECTIONS = re.compile(
    r"concurren|too many (?:\w+ )?(?:connections|sessions)|thread limit|connection limit|connections from", re.IGNORECASE
)
_LONG_QUOTA = re.compile(r"daily|per day|\bday\b|monthly|quota|per hour|hourly", re.IGNORECASE)
_ONE_MAILBOX = re.compile(
    r"4\.[12]\.\d+\b|.*gr[ae]y-?list", re.IGNORECASE
)  # one mailbox is full, or the sender is new to it: no reason to go slower


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """What to do with a message that may or may not have arrived, and the name under which its relay is recorded."""

    relay_label: str
    resend: bool = True


def enhanced_status(text: str) -> str:
    """Return the enhanced status code of a reply, or an empty string."""
    found = _ENHANCED.match(text)
    return found[1] if found else ""


@cache
def _outcome(code: int) -> Outcome:
    return {2: Outcome.SENT, 4: Outcome.DEFERRED, 5: Outcome.REFUSED}.get(code // 100, Outcome.UNKNOWN)


def receipt_for(message: Message, reply: Reply, policy: RetryPolicy, now: datetime) -> Receipt:
    """Return the receipt for a reply: 2yz is sent, 4yz deferred, 5yz refused. 3yz is no answer to a whole message: unknown.

    A refusal for what we are or do (our policy, our rate) says nothing about the recipient, so the message is tried again.
    """
    outcome = _outcome(reply.code)
    status = enhanced_status(reply.text)
    about_content = reply.code == 552 or _CONTENT.match(status)  # too large or unreadable, however often it is sent
    if outcome is Outcome.REFUSED and not about_content and cause_of(status, reply.text) is Cause.OURS:
        outcome = Outcome.DEFERRED
    return make_receipt(message, outcome, reply, policy, now)


def make_receipt(message: Message, outcome: Outcome, reply: Reply, policy: RetryPolicy, now: datetime) -> Receipt:
    """Return a receipt, with the time of the next try if there is to be one."""
    again = outcome is Outcome.DEFERRED or (
        outcome is Outcome.UNKNOWN and policy.resend and message.recipient.attempts + 1 < MAX_IN_DOUBT_TRIES
    )
    return Receipt(
        recipient=message.recipient,
        message_id=message.message_id,
        outcome=outcome,
        code=reply.code,
        reply=one_line_reply(reply.text),
        relay=policy.relay_label,
        at=now,
        status=enhanced_status(reply.text),
        retry_at=now + retry_delay(message.recipient.attempts + (OUR_FAULT_STEPS if reply.code >= 500 else 0)) if again else None,
    )


def is_permanent(receipt: Receipt) -> bool:
    """Return whether the relay itself refused a message for good (5yz), whatever outcome we record."""
    return receipt.code // 100 == 5


def is_our_fault(receipt: Receipt) -> bool:
    """Return whether a refusal is for what we are or do, not for the recipient."""
    return is_permanent(receipt) and (receipt.outcome is Outcome.DEFERRED or bool(_POLICY.match(receipt.status)))


def is_throttled(receipt: Receipt) -> bool:
    """Return whether the relay would take this message if it came a little later, or over fewer connections."""
    return (
        receipt.outcome is Outcome.DEFERRED
        and receipt.code > 0
        and bool(_THROTTLED.search(receipt.reply))
        and not _LONG_QUOTA.search(receipt.reply)
        and not _ONE_MAILBOX.match(receipt.reply)
    )


def is_connection_limit(receipt: Receipt) -> bool:
    """Return whether the relay says that it has too many connections."""
    return bool(_CONNECTIONS.search(receipt.reply))


def is_overloaded(receipt: Receipt) -> bool:
    """Return whether the relay has as much as it can take now: a deferral that is not about one mailbox."""
    return receipt.outcome is Outcome.DEFERRED and receipt.code > 0 and not _ONE_MAILBOX.match(receipt.reply)


def one_line_reply(text: str) -> str:
    """Return a server's text on one line of at most 500 characters, without what a terminal or a database would stumble over."""
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(text.split())[:500].rstrip(".:")

"""What a reply means: for its recipient, for the relay, for the pace.

The code decides between now, later and never (RFC 5321, 4.2.1); the enhanced status code (RFC 3463), where there is one,
says whose matter it is.
"""

import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from digest.deliver.wire import Reply
from digest.model import Message, Outcome, Receipt

BACKOFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))
JITTER = 0.25  # of a pause, so that what was deferred together does not come back together
DOUBTS = 5  # tries after which a message that may have arrived is left alone
_ENHANCED = re.compile(r"(?:^|\s)([245]\.\d{1,3}\.\d{1,3})\b")
_OURS = re.compile(r"5\.(7\.\d+|1\.[78])$")  # policy; our sender's address
_THEIRS = re.compile(
    r"4\.[12]\.\d+\b|.*gr[ae]y-?list", re.IGNORECASE
)  # one mailbox is full, one sender new: no reason to go slower


@dataclass(frozen=True, slots=True)
class Policy:
    """How a message that may or may not have arrived is treated, and under what name its relay is recorded."""

    relay: str
    resend: bool = True


def enhanced(text: str) -> str:
    """The enhanced status code of a reply, or an empty string."""
    found = _ENHANCED.match(text)
    return found[1] if found else ""


@cache
def _outcome(code: int) -> Outcome:
    return {2: Outcome.SENT, 4: Outcome.DEFERRED, 5: Outcome.REFUSED}.get(code // 100, Outcome.UNKNOWN)


def judged(message: Message, reply: Reply, policy: Policy, now: datetime) -> Receipt:
    """2yz is sent, 4yz temporary, 5yz permanent; 3yz is no answer to a whole message, and tells nothing."""
    return receipt(message, _outcome(reply.code), reply, policy, now)


def receipt(message: Message, outcome: Outcome, reply: Reply, policy: Policy, now: datetime) -> Receipt:
    """A receipt, with the time of the next try where there is to be one."""
    again = outcome is Outcome.DEFERRED or (
        outcome is Outcome.UNKNOWN and policy.resend and message.recipient.attempts + 1 < DOUBTS
    )
    return Receipt(
        recipient=message.recipient,
        message_id=message.message_id,
        outcome=outcome,
        code=reply.code,
        reply=one_line(reply.text),
        relay=policy.relay,
        at=now,
        status=enhanced(reply.text),
        retry_at=now + pause(message.recipient.attempts) if again else None,
    )


def pause(attempts: int) -> timedelta:
    """How long to wait before another try, longer each time and never twice the same."""
    wait = BACKOFF[min(attempts, len(BACKOFF) - 1)]
    return wait * random.uniform(1 - JITTER, 1 + JITTER)


def ours(answer: Receipt) -> bool:
    """Whether a refusal is for what we are or do, not for whom we write to."""
    return answer.outcome is Outcome.REFUSED and bool(_OURS.match(answer.status))


def crowded(answer: Receipt) -> bool:
    """Whether the relay has as much as it can take now: a deferral that is not about one mailbox."""
    return answer.outcome is Outcome.DEFERRED and answer.code > 0 and not _THEIRS.match(answer.reply)


def one_line(text: str) -> str:
    """A server's words on one line, bounded."""
    return " ".join(text.split())[:500].rstrip(".:")

"""One relay during a run: whether it is well, how fast it may be fed, and what share of the messages it carries."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.config import Relay, RelayLimit
from digest.deliver.connect import Extensions
from digest.deliver.relay_rate import RelayRate
from digest.deliver.replies import is_our_fault, is_permanent, too_many_connections
from digest.deliver.retry import RELAY_REST_DELAYS
from digest.deliver.session import Session
from digest.errors import RelayError
from digest.model import Outcome, Receipt

log = logging.getLogger("digest")
MAX_REFUSALS_IN_A_ROW = 25  # one after the other, with nothing sent between: it is us that the relay refuses
MAX_POLICY_REFUSALS = 8
FEWER_EVERY = 1.0  # seconds between two steps to fewer connections
MAX_HANG_UPS = 12  # connections lost one after the other, with nothing sent between


@dataclass
class RelayState:
    """A relay and its state; times are seconds of one monotonic clock."""

    relay: Relay
    allowance: int | None = None  # messages it may still carry today, by its warm-up plan
    trust: Extensions = field(default_factory=Extensions)
    sessions: list[Session] = field(default_factory=list)  # of the connections at work for it
    carried: int = 0
    worked: bool = False
    out: bool = False  # of no use in this run
    unwanted: bool = False  # it refused one recipient after the other
    failure: RelayError | None = None
    row: list[Receipt] = field(default_factory=list)  # refused one after the other
    unproved: list[Receipt] = field(default_factory=list)  # refused before it has taken anything
    limit: int = field(init=False)  # connections it allows at once
    most: int = field(init=False)  # messages it takes over one connection; 0 for any number
    first: asyncio.Lock = field(default_factory=asyncio.Lock)
    pace: RelayRate = field(init=False)
    _policy: bool = True  # and all of these for policy
    _rest_until: float = 0.0
    _failures: int = 0
    _hang_ups: int = 0
    _last: int = 0  # messages that the last lost connection had carried
    _same: int = 0  # connections in a row that had carried as many
    _fewer_at: float = 0.0

    def __post_init__(self) -> None:
        self.pace = RelayRate(self.relay.rate)
        self.limit, self.most = self.relay.connections, self.relay.messages_per_connection

    def remember(self, learnt: RelayLimit | None) -> None:
        """What it has shown earlier this morning."""
        if learnt is None:
            return
        if learnt.rate:
            self.pace.remember(learnt.rate)
        self.limit = min(self.limit, learnt.connections or self.limit)
        self.most = min(self.most or learnt.messages, learnt.messages or self.most)

    @property
    def learnt(self) -> RelayLimit | None:
        """What is worth remembering of it; None where it takes what it is given."""
        fewer = self.limit if self.limit < self.relay.connections else 0
        most = self.most if self.most != self.relay.messages_per_connection else 0
        rate = self.pace.learnt or 0.0
        return RelayLimit(rate=rate, connections=fewer, messages=most) if fewer or most or rate else None

    def takes(self) -> None:
        """One message is for this relay."""
        self.carried += 1
        if self.allowance is not None:
            self.allowance -= 1

    def returns(self) -> None:
        """It has not got it."""
        self.carried -= 1
        if self.allowance is not None:
            self.allowance += 1

    @property
    def open(self) -> int:
        """How many connections stand."""
        return sum(session.connected for session in self.sessions)

    def well(self, now: float) -> bool:
        """Whether it may carry a message now, and somebody is there to do it."""
        return bool(self.sessions) and not self.lost and now >= self._rest_until

    @property
    def lost(self) -> bool:
        """Whether nothing is to be expected of it any more; one that never worked is given up at its first failure, unless that
        is one of the moment.
        """
        given_up = self.failure is not None and not (self.worked or self.failure.temporary)
        return self.out or self.allowance == 0 or given_up or self._failures > len(RELAY_REST_DELAYS)

    def load(self) -> float:
        """What it has carried, by its weight."""
        return self.carried / self.relay.weight

    def fail(self, error: RelayError, now: float, *, out: bool = False) -> None:
        """It cannot carry: for a while, or in this run no more."""
        self.failure = error
        self.out = self.out or out
        if now >= self._rest_until:
            rest = RELAY_REST_DELAYS[min(self._failures, len(RELAY_REST_DELAYS) - 1)]
            self._rest_until = now + rest
            self._failures += 1
            if not self.lost:
                log.warning("%s Trying again in %.0f seconds.", error, rest)

    def hung_up(self, why: str, answered: int, now: float) -> None:
        """A connection was lost after so many answers; three in a row after as many: it takes no more over one connection."""
        self._same = self._same + 1 if answered == self._last else 1
        self._last = answered
        if answered and self._same >= 3:
            self.most = min(self.most or answered, answered)
        self._hang_ups += 1
        if self._hang_ups >= MAX_HANG_UPS:
            self._hang_ups = 0
            self.fail(
                RelayError(
                    f"the relay closes every connection: {why}",
                    thing=self.relay.label,
                    remedy="The remaining messages stay queued. Check the relay's log.",
                ),
                now,
            )

    def throttled(self, receipt: Receipt, now: float) -> None:
        """It has more than it takes: a slower pace, or fewer connections where it speaks of those."""
        if not too_many_connections(receipt):
            self.pace.throttled(now)
        elif now >= self._fewer_at:
            self._fewer_at = now + FEWER_EVERY
            self.limit = max(1, min(self.limit, self.open) - max(1, self.limit // 4))

    def count_receipt(self, receipt: Receipt) -> RelayError | None:
        """An answer; the error to stop with, where a row of refusals says that it is us whom the relay does not want.

        A row of 5.7.z (RFC 3463: security or policy) says so sooner. What the relay was never asked (code 0) says nothing.
        """
        if receipt.outcome is Outcome.SENT:
            self.worked, self._failures, self._hang_ups, self.unproved = True, 0, 0, []
        if not is_permanent(receipt) and receipt.outcome is not Outcome.REFUSED:
            self.row, self._policy = [], True
            return None
        if receipt.code:
            self.row.append(receipt)
            self._policy = self._policy and is_our_fault(receipt)
            if not self.worked and receipt.outcome is Outcome.REFUSED:
                self.unproved.append(receipt)
        if self.unwanted or len(self.row) < (MAX_POLICY_REFUSALS if self._policy else MAX_REFUSALS_IN_A_ROW):
            return None
        self.unwanted = True
        return RelayError(
            f"the relay refused {len(self.row)} recipients in a row, the last with {receipt.code} {receipt.reply}",
            thing=self.relay.label,
            remedy="These and the remaining messages stay queued. Check the relay's rules for this sender: SPF, DKIM, PTR, rate.",
        )


def may_carry(relay_state: RelayState, relay_states: Sequence[RelayState], now: float) -> bool:
    """Whether a message should go this way: the lowest priority that is well carries, its relays by their weights.

    One that is slowed down is not waited for.
    """
    if len(relay_states) == 1 or not relay_state.well(now):
        return relay_state.well(now)
    well = [other for other in relay_states if other.well(now)]
    if relay_state.relay.priority > min(other.relay.priority for other in well):
        return False
    peers = [other for other in well if other.relay.priority == relay_state.relay.priority and not other.pace.limited]
    slack = max(1.0, relay_state.relay.connections * relay_state.relay.window / relay_state.relay.weight)
    return relay_state.load() <= min((peer.load() for peer in peers), default=0.0) + slack or relay_state not in peers

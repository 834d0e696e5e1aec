"""One relay during a run: whether it works, how fast it may be fed, and what share of the messages it carries."""

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
MAX_REFUSALS_IN_A_ROW = 25  # in a row, with nothing sent between them: the relay is refusing us
MAX_POLICY_REFUSALS = 8
FEWER_EVERY = 1.0  # seconds between two cuts in the number of connections
MAX_HANG_UPS = 12  # connections lost in a row, with nothing sent between them


@dataclass
class RelayState:
    """One relay and its state; times are seconds of one monotonic clock."""

    relay: Relay
    allowance: int | None = None  # messages it may still carry today, by its warm-up plan
    trust: Extensions = field(default_factory=Extensions)
    sessions: list[Session] = field(default_factory=list)  # one for each connection that works for it
    carried: int = 0
    worked: bool = False
    out: bool = False  # not used again in this run
    unwanted: bool = False  # it refused too many recipients in a row
    failure: RelayError | None = None
    row: list[Receipt] = field(default_factory=list)  # refusals in a row
    unproved: list[Receipt] = field(default_factory=list)  # refusals before it accepted its first message
    limit: int = field(init=False)  # connections it allows at once
    most: int = field(init=False)  # messages it takes over one connection; 0 for any number
    first: asyncio.Lock = field(default_factory=asyncio.Lock)
    pace: RelayRate = field(init=False)
    _policy_only: bool = True  # whether every refusal in `row` is for policy
    _rest_until: float = 0.0
    _failures: int = 0
    _hang_ups: int = 0
    _last_answered: int = 0  # replies on the last connection that was lost
    _same_in_a_row: int = 0  # lost connections in a row with that number of replies
    _fewer_at: float = 0.0

    def __post_init__(self) -> None:
        self.pace = RelayRate(self.relay.rate)
        self.limit, self.most = self.relay.connections, self.relay.messages_per_connection

    def remember(self, learnt: RelayLimit | None) -> None:
        """Apply the limits that the relay has shown earlier this morning."""
        if learnt is None:
            return
        if learnt.rate:
            self.pace.remember(learnt.rate)
        self.limit = min(self.limit, learnt.connections or self.limit)
        self.most = min(self.most or learnt.messages, learnt.messages or self.most)

    @property
    def learnt(self) -> RelayLimit | None:
        """The limits worth remembering; None if the relay takes what it is given."""
        fewer = self.limit if self.limit < self.relay.connections else 0
        most = self.most if self.most != self.relay.messages_per_connection else 0
        rate = self.pace.learnt or 0.0
        return RelayLimit(rate=rate, connections=fewer, messages=most) if fewer or most or rate else None

    def takes(self) -> None:
        """Count one message for this relay."""
        self.carried += 1
        if self.allowance is not None:
            self.allowance -= 1

    def returns(self) -> None:
        """Take back the count of one message, because the relay has not received it."""
        self.carried -= 1
        if self.allowance is not None:
            self.allowance += 1

    @property
    def open(self) -> int:
        """The number of open connections."""
        return sum(session.connected for session in self.sessions)

    def well(self, now: float) -> bool:
        """Return whether the relay may carry a message now and has a session to carry it."""
        return bool(self.sessions) and not self.lost and now >= self._rest_until

    @property
    def lost(self) -> bool:
        """Whether the relay will carry nothing more in this run. One that never worked is given up at its first failure, unless
        that failure is temporary.
        """
        given_up = self.failure is not None and not (self.worked or self.failure.temporary)
        return self.out or self.allowance == 0 or given_up or self._failures > len(RELAY_REST_DELAYS)

    def load(self) -> float:
        """Return the number of messages carried, divided by the weight."""
        return self.carried / self.relay.weight

    def fail(self, error: RelayError, now: float, *, out: bool = False) -> None:
        """Rest the relay after a failure; with `out`, or after too many failures, do not use it again in this run."""
        self.failure = error
        self.out = self.out or out
        if now >= self._rest_until:
            rest = RELAY_REST_DELAYS[min(self._failures, len(RELAY_REST_DELAYS) - 1)]
            self._rest_until = now + rest
            self._failures += 1
            if not self.lost:
                log.warning("%s Trying again in %.0f seconds.", error, rest)

    def hung_up(self, why: str, answered: int, now: float) -> None:
        """Count a connection lost after `answered` replies; three in a row after the same number limit later connections to it."""
        self._same_in_a_row = self._same_in_a_row + 1 if answered == self._last_answered else 1
        self._last_answered = answered
        if answered and self._same_in_a_row >= 3:
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
        """Slow down because the relay has too much: use fewer connections if its reply names those, else a lower rate."""
        if not too_many_connections(receipt):
            self.pace.throttled(now)
        elif now >= self._fewer_at:
            self._fewer_at = now + FEWER_EVERY
            self.limit = max(1, min(self.limit, self.open) - max(1, self.limit // 4))

    def count_receipt(self, receipt: Receipt) -> RelayError | None:
        """Count a receipt; return the error to stop with if a row of refusals shows that the relay refuses us.

        A row of 5.7.z (RFC 3463: security or policy) shows that sooner. A message the relay was never asked about (code 0)
        shows nothing.
        """
        if receipt.outcome is Outcome.SENT:
            self.worked, self._failures, self._hang_ups, self.unproved = True, 0, 0, []
        if not is_permanent(receipt) and receipt.outcome is not Outcome.REFUSED:
            self.row, self._policy_only = [], True
            return None
        if receipt.code:
            self.row.append(receipt)
            self._policy_only = self._policy_only and is_our_fault(receipt)
            if not self.worked and receipt.outcome is Outcome.REFUSED:
                self.unproved.append(receipt)
        if self.unwanted or len(self.row) < (MAX_POLICY_REFUSALS if self._policy_only else MAX_REFUSALS_IN_A_ROW):
            return None
        self.unwanted = True
        return RelayError(
            f"the relay refused {len(self.row)} recipients in a row, the last with {receipt.code} {receipt.reply}",
            thing=self.relay.label,
            remedy="These and the remaining messages stay queued. Check the relay's rules for this sender: SPF, DKIM, PTR, rate.",
        )


def may_carry(relay_state: RelayState, relay_states: Sequence[RelayState], now: float) -> bool:
    """Return whether the next message should go over this relay.

    Of the relays that work, those with the lowest priority number carry, each by its weight. None waits for a slowed-down one.
    """
    if len(relay_states) == 1 or not relay_state.well(now):
        return relay_state.well(now)
    well = [other for other in relay_states if other.well(now)]
    if relay_state.relay.priority > min(other.relay.priority for other in well):
        return False
    peers = [other for other in well if other.relay.priority == relay_state.relay.priority and not other.pace.limited]
    slack = max(1.0, relay_state.relay.connections * relay_state.relay.window / relay_state.relay.weight)
    return relay_state.load() <= min((peer.load() for peer in peers), default=0.0) + slack or relay_state not in peers

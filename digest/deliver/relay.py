"""One relay during a run: whether it works, how fast it may be fed, and what share of the messages it carries."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from digest.config import Relay, RelayLimit
from digest.deliver.connect import Extensions
from digest.deliver.relay_rate import RelayRate
from digest.deliver.replies import is_connection_limit, is_our_fault, is_permanent
from digest.deliver.retry import RELAY_REST_DELAYS
from digest.deliver.session import Session
from digest.errors import RelayError
from digest.model import Outcome, Receipt

log = logging.getLogger("digest")
MAX_REFUSALS_IN_A_ROW = 25  # in a row, with nothing sent between them: the relay is refusing us
MAX_POLICY_REFUSALS = 8
CONNECTION_CUT_INTERVAL = 1.0  # seconds between two cuts in the number of connections
MAX_HANG_UPS_IN_A_ROW = 12  # connections lost in a row, with nothing sent between them


@dataclass
class RelayState:
    """One relay and its state; times are seconds of one monotonic clock."""

    relay: Relay
    allowance: int | None = None  # messages it may still carry today, by its warm-up plan
    extensions: Extensions = field(default_factory=Extensions)
    sessions: list[Session] = field(default_factory=list)  # one for each connection that works for it
    carried_count: int = 0
    has_worked: bool = False
    failed_for_good: bool = False  # not used again in this run
    refuses_us: bool = False  # it refused too many recipients in a row
    failure: RelayError | None = None
    refusals_in_a_row: list[Receipt] = field(default_factory=list)
    early_refusals: list[Receipt] = field(default_factory=list)  # refusals before it accepted its first message
    max_connections: int = field(init=False)  # connections it allows at once
    max_per_connection: int = field(init=False)  # messages over one connection; 0 for any number
    first_connection_lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rate: RelayRate = field(init=False)
    _policy_only: bool = True  # whether every refusal in `refusals_in_a_row` is for policy
    _rest_until: float = 0.0
    _failures: int = 0
    _hang_ups: int = 0
    _last_reply_count: int = 0  # replies on the last connection that was lost
    _same_in_a_row: int = 0  # lost connections in a row with that number of replies
    _next_cut_at: float = 0.0

    def __post_init__(self) -> None:
        self.rate = RelayRate(self.relay.rate)
        self.max_connections, self.max_per_connection = self.relay.connections, self.relay.messages_per_connection

    def apply_limits(self, known: RelayLimit | None) -> None:
        """Apply the limits that the relay has shown earlier this morning."""
        if known is None:
            return
        if known.rate:
            self.rate.start_at(known.rate)
        self.max_connections = min(self.max_connections, known.connections or self.max_connections)
        self.max_per_connection = min(self.max_per_connection or known.messages, known.messages or self.max_per_connection)

    @property
    def learnt_limits(self) -> RelayLimit | None:
        """The limits worth remembering; None if the relay takes what it is given."""
        fewer = self.max_connections if self.max_connections < self.relay.connections else 0
        most = self.max_per_connection if self.max_per_connection != self.relay.messages_per_connection else 0
        rate = self.rate.learnt_rate or 0.0
        return RelayLimit(rate=rate, connections=fewer, messages=most) if fewer or most or rate else None

    def count_message(self) -> None:
        """Count one message for this relay."""
        self.carried_count += 1
        if self.allowance is not None:
            self.allowance -= 1

    def uncount_message(self) -> None:
        """Take back the count of one message, because the relay has not received it."""
        self.carried_count -= 1
        if self.allowance is not None:
            self.allowance += 1

    @property
    def open_connections(self) -> int:
        """The number of open connections."""
        return sum(session.is_connected for session in self.sessions)

    def can_carry(self, now: float) -> bool:
        """Return whether the relay may carry a message now and has a session to carry it."""
        return bool(self.sessions) and not self.is_given_up and now >= self._rest_until

    @property
    def is_given_up(self) -> bool:
        """Whether the relay will carry nothing more in this run. One that never worked is given up at its first failure, unless
        that failure is temporary.
        """
        given_up = self.failure is not None and not (self.has_worked or self.failure.temporary)
        return self.failed_for_good or self.allowance == 0 or given_up or self._failures > len(RELAY_REST_DELAYS)

    def load(self) -> float:
        """Return the number of messages carried, divided by the weight."""
        return self.carried_count / self.relay.weight

    def fail(self, error: RelayError, now: float, *, for_good: bool = False) -> None:
        """Rest the relay after a failure; with `for_good`, or after too many failures, do not use it again in this run."""
        self.failure = error
        self.failed_for_good = self.failed_for_good or for_good
        if now >= self._rest_until:
            rest = RELAY_REST_DELAYS[min(self._failures, len(RELAY_REST_DELAYS) - 1)]
            self._rest_until = now + rest
            self._failures += 1
            if not self.is_given_up:
                log.warning("%s Trying again in %.0f seconds.", error, rest)

    def record_hang_up(self, why: str, reply_count: int, now: float) -> None:
        """Count a connection lost after `reply_count` replies; three in a row after the same number limit later ones to it."""
        self._same_in_a_row = self._same_in_a_row + 1 if reply_count == self._last_reply_count else 1
        self._last_reply_count = reply_count
        if reply_count and self._same_in_a_row >= 3:
            self.max_per_connection = min(self.max_per_connection or reply_count, reply_count)
        self._hang_ups += 1
        if self._hang_ups >= MAX_HANG_UPS_IN_A_ROW:
            self._hang_ups = 0
            self.fail(
                RelayError(
                    f"the relay closes every connection: {why}",
                    thing=self.relay.label,
                    remedy="The remaining messages stay queued. Check the relay's log.",
                ),
                now,
            )

    def slow_down(self, receipt: Receipt, now: float) -> None:
        """Slow down because the relay has too much: use fewer connections if its reply names those, else a lower rate."""
        if not is_connection_limit(receipt):
            self.rate.slow_down(now)
        elif now >= self._next_cut_at:
            self._next_cut_at = now + CONNECTION_CUT_INTERVAL
            self.max_connections = max(1, min(self.max_connections, self.open_connections) - max(1, self.max_connections // 4))

    def count_receipt(self, receipt: Receipt) -> RelayError | None:
        """Count a receipt; return the error to stop with if a row of refusals shows that the relay refuses us.

        A row of 5.7.z (RFC 3463: security or policy) shows that sooner. A message the relay was never asked about (code 0)
        shows nothing.
        """
        if receipt.outcome is Outcome.SENT:
            self.has_worked, self._failures, self._hang_ups, self.early_refusals = True, 0, 0, []
        if not is_permanent(receipt) and receipt.outcome is not Outcome.REFUSED:
            self.refusals_in_a_row, self._policy_only = [], True
            return None
        if receipt.code:
            self.refusals_in_a_row.append(receipt)
            self._policy_only = self._policy_only and is_our_fault(receipt)
            if not self.has_worked and receipt.outcome is Outcome.REFUSED:
                self.early_refusals.append(receipt)
        if self.refuses_us or len(self.refusals_in_a_row) < (MAX_POLICY_REFUSALS if self._policy_only else MAX_REFUSALS_IN_A_ROW):
            return None
        self.refuses_us = True
        return RelayError(
            f"the relay refused {len(self.refusals_in_a_row)} recipients in a row, the last with {receipt.code} {receipt.reply}",
            thing=self.relay.label,
            remedy="These and the remaining messages stay queued. Check the relay's rules for this sender: SPF, DKIM, PTR, rate.",
        )


def should_carry(relay_state: RelayState, relay_states: Sequence[RelayState], now: float) -> bool:
    """Return whether the next message should go over this relay.

    Of the relays that work, those with the lowest priority number carry, each by its weight. None waits for a slowed-down one.
    """
    if len(relay_states) == 1 or not relay_state.can_carry(now):
        return relay_state.can_carry(now)
    working = [other for other in relay_states if other.can_carry(now)]
    if relay_state.relay.priority > min(other.relay.priority for other in working):
        return False
    peers = [other for other in working if other.relay.priority == relay_state.relay.priority and not other.rate.is_limited]
    slack = max(1.0, relay_state.relay.connections * relay_state.relay.window / relay_state.relay.weight)
    return relay_state.load() <= min((peer.load() for peer in peers), default=0.0) + slack or relay_state not in peers

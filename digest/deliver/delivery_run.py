"""One pass over the messages: the relays, their connections, and the outcome of each message."""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from digest.bounces.refusals import Cause, cause_of
from digest.config import Relay, RelayLimit, Smtp
from digest.deliver.connection_queue import ConnectionQueue
from digest.deliver.domain_rate import DomainQueue
from digest.deliver.protocol import Reply
from digest.deliver.relay import RelayState, should_carry
from digest.deliver.replies import RetryPolicy, is_overloaded, is_throttled, make_receipt
from digest.deliver.retry import MAX_LOST_CONNECTIONS, MAX_POSTPONEMENTS, RECONNECT_DELAY
from digest.deliver.send_queue import DeliveryLog, MessageFuture, NoDeliveryLog, RecordedCallback, SendQueue
from digest.deliver.session import Session
from digest.errors import RelayError
from digest.model import Message, Outcome, Receipt

ReceiptCallback = Callable[[Receipt], None]
POLL_INTERVAL = 0.05  # seconds between two checks by a connection that has nothing to carry


@dataclass
class Run:
    """One pass over the messages: what all its connections share.

    `sent_today` is how many messages each relay has already carried on this `day`, by its label; a warm-up plan counts them.
    """

    smtp: Smtp
    sender: str
    delivery_log: DeliveryLog
    clock: Callable[[], datetime]
    on_receipt: ReceiptCallback
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    sent_today: Mapping[str, int] = field(default_factory=dict)
    day: date | None = None
    has_sent_before: bool = False  # relays took messages of this edition before: a refusal of all that is left is believed
    known_limits: Mapping[str, RelayLimit] = field(default_factory=dict)  # the relays' limits learnt this morning, by label
    _relay_states: list[RelayState] = field(init=False)
    _loss_points: Counter[str] = field(default_factory=Counter)
    _postponed: Counter[str] = field(default_factory=Counter)
    _paced: set[MessageFuture] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._relay_states = [RelayState(relay, self._allowance(relay)) for relay in self.smtp.fleet]
        for relay_state in self._relay_states:
            relay_state.apply_limits(self.known_limits.get(relay_state.relay.label))

    def learnt_limits(self) -> dict[str, RelayLimit]:
        """Return the limits that this run has learnt of its relays, by label."""
        return {state.relay.label: limits for state in self._relay_states if (limits := state.learnt_limits)}

    def _allowance(self, relay: Relay) -> int | None:
        """Return how many messages a relay's warm-up plan still allows today; None if there is no limit."""
        allowed = relay.warm_up.allowance(self.day or self.clock().date()) if relay.warm_up else None
        return None if allowed is None else max(0, allowed - self.sent_today.get(relay.label, 0))

    async def deliver(self, messages: Iterator[Message]) -> None:
        """Send the messages; return when all have a receipt, or when `stop` is set and those in flight have one."""
        self._queue = SendQueue(DomainQueue(messages, self.smtp.domain_rates), self.delivery_log)
        helpers = [self._queue.start(), asyncio.create_task(self._let_go())]
        helpers[1].add_done_callback(lambda _: self._release_paced())
        try:
            try:
                while not self._queue.empty() and not all(relay_state.is_given_up for relay_state in self._relay_states):
                    await self._run_connections()
            finally:
                stranded = await self._record_last()
            if self._queue.failure:
                raise self._queue.failure
            if stranded and not self.stop.is_set():
                for failure in filter(None, (relay_state.failure for relay_state in self._relay_states)):
                    raise failure
        finally:
            for helper in helpers:
                helper.cancel()
            await asyncio.gather(*helpers, return_exceptions=True)

    async def _run_connections(self) -> None:
        """Run all connections of all relays until no message is left, or no relay to take it."""
        ended = await asyncio.gather(
            *(
                self._run_connection(relay_state, number)
                for relay_state in self._relay_states
                for number in range(relay_state.relay.connections)
            ),
            return_exceptions=True,
        )
        for error in ended:
            if error is not None:
                raise error

    async def _record_last(self) -> bool:
        """Record the last receipts; return whether a message is left that no relay would carry.

        If every recipient was refused and none accepted, we may be the cause. Then nothing is final, however short the list.
        """
        for relay_state in self._relay_states:
            if not (relay_state.has_worked or self.has_sent_before) and _may_be_our_fault(relay_state.early_refusals):
                for receipt in relay_state.early_refusals:
                    self._add_receipt(replace(receipt, outcome=Outcome.DEFERRED, retry_at=self.clock()))
        more = not self._queue.empty()
        released = await self._queue.flush()
        return more or bool(released) or any(relay_state.refuses_us for relay_state in self._relay_states)

    async def _let_go(self) -> None:
        """Release those who wait for a relay's rate, once there is nothing more to send or `stop` is set."""
        while True:
            with suppress(TimeoutError):  # not wait_for: before 3.12 it loses a cancellation that comes just as `stop` is set
                async with asyncio.timeout(4 * POLL_INTERVAL):
                    await self.stop.wait()
            if self.stop.is_set():
                self._queue.close()
            if self._queue.empty():
                self._release_paced()
            if self.stop.is_set():
                await asyncio.sleep(POLL_INTERVAL)

    def _release_paced(self) -> None:
        for future in [future for future in self._paced if not future.done()]:
            future.set_result(None)

    # — one connection —

    async def _run_connection(self, relay_state: RelayState, number: int) -> None:
        """Carry one connection's share of the messages and reconnect if it is lost; end if `number` reaches the relay's limit.

        If it fails for a reason other than the relay, the other connections finish what they have in flight and end.
        """
        session = Session(relay_state.relay, self.sender, self.clock, relay_state.extensions, resend=self.smtp.in_doubt == "resend")
        relay_state.sessions.append(session)
        try:
            while await self._wait_for_turn(relay_state, number):
                if await self._ensure_connected(relay_state, session):
                    await self._carry(relay_state, session, number)
        except BaseException:
            self._queue.close()
            raise
        finally:
            relay_state.sessions.remove(session)
            await session.close()

    async def _wait_for_turn(self, relay_state: RelayState, number: int) -> bool:
        """Wait until this relay should carry a message; return False if there is nothing more for it to do."""
        while not (relay_state.is_given_up or number >= relay_state.max_connections or self._queue.empty()):
            if should_carry(relay_state, self._relay_states, self._now()):
                return True
            await asyncio.sleep(POLL_INTERVAL)
        return False

    async def _ensure_connected(self, relay_state: RelayState, session: Session) -> bool:
        """Connect if necessary; return whether that worked. A relay's first connection is made alone: its failure is the relay's.

        A relay may allow fewer connections than we would like; then it gets that many.
        """
        if session.is_connected:
            return True
        async with relay_state.first_connection_lock:
            if not relay_state.open_connections:
                return relay_state.can_carry(self._now()) and await self._try_connect(relay_state, session)
        return await self._try_connect(relay_state, session)

    async def _try_connect(self, relay_state: RelayState, session: Session) -> bool:
        try:
            if not await self._connect_while_wanted(session.connect()):
                return False
        except RelayError as error:
            if relay_state.open_connections:
                relay_state.max_connections = relay_state.open_connections
                await asyncio.sleep(RECONNECT_DELAY)
            else:
                relay_state.fail(error, self._now())
            return False
        return True

    async def _connect_while_wanted(self, connecting: Coroutine[None, None, None]) -> bool:
        """Connect while there is something to carry, so that a relay whose greeting takes minutes holds up nothing."""
        task = asyncio.create_task(connecting)
        try:
            while not (await asyncio.wait([task], timeout=POLL_INTERVAL))[0]:
                if self._queue.empty():
                    return False
            await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        return True

    async def _carry(self, relay_state: RelayState, session: Session, number: int) -> None:
        connection_queue = ConnectionQueue(self, relay_state, number)
        try:
            lost = await session.send_from(connection_queue)
        except RelayError as error:
            relay_state.fail(error, self._now(), for_good=True)
            return
        if lost:
            relay_state.record_hang_up(str(lost), connection_queue.reply_count, self._now())
        elif connection_queue.is_full:
            await session.close()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    # — what a connection asks for and reports —

    def next_message(self, relay_state: RelayState, number: int) -> tuple[MessageFuture, bool]:
        """Return the next message for a relay's connection, and whether it comes at once, apart from the database."""
        loop = asyncio.get_running_loop()
        future: MessageFuture = loop.create_future()
        ended = self.stop.is_set() or number >= relay_state.max_connections
        if ended or not should_carry(relay_state, self._relay_states, loop.time()):
            future.set_result(None)
            return future, True
        relay_state.count_message()
        if wait := relay_state.rate.reserve(loop.time()):
            self._paced.add(future)
            future.add_done_callback(self._paced.discard)
            loop.call_later(wait, self._hand_to_queue, future)
            return future, False
        self._queue.request(future)
        return future, True

    def _hand_to_queue(self, future: MessageFuture) -> None:
        self._paced.discard(future)  # from now on the queue answers it
        if not future.done():
            self._queue.request(future)

    def report(self, relay_state: RelayState, receipt: Receipt, latency: float, on_recorded: RecordedCallback) -> None:
        """Record a relay's reply and what it shows about the relay."""
        relay_state.rate.count_reply(self._now(), overloaded=is_overloaded(receipt), latency=latency)
        if receipt.outcome is Outcome.SENT:
            relay_state.rate.count_sent(self._now())
        self._queue.add_receipt(receipt, on_recorded)
        self.on_receipt(receipt)
        if error := relay_state.count_receipt(receipt):
            relay_state.fail(error, self._now(), for_good=True)
        if relay_state.refuses_us:  # what it refused in its row, and since, is no recipient's fault
            for refused in relay_state.refusals_in_a_row:
                self._add_receipt(replace(refused, outcome=Outcome.DEFERRED, retry_at=self.clock()))
            relay_state.refusals_in_a_row = []

    def postpone(self, relay_state: RelayState, message: Message, receipt: Receipt) -> bool:
        """Let a throttled message wait again, at most `MAX_POSTPONEMENTS` times a pass, and slow down; return whether it waits."""
        if not is_throttled(receipt) or self._postponed[message.message_id] >= MAX_POSTPONEMENTS or self.stop.is_set():
            return False
        self._postponed[message.message_id] += 1
        relay_state.slow_down(receipt, self._now())
        relay_state.uncount_message()
        self._queue.requeue(message)
        return True

    def give_back(self, relay_state: RelayState, message: Message, why: str, *, blame: bool) -> None:
        """Let another connection or relay try the message; one that has cost too many connections waits for another pass."""
        relay_state.uncount_message()
        closing = why.startswith("421 ")  # the cause is more likely the relay itself than this message
        self._loss_points[message.message_id] += blame * (1 if closing else 3)
        if self._loss_points[message.message_id] < 3 * MAX_LOST_CONNECTIONS:
            self._queue.requeue(message)
        else:
            reply = Reply(0, f"the connection was lost: {why}")
            self._add_receipt(make_receipt(message, Outcome.DEFERRED, reply, RetryPolicy(relay_state.relay.label), self.clock()))

    def _add_receipt(self, receipt: Receipt) -> None:
        self._queue.add_receipt(receipt)
        self.on_receipt(receipt)


def _may_be_our_fault(refusals: Sequence[Receipt]) -> bool:
    """Return whether refusals with nothing accepted may be about us: several, or one that does not call the mailbox gone."""
    return len(refusals) > 1 or any(cause_of(refusal.status, refusal.reply) is not Cause.GONE for refusal in refusals)


async def deliver_unrecorded(
    smtp: Smtp, sender: str, clock: Callable[[], datetime], messages: Iterable[Message]
) -> tuple[Receipt, ...]:
    """Send some messages without a database, such as test copies; return the receipts in the messages' order."""
    numbered = [replace(message, recipient=replace(message.recipient, id=at)) for at, message in enumerate(messages)]
    receipts: dict[int, Receipt] = {}
    run = Run(smtp, sender, NoDeliveryLog(), clock, lambda receipt: receipts.update({receipt.recipient.id: receipt}))
    await run.deliver(iter(numbered))
    return tuple(receipts[number] for number in sorted(receipts))

"""Stage 5: messages → receipts, over several connections at once.

Every message is recorded before its bytes leave and after the relay's reply (`Journal`). What the relay refuses for
one recipient is a receipt; what it refuses for all (no connection, no login, not this sender) is a RelayError that
stops the run with the rest still queued.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from digest.config import Smtp
from digest.deliver.session import Session
from digest.errors import RelayError
from digest.model import Message, Outcome, Receipt

REFUSALS = 25  # one after the other, with nothing sent between: it is us that the relay refuses
POLICY_REFUSALS = 8


class Journal(Protocol):
    """Where a delivery is recorded, durably, before this returns."""

    async def begin(self, message: Message) -> bool:
        """A message is about to leave; False where it must not."""

    async def settle(self, receipt: Receipt) -> None:
        """The relay has answered."""


Watch = Callable[[Receipt], None]


class _Queue:
    """Messages that several connections take from; one is made only when it is taken or asked for."""

    def __init__(self, messages: Iterator[Message]) -> None:
        self._messages = messages
        self._head: Message | None = None

    def empty(self) -> bool:
        """Whether there is none left."""
        self._head = self._head or next(self._messages, None)
        return self._head is None

    def take(self) -> Message:
        """The next one; ask `empty` first."""
        head, self._head = self._head, None
        if head is None:
            raise LookupError("no message is left")
        return head


@dataclass
class Run:
    """One pass over the messages: what all its connections share."""

    relay: Smtp
    sender: str
    journal: Journal
    clock: Callable[[], datetime]
    watch: Watch
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    _open: int = 0
    _row: list[Message] = field(default_factory=list)  # refused one after the other
    _policy: bool = True  # and all of these for policy
    _unwanted: bool = False
    _next: float = 0.0
    _failure: RelayError | None = None

    async def deliver(self, messages: Iterator[Message]) -> None:
        """Send the messages; returns when all have a receipt, or `stop` was set and what was in flight is settled."""
        queue = _Queue(messages)
        if queue.empty():
            return
        sessions = [Session(self.relay, self.sender, self.clock) for _ in range(self.relay.connections)]
        await sessions[0].connect()  # before anything is begun: without a relay nothing is in doubt
        ended = await asyncio.gather(*(self._connection(session, queue) for session in sessions), return_exceptions=True)
        if self._failure and self._unwanted:
            await self._give_back(self._row, self._failure)
        for error in [*ended, self._failure]:
            if error is not None:
                raise error

    async def _connection(self, session: Session, queue: _Queue) -> None:
        """One connection's share of the messages; the first failure lets the others settle what they have in flight."""
        self._open += 1
        message: Message | None = None
        answered: list[Receipt] = []  # by the relay, and not yet recorded: one at most
        try:
            while message or not (self._halted or queue.empty()):
                if not message and not await self._ready(session):
                    return
                message = message or await self._turned(queue, answered)
                if message:
                    message = await self._one(session, queue, message, answered)
        except RelayError as error:
            self._failure = self._failure or error
        except BaseException:
            self._failure = self._failure or RelayError("another connection failed", thing=self.relay.host)
            raise
        finally:
            self._open -= 1
            await self._recorded(answered)
            await session.close()

    @property
    def _halted(self) -> bool:
        return self.stop.is_set() or self._failure is not None

    async def _ready(self, session: Session) -> bool:
        """Whether there is a connection; a relay may allow fewer than we would like, but one there must be."""
        if session.connected:
            return True
        try:
            await session.connect()
        except RelayError:
            if self._open == 1:
                raise
            return False
        return True

    async def _begun(self, queue: _Queue) -> Message | None:
        """The next message that may be sent, recorded as about to leave."""
        while not (self._halted or queue.empty()):
            message = queue.take()
            await self._pace()
            if await self.journal.begin(message):
                return message
        return None

    async def _recorded(self, answered: list[Receipt]) -> None:
        while answered:
            await self.journal.settle(answered[0])
            del answered[0]

    async def _turned(self, queue: _Queue, answered: list[Receipt]) -> Message | None:
        """Record the last answer and take the next message in hand: one commit, while the relay reads the envelope.

        Both are on the disk before the next body leaves, so that a connection never has more than one message in doubt.
        """
        _, message = await asyncio.gather(self._recorded(answered), self._begun(queue))
        return message

    async def _one(self, session: Session, queue: _Queue, message: Message, answered: list[Receipt]) -> Message | None:
        """Send one message while the next is made ready, and return that."""
        following = asyncio.create_task(self._turned(queue, answered))
        try:
            receipt = await session.send(message, following)
        except RelayError as error:
            await self._give_back([message, await following], error)
            raise
        upcoming = await following
        answered.append(receipt)
        self.watch(receipt)
        if unwanted := self._refused_by_all(message, receipt):
            await self._give_back([upcoming], unwanted)
            raise unwanted
        return upcoming

    async def _give_back(self, messages: Sequence[Message | None], error: RelayError) -> None:
        """The relay has none of these: they may be tried again as soon as it is well."""
        now = self.clock()
        for message in filter(None, messages):
            await self.journal.settle(
                Receipt(
                    recipient=message.recipient,
                    message_id=message.message_id,
                    outcome=Outcome.DEFERRED,
                    code=0,
                    reply=error.what,
                    relay=self.relay.host,
                    at=now,
                    retry_at=now,
                )
            )

    async def _pace(self) -> None:
        """Hold to smtp.rate, counted over all connections."""
        if self.relay.rate is None:
            return
        now = asyncio.get_running_loop().time()
        self._next = max(now, self._next) + 1 / self.relay.rate
        await asyncio.sleep(self._next - now - 1 / self.relay.rate)

    def _refused_by_all(self, message: Message, receipt: Receipt) -> RelayError | None:
        """The error to stop with, where a row of refusals says that it is us whom the relay does not want.

        A row of 5.7.z (RFC 3463: security or policy) says so sooner.
        """
        if receipt.outcome is not Outcome.REFUSED:
            self._row, self._policy = [], True
            return None
        self._row.append(message)
        self._policy = self._policy and receipt.reply.startswith("5.7.")
        if len(self._row) < (POLICY_REFUSALS if self._policy else REFUSALS):
            return None
        self._unwanted = True
        return RelayError(
            f"{len(self._row)} recipients refused one after the other, the last with {receipt.code} {receipt.reply}",
            thing=self.relay.host,
            remedy="They and the rest stay queued. Check with the relay what this sender may do (SPF, DKIM, relaying).",
        )


__all__ = ["Journal", "Run", "Session", "Watch"]

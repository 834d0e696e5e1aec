"""The messages for all connections, each recorded as about to leave before a connection gets it.

What many connections want to record at one moment, messages begun and receipts, goes to disk in one commit. Messages
are begun ahead, as many as leave in a twentieth of a second: a commit of fifty costs hardly more than one of ten. If the relay
is slow these are few, so that few are in doubt when a run dies.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from digest.deliver.domain_rate import DomainQueue
from digest.model import Message, Receipt

SECONDS_AHEAD = 0.05  # seconds
MAX_MESSAGES_AHEAD = 100

MessageFuture = asyncio.Future[Message | None]
RecordedCallback = Callable[[], None]


class DeliveryLog(Protocol):
    """The place where deliveries are recorded."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Record messages about to leave, and receipts, durably before this returns.

        Return the recipients' ids of the messages that may leave. The other recipients have opted out or are dealt with.
        """

    async def release(self, messages: Sequence[Message]) -> None:
        """Put back messages that were to leave and have not: they wait again, as if they had never been begun."""


class NoDeliveryLog:
    """A delivery log that keeps nothing, for messages without a database, such as test copies."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Let every message leave."""
        return {message.recipient.id for message in begun}

    async def release(self, messages: Sequence[Message]) -> None:
        """Do nothing, because nothing was recorded."""


class SendQueue:
    """The messages of one run, and the receipts to record."""

    def __init__(self, messages: DomainQueue, delivery_log: DeliveryLog) -> None:
        self._messages = messages
        self._delivery_log = delivery_log
        self._speed = 0.0  # messages begun a second: a moving average
        self._last = 0.0
        self._begun: deque[Message] = deque()  # begun, but with no connection: begun ahead, or given back
        self._wanted: list[MessageFuture] = []
        self._in_round: list[MessageFuture] = []  # wanted, and about to be served
        self._receipts: list[tuple[Receipt, RecordedCallback]] = []
        self._recording: list[tuple[Receipt, RecordedCallback]] = []  # receipts on their way to disk
        self._flushed: list[asyncio.Future[None]] = []
        self._work = asyncio.Event()
        self._closed = False
        self._write_error: BaseException | None = None
        self.failure: Exception | None = None  # of the messages' source: no more come, and those that came get a receipt

    def empty(self) -> bool:
        """Return whether there is nothing more to hand out."""
        if self._closed or self._begun:
            return self._closed
        try:
            return self._messages.empty()
        except Exception as error:  # noqa: BLE001  the run raises it, once the messages in flight have a receipt
            self._fail(error)
            return True

    def _fail(self, error: Exception) -> None:
        self.failure = self.failure or error
        self.close()

    def request(self, future: MessageFuture) -> None:
        """Give the next message to `future` once it is recorded; give None at the end."""
        if self._write_error:
            future.set_exception(self._write_error)
        elif self._begun and not self._closed:
            future.set_result(self._begun.popleft())
        else:
            self._wanted.append(future)
            self._work.set()

    def add_receipt(self, receipt: Receipt, on_recorded: RecordedCallback = lambda: None) -> None:
        """Queue a receipt to record; `on_recorded` is called when it is on disk, or when it certainly never will be."""
        if self._write_error:
            on_recorded()
        self._receipts.append((receipt, on_recorded))
        self._work.set()

    def requeue(self, message: Message) -> None:
        """Take back a message that may go over another connection; it still counts as begun."""
        self._begun.append(message)
        self._work.set()

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True
        self._work.set()

    async def flush(self) -> int:
        """Record every receipt and release the messages that were begun but not handed out; return how many those are."""
        if self._write_error:
            raise self._write_error
        flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushed.append(flushed)
        self._work.set()
        await flushed
        rest = list(self._begun)
        self._begun.clear()
        await self._delivery_log.release(rest)
        return len(rest)

    def start(self) -> asyncio.Task[None]:
        """Start to record and hand out, until cancelled; however that ends, nobody waits for it any longer."""
        pump = asyncio.create_task(self._pump())
        pump.add_done_callback(self._end)
        return pump

    async def _pump(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            self._in_round, self._wanted = [future for future in self._wanted if not future.done()], []
            self._recording, self._receipts = self._receipts, []
            await self._commit_round(list(self._in_round), [receipt for receipt, _ in self._recording])
            recorded, self._recording = self._recording, []
            for _, on_recorded in recorded:
                on_recorded()

    def _end(self, pump: asyncio.Task[None]) -> None:
        """Give all who wait the error that ended the pump; at the end of the program that is its cancellation."""
        self._write_error = asyncio.CancelledError() if pump.cancelled() else pump.exception()
        waiting: list[asyncio.Future[Any]] = [*self._in_round, *self._wanted, *self._flushed]
        for future in waiting:
            if not future.done():
                future.set_exception(self._write_error or asyncio.CancelledError())
        for _, on_recorded in [*self._recording, *self._receipts]:
            on_recorded()

    async def _commit_round(self, wanted: list[MessageFuture], receipts: list[Receipt]) -> None:
        """Record all that waits in one commit, then hand out messages."""
        ahead = min(MAX_MESSAGES_AHEAD, int(self._speed * SECONDS_AHEAD))
        messages = self._take(len(wanted) + ahead - len(self._begun)) if wanted else []
        flushed = list(self._flushed)
        if messages or receipts:
            allowed = await self._delivery_log.record(messages, receipts)
            self._begun += [message for message in messages if message.recipient.id in allowed]
        for waiting in flushed:
            self._flushed.remove(waiting)
            waiting.set_result(None)
        self._serve(wanted, again=bool(messages))

    def _take(self, count: int) -> list[Message]:
        now, messages = asyncio.get_running_loop().time(), list[Message]()
        try:
            while len(messages) < count and not self._closed and (message := self._messages.take(now)):
                messages.append(message)
        except Exception as error:  # noqa: BLE001  the run raises it, once the messages in flight have a receipt
            self._fail(error)
        self._speed += (len(messages) / max(now - self._last, 1e-3) - self._speed) / 8
        self._last = now
        return messages

    def _serve(self, wanted: list[MessageFuture], *, again: bool) -> None:
        """Hand out the messages begun. Other requests wait for a domain's rate or another round, or get None at the end."""
        while wanted and self._begun and not self._closed:
            wanted.pop(0).set_result(self._begun.popleft())
        if not wanted or self.empty():
            for future in wanted:
                future.set_result(None)
            return
        self._wanted += wanted
        loop = asyncio.get_running_loop()
        loop.call_later(0 if again else self._messages.delay(loop.time()) + 0.001, self._work.set)

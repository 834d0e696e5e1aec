"""Messages for all connections, each recorded as about to leave before a connection gets it.

What many connections want to record at one moment, messages that begin and answers that came, goes to the disk in one
commit. As many messages are begun ahead as leave in a twentieth of a second, since a commit of fifty costs hardly more than
one of ten: few where the relay is slow, so that few are in doubt when a run dies.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from digest.deliver.domain_rate import DomainQueue
from digest.model import Message, Receipt

SECONDS_AHEAD = 0.05  # seconds
MAX_AHEAD = 100

Waiting = asyncio.Future[Message | None]
Recorded = Callable[[], None]


class DeliveryLog(Protocol):
    """Where a delivery is recorded."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Messages about to leave, and answers, durably before this returns.

        Returns the readers' ids of those messages that may leave; the others have opted out or are dealt with.
        """

    async def release(self, messages: Sequence[Message]) -> None:
        """Messages that were to leave and have not: they wait again, as if they had never been begun."""


class NoDeliveryLog:
    """A journal that keeps nothing, for test copies."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Everything may leave."""
        return {message.recipient.id for message in begun}

    async def release(self, messages: Sequence[Message]) -> None:
        """Nothing to forget."""


class SendQueue:
    """The messages of one run."""

    def __init__(self, messages: DomainQueue, journal: DeliveryLog) -> None:
        self._line = messages
        self._journal = journal
        self._speed = 0.0  # messages handed out a second, of late
        self._last = 0.0
        self._begun: deque[Message] = deque()  # begun, and in nobody's hands: ahead of need, or given back
        self._wanted: list[Waiting] = []
        self._receipts: list[tuple[Receipt, Recorded]] = []
        self._flushed: list[asyncio.Future[None]] = []
        self._work = asyncio.Event()
        self._closed = False
        self._broken: BaseException | None = None
        self.failure: Exception | None = None  # of the messages' source: nothing more comes, and what came is settled

    def empty(self) -> bool:
        """Whether there is nothing more to hand out."""
        if self._closed or self._begun:
            return self._closed
        try:
            return self._line.empty()
        except Exception as error:  # noqa: BLE001  raised by the run, once what is in flight is settled
            self._failed(error)
            return True

    def _failed(self, error: Exception) -> None:
        self.failure = self.failure or error
        self.close()

    def want(self, future: Waiting) -> None:
        """Give the next message, once it is recorded, to somebody who waits; None at the end."""
        if self._broken:
            future.set_exception(self._broken)
        elif self._begun and not self._closed:
            future.set_result(self._begun.popleft())
        else:
            self._wanted.append(future)
            self._work.set()

    def settle(self, receipt: Receipt, recorded: Recorded = lambda: None) -> None:
        """An answer to record; `recorded` is called when it is on the disk, or it is certain that it will not be."""
        if self._broken:
            recorded()
        self._receipts.append((receipt, recorded))
        self._work.set()

    def back(self, message: Message) -> None:
        """One that may go over another connection; it counts as begun."""
        self._begun.append(message)
        self._work.set()

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True
        self._work.set()

    async def settled(self) -> int:
        """Put every answer on the disk, and release what was begun and nobody has taken; returns how many that were."""
        if self._broken:
            raise self._broken
        flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushed.append(flushed)
        self._work.set()
        await flushed
        rest = list(self._begun)
        self._begun.clear()
        await self._journal.release(rest)
        return len(rest)

    async def pump(self) -> None:
        """Write and hand out, as long as somebody may ask; a database that fails is everybody's failure."""
        wanted: list[Waiting] = []
        receipts: list[tuple[Receipt, Recorded]] = []
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                wanted, self._wanted = [future for future in self._wanted if not future.done()], []
                receipts, self._receipts = self._receipts, []
                await self._round(wanted, [receipt for receipt, _ in receipts])
                for _, recorded in receipts:
                    recorded()
        except Exception as error:  # noqa: BLE001  handed to those who wait, who raise it
            self._broken = error
            waiting: list[asyncio.Future[Any]] = [*wanted, *self._wanted, *self._flushed]
            for future in waiting:
                if not future.done():
                    future.set_exception(error)
            for _, recorded in [*receipts, *self._receipts]:
                recorded()

    async def _round(self, wanted: list[Waiting], receipts: list[Receipt]) -> None:
        """One commit for all that waits."""
        ahead = min(MAX_AHEAD, int(self._speed * SECONDS_AHEAD))
        messages = self._taken(len(wanted) + ahead - len(self._begun)) if wanted else []
        flushed = list(self._flushed)
        if messages or receipts:
            allowed = await self._journal.record(messages, receipts)
            self._begun += [message for message in messages if message.recipient.id in allowed]
        for waiting in flushed:
            self._flushed.remove(waiting)
            waiting.set_result(None)
        self._serve(wanted, again=bool(messages))

    def _taken(self, count: int) -> list[Message]:
        now, messages = asyncio.get_running_loop().time(), list[Message]()
        try:
            while len(messages) < count and not self._closed and (message := self._line.take(now)):
                messages.append(message)
        except Exception as error:  # noqa: BLE001  raised by the run, once what is in flight is settled
            self._failed(error)
        self._speed += (len(messages) / max(now - self._last, 1e-3) - self._speed) / 8
        self._last = now
        return messages

    def _serve(self, wanted: list[Waiting], *, again: bool) -> None:
        """Hand out what is begun; the others wait for a domain's pace, or another round, or there is nothing for them."""
        while wanted and self._begun and not self._closed:
            wanted.pop(0).set_result(self._begun.popleft())
        if not wanted or self.empty():
            for future in wanted:
                future.set_result(None)
            return
        self._wanted += wanted
        loop = asyncio.get_running_loop()
        loop.call_later(0 if again else self._line.wait(loop.time()) + 0.001, self._work.set)

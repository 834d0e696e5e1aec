"""Messages for all connections, each recorded as about to leave before a connection gets it.

What many connections want to record at one moment, messages that begin and answers that came, goes to the disk in one
commit. An answer is handed in before its connection asks for another message, so that the two are written together and a
connection never has more in doubt than it has on the way.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Any, Protocol

from digest.deliver.domains import Line
from digest.model import Message, Receipt

Waiting = asyncio.Future[Message | None]


class Journal(Protocol):
    """Where a delivery is recorded."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Messages about to leave, and answers, durably before this returns.

        Returns the readers' ids of those messages that may leave; the others have opted out or are dealt with.
        """


class Unrecorded:
    """A journal that keeps nothing, for test copies."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Everything may leave."""
        return {message.recipient.id for message in begun}


class Queue:
    """The messages of one run."""

    def __init__(self, messages: Line, journal: Journal) -> None:
        self._line = messages
        self._journal = journal
        self._again: deque[Message] = deque()  # begun, and given back
        self._wanted: list[Waiting] = []
        self._receipts: list[Receipt] = []
        self._flushed: list[asyncio.Future[None]] = []
        self._work = asyncio.Event()
        self._closed = False
        self._broken: BaseException | None = None
        self.held_up = False  # somebody waits for a domain's pace

    def empty(self) -> bool:
        """Whether there is nothing more to hand out."""
        return self._closed or not (self._again or not self._line.empty())

    def want(self, future: Waiting) -> None:
        """Give the next message, once it is recorded, to somebody who waits; None at the end."""
        if self._broken:
            future.set_exception(self._broken)
            return
        self._wanted.append(future)
        self._work.set()

    def told(self, receipt: Receipt) -> None:
        """An answer to record."""
        self._receipts.append(receipt)
        self._work.set()

    def back(self, message: Message) -> None:
        """One that may go over another connection; it counts as begun."""
        self._again.append(message)

    def close(self) -> None:
        """Hand out nothing more."""
        self._closed = True
        self._work.set()

    def left_over(self) -> list[Message]:
        """Those given back that nobody has taken again."""
        rest = list(self._again)
        self._again.clear()
        return rest

    async def recorded(self) -> None:
        """Return when every answer is on the disk."""
        if self._broken:
            raise self._broken
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._flushed.append(future)
        self._work.set()
        await future

    async def pump(self) -> None:
        """Write and hand out, as long as somebody may ask; a ledger that fails is everybody's failure."""
        wanted: list[Waiting] = []
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                wanted, self._wanted = [future for future in self._wanted if not future.done()], []
                await self._round(wanted)
        except Exception as error:  # noqa: BLE001  handed to those who wait, who raise it
            self._broken = error
            waiting: list[asyncio.Future[Any]] = [*wanted, *self._wanted, *self._flushed]
            for future in waiting:
                if not future.done():
                    future.set_exception(error)

    async def _round(self, wanted: list[Waiting]) -> None:
        """One commit for all that waits."""
        receipts, self._receipts = self._receipts, []
        flushed = list(self._flushed)
        messages = self._served(wanted)
        if messages or receipts:
            allowed = await self._journal.record(messages, receipts)
            for future, message in zip(wanted, messages, strict=False):
                if message.recipient.id in allowed:
                    future.set_result(message)
                else:
                    self.want(future)
        for waiting in flushed:
            waiting.set_result(None)
            self._flushed.remove(waiting)

    def _served(self, wanted: list[Waiting]) -> list[Message]:
        """Messages to begin, for the first of those who wait; the rest gets what was given back, nothing, or has to wait."""
        loop = asyncio.get_running_loop()
        while wanted and self._again and not self._closed:
            wanted.pop().set_result(self._again.popleft())
        messages: list[Message] = []
        while len(messages) < len(wanted) and not self._closed and (message := self._line.take(loop.time())):
            messages.append(message)
        rest = wanted[len(messages) :]
        self.held_up = bool(rest) and not self.empty()
        if self.held_up:
            self._wanted += rest
            loop.call_later(self._line.wait(loop.time()) + 0.001, self._work.set)
        else:
            for future in rest:
                future.set_result(None)
        return messages

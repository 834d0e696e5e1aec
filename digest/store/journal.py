"""Group commits: what many connections want to record at one moment goes to the disk in one transaction.

A connection waits for its own record, so nothing leaves before it is written; the others' records ride along.
"""

import asyncio
from types import TracebackType
from typing import Any, Self

from digest.model import Message, Receipt
from digest.store.deliveries import Deliveries


class Journal:
    """The deliveries of one edition, as its connections write them."""

    def __init__(self, deliveries: Deliveries, key: str) -> None:
        self._deliveries = deliveries
        self._key = key
        self._begun: list[tuple[Message, asyncio.Future[bool]]] = []
        self._receipts: list[tuple[Receipt, asyncio.Future[None]]] = []
        self._work = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._writer:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    async def begin(self, message: Message) -> bool:
        """Record that a message is about to leave; False where its reader has opted out or is dealt with."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._begun.append((message, future))
        self._work.set()
        return await future

    async def settle(self, receipt: Receipt) -> None:
        """Record what the relay said."""
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._receipts.append((receipt, future))
        self._work.set()
        await future

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            await self._commit(self._begun, self._receipts)

    async def _commit(
        self, begun: list[tuple[Message, asyncio.Future[bool]]], receipts: list[tuple[Receipt, asyncio.Future[None]]]
    ) -> None:
        """One transaction for all that waits; a failure reaches everyone who waits for it."""
        self._begun, self._receipts = [], []
        messages, told = [message for message, _ in begun], [receipt for receipt, _ in receipts]
        try:
            allowed = await asyncio.to_thread(self._deliveries.record, self._key, messages, told)
        except Exception as error:  # noqa: BLE001  handed to those who wait, who raise it
            futures: list[asyncio.Future[Any]] = [*(future for _, future in begun), *(future for _, future in receipts)]
            for waiting in futures:
                if not waiting.done():
                    waiting.set_exception(error)
            return
        for message, may_send in begun:
            if not may_send.done():
                may_send.set_result(message.recipient.id in allowed)
        for _, settled in receipts:
            if not settled.done():
                settled.set_result(None)

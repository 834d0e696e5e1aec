"""The log of what connections send, written in a thread beside them."""

import asyncio
from collections.abc import Sequence

from digest.model import Message, Receipt
from digest.store.deliveries import Deliveries


class StoredDeliveryLog:
    """The deliveries of one edition, as a run records them."""

    def __init__(self, deliveries: Deliveries, key: str) -> None:
        self._deliveries = deliveries
        self._key = key

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        """Record messages about to leave and receipts in one commit; return the recipients' ids of messages that may leave."""
        return await asyncio.to_thread(self._deliveries.record, self._key, begun, receipts)

    async def release(self, messages: Sequence[Message]) -> None:
        """Queue again messages that have not left."""
        await asyncio.to_thread(self._deliveries.release, self._key, messages)

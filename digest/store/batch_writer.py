"""Many small writes in one commit: items that arrive during a commit go into the next one."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
MAX_BATCH = 500  # items in one commit


class BatchWriter(Generic[Item, Result]):
    """A writer in batches: `write` commits some items and returns a result for each, in a thread, one call at a time."""

    def __init__(self, write: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._write = write
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._task: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "commit")  # its own thread, because commits must not wait for slower work

    async def __call__(self, item: Item) -> Result:
        """Return the result once the item is committed; raise what the commit raised."""
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return await asyncio.shield(future)

    async def _run(self) -> None:
        while self._waiting:
            taken, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            try:
                items = [item for item, _ in taken]
                results = await asyncio.get_running_loop().run_in_executor(self._thread, self._write, items)
            except Exception as error:  # noqa: BLE001  every waiting caller gets it
                for _, future in taken:
                    future.set_exception(error)
                continue
            for (_, future), result in zip(taken, results, strict=True):
                future.set_result(result)

"""The work of the desk beside the event loop, one piece at a time: the desk remembers what it has judged."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from digest.app import App
from digest.desk.edition_view import Desk
from digest.errors import DigestError

T = TypeVar("T")


class DeskWork:
    """One desk, at whatever paths its pages are."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.desk = Desk(app)
        self._turn = asyncio.Lock()

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do some work beside the event loop."""
        async with self._turn:
            return await asyncio.to_thread(work, *given)

    async def warm(self) -> None:
        """Read what was collected, so that nobody waits for it: 32,000 new comments take 12 seconds (benchmarks/desk.py)."""
        for plan in self._app.config.editions:
            with suppress(DigestError):  # a page tells it
                await self.beside(self.desk.coming, plan)

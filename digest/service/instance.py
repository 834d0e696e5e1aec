"""One `digest run` for a newsletter: a second one stands by, and takes over when the first is gone."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from digest.config.file_permissions import PRIVATE, private_folder
from digest.service.systemd import notify

log = logging.getLogger("digest")
LOOK_EVERY = 1.0  # seconds between two looks whether the first is gone


@asynccontextmanager
async def sole_service(root: Path, stop: asyncio.Event) -> AsyncIterator[bool]:
    """Stand by until no other service runs in a folder, and hold that place for the block; yield False if `stop` came first.

    The system frees the place when a process dies, however it dies.
    """
    folder = root / "state"
    private_folder(folder)
    lock = FileLock(folder / "service.lock", mode=PRIVATE)
    try:
        yield await _acquired(lock, root, stop)
    finally:
        lock.release()


async def _acquired(lock: FileLock, root: Path, stop: asyncio.Event) -> bool:
    standing_by = False
    while not stop.is_set():
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if not standing_by:
                log.warning("another `digest run` is at work in %s; this one stands by", root)
                notify("READY=1", "STATUS=Standing by")
                standing_by = True
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY)
            continue
        if standing_by:
            log.warning("the other `digest run` is gone; this one takes over")
        return True
    return False

"""What systemd is told: that the service is ready, reloads or stops, and every few seconds that it is alive (sd_notify(3))."""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


def notify(*lines: str) -> None:
    """Tell the supervisor something, if there is one that wants to know; that it does not hear it is no error of ours."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as connection, suppress(OSError):
        connection.connect("\0" + address[1:] if address.startswith("@") else address)
        connection.sendall("\n".join(lines).encode())


def notify_reloading() -> None:
    """Tell the supervisor that the service reads its files again; `READY=1` ends that."""
    notify("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")


@asynccontextmanager
async def watchdog() -> AsyncIterator[None]:
    """Tell the supervisor twice in each of its intervals that the event loop turns; it starts a service anew that is silent."""
    interval = int(os.environ.get("WATCHDOG_USEC", "0") or 0) / 2_000_000
    task = asyncio.create_task(_beat(interval)) if interval else None
    try:
        yield
    finally:
        if task is not None:
            task.cancel()


async def _beat(seconds: float) -> None:
    while True:
        notify("WATCHDOG=1")
        await asyncio.sleep(seconds)

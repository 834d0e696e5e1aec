"""Delivery to Postfix's own test server, which is somebody else's idea of SMTP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from digest.config import Smtp
from tests.conftest import need
from tests.deliver.test_deliver import MemoryDeliveryLog, deliver, messages
from tests.relay import Relay


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@asynccontextmanager
async def sink(folder: Path, *flags: str) -> AsyncIterator[int]:
    """smtp-sink on a free port while the block runs, writing what it takes into a folder; yields its port."""
    program, port = need("smtp-sink"), free_port()
    folder.chmod(0o777)
    listening = f"127.0.0.1:{port}"
    process = await asyncio.create_subprocess_exec(
        program, *flags, "-u", "nobody", "-R", str(folder), "-d", "m%M.", listening, "100"
    )
    try:
        await until_listening(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def until_listening(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return
    raise AssertionError("smtp-sink does not listen")


async def sent(port: int, count: int) -> MemoryDeliveryLog:
    delivery_log = MemoryDeliveryLog()
    await deliver(Relay(port=port), delivery_log, messages(count), Smtp(url=f"smtp://127.0.0.1:{port}", connections=5))
    return delivery_log


async def test_smtp_sink_takes_all_of_it(tmp_path: Path) -> None:
    async with sink(tmp_path) as port:
        delivery_log = await sent(port, 120)
    assert set(delivery_log.outcomes().values()) == {"sent"}
    files = list(tmp_path.glob("m*"))
    assert len(files) == 120
    assert b".leading dot" in files[0].read_bytes()


@pytest.mark.parametrize("flag", ["-f", "-r"])
@pytest.mark.parametrize("command", ["rcpt", "data", "."])
async def test_smtp_sink_in_a_bad_mood(tmp_path: Path, flag: str, command: str) -> None:
    """-f answers a command with 500, -r with 450: each is a receipt, none hangs."""
    async with sink(tmp_path, flag, command) as port:
        delivery_log = await sent(port, 4)
    assert set(delivery_log.outcomes().values()) == {"deferred"}
    assert len(delivery_log.receipts) == 4

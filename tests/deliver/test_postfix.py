"""Delivery to Postfix's own test server, which is somebody else's idea of SMTP."""

import asyncio
import socket
from pathlib import Path

from digest.config import Smtp
from tests.conftest import need
from tests.deliver.test_deliver import Book, deliver, messages
from tests.relay import Relay


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def sink(program: str, port: int, folder: Path, *flags: str) -> asyncio.subprocess.Process:
    """smtp-sink on a port; returns when it listens."""
    process = await asyncio.create_subprocess_exec(
        program, *flags, "-u", "nobody", "-R", str(folder), "-d", "m%M.", f"127.0.0.1:{port}", "100"
    )
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.02)
        else:
            writer.close()
            await writer.wait_closed()
            return process
    raise AssertionError("smtp-sink does not listen")


async def test_smtp_sink_takes_all_of_it(tmp_path: Path) -> None:
    program, port = need("smtp-sink"), free_port()
    tmp_path.chmod(0o777)
    process = await sink(program, port, tmp_path)
    try:
        book = Book()
        await deliver(Relay(port=port), book, messages(120), Smtp(url=f"smtp://127.0.0.1:{port}", connections=5))
    finally:
        process.terminate()
        await process.wait()
    assert set(book.outcomes().values()) == {"sent"}
    files = list(tmp_path.glob("m*"))
    assert len(files) == 120
    assert b".leading dot" in files[0].read_bytes()


async def test_smtp_sink_in_a_bad_mood(tmp_path: Path) -> None:
    program, port = need("smtp-sink"), free_port()
    tmp_path.chmod(0o777)
    process = await sink(program, port, tmp_path, "-f", "rcpt")
    try:
        book = Book()
        await deliver(Relay(port=port), book, messages(4), Smtp(url=f"smtp://127.0.0.1:{port}", connections=2))
    finally:
        process.terminate()
        await process.wait()
    assert set(book.outcomes().values()) <= {"refused", "deferred"}
    assert len(book.receipts) == 4

"""A process that reads some bytes and answers with others within a time; it and all that it has started are over afterwards."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress


async def answer_of(command: Sequence[str], data: bytes, seconds: float) -> bytes:
    """Return what a command answers on standard output to some bytes on standard input. Raise TimeoutError if it takes longer."""
    pipe, nowhere = subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nowhere, start_new_session=True)  # noqa: ASYNC220, S603
    try:
        out, _ = await asyncio.to_thread(process.communicate, data, seconds)
    except subprocess.TimeoutExpired as error:
        raise TimeoutError(f"{command[0]} took longer than {seconds:.0f} seconds") from error
    finally:  # also if the wait is cancelled
        _end(process)
    return out


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill the process and all that it has started, and close its pipes."""
    with suppress(ProcessLookupError, PermissionError):  # all have ended (macOS reports the second of these)
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with suppress(OSError):
                stream.close()

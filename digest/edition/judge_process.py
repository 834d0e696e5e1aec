"""A judge that is a command: threads on its standard input, verdicts on its standard output, within limits of time and size.

It runs without a shell, in the newsletter's folder, in a process group of its own, and with few variables of the environment: no
password of ours is among them.
"""

import asyncio
import logging
import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast

from digest.curate.questions import MAX_ANSWER_BYTES, JudgeError
from digest.text.markup import tidy
from digest.text.prose import shorten

MAX_LOGGED_CHARS = 2_000  # of what it wrote on standard error, from the end
KILL_TIMEOUT = 2.0  # seconds that a killed process may take to end
VARIABLES = (
    "PATH", "HOME", "LANG", "TZ", "LC_ALL", "LC_COLLATE", "LC_CTYPE", "LC_MESSAGES", "LC_MONETARY", "LC_NUMERIC", "LC_TIME",
)  # fmt: skip
log = logging.getLogger("digest")


async def run_command(command: Sequence[str], root: Path, sent: bytes) -> bytes:
    """Return what a command answers, cut soon after MAX_ANSWER_BYTES; raise JudgeError if it cannot start or fails.

    Whatever ends the wait, the command and all that it has started are over afterwards.
    """
    loop = asyncio.get_running_loop()
    try:
        transport, process = await loop.subprocess_exec(
            lambda: _Process(loop), *command, cwd=root, env=clean_environment(), start_new_session=True
        )
    except OSError as error:
        raise JudgeError(f"cannot start {command[0]}: {error.strerror}") from error
    try:
        _write(transport, sent)
        await process.ended
    finally:
        await _end(transport, process)
        said = _log_errors(process, transport.get_returncode())
    if transport.get_returncode() and len(process.answer) <= MAX_ANSWER_BYTES:
        raise JudgeError(f"ended with exit code {transport.get_returncode()}{f': {said}' if said else ''}")
    return bytes(process.answer)


def clean_environment() -> dict[str, str]:
    """Return the variables that a command gets."""
    return {name: os.environ[name] for name in VARIABLES if name in os.environ}


class _Process(asyncio.SubprocessProtocol):
    """The output of one command: the answer as a whole, and the end of what it wrote on standard error."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.answer, self.errors = bytearray(), bytearray()
        self.ended, self.exited = loop.create_future(), asyncio.Event()
        self.closed = False

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Keep what the command has written."""
        if fd == 2:
            self.errors = (self.errors + data)[-4 * MAX_LOGGED_CHARS :]
        elif not self.ended.done():
            self.answer += data
            if len(self.answer) > MAX_ANSWER_BYTES:
                self.ended.set_result(None)

    def process_exited(self) -> None:
        """Note that the process itself is over."""
        self.exited.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the process is over and its pipes are closed."""
        self.closed = True
        if not self.ended.done():
            self.ended.set_result(None)


def _log_errors(process: _Process, code: int | None) -> str:
    """Log the end of what a command wrote on standard error, and return its last line."""
    said = tidy(process.errors.decode("utf-8", "replace"))[-MAX_LOGGED_CHARS:]
    if said:
        log.log(logging.WARNING if code else logging.INFO, "the second opinion wrote on standard error: %s", said)
    return shorten(said.rpartition("\n")[2], 200)


def _write(transport: asyncio.SubprocessTransport, sent: bytes) -> None:
    pipe = cast("asyncio.WriteTransport", transport.get_pipe_transport(0))
    pipe.write(sent)
    pipe.write_eof()


async def _end(transport: asyncio.SubprocessTransport, process: _Process) -> None:
    """Kill the process and all that it has started, unless it is over."""
    if not process.closed:
        with suppress(ProcessLookupError, PermissionError):  # all have ended (macOS reports the second of these)
            os.killpg(transport.get_pid(), signal.SIGKILL)
        with suppress(TimeoutError):
            async with asyncio.timeout(KILL_TIMEOUT):
                await process.exited.wait()
    transport.close()

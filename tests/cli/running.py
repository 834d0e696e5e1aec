"""Ways to run commands: in this process, or in one of their own until they are stopped; and a browser that only notes."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from digest.cli import group
from digest.model import NOTHING
from tests.newsroom import NOW


@dataclass
class Running:
    """A running command."""

    process: asyncio.subprocess.Process

    async def line(self) -> str:
        """The next line of its standard output."""
        assert self.process.stdout is not None
        return (await asyncio.wait_for(self.process.stdout.readline(), 30)).decode()

    async def error_line(self) -> str:
        """The next line of its standard error."""
        assert self.process.stderr is not None
        return (await asyncio.wait_for(self.process.stderr.readline(), 30)).decode()

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> tuple[int | None, str, str]:
        """Stop it; return its exit code and the rest of what it wrote."""
        self.process.send_signal(number)
        out, err = await asyncio.wait_for(self.process.communicate(), 30)
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def running(
    *words: object,
    browser: Path | None = None,
    now: str = NOW.isoformat(),
    environment: Mapping[str, str] = NOTHING,
    speed: int = 1,
) -> AsyncIterator[Running]:
    """Start a command, on a clock that runs `speed` times as fast; kill it at the end of the block if it still runs."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", *(["digest"] if speed == 1 else ["tests.fast_service", str(speed)]), *map(str, words),
        env={**os.environ, "DIGEST_NOW": now, **({"BROWSER": str(browser)} if browser else {}), **environment},
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def noting_browser(folder: Path) -> tuple[Path, Path]:
    """A program for BROWSER, and the file that gets the address it is called with."""
    program, opened = folder / "browser.sh", folder / "opened.txt"
    program.write_text(f'#!/bin/sh\nprintf %s "$1" > {opened}.new\nmv {opened}.new {opened}\n')
    program.chmod(0o755)
    return program, opened


async def appears(path: Path) -> str:
    """The content of a file, as soon as there is one."""
    async with asyncio.timeout(30):
        while not path.exists():
            await asyncio.sleep(0.02)
    return path.read_text()


def call(root: Path, *words: str) -> Result:
    """Run `digest subscribers …` in this process."""
    given = ["-C", str(root), "subscribers", *words]
    return CliRunner(env={"DIGEST_NOW": NOW.isoformat()}).invoke(group, given, catch_exceptions=False)

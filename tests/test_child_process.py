"""A process that answers within a time, and leaves nothing behind."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from digest.child_process import answer_of


async def test_it_answers() -> None:
    assert await answer_of(["cat"], b"words", 10) == b"words"


async def test_one_that_takes_too_long_is_over_with_all_that_it_started(tmp_path: Path) -> None:
    mark, began = tmp_path / "pid", time.monotonic()
    with pytest.raises(TimeoutError):
        await answer_of(["sh", "-c", f"sleep 60 & echo $! > {mark}; wait"], b"", 1)
    assert time.monotonic() - began < 30
    stat = Path("/proc") / mark.read_text().strip() / "stat"
    assert not stat.exists() or stat.read_text().split()[2] == "Z"


async def test_one_whose_wait_is_cancelled_is_over_too() -> None:
    task = asyncio.create_task(answer_of([sys.executable, "-c", "import time; time.sleep(60)"], b"", 50))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_one_that_reads_nothing_does_not_harm() -> None:
    assert await answer_of(["true"], b"x" * 2_000_000, 10) == b""

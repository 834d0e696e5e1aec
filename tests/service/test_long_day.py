"""Hours of `digest run` on a clock that runs fast: its memory is flat, nothing grows, and it does next to nothing when idle."""

import asyncio
import os
from pathlib import Path
from typing import NamedTuple

from tests.cli.running import running
from tests.conftest import Furnish
from tests.newsroom import RecordedSite
from tests.relay import Relay

SPEED = 240
HOURS = 24 if os.environ.get("DIGEST_LONG") else 1
TICKS = os.sysconf("SC_CLK_TCK")
EXTRA = """
[web]
port = 0
[metrics]
port = 0
[desk]
editors = ["Ada Quill <ada@gazette.example>"]
"""


class Use(NamedTuple):
    """What a process uses: memory (MB), open files, CPU (s), and the size of its newsletter's state (MB)."""

    memory: float
    files: int
    cpu: float
    state: float


def used(pid: int, root: Path) -> Use:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    resident = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    sizes = [path.stat().st_size for path in root.rglob("*") if path.is_file()]
    return Use(resident, len(os.listdir(f"/proc/{pid}/fd")), (int(fields[11]) + int(fields[12])) / TICKS, sum(sizes) / 1e6)  # noqa: PTH208


async def test_a_day_leaves_no_trace(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra=EXTRA)
    async with running("run", "-C", root, now="2026-11-24T06:55:00+00:00", speed=SPEED) as service:
        await service.line()
        logs = [asyncio.create_task(stream.read()) for stream in (service.process.stderr,) if stream]
        await asyncio.sleep(1_800 / SPEED + 2)  # until the edition has gone, and half an hour after
        before = used(service.process.pid, root)
        await asyncio.sleep(HOURS * 3_600 / SPEED)
        after = used(service.process.pid, root)
        service.process.terminate()
        text = (await asyncio.wait_for(logs[0], 30)).decode()
    assert relay.counts["ada@readers.example"] == relay.counts["bo@readers.example"] == 1
    print(before, after)  # noqa: T201  shown if it fails
    assert "Traceback" not in text
    assert after.memory - before.memory < 4
    assert after.files <= before.files + 2
    assert after.state - before.state < 4  # the write-ahead log alone may have that
    assert (after.cpu - before.cpu) / (HOURS * 3_600) < 0.005  # of a core, on the newsletter's own clock

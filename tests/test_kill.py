"""kill -9 in the middle of a send, over and over, before a relay with bad habits: nobody is lost, and only what was on its
way may come twice.

The long version: KILLS=200 PEOPLE=5000 pytest tests/test_kill.py
"""

import asyncio
import json
import os
import random
import re
import sqlite3
import sys
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import Furnish
from tests.faulty import Faulty, running
from tests.newsroom import RecordedSite

PEOPLE, KILLS = int(os.environ.get("PEOPLE", "500")), int(os.environ.get("KILLS", "20"))
CONNECTIONS, WINDOW, DROPS = 3, 2, 100
ENVIRONMENT = {**os.environ, "DIGEST_NOW": "2026-11-24T07:00:30+00:00"}


async def started(root: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "send", "-C", str(root), "--json",
        env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def killed_after(process: asyncio.subprocess.Process, relay: Faulty, messages: int) -> None:
    """Kill the process once the relay has taken so many more messages, whatever it is doing then."""
    goal = relay.taken.total() + messages
    while relay.taken.total() < goal and process.returncode is None:
        await asyncio.sleep(0.001)
    if process.returncode is None:
        process.kill()
    await process.communicate()


def in_flight(root: Path) -> set[str]:
    """Who was recorded as being sent to when the process died."""
    query = "SELECT email FROM deliveries JOIN subscribers ON id = subscriber WHERE state = 'sending'"
    if not (root / "state" / "digest.db").exists():
        return set()
    with closing(sqlite3.connect(root / "state" / "digest.db")) as connection:
        try:
            return {email for (email,) in connection.execute(query)}
        except sqlite3.OperationalError:
            return set()  # killed before there were tables


@pytest.mark.parametrize("chunking", [False, True], ids=["DATA", "BDAT"])
async def test_nobody_is_lost_and_only_what_was_on_its_way_is_doubled(
    site: RecordedSite, furnish: Furnish, *, chunking: bool
) -> None:
    rng, ids, dropped = random.Random(7), defaultdict[str, set[bytes]](set), set[str]()

    def drops_after(address: str) -> bool:
        """Takes a message and hangs up; not too often for one address, or it would count as lost in the end."""
        drop = rng.randrange(DROPS) == 0 and address not in dropped
        dropped.add(address) if drop else None
        return drop

    relay = Faulty(chunking=chunking, delay=0.004, most=40, folds=1, drops_after=drops_after)
    relay.drops_before = lambda address: rng.randrange(DROPS) == 0
    relay.takes = lambda address, body: ids[address].update(re.findall(rb"Message-ID: (\S+)", body))
    people = [f"r{number:04}@readers.example" for number in range(PEOPLE)]
    async with running(relay):
        root = furnish(site.base, relay.port, emails=people, extra=f"window = {WINDOW}")
        allowed = Counter[str]()
        for _ in range(KILLS):
            await killed_after(await started(root), relay, rng.randrange(0, 2 * max(1, PEOPLE // KILLS)))
            allowed.update(in_flight(root))
        relay.delay, relay.drops_before = 0, lambda address: False
        last = await started(root)
        out, err = await last.communicate()
    assert last.returncode == 0, (out, err)
    assert set(relay.taken) == set(people)
    twice = {address: count for address, count in relay.taken.items() if count > 1}
    doubles = sum(count - 1 - relay.cut[address] for address, count in twice.items())
    summary = f"{KILLS} kills, {len(people)} people: {doubles} had it twice for a kill, {relay.cut.total()} for the relay"
    assert doubles <= KILLS * CONNECTIONS * WINDOW, summary
    assert all(count <= 1 + allowed[address] + relay.cut[address] for address, count in twice.items())
    assert all(len(found) == 1 for found in ids.values())
    named = {row["email"] for row in json.loads(out)["troubles"] if row["interrupted"]}
    assert set(twice) <= named

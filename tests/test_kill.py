"""kill -9 in the middle of a send, over and over: nobody is lost, and only what was in flight may come twice."""

import asyncio
import os
import random
import re
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from tests.conftest import Furnish
from tests.newsroom import RecordedSite
from tests.relay import Relay

PEOPLE, KILLS, CONNECTIONS = 500, 20, 3
ENVIRONMENT = {**os.environ, "DIGEST_NOW": "2026-11-24T07:00:30+00:00"}


async def started(root: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "send", "-C", str(root), "--json",
        env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def killed_after(process: asyncio.subprocess.Process, relay: Relay, messages: int) -> None:
    """Kill the process once the relay has taken so many more messages, whatever it is doing then."""
    goal = len(relay.taken) + messages
    while len(relay.taken) < goal and process.returncode is None:
        await asyncio.sleep(0.001)
    if process.returncode is None:
        process.kill()
    await process.communicate()


def in_flight(root: Path) -> set[str]:
    """Who was recorded as being sent to when the process died."""
    query = "SELECT email FROM deliveries JOIN readers ON id = reader WHERE state = 'sending'"
    if not (root / "state" / "digest.db").exists():
        return set()
    with closing(sqlite3.connect(root / "state" / "digest.db")) as connection:
        try:
            return {email for (email,) in connection.execute(query)}
        except sqlite3.OperationalError:
            return set()  # killed before there were tables


async def test_twenty_kills_lose_nobody(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    rng = random.Random(7)
    people = [f"r{number:03}@readers.example" for number in range(PEOPLE)]
    root = furnish(site.base, relay.port, emails=people)
    relay.delay = 0.004
    allowed: Counter[str] = Counter()
    for _ in range(KILLS):
        await killed_after(await started(root), relay, rng.randrange(0, 24))
        flying = in_flight(root)
        assert len(flying) <= 3 * CONNECTIONS  # one with its body on the way, one with its envelope, one recorded ahead
        allowed.update(flying)
    relay.delay = 0
    last = await started(root)
    out, err = await last.communicate()
    assert last.returncode == 0, (out, err)
    assert set(relay.counts) == set(people)
    twice = {address: count for address, count in relay.counts.items() if count > 1}
    assert all(count <= 1 + allowed[address] for address, count in twice.items())
    for address in twice:
        ids = {re.search(rb"Message-ID: (\S+)", raw) for to, raw in relay.taken if to == address}
        assert len({match[1] for match in ids if match}) == 1
    named = set(re.findall(r'"email": "([^"]+)"', out.decode()))
    assert set(twice) <= named

"""kill -9 while an edition is changed, goes on and is corrected: what was answered stands, and each reader has what they should.

The long version: KILLS=100 pytest tests/test_kill_mending.py
"""

import asyncio
import os
import random
import sys
from collections.abc import Callable
from pathlib import Path

from digest.app import open_newsletter
from digest.desk.edition_view import Desk
from digest.desk.verbs import Verbs
from tests.conftest import Furnish
from tests.desk.conftest import KEY
from tests.faulty import Faulty, running
from tests.newsroom import NOW, RecordedSite

PEOPLE, KILLS = 240, int(os.environ.get("KILLS", "6"))
ENVIRONMENT = {**os.environ, "DIGEST_NOW": "2026-11-24T07:00:30+00:00"}
RIGHT = "Ferry back after seven winters"


async def started(root: Path, *words: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", *words, "-C", str(root),
        env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def until_answered(rng: random.Random, root: Path, *words: str) -> str:
    """Run a command, killed again and again at any moment of it, until it answers; return the answer."""
    for _ in range(KILLS):
        process = await started(root, *words)
        await asyncio.sleep(rng.uniform(0.2, 1.6))
        if process.returncode is None:
            process.kill()
        out, err = await process.communicate()
        if process.returncode == 0:
            return out.decode()
    last = await started(root, *words)
    out, err = await last.communicate()
    assert last.returncode in {0, 2}, (words, err.decode())
    return (out + err).decode()


async def killed_while_it_sends(root: Path, relay: Faulty, until: Callable[[], bool]) -> None:
    process = await started(root, "send")
    while not until() and process.returncode is None:
        await asyncio.sleep(0.002)
    if process.returncode is None:
        process.kill()
    await process.communicate()


async def test_a_change_and_a_correction_survive_any_kill(site: RecordedSite, furnish: Furnish) -> None:
    rng, got = random.Random(11), dict[str, list[bytes]]()
    people = [f"r{number:03}@readers.example" for number in range(PEOPLE)]
    relay = Faulty(delay=0.05, most=40, folds=1)
    relay.takes = lambda address, body: got.setdefault(address, []).append(body)
    async with running(relay):
        root = furnish(site.base, relay.port, emails=people, extra="window = 2")
        process = await started(root, "send")
        while relay.taken.total() < 60:
            await asyncio.sleep(0.002)
        with open_newsletter(root, lambda: NOW) as app:
            Verbs(Desk(app)).made.stop(KEY, "Ada")
        await process.communicate()
        had = set(got)
        assert 60 <= len(had) < PEOPLE
        with open_newsletter(root, lambda: NOW) as app:
            article = Desk(app).by_key(KEY).order[0]
        await until_answered(rng, root, "edition", "edit", article, "--headline", RIGHT, "--date", "2026-11-24")
        with open_newsletter(root, lambda: NOW) as app:
            assert Desk(app).by_key(KEY).edition.stories[0].article.title == RIGHT  # what was answered stands
        await until_answered(rng, root, "edition", "continue")
        for _ in range(KILLS):
            goal = relay.taken.total() + rng.randrange(5, 40)
            await killed_while_it_sends(root, relay, lambda goal=goal: relay.taken.total() >= goal)  # type: ignore[misc]
        relay.delay = 0
        await (await started(root, "send")).communicate()
        assert set(got) == set(people)
        assert all(RIGHT.encode() in got[address][-1] for address in set(people) - had)
        firsts = {address: len(bodies) for address, bodies in got.items()}

        await until_answered(rng, root, "edition", "correct", "It was seven.", "--web", "--mail")
        relay.delay = 0.05
        for _ in range(KILLS):
            goal = relay.taken.total() + rng.randrange(3, 15)
            await killed_while_it_sends(root, relay, lambda goal=goal: relay.taken.total() >= goal)  # type: ignore[misc]
        relay.delay = 0
        await (await started(root, "send")).communicate()
    with open_newsletter(root, lambda: NOW) as app:
        frozen = app.store.editions.frozen(KEY)
        assert frozen is not None
        assert (frozen.revision, frozen.correction) == (1, "It was seven.")
        assert app.unfinished() == []
        corrections = [row for row in app.store.editions.recent(9) if row.corrects]
        assert len(corrections) == 1  # although the command was run again after each kill
        older = app.store.revisions.count_older(KEY, 1)
    corrected = {address for address, bodies in got.items() if len(bodies) > firsts[address]}
    assert had <= corrected
    assert len(corrected) == older
    doubles = sum(len(bodies) - 1 for address, bodies in got.items() if address not in corrected)
    assert doubles <= KILLS * 2 * 3  # what was on its way: kills × window × connections

"""kill -9 in the middle of opt-outs and of imports: what was answered holds, and the subscriber list is whole."""

import asyncio
import json
import os
import random
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

import aiohttp
import pytest

from digest.app import open_newsletter
from digest.store import Store
from digest.subscribers import SubscriberFile
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

ENVIRONMENT = {**os.environ, "DIGEST_NOW": "2026-11-24T12:00:00+00:00"}
PEOPLE = [f"r{number:04}@readers.example" for number in range(int(os.environ.get("PEOPLE", "1200")))]
KILLS = int(os.environ.get("KILLS", "6"))


async def service(root: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "run", "-C", str(root), "--json",
        env=ENVIRONMENT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    return process, json.loads(line)["pages"]


async def leave_until_killed(base: str, tokens: dict[str, str], after: int, process: asyncio.subprocess.Process) -> set[str]:
    """Subscribers leave, many at once; the service is killed after so many answers. Returns whose opt-out was answered."""
    answered: set[str] = set()

    async def leave(client: aiohttp.ClientSession, email: str) -> None:
        with suppress(aiohttp.ClientError, OSError):
            async with client.post(f"{base}/unsubscribe/{tokens[email]}", data={"List-Unsubscribe": "One-Click"}) as answer:
                if answer.status == 200:
                    answered.add(email)
                    if len(answered) == after and process.returncode is None:
                        process.kill()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=30)) as client:
        await asyncio.gather(*(leave(client, email) for email in tokens))
    if process.returncode is None:
        process.kill()
    await process.wait()
    return answered


async def test_an_answered_opt_out_holds_after_a_kill(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra="[web]\nport = 0\n")
    subscriber_file = root / "subscribers.csv"
    subscriber_file.write_text("email,name,status\n" + "".join(f"{email},Reader,active\n" for email in PEOPLE))
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        tokens = {email: app.links.token(email) for email in PEOPLE}
        for email, token in tokens.items():
            app.store.subscribers.enrol(email, token)
    chance, left, answered = random.Random(5), list(PEOPLE), set[str]()
    for _ in range(KILLS):
        chance.shuffle(left)
        group, left = left[: len(PEOPLE) // KILLS], left[len(PEOPLE) // KILLS :]
        process, base = await service(root)
        answered |= await leave_until_killed(
            base, {email: tokens[email] for email in group}, chance.randint(1, len(group)), process
        )
        with closing(Store.open("sqlite:///state/digest.db", root)) as store:
            assert answered <= set(store.suppressions.among(PEOPLE))
        assert [row.email for row in SubscriberFile(subscriber_file)] == PEOPLE  # whole, whatever status a row has
        assert list(SubscriberFile(subscriber_file).problems()) == []
    process, _ = await service(root)  # a start catches up with what the file does not show
    for _ in range(200):
        if answered <= {row.email for row in SubscriberFile(subscriber_file) if row.status == "unsubscribed"}:
            break
        await asyncio.sleep(0.1)
    process.terminate()
    await asyncio.wait_for(process.communicate(), 30)
    assert answered <= {row.email for row in SubscriberFile(subscriber_file) if row.status == "unsubscribed"}
    assert len(answered) > KILLS


@pytest.mark.parametrize("command", ["import", "undo"])
async def test_an_import_that_is_killed_leaves_the_subscriber_list_whole(furnish: Furnish, tmp_path: Path, command: str) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    subscriber_file, file = root / "subscribers.csv", tmp_path / "new.csv"
    subscriber_file.write_text("email,name,status\n" + "".join(f"{email},Old,active\n" for email in PEOPLE))
    file.write_text(
        "email,name,status\n"
        + "".join(f"{email},New,active\n" for email in PEOPLE[::3])
        + "".join(f"x{number}@readers.example,,active\n" for number in range(9_000))
        + "".join(f"gone{number}@readers.example,,unsubscribed\n" for number in range(500))
    )
    before, chance = subscriber_file.read_bytes(), random.Random(3)
    arguments = ["subscribers", "import", str(file), "--apply"] if command == "import" else ["subscribers", "undo"]
    if command == "undo":
        assert await finished(root, ["subscribers", "import", str(file), "--apply"]) == 0
    start = subscriber_file.read_bytes()
    assert await finished(copy_of(root, tmp_path / "dry"), arguments) == 0
    end = (tmp_path / "dry" / "subscribers.csv").read_bytes()
    for number in range(KILLS * 2):
        await killed(root, arguments, 0.15 + chance.random() * 1.2)
        assert subscriber_file.read_bytes() in {start, end}, number
        if subscriber_file.read_bytes() == end:
            break
    if subscriber_file.read_bytes() != end:
        assert await finished(root, arguments) == 0
    assert subscriber_file.read_bytes() == end
    if command == "import":
        assert await finished(root, arguments) == 0  # done again, it does nothing
        assert subscriber_file.read_bytes() == end
        with closing(Store.open("sqlite:///state/digest.db", root)) as store:
            assert len(store.suppressions.among(f"gone{number}@readers.example" for number in range(500))) == 500
    else:
        assert end == before


def copy_of(root: Path, target: Path) -> Path:
    return Path(shutil.copytree(root, target))


async def finished(root: Path, arguments: list[str]) -> int | None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "-C", str(root), *arguments, env=ENVIRONMENT, stdout=asyncio.subprocess.DEVNULL
    )
    return await asyncio.wait_for(process.wait(), 60)


async def killed(root: Path, arguments: list[str], seconds: float) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "-C", str(root), *arguments,
        env=ENVIRONMENT, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)
    if process.returncode is None:
        process.kill()
        await process.wait()
    if not (root / "state" / "digest.db").exists():
        return
    with closing(sqlite3.connect(root / "state" / "digest.db")) as connection, suppress(sqlite3.OperationalError):
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)

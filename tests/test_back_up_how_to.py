"""The steps of "Back up and restore", followed as they are printed, while an edition is being sent; and a kill at any moment of them."""

import asyncio
import os
import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from digest.app import open_newsletter
from digest.service.restore import check_backup
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.test_docs import DOCS

PAGE = DOCS / "how-to" / "back-up.md"
PEOPLE, KILLS = 300, int(os.environ.get("KILLS", "12"))
AT = "2026-11-24T07:00:30+00:00"
LEFT = "r007@readers.example"


def steps(heading: str, tmp_path: Path) -> list[str]:
    """The command lines below a heading of the page, with the folders of this test."""
    text = PAGE.read_text()
    part = text if not heading else text[text.index(f"## {heading}") :].split("\n## ")[0]
    if not heading:
        part = text.split("\n## ")[0]
    blocks = re.findall(r"^```\n(.*?)^```", part, re.DOTALL | re.MULTILINE)
    lines = [line for block in blocks for line in block.splitlines() if "* * *" not in line]
    return [line.replace("/backups", str(tmp_path / "backups")).replace("/srv", str(tmp_path / "srv")) for line in lines]


async def shell(line: str) -> str:
    """Run a line as a person would, with `digest` on the path."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    process = await asyncio.create_subprocess_shell(
        line, env={**os.environ, "PATH": path, "DIGEST_NOW": AT}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, (line, out.decode())
    return out.decode()


@pytest.fixture
def gazette(site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path) -> Path:
    made = furnish(site.base, relay.port, emails=[f"r{number:03}@readers.example" for number in range(PEOPLE)])
    root = tmp_path / "srv" / "gazette"
    root.parent.mkdir()
    (tmp_path / "backups").mkdir()
    return made.rename(root)


async def test_the_printed_steps_while_an_edition_is_sent(gazette: Path, relay: Relay, tmp_path: Path) -> None:
    relay.delay = 0.02  # until there is a backup of what is half sent
    sending = asyncio.create_task(shell(f"digest -C {gazette} send"))
    while len(relay.taken) < 40:
        await asyncio.sleep(0.005)
    relay.delay = 1.0
    for line in steps("", tmp_path):  # a backup, one with keys, and the rehearsal
        await shell(line)
    with open_newsletter(gazette, lambda: NOW) as app:
        app.store.suppressions.add(LEFT, "unsubscribed", NOW)  # after the backup
    relay.delay = 0.0
    await sending
    (tmp_path / "srv" / "old").mkdir()
    gazette.rename(tmp_path / "srv" / "old" / "gazette")  # the machine is gone
    (line,) = steps("Restore", tmp_path)
    assert "Held, because it may have gone already: weekday-2026-11-24" in await shell(line)
    relay.delay = 0.0
    refused = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "send", "-C", str(gazette), env={**os.environ, "DIGEST_NOW": AT}, stderr=subprocess.PIPE
    )
    assert (await refused.communicate())[1]
    assert refused.returncode
    assert max(Counter(address for address, _ in relay.taken).values()) == 1
    before = len(relay.taken)
    gazette.rename(tmp_path / "srv" / "first")
    (tmp_path / "srv" / "old" / "gazette").rename(gazette)
    for line in steps("Move to another machine", tmp_path):  # with the newer log, which knows who has left
        told = await shell(line)
    assert "weekday-2026-11-24" in told
    with open_newsletter(tmp_path / "srv" / "moved", lambda: NOW) as app:
        assert app.store.suppressions.among([LEFT]) == {LEFT: "unsubscribed"}
    assert len(relay.taken) == before


async def killed(rng: random.Random, *words: str) -> bool:
    """Run a command and kill it at any moment; return whether it came to its end before."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", *words,
        env={**os.environ, "DIGEST_NOW": AT}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    await asyncio.sleep(rng.uniform(0.3, 1.6))
    if process.returncode is None:
        process.kill()
    return await process.wait() == 0


async def test_a_kill_in_a_backup_leaves_the_last_one_and_in_a_restore_leaves_nothing(
    gazette: Path, relay: Relay, tmp_path: Path
) -> None:
    rng, file, new = random.Random(5), tmp_path / "backups" / "gazette.tar.gz", tmp_path / "srv" / "new"
    await shell(f"digest -C {gazette} send")
    await shell(f"digest -C {gazette} backup {file}")
    for _ in range(KILLS):
        await killed(rng, "-C", str(gazette), "backup", str(file))
        assert check_backup(file, lambda: NOW).newsletter == "The Harbour Gazette"
    for _ in range(KILLS):
        if await killed(rng, "-C", str(new), "restore", str(file)):
            break
        assert not new.exists() or not any(new.iterdir()) or (new / "subscribers.csv").exists()
    if not new.exists():
        await shell(f"digest -C {new} restore {file}")
    with open_newsletter(new, lambda: NOW) as app:
        assert app.store.deliveries.counts("weekday-2026-11-24") == {"sent": PEOPLE}
    assert len(relay.taken) == PEOPLE

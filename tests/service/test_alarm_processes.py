"""Alarms of real processes, on a clock that runs twenty times as fast: each trouble is told in time, and a good day is quiet."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import aiohttp
import pytest

from digest.app import App, open_newsletter
from digest.model import Harvest
from digest.store import HistoryEvent
from tests.cli.running import Running, running
from tests.conftest import Furnish
from tests.desk.conftest import days_material
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.service.conftest import Monitor

SPEED = 20  # a slow machine takes seconds to start, and a minute is three of them
BEFORE = "2026-11-24T06:58:30+00:00"
GUARDED = '[[editions]]\nname = "weekday"\napproval = "required"\n[desk]\neditors = ["Ada Quill <ada@gazette.example>"]\n'


@pytest.fixture
def newsletter(site: RecordedSite, other: Relay, monitor: Monitor, furnish: Furnish) -> Callable[[int, str], Path]:
    def make(port: int, extra: str = "") -> Path:
        ways = f"""
[web]
port = 0
[alarms]
mail_to = ["ops@gazette.example"]
webhook = "{monitor.base}/hook"
ping = "{monitor.base}/ping"
late_by = "3m"
[alarms.relay]
url = "smtp://127.0.0.1:{other.port}"
"""
        root = furnish(site.base, port, extra=extra + ways)
        with app_of(root) as app:  # it was at work before
            app.store.content.keep(days_material(), NOW - timedelta(hours=2))
        return root

    return make


def app_of(root: Path) -> AbstractContextManager[App]:
    return open_newsletter(root, lambda: NOW)


@asynccontextmanager
async def at_work(root: Path, now: str = BEFORE) -> AsyncIterator[tuple[Running, str]]:
    async with running("run", "-C", root, now=now, speed=SPEED) as process:
        yield process, (await process.line()).removeprefix("Reader pages at ").partition(". ")[0]


async def becomes(pages: str, status: int) -> dict[str, object]:
    """What /health says once it has a status; an alarm is recorded when each of its ways has been tried."""
    async with asyncio.timeout(10), aiohttp.ClientSession() as client:
        while True:
            async with client.get(f"{pages}/health") as answer:
                if answer.status == status:
                    return dict(await answer.json())
            await asyncio.sleep(0.05)


def status(root: Path, now: str) -> str:
    words = [sys.executable, "-m", "digest", "status", "-C", str(root)]
    return subprocess.run(words, env={"DIGEST_NOW": now}, capture_output=True, text=True, check=True).stdout


async def test_a_relay_that_is_down_is_told_within_two_minutes_and_when_it_is_over(
    newsletter: Callable[..., Path], relay: Relay, other: Relay, monitor: Monitor
) -> None:
    relay.mail = lambda _sender: "421 4.3.2 closing"
    root = newsletter(relay.port)
    async with at_work(root) as (_, pages):
        trouble = await monitor.wait(60)
        with app_of(root) as app:
            began = app.store.editions.made(1)[0].edition.frozen_at
        assert trouble["what"] == "2 readers of No. 1 wait"
        assert datetime.fromisoformat(trouble["at"]) - began < timedelta(minutes=2)
        assert (await becomes(pages, 503))["ok"] is False
        assert status(root, "2026-11-24T07:03:00+00:00").startswith("  trouble since Tue 24 Nov 2026 07:0")
        mail = message_from_bytes(other.taken[0][1], policy=policy.default)
        assert (mail["To"], mail["Subject"]) == ("ops@gazette.example", "[The Harbour Gazette] 2 readers of No. 1 wait")
        relay.mail = lambda _sender: None
        over = await monitor.wait(120)
        assert over["text"] == "Over: 2 readers of No. 1 wait."
        assert len(relay.taken) == 2
        assert (await becomes(pages, 200))["ok"] is True
    assert monitor.pings[0][0] == "/ping/fail"
    assert "/ping" in dict(monitor.pings)


async def test_a_good_morning_is_quiet(newsletter: Callable[..., Path], relay: Relay, other: Relay, monitor: Monitor) -> None:
    root = newsletter(relay.port)
    async with at_work(root) as (_, pages):
        await asyncio.sleep(30)  # ten minutes
        await becomes(pages, 200)
    assert len(relay.taken) == 2
    assert (monitor.told, other.taken, [path for path, _ in monitor.pings]) == ([], [], ["/ping"])


def forget_nothing(_root: Path) -> None:
    """Leave all as it is."""


def lose_half_the_list(root: Path) -> None:
    people = [f"r{number}@readers.example" for number in range(200)]
    (root / "subscribers.csv").write_text("email\n" + "\n".join(people) + "\n")
    words = [sys.executable, "-m", "digest", "send", "-C", str(root)]
    subprocess.run(words, env={"DIGEST_NOW": "2026-11-23T07:01:00+00:00"}, capture_output=True, check=False)
    (root / "subscribers.csv").write_text("email\n" + "\n".join(people[:20]) + "\n")


def break_the_list(root: Path) -> None:
    (root / "subscribers.csv").write_text("name,town\nAda,Quay\n")


def break_a_template(root: Path) -> None:
    (root / "templates").mkdir()
    (root / "templates" / "story.mjml.j2").write_text("{% if %}")


def have_many_bounces(root: Path) -> None:
    words = [sys.executable, "-m", "digest", "send", "-C", str(root)]
    subprocess.run(words, env={"DIGEST_NOW": "2026-11-24T07:01:00+00:00"}, capture_output=True, check=True)
    with app_of(root) as app:
        rows = [HistoryEvent(email=f"r{at}@x.example", at=NOW + timedelta(hours=1), event="bounced") for at in range(30)]
        app.store.history.note(rows)


def silence_a_source(root: Path) -> None:
    with app_of(root) as app:
        source = "http://127.0.0.1:9/feed"
        app.store.content.keep(Harvest(read=(source,)), NOW - timedelta(hours=30))
    text = (root / "digest.toml").read_text()
    more = f'[[sources]]\nkind = "feed"\nurl = "{source}"\nallow_private = true\n\n[smtp]'
    (root / "digest.toml").write_text(text.replace("[smtp]", more, 1))


@pytest.mark.parametrize(
    ("prepare", "extra", "now", "what", "why"),
    [
        (forget_nothing, GUARDED, BEFORE, "The edition of Tue 24 Nov 2026 has not begun", "waits for an editor's yes"),
        (lose_half_the_list, "", BEFORE, "The edition of Tue 24 Nov 2026 has not begun", "20"),
        (have_many_bounces, "", "2026-11-24T09:00:00+00:00", "Bounces or complaints hold the next edition", "30 of 2 subscribers"),
        (break_the_list, "", BEFORE, "subscribers.csv cannot be read", "Nobody gets an edition until it can"),
        (break_a_template, "", BEFORE, "The templates are broken", "story.mjml.j2"),
        (silence_a_source, "", BEFORE, "http://127.0.0.1:9/feed cannot be read", "It was last read on"),
    ],
)
async def test_each_trouble_is_told(
    prepare: Callable[[Path], None], extra: str, now: str, what: str, why: str, newsletter: Callable[..., Path], relay: Relay, monitor: Monitor
) -> None:  # fmt: skip
    root = newsletter(relay.port, extra)
    await asyncio.to_thread(prepare, root)
    async with at_work(root, now):
        trouble = await monitor.wait(90)
    assert trouble["what"].startswith(what)
    assert why in trouble["why"]
    assert trouble["remedy"]


async def test_a_config_that_breaks_while_it_runs_is_told_and_over_when_it_is_mended(
    newsletter: Callable[..., Path], relay: Relay, monitor: Monitor
) -> None:
    root = newsletter(relay.port)
    text = (root / "digest.toml").read_text()
    async with at_work(root):
        (root / "digest.toml").write_text(text.replace("[smtp]", "[smtp"))
        assert (await monitor.wait(90))["what"] == "digest.toml is broken"
        (root / "digest.toml").write_text(text)
        assert (await monitor.wait(90))["text"] == "Over: digest.toml is broken."
    assert len(relay.taken) == 2


async def test_a_disk_that_fills_is_told(tmp_path: Path, newsletter: Callable[..., Path], relay: Relay, monitor: Monitor) -> None:
    small = tmp_path / "paper" / "state"
    small.parent.mkdir()
    small.mkdir()
    root = tmp_path / "paper"
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60m", "tmpfs", str(root)], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("NOT TESTED HERE: nothing may be mounted")
    try:
        newsletter(relay.port)
        async with at_work(root):
            trouble = await monitor.wait(90)
        assert trouble["what"] == "The disk is nearly full"
    finally:
        subprocess.run(["umount", "-l", str(root)], check=True)

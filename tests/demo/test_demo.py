"""The demo, from beginning to end."""

import json
import os
import subprocess
import sys
from pathlib import Path

import aiohttp

from tests.cli.running import appears, noting_browser, running


def test_once_delivers_and_leaves_nothing_behind(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digest", "demo", "--once", "--json"],
        env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    report = json.loads(done.stdout)
    assert report["inbox"] == report["sent"] == 22
    assert (report["refused"], report["bad_rows"], report["failures"]) == (1, 1, [])
    assert report["url"].startswith("http://127.0.0.1:")
    assert list(tmp_path.glob("digest-demo-*")) == []


def test_once_tells_a_person() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digest", "demo", "--once"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "22 messages delivered" in done.stdout
    assert "1 row skipped: subscribers.csv:10" in done.stdout
    assert "digest init" in done.stdout


async def test_the_demo_stays_until_it_is_stopped_and_its_pages_can_be_read(tmp_path: Path) -> None:
    browser, opened = noting_browser(tmp_path)
    async with running("demo", "--port", 0, browser=browser) as demo, aiohttp.ClientSession() as client:
        inbox = await appears(opened)
        lines: list[str] = []
        while not (lines and lines[-1].startswith("Press Ctrl-C")):
            lines.append(await demo.line())
        assert f"Inbox: {inbox}\n" in lines
        (site,) = [line.removeprefix("Site:  ").strip() for line in lines if line.startswith("Site:")]
        async with client.get(inbox) as answer:
            page = await answer.text()
            assert "Inbox of the demo" in page
            assert str(answer.url).endswith("/mail/0")
        async with client.get(f"{inbox}/version") as answer:
            assert await answer.text() == "22"
        async with client.get(f"{inbox}/mail/22/html") as answer:
            assert answer.status == 404
        async with client.get(site) as answer:
            assert "The Harbour Gazette" in await answer.text()
        code, _, err = await demo.stop()
    assert (code, err) == (0, "")

"""The pages of `digest preview` on this machine: their address is printed and opened, and they end when they are asked to."""

import json
import re
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.cli.running import appears, noting_browser, running
from tests.conftest import Furnish
from tests.newsroom import RecordedSite


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_preview_opens_in_the_browser_until_it_is_stopped(
    site: RecordedSite, furnish: Furnish, tmp_path: Path, number: signal.Signals
) -> None:
    root, (browser, opened) = furnish(site.base, 9), noting_browser(tmp_path)
    async with running("preview", "-C", root, "--port", 0, browser=browser) as preview:
        line = await preview.line()
        address = line.removeprefix("Preview at ").partition(" ")[0]
        assert line == f"Preview at {address} (press Ctrl-C to stop)\n"
        assert await appears(opened) == address
        async with aiohttp.ClientSession() as client, client.get(address) as answer:
            assert "The Harbour Gazette: Tue 24 Nov 2026, No. 1" in await answer.text()
        assert re.fullmatch(rf"Steer it at {address}/desk/here/[\w-]+ \(this link works once\)\n", await preview.line())
        assert await preview.stop(number) == (0, "", "")


async def test_without_a_browser_the_address_is_for_a_program(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    root, (browser, opened) = furnish(site.base, 9), noting_browser(tmp_path)
    async with running("preview", "-C", root, "--port", 0, "--no-browser", "--json", browser=browser) as preview:
        address = json.loads(await preview.line())["url"]
        async with aiohttp.ClientSession() as client, client.get(f"{address}/version") as answer:
            assert answer.status == 200
        assert (await preview.stop())[0] == 0
    assert not opened.exists()


async def test_a_port_that_is_taken_is_named(site: RecordedSite, furnish: Furnish) -> None:
    port = site.base.rpartition(":")[2]
    async with running("preview", "-C", furnish(site.base, 9), "--port", port, "--no-browser") as preview:
        out, err = await preview.process.communicate()
    assert (preview.process.returncode, out) == (1, b"")
    assert f"error: 127.0.0.1:{port}: cannot listen on this port" in err.decode()

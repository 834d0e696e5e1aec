"""`digest run` tells a person where the pages are, and stops when it is asked to."""

import aiohttp

from tests.cli.running import running
from tests.conftest import Furnish
from tests.newsroom import RecordedSite


async def test_the_address_of_the_pages_and_the_next_edition_are_told(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra="[web]\nport = 0\n")
    async with running("run", "-C", root, now="2026-11-24T20:00:00+00:00") as service:
        line = await service.line()
        address = line.removeprefix("Reader pages at ").partition(". ")[0]
        assert line == f"Reader pages at {address}. Next edition: Wed 25 Nov 2026 07:00 GMT.\n"
        async with aiohttp.ClientSession() as client, client.get(f"{address}/health") as answer:
            assert await answer.json() == {"ok": True, "troubles": []}
        code, _, err = await service.stop()
    assert code == 0
    assert "service stopped" in err

"""`digest collect`: what the sources gave, and what failed."""

import asyncio
from pathlib import Path

from click.testing import CliRunner, Result

from digest.cli import group
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite

DEAD = '[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\nallow_private = true\n'


async def collect(root: Path) -> Result:
    runner = CliRunner(env={"DIGEST_NOW": NOW.isoformat()})
    return await asyncio.to_thread(runner.invoke, group, ["-C", str(root), "collect"], catch_exceptions=False)


async def test_what_was_read_is_said(site: RecordedSite, furnish: Furnish) -> None:
    done = await collect(furnish(site.base, 9))
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("Read 6 articles and ")
    assert done.stdout.endswith(" comments from 1 source.\n")


async def test_a_source_that_fails_is_named_and_the_others_count(site: RecordedSite, furnish: Furnish) -> None:
    done = await collect(furnish(site.base, 9, extra=DEAD))
    assert done.exit_code == 0
    assert done.stdout.endswith(" from 2 sources.\n")
    assert done.stderr.startswith("warning: ")
    assert "http://127.0.0.1:9/feed" in done.stderr


async def test_if_nothing_could_be_read_the_exit_code_says_so(furnish: Furnish) -> None:
    done = await collect(furnish("http://127.0.0.1:9/feed", 9, kind="feed"))
    assert done.exit_code == 1
    assert done.stdout == "Read 0 articles and 0 comments from 1 source.\n"
    assert "warning: " in done.stderr

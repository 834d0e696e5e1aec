"""`digest check` as a person reads it: a line for each part, and at the end whether the edition can go out."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.cli import group
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.service.nameserver import serve_dns


@pytest.fixture(autouse=True)
async def records(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    zone = {
        "gazette.example/MX": ["10 mail.gazette.example."],
        "gazette.example": ['"v=spf1 mx -all"'],
        "_dmarc.gazette.example": ['"v=DMARC1; p=none"'],
    }
    async with serve_dns(monkeypatch, zone):
        yield


async def check(root: Path, *words: str) -> Result:
    runner = CliRunner(env={"DIGEST_NOW": NOW.isoformat()})
    return await asyncio.to_thread(runner.invoke, group, ["-C", str(root), "check", *words], catch_exceptions=False)


async def test_a_newsletter_that_is_ready_is_told_so_with_its_warnings(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    done = await check(furnish(site.base, relay.port))
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert lines[0] == "✓ config       The Harbour Gazette, time zone Europe/London"
    assert "! bounces      bounces.address is not set: bounces that arrive later by email are not seen" in lines
    assert lines[-1] == "Ready for the next edition (3 warnings)."
    assert relay.taken == []


async def test_errors_are_counted_and_the_exit_code_says_that_the_edition_would_not_go_out(
    site: RecordedSite, furnish: Furnish
) -> None:
    done = await check(furnish(site.base, 9))
    lines = done.stdout.splitlines()
    assert done.exit_code == 1
    assert any(line.startswith("✗ relay        ") for line in lines)
    assert lines[-1] == "1 error and 3 warnings. Fix the errors (✗) before the next edition."


async def test_an_edition_is_checked_before_it_goes_out(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9)
    done = await check(root, "--edition", "weekday")
    lines = done.stdout.splitlines()
    assert done.exit_code == 0
    assert any(line.startswith("✓ stories      2 stories, ") for line in lines)
    assert any(line.startswith("✓ text         the text part has all ") for line in lines)
    assert any(line.startswith("! links        http") for line in lines)  # the recorded site is not there


async def test_an_edition_without_stories_is_an_error(site: RecordedSite, furnish: Furnish) -> None:
    done = await check(furnish(site.base, 9), "--date", "2027-03-01")
    assert done.exit_code == 1
    assert "✗ stories      edition weekday-2027-03-01 has no stories yet" in done.stdout

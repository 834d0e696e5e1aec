"""Fixtures: a recorded WordPress site, a relay, and a newsletter's folder between them."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings

from digest.app import App, open_newsletter
from digest.web.pages import serve_http
from tests.newsroom import NOW, Moment, RecordedSite
from tests.relay import Relay, running

Furnish = Callable[..., Path]
settings.register_profile("digest", deadline=None)  # nothing is timed: a loaded machine is no fault of the code
settings.load_profile("digest")


@pytest.fixture
async def site() -> AsyncIterator[RecordedSite]:
    """The recorded site; `site.base` is where it is."""
    recorded = RecordedSite()
    async with serve_http(recorded.application(), "127.0.0.1", 0) as address:
        recorded.base = address
        yield recorded


@pytest.fixture
async def relay() -> AsyncIterator[Relay]:
    """A relay that takes everything until a test says otherwise."""
    async with running(Relay()) as relay:
        yield relay


@pytest.fixture
def furnish(tmp_path: Path) -> Furnish:
    """Make a newsletter's folder; extra TOML goes below its tables."""

    def make(source: str, smtp_port: int, *, emails: list[str] | None = None, extra: str = "", kind: str = "wordpress") -> Path:
        root = tmp_path / "paper"
        root.mkdir(exist_ok=True)
        (root / "digest.toml").write_text(
            f"""
[newsletter]
name = "The Harbour Gazette"
from = "The Harbour Gazette <daily@gazette.example>"
site_url = "http://gazette.example"
public_url = "https://news.gazette.example"
timezone = "Europe/London"
postal_address = "3 Quay Street, Harbour"

[[sources]]
kind = "{kind}"
url = "{source}"
allow_private = true

[smtp]
url = "smtp://127.0.0.1:{smtp_port}"
connections = 3
{extra}
"""
        )
        rows = "\n".join(emails or ["ada@readers.example", "bo@readers.example"])
        (root / "subscribers.csv").write_text(f"email\n{rows}\n")
        return root

    return make


@pytest.fixture
def moment() -> Moment:
    """The clock of a newsletter, at the moment the site was recorded for."""
    return Moment()


@pytest.fixture
def app(site: RecordedSite, relay: Relay, furnish: Furnish) -> Iterator[App]:
    """A newsletter at work on the recorded site, at the moment the site was recorded for."""
    with open_newsletter(furnish(site.base, relay.port), lambda: NOW, retry_delays=()) as app:
        yield app


def at(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


def need(program: str, *trial: str) -> str:
    """The path of a system program; without it the test is skipped, loudly, or fails where CI promised it.

    With `trial` it must also run with these arguments, as `perl -MSome::Module` does only where there is the module.
    """
    path = shutil.which(program) or next((path for path in (f"/usr/sbin/{program}",) if Path(path).exists()), None)
    if path and trial and subprocess.run([path, *trial], stdin=subprocess.DEVNULL, capture_output=True, check=False).returncode:
        path = None
    wanted = " ".join([program, *trial])
    if path is None and os.environ.get("DIGEST_REQUIRE_SYSTEM"):
        pytest.fail(f"{wanted} is missing, and this run promised that it is there")
    if path is None:
        pytest.skip(f"NOT TESTED HERE: {wanted} is not installed")
    return path

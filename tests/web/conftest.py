"""A real browser, and a newsletter with its reader's pages up."""

import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from playwright.async_api import Browser, async_playwright

from digest.app import App, open_newsletter
from digest.publish import Unwatched, publish
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import Furnish, need
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"]  # fmt: skip
ROLL = "email,name,status,topics,paused_until\nada@readers.example,Ada,active,,\nbo@readers.example,,,,\n"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    program = need("chromium")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=program, args=FLAGS, env={**os.environ, "HOME": "/tmp"})
        yield started
        await started.close()


@dataclass
class Town:
    """A newsletter with its pages up and an edition out."""

    app: App
    base: str
    relay: Relay
    pages: ReaderPages
    moment: list[datetime]

    def later(self, **span: int) -> None:
        self.moment[0] += timedelta(**span)

    async def letter(self, address: str) -> EmailMessage:
        """The next letter to an address; it goes out behind the answer."""
        await self.pages.subscriptions.emails.wait()
        return self.relay.message(address)

    async def subscriber_file(self) -> str:
        await self.pages.subscriptions.csv_sync.flush()
        return self.app.subscriber_path.read_text()


def plain(message: EmailMessage) -> str:
    part = message.get_body(preferencelist=("plain",))
    assert part is not None
    return str(part.get_content())


def link(message: EmailMessage, base: str, path: str) -> str:
    """Where a letter leads, on the test's own port."""
    found = re.search(rf"https://news\.gazette\.example(/{path}/[\w.-]+)", plain(message))
    assert found, plain(message)
    return base + found[1]


@pytest.fixture
async def town(site: RecordedSite, relay: Relay, furnish: Furnish) -> AsyncIterator[Town]:
    root, moment = furnish(site.base, relay.port), [NOW]
    (root / "subscribers.csv").write_text(ROLL)
    with open_newsletter(root, lambda: moment[0], retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
        relay.taken.clear()
        pages = ReaderPages(app)
        for limit in (pages._limits._emails_per_visitor, pages._limits._emails_in_total):
            limit._burst = 1_000  # a test asks more often than a household
        async with serve_http(pages.application(), "127.0.0.1", 0) as base:
            yield Town(app, base, relay, pages, moment)

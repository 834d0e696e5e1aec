"""The reader's pages over real HTTP."""

import asyncio
import re
from collections.abc import AsyncIterator

import aiohttp
import pytest

from digest.app import App
from digest.publish import Unwatched, publish
from digest.text.raw_message import html_part
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.relay import Relay

ONE_CLICK = {"List-Unsubscribe": "One-Click"}


@pytest.fixture
async def pages(app: App) -> AsyncIterator[str]:
    plan = app.config.editions[0]
    (app.subscriber_path).write_text("email,status\nada@readers.example,active\nbo@readers.example,\n")
    await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(app.clock())), Unwatched())
    reader = ReaderPages(app)
    async with serve_http(reader.application(), "127.0.0.1", 0) as address:
        yield address


def links(relay: Relay, address: str, base: str) -> tuple[str, str]:
    """Where a reader's mail leads, on the test's own port."""
    message = relay.message(address)
    unsubscribe = re.search(r"<https://news\.gazette\.example(/unsubscribe/[^>]+)>", message["List-Unsubscribe"])
    view = re.search(r'href="https://news\.gazette\.example(/view/[^"]+)"', html_part(message.as_bytes()))
    assert unsubscribe
    assert view
    return base + unsubscribe[1], base + view[1]


async def test_one_click_unsubscribes_for_good(app: App, relay: Relay, pages: str) -> None:
    unsubscribe, _ = links(relay, "ada@readers.example", pages)
    async with aiohttp.ClientSession() as client:
        for _ in range(2):
            async with client.post(unsubscribe, data=ONE_CLICK, allow_redirects=False) as answer:
                assert answer.status == 200
                assert "Set-Cookie" not in answer.headers
    assert app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}
    for _ in range(200):
        if "unsubscribed" in app.subscriber_path.read_text():
            break
        await asyncio.sleep(0.05)
    assert app.subscriber_path.read_text() == "email,status\nada@readers.example,unsubscribed\nbo@readers.example,\n"


async def test_a_scanner_that_follows_the_link_changes_nothing(app: App, relay: Relay, pages: str) -> None:
    unsubscribe, _ = links(relay, "ada@readers.example", pages)
    async with aiohttp.ClientSession() as client:
        for method in ("GET", "HEAD"):
            async with client.request(method, unsubscribe, headers={"List-Unsubscribe": "One-Click"}) as answer:
                assert answer.status == 200
    assert app.store.suppressions.among(["ada@readers.example"]) == {}
    assert len(list(app.subscriber_file().active())) == 2


async def test_a_link_that_is_not_whole_says_so(app: App, relay: Relay, pages: str) -> None:
    unsubscribe, _ = links(relay, "ada@readers.example", pages)
    async with aiohttp.ClientSession() as client:
        for wrong in (unsubscribe[:-3] + "AAA", unsubscribe[:-5], f"{pages}/nowhere"):
            for method in ("GET", "POST"):
                async with client.request(method, wrong, data=ONE_CLICK) as forged:
                    assert forged.status == 404
                    assert "incomplete or out of date" in await forged.text()
        async with client.get(pages) as front:
            assert (front.status, front.url.path) == (200, "/")
    assert app.store.suppressions.among(["ada@readers.example", "bo@readers.example"]) == {}


async def test_view_in_browser_is_exactly_what_was_sent(relay: Relay, pages: str) -> None:
    _, view = links(relay, "ada@readers.example", pages)
    sent = html_part(next(raw for address, raw in relay.taken if address.startswith("ada")))
    async with aiohttp.ClientSession() as client:
        async with client.get(view) as answer:
            assert (answer.status, (await answer.text()).strip()) == (200, sent.strip())
            assert "sandbox" in answer.headers["Content-Security-Policy"]
        async with client.get(view[:-3] + "AAA") as answer:
            assert answer.status == 404
        async with client.get(f"{pages}/health") as answer:
            assert await answer.json() == {"ok": True, "troubles": []}


async def test_addresses_are_in_no_link(relay: Relay, pages: str) -> None:
    for link in links(relay, "ada@readers.example", pages):
        assert "@" not in link
        assert "readers.example" not in link


async def test_an_opt_out_holds_where_the_file_cannot_be_written(app: App, relay: Relay, pages: str) -> None:
    unsubscribe, _ = links(relay, "ada@readers.example", pages)
    app.subscriber_path.unlink()
    async with aiohttp.ClientSession() as client, client.post(unsubscribe) as answer:
        assert answer.status == 200
    assert app.store.suppressions.among(["ada@readers.example"])


async def test_a_link_from_a_test_copy_works_before_any_edition(app: App, pages: str) -> None:
    app.subscriber_path.write_text("email,status\nnew@readers.example,\n")
    token = app.links.token("new@readers.example")
    app.store.subscribers.enrol("new@readers.example", token)  # as a preview and a test copy do
    async with aiohttp.ClientSession() as client:
        answers = await asyncio.gather(*(client.post(f"{pages}/unsubscribe/{token}", data=ONE_CLICK) for _ in range(8)))
        assert [answer.status for answer in answers] == [200] * 8
    assert app.store.suppressions.among(["new@readers.example"])

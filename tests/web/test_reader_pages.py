"""The reader pages when something is off: switched off, cut off, too slow, asked too often, or with a list that cannot be read."""

import asyncio
import logging

import aiohttp
import pytest

from digest.app import open_newsletter
from digest.store import Preference
from digest.web import reader_pages
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import Furnish
from tests.newsroom import NOW
from tests.web.conftest import Town
from tests.web.test_readership import got

ADA = "ada@readers.example"


@pytest.mark.parametrize(
    ("settings", "start", "gone"),
    [
        ("", "", ()),
        ("subscribe = false\n", "", ("/subscribe",)),
        ("subscribe = false\narchive = false\n", "/preferences", ("/subscribe", "/archive", "/archive/feed.xml")),
    ],
)
async def test_what_is_switched_off_is_not_there_and_the_start_is_something_else(
    furnish: Furnish, settings: str, start: str, gone: tuple[str, ...]
) -> None:
    root = furnish("http://127.0.0.1:9", 9, extra=f"[web]\n{settings}")
    with open_newsletter(root, lambda: NOW) as app:
        async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base, aiohttp.ClientSession() as client:
            async with client.get(f"{base}/", allow_redirects=False) as answer:
                assert (answer.status, answer.headers.get("Location", "")) == (302 if start else 200, start)
                assert ('action="/subscribe"' in await answer.text()) == (not settings)
            for path in gone:
                await got(f"{base}{path}", 404)


async def test_topics_that_are_configured_are_those_that_are_offered(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    path = root / "digest.toml"
    path.write_text(path.read_text().replace("[newsletter]", '[newsletter]\ntopics = ["Harbour", "Council"]'))
    with open_newsletter(root, lambda: NOW) as app:
        async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base:
            page = await got(f"{base}/subscribe")
    assert page.index('value="Harbour"') < page.index('value="Council"')  # in the operator's order


async def test_a_link_that_an_email_program_cut_off_says_so(town: Town) -> None:
    token = town.app.links.token(ADA)
    for path in ("unsubscribe", "preferences"):
        assert "not" in (await got(f"{town.base}/{path}/{token[:-4]}", 404)).lower()
    await got(f"{town.base}/preferences/{token[:-4]}", 404, method="POST", until="")
    await got(f"{town.base}/unsubscribe/{token[:-4]}", 404, method="POST")
    await got(f"{town.base}/view/weekday-2026-11-24/{token[:-4]}", 404)


async def test_preferences_that_are_asked_for_too_often_are_not_shown(town: Town) -> None:
    page = f"{town.base}/preferences/{town.app.links.token(ADA)}"
    town.pages._limits._views_per_visitor._burst = 2
    for _ in range(2):
        await got(page)
    async with aiohttp.ClientSession() as client, client.get(page) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "600")
        assert "Wait a few minutes and try again" in await answer.text()


async def test_a_request_that_does_not_come_to_its_end_is_answered_and_changes_nothing(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader_pages, "REQUEST_TIMEOUT", 0.05)
    path = f"/preferences/{town.app.links.token(ADA)}"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(town.base.rpartition(":")[2]))
    writer.write(
        f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 40\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\nuntil=&comm".encode()
    )
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    writer.close()
    await writer.wait_closed()
    assert head.startswith(b"HTTP/1.1 408 ")
    assert town.app.store.subscribers.preference(ADA) == Preference(email=ADA)


async def test_preferences_are_shown_and_saved_although_the_list_cannot_be_read(town: Town) -> None:
    page = f"{town.base}/preferences/{town.app.links.token(ADA)}"
    town.app.subscriber_path.write_text(f"name\n{ADA}\n")
    assert "Save changes" in await got(page)
    assert "Saved" in await got(page, method="POST", topic="Health", until="", comments="yes")
    assert town.app.store.subscribers.preference(ADA).topics == ("Health",)


async def test_a_monitor_is_told_that_the_service_runs(town: Town) -> None:
    assert await got(f"{town.base}/health") == '{"ok": true, "troubles": []}'


async def test_somebody_who_asks_with_a_formula_for_an_address_gets_no_email(town: Town, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "digest")
    told = await got(f"{town.base}/subscribe", method="POST", email="=cmd@readers.example")
    assert "Check your inbox" in told
    await town.pages.subscriptions.emails.wait()
    assert town.relay.taken == []
    assert "a formula for an address; nothing was sent" in caplog.text


async def test_a_forwarded_copy_says_whose_it_is_and_offers_ones_own(town: Town) -> None:
    token = town.app.links.token(ADA)
    for path in (f"/unsubscribe/{token}", f"/preferences/{token}"):
        html = await got(f"{town.base}{path}")
        assert "This is the subscription of a…@readers.example." in html
        assert ADA not in html
        assert "Get your own subscription" in html
    assert town.app.store.suppressions.among([ADA]) == {}

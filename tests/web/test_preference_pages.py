"""Choosing which editions, and when, over real HTTP; and how the page looks in a real browser."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from playwright.async_api import Browser

from digest.app import App, open_newsletter
from digest.store import Preference
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

ADA, BO = "ada@readers.example", "bo@readers.example"
EDITIONS = """
[[editions]]
name = "weekday"

[[editions]]
name = "best"
title = "The best of the week"
days = "sat"
at = "09:00"
readers = "chosen"
"""


@asynccontextmanager
async def served(site: RecordedSite, relay: Relay, furnish: Furnish, extra: str) -> AsyncIterator[tuple[App, ReaderPages, str]]:
    root = furnish(site.base, relay.port, extra=extra)
    (root / "subscribers.csv").write_text(f"email,frequency,timezone\n{ADA},,\n{BO},weekly,America/New_York\n")
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        for email in (ADA, BO):
            app.store.subscribers.enrol(email, app.links.token(email))
        pages = ReaderPages(app)
        async with serve_http(pages.application(), "127.0.0.1", 0) as base:
            yield app, pages, base


async def page(url: str, status: int = 200, form: list[tuple[str, str]] | None = None) -> str:
    async with aiohttp.ClientSession() as client, client.request("POST" if form else "GET", url, data=form) as answer:
        assert answer.status == status
        return await answer.text()


async def test_readers_choose_editions_and_a_time_zone(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    async with served(site, relay, furnish, EDITIONS) as (app, pages, base):
        ada, bo = (f"{base}/preferences/{app.links.token(email)}" for email in (ADA, BO))
        shown = await page(ada)
        assert 'value="weekday" checked' in shown
        assert 'value="best" checked' not in shown
        assert "The best of the week" in shown
        assert "Monday–Friday, 07:00" in shown
        shown = await page(bo)
        assert 'value="best" checked' in shown
        assert 'value="weekday" checked' not in shown
        assert '<option value="America/New_York" selected>' in shown
        form = [("editions", "yes"), ("edition", "best"), ("timezone", "Asia/Kolkata"), ("comments", "yes"), ("until", "")]
        assert "Saved" in await page(ada, form=form)
        wish = app.store.subscribers.preference(ADA)
        assert (wish.frequency, wish.timezone) == ("best", "Asia/Kolkata")
        await pages.subscriptions.csv_sync.flush()
        assert f"{ADA},best,Asia/Kolkata\n" in app.subscriber_path.read_text()


async def test_what_is_left_as_it_was_stays_the_lists(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    async with served(site, relay, furnish, EDITIONS) as (app, _pages, base):
        bo = f"{base}/preferences/{app.links.token(BO)}"
        form = [("editions", "yes"), ("edition", "best"), ("timezone", "America/New_York"), ("until", "")]
        assert "Saved" in await page(bo, form=form)
        assert app.store.subscribers.preference(BO) == Preference(email=BO, topics=(), comments=False)


@pytest.mark.parametrize(
    "form",
    [
        [("editions", "yes"), ("until", "")],
        [("editions", "yes"), ("edition", "../../x"), ("edition", "<script>"), ("until", "")],
    ],
)
async def test_nobody_is_left_without_an_edition_by_a_form(
    form: list[tuple[str, str]], site: RecordedSite, relay: Relay, furnish: Furnish
) -> None:
    async with served(site, relay, furnish, EDITIONS) as (app, _pages, base):
        shown = await page(f"{base}/preferences/{app.links.token(ADA)}", 400, form)
        assert "Choose at least one edition" in shown
        assert "<script>" not in shown.replace("<script nonce", "")
        assert app.store.subscribers.preference(ADA) == Preference(email=ADA)


async def test_a_zone_that_is_none_is_not_kept(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    async with served(site, relay, furnish, EDITIONS) as (app, _pages, base):
        form = [("editions", "yes"), ("edition", "weekday"), ("timezone", "Mars/Olympus"), ("until", "")]
        await page(f"{base}/preferences/{app.links.token(ADA)}", form=form)
        assert app.store.subscribers.preference(ADA).timezone is None


async def test_with_one_edition_there_is_nothing_to_choose_and_no_zone_where_all_get_it_at_once(
    site: RecordedSite, relay: Relay, furnish: Furnish
) -> None:
    async with served(site, relay, furnish, '[[editions]]\nname = "weekday"\nlocal_time = false\n') as (app, _pages, base):
        shown = await page(f"{base}/preferences/{app.links.token(ADA)}")
        assert 'name="edition"' not in shown
        assert 'name="timezone"' not in shown


@pytest.mark.parametrize("width", [320, 1_280])
async def test_the_page_fits_a_phone_and_works_without_scripts(
    width: int, site: RecordedSite, relay: Relay, furnish: Furnish, browser: Browser
) -> None:
    async with served(site, relay, furnish, EDITIONS) as (app, _pages, base):
        tab = await browser.new_page(viewport={"width": width, "height": 900}, java_script_enabled=False)
        await tab.goto(f"{base}/preferences/{app.links.token(ADA)}")
        await tab.get_by_label("The best of the week").check()
        await tab.get_by_label("Where you are").select_option("Pacific/Honolulu")
        await tab.get_by_role("button", name="Save changes").click()
        assert await tab.get_by_role("status").is_visible()
        assert app.store.subscribers.preference(ADA).frequency == "weekday, best"
        assert await tab.evaluate("document.documentElement.scrollWidth") <= width
        assert app.store.subscribers.preference(ADA).timezone == "Pacific/Honolulu"
        await tab.close()


async def test_the_calendar_is_on_the_web(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    async with served(site, relay, furnish, EDITIONS) as (_app, _pages, base):
        text = await page(f"{base}/calendar.ics")
        assert text.startswith("BEGIN:VCALENDAR\r\n")
        assert "UID:weekday-2026-11-25@gazette.example" in text
        assert "SUMMARY:The Harbour Gazette: The best of the week" in text
        assert "DTSTART:20261128T090000Z" in text

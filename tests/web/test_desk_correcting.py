"""A mistake is found at 07:00: the edition is stopped, changed, sent on and corrected, from a phone's browser."""

import asyncio
from collections.abc import AsyncIterator
from email import message_from_bytes, policy

import aiohttp
import pytest
from playwright.async_api import Browser, Page

from digest.app import App
from digest.desk.edition_view import Desk
from digest.publish import Unwatched, publish
from digest.service.catch_up import CatchUp
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.desk.conftest import KEY, moment
from tests.desk.crowd import READERS, crowd
from tests.relay import Relay
from tests.web.conftest import browser
from tests.web.test_desk_browser import AXE, PHONE, row, said, tap, without_script

__all__ = ["browser", "crowd", "moment"]  # the fixtures


@pytest.fixture
async def pages(app: App) -> ReaderPages:
    return ReaderPages(app)


@pytest.fixture
async def base(pages: ReaderPages) -> AsyncIterator[str]:
    async with serve_http(pages.application(), "127.0.0.1", 0) as address:
        yield address


async def accessible(page: Page) -> None:
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run(document, {iframes: false, rules: {'frame-tested': {enabled: false}}})")
    assert [(one["id"], node["html"][:160]) for one in found["violations"] for node in one["nodes"]] == []
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def stopped_half_way(app: App, relay: Relay, page: Page, base: str) -> None:
    """The edition goes, and somebody taps Stop."""
    plan = app.config.editions[0]
    run = asyncio.create_task(publish(app.pipeline, plan, app.coming_slot(plan), Unwatched()))
    while len(relay.taken) < 20:
        await asyncio.sleep(0.01)
    await page.goto(f"{base}/desk/{KEY}")
    await tap(page, "Stop", within=".bar")
    await run
    relay.delay = 0
    assert 20 <= len(relay.counts) < READERS


def readers(relay: Relay) -> set[str]:
    """Who has got mail; the editors get theirs too."""
    return {to for to in relay.counts if to.endswith("@readers.example")}


def text_of(raw: bytes) -> str:
    body = message_from_bytes(raw, policy=policy.default).get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


async def correct_it(page: Page, base: str, had: int, *, script: bool) -> None:
    """Correct it on the web and by mail, with a mistake in the form on the way."""
    await page.goto(f"{base}/desk/{KEY}")
    await tap(page, "Something wrong? Correct it…", within=".bar")
    if script:
        await accessible(page)
    await page.get_by_label("On the web").uncheck()
    await page.get_by_label("What was wrong").fill("It was the wrong headline.")
    await tap(page, "Look it over…")
    assert "Choose where it is corrected" in await page.locator("#problem").inner_text()
    assert await page.get_by_label("What was wrong").input_value() == "It was the wrong headline."
    await page.get_by_label("On the web").check()
    await page.get_by_label("A short mail").check()
    await tap(page, "Look it over…")
    assert await page.get_by_role("heading", level=1).inner_text() == f"Mail it to {had} readers?"
    assert "It was the wrong headline." in await page.locator("pre").inner_text()
    if script:
        await accessible(page)
    await tap(page, "Change the words")
    await page.get_by_label("What was wrong").fill("The headline was wrong.")
    await tap(page, "Look it over…")
    await tap(page, f"Mail it to {had} readers")
    await page.get_by_text("Corrected it on the web, by mail to its readers", exact=True).wait_for()


@pytest.mark.parametrize(("script", "scheme"), [(True, "light"), (True, "dark"), (False, "light")])
async def test_stop_change_continue_and_correct(
    browser: Browser, base: str, pages: ReaderPages, relay: Relay, app: App, script: bool, scheme: str
) -> None:
    context = await browser.new_context(viewport=PHONE, color_scheme=scheme, java_script_enabled=script)  # type: ignore[arg-type]
    page = await without_script(context, base, app, pages)
    await stopped_half_way(app, relay, page, base)
    had, order = readers(relay), Desk(app).by_key(KEY).order

    await page.goto(f"{base}/desk/{KEY}")
    assert (await page.get_by_role("heading", level=1).inner_text()).startswith("Stopped at 07:00")
    if script:
        await accessible(page)
    await tap(page, "Edit", within=row(order[0]))
    await page.get_by_label("Headline").fill("The right headline")
    await tap(page, "Save")
    assert (await said(page)).startswith("Changed the headline")
    await page.goto(f"{base}/desk/{KEY}")
    await tap(page, "Leave out", within=row(order[1]))
    assert "2 changes wait" in await page.locator(".panel").inner_text()
    await tap(page, "Undo", within="#said")
    assert "1 change waits" in await page.locator(".panel").inner_text()
    await asyncio.sleep(1)  # a second tap on the bar, so soon after the page has changed, would be for what stood there before
    await tap(page, "Continue", within=".bar")
    await page.get_by_text("Let it go on", exact=True).wait_for()
    await CatchUp(app).run()
    counts = {to: count for to, count in relay.counts.items() if to.endswith("@readers.example")}  # the editors get mails too
    assert set(counts.values()) == {1}
    assert {to for to, raw in relay.taken if "The right headline" in text_of(raw)} == set(counts) - had

    await correct_it(page, base, len(had), script=script)
    before = len(relay.taken)
    await CatchUp(app).run()
    mails = [(to, raw) for to, raw in relay.taken[before:] if to.endswith("@readers.example")]
    assert {to for to, _ in mails} == had
    assert all("The headline was wrong." in text_of(raw) for _, raw in mails)
    await page.goto(f"{base}/desk/{KEY}")
    await page.get_by_role("link", name="Made again, and earlier versions").click()
    assert await page.get_by_role("heading", level=1).inner_text() == "Made again from what was collected"
    if script:
        await accessible(page)
    await page.get_by_role("link", name="Look", exact=True).click()
    assert "The right headline" not in await page.locator("body").inner_text()
    await context.close()
    async with aiohttp.ClientSession() as client, client.get(f"{base}/archive/{KEY}") as answer:
        public = await answer.text()
    assert public.index("Corrected on") < public.index("The headline was wrong.") < public.rindex("The right headline")

"""The preview and the inbox in a real browser."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from playwright.async_api import Browser

from digest.app import App
from digest.service.dry_run import build_edition
from digest.web.message_viewer import Viewer
from digest.web.pages import serve_http
from digest.web.preview import Preview


@pytest.fixture
async def preview(app: App) -> AsyncIterator[str]:
    plan = app.config.editions[0]
    edition, _ = await build_edition(app, plan, app.slot(plan, app.calendar(plan).latest(app.clock())))
    async with serve_http(Viewer(Preview(app, edition, "The preview")).application(), "127.0.0.1", 0) as address:
        yield address


async def test_every_view_of_every_subscriber(preview: str, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 1200, "height": 900})
    problems: list[str] = []
    page.on(
        "console", lambda message: problems.append(message.text) if message.type == "error" and "ERR_" not in message.text else None
    )
    await page.goto(preview)
    assert await page.title() == "The preview"
    assert await page.locator("aside a").count() == 2
    assert await page.frame_locator("iframe").locator("h1").inner_text() == "The Harbour Gazette"
    for label, needle in {
        "Plain text": "The Harbour Gazette\n===================",
        "Source": "List-Unsubscribe:",
        "Why these": "password-protected",
        "Check": "every header is there",
    }.items():
        await page.get_by_role("link", name=label).click()
        assert needle in await page.locator("main").inner_text()
    await page.locator("aside a").nth(1).click()
    await page.get_by_role("link", name="Source").click()
    assert "To: bo@readers.example" in await page.locator("main").inner_text()
    assert problems == []


@pytest.mark.parametrize(("view", "dark"), [("desktop", False), ("dark", True), ("phone", False)])
async def test_light_and_dark_whatever_the_browser_prefers(preview: str, browser: Browser, view: str, dark: bool) -> None:
    for preference in ("light", "dark"):
        page = await browser.new_page(color_scheme=preference)
        await page.goto(f"{preview}/mail/ada%40readers.example?view={view}")
        colour = await page.frame_locator("iframe").locator("h1").evaluate("node => getComputedStyle(node).color")
        assert (colour == "rgb(236, 231, 220)") == dark, (preference, colour)
        await page.close()


async def test_nothing_is_wider_than_the_smallest_phone(preview: str, browser: Browser) -> None:
    page = await browser.new_page(viewport={"width": 320, "height": 700})
    await page.goto(f"{preview}/mail/ada%40readers.example/html")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320
    sizes = await page.evaluate(
        "[...document.querySelectorAll('p, a, h2, h3, blockquote')].filter(node => getComputedStyle(node).textTransform !== "
        "'uppercase').map(node => parseFloat(getComputedStyle(node).fontSize))"
    )
    assert min(sizes) >= 14


async def test_a_changed_template_shows_at_once_and_its_error_too(app: App, preview: str, browser: Browser) -> None:
    page = await browser.new_page()
    await page.goto(f"{preview}/mail/ada%40readers.example?view=text")
    (app.config.root / "templates").mkdir()
    template = app.config.root / "templates" / "edition.txt.j2"
    template.write_text("Changed {{ newsletter.name }}")
    await page.get_by_text("Changed The Harbour Gazette").wait_for(timeout=8000)
    template.write_text("one\n{{ nothing.here }}")
    alert = page.get_by_role("alert")
    await alert.wait_for(timeout=8000)
    assert "edition.txt.j2:2" in await alert.inner_text()


async def test_only_this_machine_may_look(preview: str) -> None:
    async with aiohttp.ClientSession() as client, client.get(f"{preview}/", headers={"Host": "evil.example"}) as answer:
        assert answer.status == 403


async def test_a_mail_that_is_not_there(preview: str) -> None:
    async with aiohttp.ClientSession() as client:
        async with client.get(f"{preview}/mail/nobody/html") as answer:
            assert answer.status == 404
            assert "is not a valid address" in await answer.text()
        async with client.get(f"{preview}/mail/nobody") as answer:
            assert 'role="alert"' in await answer.text()

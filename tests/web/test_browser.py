"""The reader's pages in a real browser: on a phone and a desktop, by keyboard alone, without JavaScript, and for everyone."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from importlib import resources

import pytest
from playwright.async_api import Browser, Page

from tests.newsroom import NOW
from tests.web.conftest import Town, link

AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
WIDTHS = {"phone": 375, "desktop": 1_280}


@pytest.fixture(params=sorted(WIDTHS))
async def page(browser: Browser, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A page that runs no JavaScript."""
    context = await browser.new_context(viewport={"width": WIDTHS[request.param], "height": 800}, java_script_enabled=False)
    yield await context.new_page()
    await context.close()


async def tab_to(page: Page, words: str) -> None:
    """Press Tab until the element with these words, or of this name, has the focus."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        found = page.locator(":focus")
        if not await found.count():
            continue
        name = await found.get_attribute("name") or ""
        value = await found.get_attribute("value") or ""
        if words in {name, value, (await found.inner_text()).strip()}:
            return
    raise AssertionError(words)


async def test_joining_by_keyboard(town: Town, page: Page) -> None:
    await page.goto(f"{town.base}/subscribe")
    await tab_to(page, "email")
    await page.keyboard.type("new@readers.example")
    await tab_to(page, "Health")
    await page.keyboard.press("Space")
    await tab_to(page, "Subscribe")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Check your inbox")
    await page.goto(link(await town.letter("new@readers.example"), town.base, "confirm"))
    await tab_to(page, "Confirm subscription")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=You are subscribed")
    assert "new@readers.example,,active,Health," in await town.subscriber_file()


async def test_a_wrong_address_is_said_where_it_stands(town: Town, page: Page) -> None:
    await page.goto(f"{town.base}/subscribe")
    await page.locator("#email").fill("nobody@nowhere")
    await page.locator("button[type=submit]").click()
    await page.wait_for_selector("[role=alert]")
    assert await page.locator("#email").get_attribute("aria-invalid") == "true"
    assert await page.locator("#email").input_value() == "nobody@nowhere"


async def test_choosing_by_keyboard(town: Town, page: Page) -> None:
    await page.goto(f"{town.base}/preferences/{town.app.links.token('ada@readers.example')}")
    await tab_to(page, "Health")
    await page.keyboard.press("Space")
    await tab_to(page, "comments")
    await page.keyboard.press("Space")
    await tab_to(page, "until")
    day = (NOW + timedelta(days=5)).date()
    await page.keyboard.type(day.strftime("%m%d%Y"))
    await tab_to(page, "Save changes")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Saved.")
    wish = town.app.store.subscribers.preference("ada@readers.example")
    assert (wish.topics, wish.paused_until, wish.comments) == (("Health",), day, False)


async def test_leaving_by_keyboard(town: Town, page: Page) -> None:
    await page.goto(f"{town.base}/unsubscribe/{town.app.links.token('ada@readers.example')}")
    assert town.app.store.suppressions.among(["ada@readers.example"]) == {}
    await tab_to(page, "Unsubscribe")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=You have unsubscribed")
    assert town.app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}


async def test_reading_the_archive_by_keyboard(town: Town, page: Page) -> None:
    await page.goto(f"{town.base}/archive")
    await tab_to(page, await page.locator("main ol a").first.inner_text())
    await page.keyboard.press("Enter")
    await page.wait_for_selector("h1")
    assert (await page.locator("h1").inner_text()).strip() == "The Harbour Gazette"


async def test_being_forgotten_by_keyboard(town: Town, page: Page) -> None:
    await page.goto(f"{town.base}/preferences")
    await tab_to(page, "email")
    await page.keyboard.type("bo@readers.example")
    await tab_to(page, "Send link")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Check your inbox")
    await page.goto(link(await town.letter("bo@readers.example"), town.base, "mine"))
    await tab_to(page, "Delete my data")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=We have deleted your data")
    assert "bo@readers.example" not in await town.subscriber_file()


async def addresses(town: Town) -> list[str]:
    """Every page there is, in every state that looks different."""
    token = town.app.links.token("ada@readers.example")
    town.pages.subscriptions.opt_in.request("new@readers.example", "", ())
    confirm = link(await town.letter("new@readers.example"), town.base, "confirm")
    town.pages.subscriptions.data.send_link("ada@readers.example")
    mine = link(await town.letter("ada@readers.example"), town.base, "mine")
    listed = ["/subscribe", "/preferences", f"/preferences/{token}", f"/unsubscribe/{token}", "/archive", f"/view/none/{token}"]
    archived = "/archive/weekday-2026-11-24"
    return [*(town.base + path for path in [*listed, archived]), confirm, mine]


@pytest.mark.parametrize("width", [320, 1_280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_no_violation(town: Town, browser: Browser, width: int, scheme: str) -> None:
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme="dark" if scheme == "dark" else "light", bypass_csp=True
    )
    page = await context.new_page()
    wrong = []
    for url in await addresses(town):
        await page.goto(url)
        wrong += await violations(page)
    forms = {"/subscribe": "nobody@nowhere", "/preferences": "nobody@nowhere"}
    for path, email in forms.items():
        for address in (email, "reader@readers.example"):
            await page.goto(town.base + path)
            await page.locator("#email").fill(address)
            await page.locator("main button[type=submit]").first.click()
            await page.wait_for_load_state()
            wrong += await violations(page)
    token = town.app.links.token("ada@readers.example")
    for path in (f"/preferences/{token}", f"/unsubscribe/{token}", f"/preferences/{token}"):
        await page.goto(town.base + path)
        if "unsubscribe" in path or not town.app.store.suppressions.among(["ada@readers.example"]):
            await page.locator("main button[type=submit]").first.click()
            await page.wait_for_load_state()
        wrong += await violations(page)
    await context.close()
    assert wrong == []


async def violations(page: Page) -> list[str]:
    await page.evaluate(AXE)
    found = await page.evaluate("axe.run({resultTypes: ['violations']})")
    wide = await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    path = re.sub(r"^https?://[^/]+", "", page.url)[:40]
    told = [f"{path}: {row['id']}: {row['nodes'][0]['html'][:120]}" for row in found["violations"]]
    return [*told, *([f"{path}: wider than the screen"] if wide else [])]


async def test_axe_would_find_one(browser: Browser) -> None:
    page = await browser.new_page()
    await page.set_content("<main><img src='data:,'><input></main>")
    assert len(await violations(page)) >= 3

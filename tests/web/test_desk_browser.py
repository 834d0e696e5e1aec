"""The desk as an editor uses it: a real browser, a phone's width and a desk's, with and without scripts, and by keys alone."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from importlib import resources

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from digest.app import App
from digest.desk.acts import Act
from digest.desk.edition_view import Desk
from digest.desk.sign_in import SignIn
from digest.desk.verbs import Verbs
from digest.service.catch_up import CatchUp
from digest.web.desk_view import cards
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.desk.conftest import CUTOFF, KEY, app, desk, moment
from tests.newsroom import Moment
from tests.relay import Relay
from tests.web.conftest import browser, plain
from tests.web.test_desk import ADA, letter

__all__ = ["app", "browser", "desk", "moment"]  # the fixtures
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
PHONE, SCREEN = {"width": 375, "height": 667}, {"width": 1280, "height": 800}
PAGES = ("", "/story?id=a0", "/held", "/subject", "/mail", "/mail?view=text", "/log", "/send", "/print?id=held", "/writer?id=held")


@pytest.fixture
async def pages(app: App, desk: Desk) -> ReaderPages:
    assert desk.app is app
    return ReaderPages(app)


@pytest.fixture
async def base(pages: ReaderPages) -> AsyncIterator[str]:
    async with serve_http(pages.application(), "127.0.0.1", 0) as address:
        yield address


async def signed_in(context: BrowserContext, base: str, pages: ReaderPages, relay: Relay) -> Page:
    """A page of somebody who has asked for a link, got the mail and selected the button."""
    page = await context.new_page()
    await page.goto(f"{base}/desk")
    await page.get_by_label("Your email address").fill(ADA)
    await page.get_by_role("button", name="Mail me a link").click()
    await page.get_by_role("heading", name="Now look in your mail").wait_for()
    await pages.subscriptions.emails.wait()
    link = next(line for line in plain(letter(relay, ADA)).splitlines() if "/desk/sign-in/" in line)
    await page.goto(base + "/desk" + link.partition("/desk")[2])
    await page.get_by_role("button", name="Sign in").click()
    await page.get_by_role("heading", name="Goes at 07:00 unless you hold it.").wait_for()
    return page


def row(article: str) -> str:
    """Where a story stands in the list: its id may have any signs in it."""
    return f'[id="s-{article}"]'


async def said(page: Page) -> str:
    """What the desk says was done."""
    status = page.locator("#said [role=status]")
    await status.wait_for()
    return await status.inner_text()


async def tap(page: Page, name: str, *, within: str = "body") -> None:
    """Select a button or a link by its name, and wait until its answer is there."""
    place = page.locator(within)
    button = place.get_by_role("button", name=name).or_(place.get_by_role("link", name=name)).first
    await button.click()
    await page.locator("[aria-busy=true]").wait_for(state="detached")
    await page.wait_for_load_state()


@pytest.mark.parametrize("size", [PHONE, SCREEN], ids=["phone", "screen"])
@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
async def test_an_edition_is_steered_and_arrives_exactly_so(
    browser: Browser, base: str, pages: ReaderPages, relay: Relay, app: App, moment: Moment, size: dict[str, int], script: bool
) -> None:
    context = await browser.new_context(viewport=size, java_script_enabled=script)  # type: ignore[arg-type]
    page = await signed_in(context, base, pages, relay) if script else await without_script(context, base, app, pages)
    order = Desk(app).by_key(KEY).order

    async def act(name: str, within: str = "body") -> None:
        if script:
            await tap(page, name, within=within)
        else:
            place = page.locator(within)
            await place.get_by_role("button", name=name).or_(place.get_by_role("link", name=name)).first.click()

    await act("Leave out", within=row(order[0]))
    assert (await said(page)).startswith("Left out “")
    await act("Undo", within="#said")
    assert (await said(page)).startswith("Undone: ")
    await act("Leave out", within=row(order[0]))
    await act("Move down", within=row(order[1]))
    assert Desk(app).by_key(KEY).order[:2] == [order[2], order[1]]
    await page.locator(f"{row(order[5])} summary").click()
    await page.locator(f"{row(order[5])} select").select_option("1")
    await act("Move", within=f"{row(order[5])} details")
    assert Desk(app).by_key(KEY).order[0] == order[5]

    await _change_words(page, base, order, app, act)
    await page.goto(f"{base}/desk/{KEY}")
    await act("Hold", within=".bar")
    assert await page.get_by_role("heading", level=1).inner_text() == "On hold. Nothing goes until somebody lets it go."
    moment.now = CUTOFF + timedelta(minutes=3)
    await CatchUp(app).publish_due()
    assert "bo@readers.example" not in relay.counts
    await page.goto(f"{base}/desk/{KEY}")
    await act("Release", within=".bar")
    shown = Desk(app).by_key(KEY)
    await act("Approve", within=".bar")
    await CatchUp(app).publish_due()
    mail = letter(relay, "bo@readers.example")
    text = plain(mail)
    assert mail["Subject"] == "A subject from a phone"
    assert "A HEADLINE FROM A PHONE" in text.upper()
    assert "Good morning from Ada." in text
    frozen = app.store.editions.frozen(KEY)
    assert frozen is not None
    assert [story.article.id for story in frozen.edition.stories] == shown.order
    assert order[0] not in shown.order
    await context.close()


async def _change_words(page: Page, base: str, order: list[str], app: App, act: Callable[[str], Awaitable[None]]) -> None:
    """A headline, another comment, a subject and a note; and a story that is out has no page."""
    await page.goto(f"{base}/desk/{KEY}/story?id={order[5]}")
    await page.get_by_label("Headline").fill("A headline from a phone")
    await act("Save")
    assert (await said(page)).startswith("Changed the headline")
    await page.goto(f"{base}/desk/{KEY}/story?id={_with_a_choice(app)}")
    await act("Print instead of")
    assert (await said(page)).startswith("Printed ")

    await page.goto(f"{base}/desk/{KEY}/story?id={order[0]}")
    assert (await page.get_by_role("heading", level=1).inner_text()) == "That cannot be done"
    await page.goto(f"{base}/desk/{KEY}/subject")
    await page.get_by_label("Subject").first.fill("A subject from a phone")
    await page.get_by_label("Your note, at the top").fill("Good morning from **Ada**.")
    await act("Save")


def _with_a_choice(app: App) -> str:
    """A story with a comment that is printed and another that could be."""
    edition = Desk(app).by_key(KEY)
    states = {key: {card.reason.state for card in cards(edition, story)} for key, story in edition.threads.items()}
    return next(key for key, found in states.items() if {"Printed", "Next in line"} <= found)


async def without_script(context: BrowserContext, base: str, app: App, pages: ReaderPages) -> Page:
    """A page of somebody who is signed in: `signed_in` waits by scripts."""
    sign_in = SignIn(app, pages.subscriptions.emails)
    person = sign_in.person(ADA)
    assert person is not None
    cookie = {"name": "digest_desk", "value": sign_in.here(person, "here"), "domain": "127.0.0.1", "path": "/desk"}
    await context.add_cookies([cookie])  # type: ignore[list-item]
    page = await context.new_page()
    await page.goto(f"{base}/desk/{KEY}")
    return page


async def test_an_edition_is_steered_by_keys_alone(browser: Browser, base: str, pages: ReaderPages, relay: Relay, app: App) -> None:
    context = await browser.new_context(viewport=SCREEN)  # type: ignore[arg-type]
    page = await signed_in(context, base, pages, relay)
    order = Desk(app).by_key(KEY).order

    async def until(done: str) -> None:
        await page.get_by_text(done).first.wait_for()

    for key in ("j", "j", "x"):
        await page.keyboard.press(key)
    await until("Left out “")
    assert Desk(app).by_key(KEY).order == [order[0], *order[2:]]
    await page.keyboard.press("z")
    await until("Undone: ")
    assert Desk(app).by_key(KEY).order == order
    for key in ("j", "j", "j", "l"):
        await page.keyboard.press(key)
    await until("to the top")
    await page.keyboard.press("h")
    await until("On hold. Nothing goes")
    assert Desk(app).by_key(KEY).word.hold is not None
    await page.keyboard.press("2")
    await until("held for you")
    await page.keyboard.press("j")
    await page.keyboard.press("r")
    await until("Refused a comment by Ring Me")
    await page.keyboard.press("?")
    await until("They work outside of fields")
    await page.goto(f"{base}/desk/{KEY}/subject")
    await page.get_by_label("Your note, at the top").press("x")  # in a field, a key is a letter
    assert await page.get_by_label("Your note, at the top").input_value() == "x"
    await context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_desk_can_be_used_by_everybody(
    browser: Browser, base: str, app: App, pages: ReaderPages, desk: Desk, scheme: str
) -> None:
    """axe finds nothing, no page scrolls sideways at 320 px, and what is tapped is 44 px high."""
    for width in (320, 375, 1280):
        context = await browser.new_context(viewport={"width": width, "height": 2_400}, color_scheme=scheme)  # type: ignore[arg-type]
        page = await without_script(context, base, app, pages)
        for path in PAGES:
            await page.goto(f"{base}/desk/{KEY}{path}")
            await page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
            await page.evaluate(AXE)
            found = await page.evaluate("axe.run(document, {iframes: false, rules: {'frame-tested': {enabled: false}}})")
            problems = [(row["id"], node["html"][:160]) for row in found["violations"] for node in row["nodes"]]
            assert problems == [], (path, width)
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
            small = await page.evaluate(
                """() => [...document.querySelectorAll('button, .button, select, input[type=text], .links a, .tabs a')]
                .filter(one => one.offsetParent && one.getBoundingClientRect().height < 43.5).map(one => one.outerHTML.slice(0, 90))"""
            )
            assert small == [], (path, width)
        await context.close()


async def test_text_at_200_percent_stays_in_its_place(
    browser: Browser, base: str, app: App, pages: ReaderPages, desk: Desk
) -> None:
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = await without_script(context, base, app, pages)
    for path in PAGES:
        await page.goto(f"{base}/desk/{KEY}{path}")
        await page.evaluate("document.documentElement.style.fontSize = '200%'")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    await context.close()


async def test_a_page_says_when_it_is_not_true_any_more(
    browser: Browser, base: str, app: App, pages: ReaderPages, desk: Desk
) -> None:
    context = await browser.new_context(viewport=PHONE)  # type: ignore[arg-type]
    page = await without_script(context, base, app, pages)
    await page.clock.install()
    await page.goto(f"{base}/desk/{KEY}")
    await page.clock.run_for(31_000)
    assert await page.locator("#news").count() == 0
    Verbs(desk).do(KEY, Act(verb="leave-out", fields={"id": desk.by_key(KEY).order[0]}, by="Tom Lacey"))
    await page.clock.run_for(31_000)
    await page.locator("#news").get_by_text("Something has changed since this page was made.").wait_for()
    await page.locator("#news").get_by_role("link", name="Look again").click()
    await page.get_by_text("Tom Lacey left out").wait_for()
    assert await page.locator("#news").count() == 0
    await context.close()

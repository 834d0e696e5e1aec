"""The pictures in docs/pictures: `make pictures` takes them anew of every theme, language and page. They are for a person to look at."""

import asyncio
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image as Picture
from playwright.async_api import Browser, Route, async_playwright

from digest.app import open_newsletter
from digest.audience.transactional_emails import TransactionalEmails
from digest.config import DesignPlan, Newsletter
from digest.desk.acts import Act
from digest.desk.edition_view import Desk
from digest.desk.people import people
from digest.desk.sign_in import SignIn
from digest.desk.verbs import Verbs
from digest.model import Edition, EditorNote, EditorParts, Poll, PollAnswer, Rendered, Sponsor
from digest.render.renderer import Design
from digest.text.placeholders import split
from digest.web.pages import PageTemplates, serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import need
from tests.desk.conftest import DESK, KEY, days_material
from tests.newsroom import Moment
from tests.render.editions import ARABIC, GAZETTE, arabic, eight_with_comments, sixteen

ROOT = Path(__file__).parent.parent
OUT = ROOT / "docs" / "pictures"
SAMPLES = ROOT / "digest" / "demo" / "pictures"
GAP, GREY = 24, (118, 118, 118)
PARTS = EditorParts(
    note=EditorNote(
        text="Good morning. The night boat is **back**, the pool is saved by one vote, and the clinic loses its Wednesdays.",
        name="Hesper Lund",
        office="Editor",
    ),
    sponsor=Sponsor(
        name="Quay Books",
        text="The winter list is here: twelve books for twelve evenings.",
        link="See the list",
        url="https://gazette.example/books",
    ),
    poll=Poll(
        question="Should the ferry run on Sundays?",
        answers=(PollAnswer(text="Yes", url="https://gazette.example/y"), PollAnswer(text="No", url="https://gazette.example/n")),
    ),
)

DESK_TOML = f"""
[newsletter]
name = "The Harbour Gazette"
from = "daily@gazette.example"
site_url = "https://gazette.example"
public_url = "https://news.gazette.example"
[[sources]]
kind = "feed"
url = "https://gazette.example/feed/"
{DESK}"""


@dataclass(frozen=True)
class Shot:
    """One look at a page: its width, whether it is dark, whether pictures load, and where it begins and ends."""

    html: str
    width: int = 375
    dark: bool = False
    pictures: bool = True
    top: int = 0
    height: int = 1_500


def mail(edition: Edition, newsletter: Newsletter = GAZETTE, **plan: object) -> str:
    return filled(rendered(edition, newsletter, **plan).html)


def filled(html: str) -> str:
    """Return a mail as a subscriber gets it."""
    values = {"email": "ada@readers.example", "name": "Ada"}
    parts = split(html)
    parts[1::2] = [values.get(name, "https://news.gazette.example/x") for name in parts[1::2]]
    return "".join(parts)


def rendered(edition: Edition, newsletter: Newsletter = GAZETTE, **plan: object) -> Rendered:
    return Design(newsletter, plan=DesignPlan.model_validate(plan), archive=True, subscribe=True).render(edition)


def sheets() -> dict[str, Sequence[Shot]]:
    """Every picture by its name: what stands in it side by side."""
    full, eight = mail(sixteen()), eight_with_comments()
    german = GAZETTE.model_copy(update={"language": "de-DE"})
    steered = mail(_with_parts(eight))
    return {
        "broadsheet": [Shot(full, 700, height=2_000), Shot(full, height=2_000), Shot(full, dark=True, top=1_800, height=2_000)],
        "broadsheet-end": [Shot(full, top=3_600, height=2_000), Shot(full, dark=True, top=3_600, height=2_000), Shot(full, pictures=False, height=2_000)],
        "themes": [Shot(mail(eight, theme=theme), height=1_400) for theme in ("broadsheet", "compact", "letter")],
        "compact": [Shot(mail(sixteen(), theme="compact"), 700), Shot(mail(sixteen(), theme="compact")), Shot(mail(sixteen(), theme="compact"), dark=True)],
        "letter": [Shot(mail(eight, theme="letter"), 700), Shot(mail(eight, theme="letter")), Shot(mail(eight, theme="letter"), dark=True)],
        "steered": [Shot(steered), Shot(steered, top=2_900), Shot(steered, dark=True, top=4_300)],
        "accents": [Shot(mail(eight, accent=accent), height=1_100) for accent in ("#0b4a6f", "#1f6b3a", "#6b2d82")]
        + [Shot(mail(eight, accent="#0b4a6f"), dark=True, height=1_100)],
        "arabic": [Shot(mail(arabic(), ARABIC), 700), Shot(mail(arabic(), ARABIC)), Shot(mail(arabic(), ARABIC, theme="compact"), dark=True)],
        "german": [Shot(mail(eight, german)), Shot(mail(eight, german, theme="compact")), Shot(mail(eight, german), top=4_200)],
        "outlook": [Shot(outlook(full), 700, height=2_000), Shot(full, 700, height=2_000)],
        "emails": [Shot(Design(GAZETTE).email("confirmation", "https://news.gazette.example/confirm/x").html, height=700),
                   Shot(Design(GAZETTE).email("confirmation", "https://news.gazette.example/confirm/x").html, dark=True, height=700)],
        "pages": [Shot(page(GAZETTE), height=900), Shot(page(GAZETTE), dark=True, height=900), Shot(page(ARABIC), height=900)],
    }  # fmt: skip


def outlook(html: str) -> str:
    """A mail as Outlook for Windows shows it: no padding but on cells, no maximum width, and the conditional tables."""
    from tests.render.test_mail_design import as_outlook  # noqa: PLC0415

    return as_outlook(html)


def page(newsletter: Newsletter) -> str:
    look = Design(newsletter).page_look()
    context: dict[str, Any] = {"newsletter": newsletter, "design": DesignPlan(), "links": {"subscribe": True, "archive": True}}
    shown = PageTemplates(look=look).render(
        "subscribe.html.j2", done=False, error=False, topics=("Harbour", "Council"), email="", **context
    )
    return str(shown.text)


def _with_parts(edition: Edition) -> Edition:
    from dataclasses import replace  # noqa: PLC0415

    return replace(edition, parts=PARTS)


async def take(browser: Browser, shot: Shot) -> Picture.Image:
    view = await browser.new_page(viewport={"width": shot.width, "height": 900}, color_scheme="dark" if shot.dark else "light")

    async def answer(route: Route) -> None:
        name = next((name for name in ("ferry", "harbour", "library", "market") if name in route.request.url), "harbour")
        await (route.fulfill(path=SAMPLES / f"{name}.png", content_type="image/png") if shot.pictures else route.abort())

    await view.route("**/*", answer)
    await view.set_content(shot.html)
    await view.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => 0)))")
    whole = Picture.open(io.BytesIO(await view.screenshot(full_page=True))).convert("RGB")
    await view.close()
    return whole.crop((0, min(shot.top, max(0, whole.height - 400)), whole.width, min(shot.top + shot.height, whole.height)))


def side_by_side(pictures: Sequence[Picture.Image]) -> Picture.Image:
    sheet = Picture.new("RGB", (sum(p.width for p in pictures) + GAP * (len(pictures) - 1), max(p.height for p in pictures)), GREY)
    left = 0
    for picture in pictures:
        sheet.paste(picture, (left, 0))
        left += picture.width + GAP
    return sheet


async def desk_shots(browser: Browser) -> list[Picture.Image]:
    """The desk on a phone: an edition with what was done to it, a held comment, a story, and the edition on hold, in the dark."""
    with TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "digest.toml").write_text(DESK_TOML, encoding="utf-8")
        (root / "subscribers.csv").write_text(
            "email\n" + "\n".join(f"r{at}@readers.example" for at in range(3_200)), encoding="utf-8"
        )
        with open_newsletter(root, Moment()) as app:
            app.store.content.keep(days_material(), Moment()())
            emails, verbs = TransactionalEmails(app), Verbs(Desk(app))
            sign_in = SignIn(app, emails)
            ada = next(iter(people(app.config.desk).values()))
            cookie = {"name": "digest_desk", "value": sign_in.here(ada, "a phone"), "domain": "127.0.0.1", "path": "/desk"}
            verbs.do(
                KEY,
                Act(verb="edit", fields={"id": "a1", "headline": "Budget passes by one vote; the swim is saved"}, by="Tom Lacey"),
            )
            async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base:
                taken = [await _desk_shot(browser, base, cookie, path) for path in ("", "/held", "/story?id=a0")]
                verbs.do(KEY, Act(verb="hold", fields={"reason": "waiting for the court"}, by="Tom Lacey"))
                return [*taken, await _desk_shot(browser, base, cookie, "", dark=True)]


async def _desk_shot(browser: Browser, base: str, cookie: dict[str, str], path: str, *, dark: bool = False) -> Picture.Image:
    context = await browser.new_context(viewport={"width": 375, "height": 812}, color_scheme="dark" if dark else "light")
    await context.add_cookies([cookie])  # type: ignore[list-item]
    view = await context.new_page()
    await view.goto(f"{base}/desk/{KEY}{path}")
    picture = Picture.open(io.BytesIO(await view.screenshot())).convert("RGB")
    await context.close()
    return picture


async def main(names: Sequence[str]) -> None:
    OUT.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=need("chromium"), args=["--no-sandbox", "--disable-quic"])
        for name, shots in sheets().items():
            if names and name not in names:
                continue
            sheet = side_by_side([await take(browser, shot) for shot in shots])
            sheet.quantize(128).save(OUT / f"{name}.png", optimize=True)
            sys.stdout.write(f"docs/pictures/{name}.png\n")
        if not names or "desk" in names:
            side_by_side(await desk_shots(browser)).quantize(128).save(OUT / "desk.png", optimize=True)
            sys.stdout.write("docs/pictures/desk.png\n")
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

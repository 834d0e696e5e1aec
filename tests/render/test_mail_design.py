"""The finished mail on five editions in three themes, as a browser shows it and as strict tools see it."""

import itertools
import re
from collections import Counter
from dataclasses import replace
from html import unescape
from importlib import resources
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route

from digest.config import DesignPlan, Ranks
from digest.model import EditorParts, Image, Rendered, Sponsor
from digest.render.renderer import Design
from digest.render.templates import PACKAGED
from tests.render.editions import (
    ARABIC,
    FIXTURES,
    GAZETTE,
    arabic,
    edition_of,
    eight_with_comments,
    sixteen,
    story,
    twelve_with_three,
)
from tests.web.conftest import browser

__all__ = ["browser"]  # the fixture
AXE = resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
THEMES = ("broadsheet", "compact", "letter")
WIDTHS = (320, 375, 640, 1_024)
PICTURES = Path(__file__).parents[2] / "digest" / "demo" / "pictures"
MAILS = [(theme, name) for theme in THEMES for name in FIXTURES]


def mail(theme: str, name: str) -> Rendered:
    newsletter, make = FIXTURES[name]
    return Design(newsletter, plan=DesignPlan(theme=theme), archive=True, subscribe=True).render(make())


async def show(page: Page, html: str, *, pictures: bool = True) -> None:
    """Open a mail; its pictures come from this disk, or not at all."""

    async def answer(route: Route) -> None:
        if pictures:
            await route.fulfill(path=PICTURES / "ferry.png", content_type="image/png")
        else:
            await route.abort()

    await page.route("**/*", answer)
    await page.set_content(html)
    await page.evaluate("Promise.all([...document.images].map(image => image.decode().catch(() => 0)))")


@pytest.mark.parametrize(("theme", "name"), MAILS)
async def test_it_can_be_read_by_everybody(browser: Browser, theme: str, name: str) -> None:
    html = mail(theme, name).html
    for scheme in ("light", "dark"):
        page = await browser.new_page(color_scheme=scheme)
        await show(page, html)
        await page.evaluate(AXE)
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
        assert (max(ground) < 60) == (scheme == "dark")
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            found = await page.evaluate("axe.run({resultTypes: ['violations']})")
            problems = [
                (row["id"], node["html"][:200], node["failureSummary"][:300])
                for row in found["violations"]
                for node in row["nodes"]
            ]
            assert problems == [], (scheme, width)
            assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.close()


SMALL = """
[...document.querySelectorAll('p, a, b, span, h1, h2, h3, blockquote, td')].filter(
    node => [...node.childNodes].some(child => child.nodeType === 3 && child.textContent.trim().length > 1)
).map(node => [parseFloat(getComputedStyle(node).fontSize), getComputedStyle(node).fontWeight, node.textContent.trim().slice(0, 60)])
"""
TARGETS = """
[...document.querySelectorAll('a')].flatMap(node => [...node.getClientRects()].slice(0, 1).map(
    box => [node.textContent.trim().slice(0, 40), box.x + box.width / 2, box.y + box.height / 2, box.width, box.height]))
"""


@pytest.mark.parametrize(("theme", "name"), MAILS)
async def test_on_a_small_phone_all_is_large_enough_to_read_and_to_touch(
    browser: Browser,
    theme: str,
    name: str,
) -> None:
    page = await browser.new_page(viewport={"width": 320, "height": 800})
    await show(page, mail(theme, name).html)
    for size, weight, text in await page.evaluate(SMALL):
        assert size >= (13 if weight == "700" else 14), text
    targets = await page.evaluate(TARGETS)
    for at, (text, x, y, width, height) in enumerate(targets):
        for other, a, b, wide, high in targets[at + 1 :]:
            apart = max(abs(x - a) - (width + wide) / 2, abs(y - b) - (height + high) / 2)
            assert apart > 0, (text, other)
            if min(height, high) < 24:  # WCAG 2.2, success criterion 2.5.8: circles of 24 px around their middles stay apart
                assert max(abs(x - a), abs(y - b)) >= 24, (text, other)
    await page.close()


@pytest.mark.parametrize(("theme", "name"), MAILS)
async def test_pictures_off_and_text_twice_as_large(browser: Browser, theme: str, name: str) -> None:
    page = await browser.new_page(viewport={"width": 640, "height": 900})
    await show(page, mail(theme, name).html, pictures=False)
    words = await page.locator("body").inner_text()
    newsletter, make = FIXTURES[name]
    assert newsletter.name in words
    assert make().stories[-1].article.title[:20].casefold().removeprefix("https://") in words.casefold()
    await page.evaluate("document.body.style.zoom = 2")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 640
    await page.close()


@pytest.mark.parametrize(("theme", "name"), MAILS)
def test_both_parts_say_the_same(theme: str, name: str) -> None:
    out = mail(theme, name)
    links = Counter(link.replace("&amp;", "&") for link in re.findall(r'<a href="([^"]+)"', out.html))
    addresses = Counter(line for line in out.text.split("\n") if re.match(r"https?://|mailto:|digest\.mark\.", line))
    assert links == addresses
    shown = re.sub(r"(?s)<head>.*?</head>|<!--.*?-->|<[^>]+>", " ", out.html)
    said = " ".join(out.text.split())
    missing = [word for word in re.findall(r"[^\W\d_]{4,}", shown) if word not in said and word not in {"nbsp", "quot"}]
    assert missing == []


@pytest.mark.parametrize(("theme", "name"), MAILS)
def test_what_mail_programs_do_to_a_mail_does_not_hurt_it(theme: str, name: str) -> None:
    """Outlook for Windows takes padding on cells only; Gmail drops a style block of more than 8,192 characters."""
    out = mail(theme, name)
    for tag, style in re.findall(r'<(\w+)[^>]*? style="([^"]*)"', out.html):
        assert tag == "td" or "padding" not in style, (tag, style)
    assert not re.search(r"font-size:\s*0|object-fit|<bdi|<script|<link|@import|url\(", out.html)
    assert all(len(block) <= 8_192 for block in re.findall(r"(?s)<style.*?</style>", out.html))
    hosts = set(re.findall(r'(?:src|href)="https?://([^/"]+)', out.html))
    assert hosts <= {"gazette.example", "news.gazette.example"}
    assert not re.search(r'(?:src|href)="http:', out.html)
    assert max(map(len, out.text.split("\n")), default=0) <= 998
    long = [line for line in out.text.split("\n") if len(line) > 72 and " " in line.strip()]
    assert long == []


def test_the_direction_is_that_of_the_language() -> None:
    html = mail("broadsheet", "arabic").html
    assert re.search(r'<html lang="ar" dir="rtl"', html)
    assert re.search(r'role="main" lang="ar" dir="rtl"', html)
    tables = re.findall(r"<table[^>]*>", html)
    assert all('dir="rtl"' in table for table in tables)
    assert "border-right:3px" in html
    assert "border-left:3px" not in html
    for latin_only in ("uppercase", "letter-spacing", "italic"):
        assert latin_only not in re.sub(r"(?s)<style.*?</style>", "", html)
    english = re.search(r"In brief|View in browser|comments|Unsubscribe|Join", re.sub(r"(?s)<[^>]+>", " ", html))
    assert english is None, english


def test_no_colour_is_written_anywhere_but_in_the_tokens() -> None:
    for path in PACKAGED.rglob("*.j2"):
        text = re.sub(r"&#\w+;|%23", "", path.read_text(encoding="utf-8"))
        found = re.findall(r"#[0-9A-Fa-f]{3}(?:[0-9A-Fa-f]{3})?\b|\brgba?\(|:\s*(?:white|black|red|gr[ae]y)\b", text)
        assert found == [], path


@pytest.mark.parametrize(
    ("limit", "plan", "make"),
    [
        (30_000, DesignPlan(), sixteen),
        (45_000, DesignPlan(ranks=Ranks(full=8, voices=2)), eight_with_comments),
        (62_000, DesignPlan(ranks=Ranks(full=12, voices=3)), twelve_with_three),
    ],
)
def test_a_mail_is_small(limit: int, plan: DesignPlan, make: object) -> None:
    edition = make()  # type: ignore[operator]
    out = Design(GAZETTE, plan=plan, archive=True, subscribe=True).render(edition)
    assert len(out.html.encode()) <= limit
    if plan.ranks.voices:
        assert out.text.count("    “") == sum(len(story.picks) for story in edition.stories)


def as_outlook(html: str) -> str:
    """Return a mail as Outlook for Windows shows it: Word's engine takes padding on cells only and no maximum width; it reads the
    conditional comments, and no rules for dark mode or phones.
    """
    shown = re.sub(r"<!--\[if (?:mso|mso \| IE|lte mso 11)\]>(.*?)<!\[endif\]-->", r"\1", html, flags=re.DOTALL)
    shown = re.sub(r"<!--\[if !mso\]><!-->.*?<!--<!\[endif\]-->", "", shown, flags=re.DOTALL)
    shown = re.sub(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}", "", shown)

    def without(element: re.Match[str]) -> str:
        style = re.sub(r"(?:max-width|overflow-wrap|word-break|border-radius)[^;\"]*;?", "", element[3])
        if element[1] == "<img":  # it goes by the attribute
            style = style.replace("width:100%;", "")
        return f"{element[1]}{element[2]}{style if element[1] == '<td' else re.sub(r'padding[^;]*;?', '', style)}"

    return re.sub(r'(<\w+)([^>]*? style=")([^"]*)', without, shown)


@pytest.mark.parametrize(("theme", "name"), MAILS)
async def test_outlook_keeps_every_distance_and_the_width(browser: Browser, theme: str, name: str) -> None:
    """Between two texts that follow each other there is as much room in the emulation as in a browser, to 2 px."""
    page = await browser.new_page(viewport={"width": 1_024, "height": 900})
    tops = (
        "[...document.querySelectorAll('h1, h2, h3, p, blockquote, img')].map(node => Math.round(node.getBoundingClientRect().top))"
    )
    html = mail(theme, name).html
    found = []
    for shown in (html, as_outlook(html)):
        await show(page, shown)
        found.append(await page.evaluate(tops))
        assert await page.evaluate("Math.max(...[...document.querySelectorAll('table')].map(node => node.offsetWidth))") == 640
    await page.close()
    assert len(found[0]) == len(found[1])
    gaps = [[b - a for a, b in itertools.pairwise(tops)] for tops in found]
    assert [pair for pair in zip(*gaps, strict=True) if abs(pair[0] - pair[1]) > 2] == []


@pytest.mark.parametrize(
    "title", ["أك\u0651د اشتراكك", "हिन\u094dदी", "Ferry 🛳\ufe0f returns", "Cafe\u0301", 'Back\\slash, "quoted" & <b>']
)
def test_a_screen_reader_hears_the_subject_as_it_is(title: str) -> None:
    row = story(3)
    html = Design(GAZETTE).render(edition_of(replace(row, article=replace(row.article, title=title)))).html
    found = re.search(r'<div aria-label="([^"]*)" aria-roledescription="email"[^>]* role="main"', html)
    assert found is not None
    assert unescape(found[1]) == title


@pytest.mark.parametrize("theme", THEMES)
def test_a_text_in_another_script_has_a_direction_of_its_own(theme: str) -> None:
    row = story(1, 1)
    article = replace(
        row.article, title="Who pays for Cooper’s Row?", summary="The board says: “Not us.” (For now.)", author="J. Smith Jr."
    )
    edition = edition_of(replace(row, article=article, comments=3), *arabic().stories[1:])
    out = Design(ARABIC, plan=DesignPlan(theme=theme)).render(edition)
    assert '<h2 dir="ltr"' in out.html
    assert re.search(r'<p dir="ltr"[^>]*>The board says', out.html)
    assert '<span dir="ltr">J. Smith Jr.</span>' in out.html
    assert "\u2068J. Smith Jr.\u2069" in out.text
    assert 'dir="auto"' not in out.html
    arabic_in_english = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(arabic()).html
    assert re.search(r'<h2 dir="rtl"', arabic_in_english)
    assert re.search(r' dir="rtl"[^>]*>“', arabic_in_english)
    assert "dir=" not in mail(theme, "eight").html.split("<table", 1)[1]


@pytest.mark.parametrize("theme", THEMES)
def test_an_advertisement_does_not_look_like_a_story_or_a_comment(theme: str) -> None:
    design = Design(GAZETTE, plan=DesignPlan(theme=theme, blocks=("lead", "stories", "sponsor", "brief", "comment-of-the-day")))
    sponsor = Sponsor(name="Quay Books", text="Twelve books.", link="See the list", url="https://quaybooks.example/list")
    html = design.render(replace(eight_with_comments(), parts=EditorParts(sponsor=sponsor))).html
    ground = re.search(r'<td class="pg r" style="background:(#\w+);border-top:1px solid', html)
    assert ground is not None
    assert ground[1] == design.tokens.light["page"] != design.tokens.light["tint"]
    assert re.search(r'border-top:1px solid[^>]*><table[^>]*><tr><td class="tn"[^>]*><h2[^>]*>Comment of the day', html)


def test_a_button_has_its_height_in_outlook_too() -> None:
    html = mail("broadsheet", "eight").html
    assert re.search(r'<td class="b" height="46" style="[^"]*line-height:46px[^"]*"><a [^>]*>Become a member', html)


@pytest.mark.parametrize("theme", THEMES)
async def test_a_sponsors_picture_is_no_wider_than_its_place_in_outlook(browser: Browser, theme: str) -> None:
    image = Image(url="https://gazette.example/books.png", alt="Books", width=1_200, height=400)
    sponsor = Sponsor(name="Quay Books", text="Twelve books.", link="See", url="https://quaybooks.example/list", image=image)
    edition = replace(eight_with_comments(), parts=EditorParts(sponsor=sponsor))
    html = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition).html
    page = await browser.new_page(viewport={"width": 1_024, "height": 900})
    await show(page, as_outlook(html))
    assert await page.evaluate("Math.max(...[...document.querySelectorAll('table')].map(node => node.offsetWidth))") == 640
    await page.close()
    assert re.search(r'width="(536|584)" height="(179|195)"', html)


@pytest.mark.parametrize("theme", THEMES)
def test_the_comment_of_the_day_says_that_it_is_an_answer(theme: str) -> None:
    row = story(0, 3)
    picks = tuple(replace(pick, parent_author="", score=1.0) for pick in row.picks)
    comment = replace(picks[2].comment, up=40)
    day = replace(
        picks[2], comment=comment, excerpt="They never asked us.", parent_author="Bo", parent_excerpt="Nobody wanted it.", score=9.0
    )
    edition = edition_of(replace(row, picks=(*picks[:2], day)))
    out = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition)
    shown = " ".join(re.sub("<[^>]+>", "", out.html.replace("<p", " <p")).split())
    for part in (shown, " ".join(out.text.split())):
        after = part[part.index("Comment of the day") :]
        assert "Bo: “Nobody wanted it.”" in after
        assert f"{comment.author} answering Bo on Night ferry" in after
        assert re.search(r"40\sreaders agree", after)


def test_compact_says_the_same_in_both_parts() -> None:
    rows = [
        replace(story(at, 1), picks=tuple(replace(p, comment=replace(p.comment, up=40)) for p in story(at, 1).picks))
        for at in range(3)
    ]
    out = Design(GAZETTE, plan=DesignPlan(theme="compact")).render(edition_of(*rows))
    shown = " ".join(re.sub("<[^>]+>", " ", out.html).replace("\u00a0", " ").split())
    assert shown.count("40 readers agree") == out.text.count("40 readers agree") == 3
    second = rows[2].article.summary.split(". ")[1]
    assert second not in shown
    assert second not in " ".join(out.text.split())


@pytest.mark.parametrize(("theme", "name"), MAILS)
def test_an_inbox_previews_the_standfirst_and_nothing_before_it(theme: str, name: str) -> None:
    out = mail(theme, name)
    body = out.html[out.html.index("<body") :]
    shown = " ".join(unescape(re.sub(r"(?s)<!--.*?-->|<[^>]+>", " ", body)).split())
    assert shown.startswith(out.preheader)
    assert " ".join(out.text.split()).startswith(out.preheader)

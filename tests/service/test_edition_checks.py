"""Preflight of one edition: links, pictures, size, text, headers, contrast, spam."""

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from digest.app import App, open_newsletter
from digest.model import Edition, Image, Story
from digest.service import edition_checks
from digest.service.edition_checks import check_edition
from digest.service.finding import Finding
from digest.web.pages import serve_http
from tests.conftest import Furnish, need
from tests.newsroom import NOW
from tests.render.editions import edition_of, sixteen, story

TINY = b"\x89PNG"


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """A site with pages, one that is gone, one that wants a person, and pictures light and heavy; some answer no HEAD."""

    async def answer(request: web.Request) -> web.Response:
        path = request.path
        if path == "/gone/":
            return web.Response(status=404)
        if path == "/members/":
            return web.Response(status=403)
        if path == "/no-head/":
            return web.Response(status=405 if request.method == "HEAD" else 200)
        if path.endswith(".png"):
            return web.Response(body=b"x" * (600_000 if "heavy" in path else 20_000), content_type="image/png")
        return web.Response(text="ok")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", answer)
    async with serve_http(application, "127.0.0.1", 0) as address:
        yield address


@pytest.fixture
def app(site: str, furnish: Furnish) -> Iterator[App]:
    root = furnish(site, 9)
    text = (root / "digest.toml").read_text().replace('site_url = "http://gazette.example"', f'site_url = "{site}"')
    (root / "digest.toml").write_text(text)
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        yield app


def at(site: str, *paths: str, image: str = "") -> Edition:
    rows = []
    for number, path in enumerate(paths):
        row = story(number, 0)
        picture = Image(url=f"{site}/{image}", width=1_200, height=675) if image and not number else None
        rows.append(replace(row, article=replace(row.article, url=f"{site}{path}", image=picture), comments=0))
    return edition_of(*rows)


async def found(app: App, edition: Edition) -> dict[str, list[Finding]]:
    rows: dict[str, list[Finding]] = {}
    for row in await check_edition(app, edition, app.design().render(edition)):
        rows.setdefault(row.area, []).append(row)
    return rows


async def test_an_edition_that_is_well_has_nothing_against_it(app: App, site: str) -> None:
    rows = await found(app, at(site, "/a/", "/b/", image="light.png"))
    assert {(row.area, row.level) for each in rows.values() for row in each} - {("spam", "ok")} == {
        ("size", "ok"), ("stories", "ok"), ("text", "ok"), ("headers", "ok"), ("unsubscribe", "ok"), ("contrast", "ok"),
        ("links", "ok"), ("pictures", "ok"),
    }  # fmt: skip
    assert rows["links"][0].text == "4 addresses answered"
    assert rows["pictures"][0].text == "1 picture, 20 KB"


async def test_a_dead_link_is_named_and_one_that_only_wants_a_person_is_not(app: App, site: str) -> None:
    rows = await found(app, at(site, "/a/", "/gone/", "/members/", "/no-head/"))
    assert [(row.level, row.text) for row in rows["links"]] == [("warning", f"{site}/gone/: HTTP 404")]


async def test_a_link_whose_server_is_not_there_is_named(app: App, site: str) -> None:
    made = at(site, "/a/", "/b/")
    away = replace(made.stories[1].article, url="http://127.0.0.1:9/x/")
    rows = await found(app, replace(made, stories=(made.stories[0], Story(article=away, position=1))))
    assert [(row.level, row.text) for row in rows["links"]] == [("warning", "http://127.0.0.1:9/x/: cannot connect")]


async def test_a_newsroom_whose_reader_pages_are_on_its_site_has_its_stories_asked(site: str, furnish: Furnish) -> None:
    root = furnish(site, 9)
    text = re.sub(r'public_url = "[^"]*"', f'public_url = "{site}"', (root / "digest.toml").read_text())
    (root / "digest.toml").write_text(text)
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        rows = await found(app, at(site, "/gone/"))
    assert f"{site}/gone/: HTTP 404" in [row.text for row in rows["links"]]


async def test_a_heavy_picture_is_named(app: App, site: str) -> None:
    rows = await found(app, at(site, "/a/", image="heavy.png"))
    assert [row.text for row in rows["pictures"] if row.level == "warning"] == [
        f"{site}/heavy.png has 600 KB; keep a picture below 500"
    ]


async def test_templates_of_ones_own_that_lose_something_are_told(app: App, site: str) -> None:
    folder = app.config.root / "templates"
    folder.mkdir()
    (folder / "edition.txt.j2").write_text("Read it in the browser.\n")
    (folder / "footer.mjml.j2").write_text('<p><img src="https://x.example/y.png"></p>')
    rows = await found(app, at(site, "/a/"))
    assert rows["text"][0].level == "warning"
    assert "not in the text part; first: http" in rows["text"][0].text
    assert [(row.level, row.text) for row in rows["unsubscribe"]] == [
        ("error", "the HTML has no link to unsubscribe. Put `reader.unsubscribe_url` back into your footer.")
    ]
    assert {row.text for row in rows["pictures"]} == {
        "https://x.example/y.png has no width: Outlook shows it in its own size", "https://x.example/y.png has no alt text"
    }  # fmt: skip


async def test_an_edition_that_is_too_long_to_read_is_told(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition_checks, "HUGE_WORDS", 100)
    monkeypatch.setattr(edition_checks, "MAX_LINKS", 0)
    rows = await found(app, sixteen())
    assert rows["stories"][0].level == "warning"
    assert "few people read more than 100" in rows["stories"][0].text


async def test_fewer_stories_than_asked_for_is_an_error(site: str, furnish: Furnish) -> None:
    root = furnish(site, 9, extra="[[editions]]\nmin_articles = 3")
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.series  # noqa: B018  the series has its id from here on
        rows = await found(app, at(site, "/a/"))
    assert (rows["stories"][0].level, rows["stories"][0].text) == ("error", "1 story, fewer than min_articles (3)")


async def test_an_accent_that_cannot_be_read_is_an_error_here_too(site: str, furnish: Furnish) -> None:
    with open_newsletter(furnish(site, 9, extra='[design]\naccent = "#ffcc00"'), lambda: NOW, retry_delays=()) as app:
        rows = await found(app, at(site, "/a/"))
    assert [row.level for row in rows["contrast"]] == ["error", "ok"]


async def test_what_spamassassin_says(app: App, site: str) -> None:
    need("spamassassin")
    rows = await found(app, at(site, "/a/"))
    assert rows["spam"][0].level == "ok"
    loud = at(site, "/a/")
    article = replace(loud.stories[0].article, summary="XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X")
    rows = await found(app, replace(loud, stories=(replace(loud.stories[0], article=article),)))
    assert rows["spam"][0].level == "error"
    assert "GTUBE" in rows["spam"][0].text


@pytest.mark.parametrize("script", ["exit 3", "sleep 30"])
async def test_a_spamassassin_that_does_not_work_is_a_warning(
    app: App, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    program = tmp_path / "spamassassin"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setattr(shutil, "which", lambda _name: str(program))
    monkeypatch.setattr(edition_checks, "SPAM_TIMEOUT", 1.0)
    rows = await found(app, at(site, "/a/"))
    assert rows["spam"][0].level == "warning"


async def test_without_spamassassin_nothing_is_said_of_spam(app: App, site: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    assert "spam" not in await found(app, at(site, "/a/"))

"""The page that shows what one would get, the welcome of whoever confirms, and where they came from; in a real browser too."""

import asyncio
import re
from datetime import date

import aiohttp
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser

from digest.app import open_newsletter
from digest.desk.numbers import edition_numbers
from digest.store import Preference
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.web.conftest import Town, link, plain

NEW = "new@readers.example"


async def got(url: str, status: int = 200, method: str = "GET", **form: str) -> tuple[str, dict[str, str]]:
    async with aiohttp.ClientSession() as client, client.request(method, url, data=form or None, allow_redirects=False) as answer:
        assert answer.status == status, await answer.text()
        return await answer.text(), dict(answer.headers)


async def test_the_start_page_shows_what_one_would_get(town: Town) -> None:
    page, headers = await got(f"{town.base}/?source=Footer")
    latest = town.app.store.editions.headlines(1)[0]
    assert f'href="/archive/{latest.key}"' in page
    assert latest.subject in page.replace("&#39;", "'")
    assert "Monday–Friday, 07:00" in page
    assert '<meta property="og:title" content="The Harbour Gazette">' in page
    assert '<input type="hidden" name="source" value="footer">' in page
    assert headers["X-Robots-Tag"] == "noindex"
    assert "readers.example" not in page


async def test_search_engines_may_show_it_and_the_archive_only_if_the_newsroom_says_so(
    site: RecordedSite, relay: Relay, furnish: Furnish
) -> None:
    root = furnish(site.base, relay.port, extra="[web]\nindexed = true\n")
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base:
            for path, robots in (("/", "all"), ("/archive", "all"), ("/subscribe", "noindex"), ("/preferences", "noindex")):
                assert (await got(base + path))[1]["X-Robots-Tag"] == robots
            assert "The latest edition" not in (await got(base))[0]  # there is none yet


@pytest.mark.parametrize("source", ["<script>", "x" * 60, "a b", "=cmd", ""])
async def test_a_source_that_is_no_short_word_is_nothing(source: str, town: Town) -> None:
    page, _ = await got(f"{town.base}/subscribe?source={source}")
    assert 'name="source"' not in page


async def joined(town: Town, source: str = "") -> str:
    """Ask for the newsletter and confirm; return the link that confirmed."""
    await got(f"{town.base}/subscribe", method="POST", email=NEW, source=source)
    confirm = link(await town.letter(NEW), town.base, "confirm")
    town.relay.taken.clear()
    await got(confirm, method="POST")
    return confirm


async def test_whoever_confirms_is_welcomed_with_the_last_edition_and_counted_by_where_they_came_from(town: Town) -> None:
    await joined(town, source="footer")
    message = await town.letter(NEW)
    assert message["Subject"] == "Welcome to The Harbour Gazette"
    words = plain(message)
    stories = town.app.store.editions.made(1)[0].edition.stories
    assert "The next edition comes on Wednesday 25 November 2026." in " ".join(words.split())
    assert all(story.article.url in words for story in stories[:3])
    assert re.search(r"https://news\.gazette\.example/archive/weekday-2026-11-24\b", words)
    assert re.search(r"https://news\.gazette\.example/preferences/\S{20,}", words)
    town.later(minutes=1)
    assert edition_numbers(town.app, 1)[0].came_from == {"footer": 1}


async def test_whoever_comes_back_is_greeted_in_other_words(town: Town) -> None:
    town.app.store.suppressions.add(NEW, "unsubscribed", NOW)
    await joined(town)
    assert (await town.letter(NEW))["Subject"] == "Welcome back to The Harbour Gazette"


async def test_a_link_that_confirms_nothing_welcomes_nobody(town: Town) -> None:
    confirm = await joined(town)
    await town.letter(NEW)
    town.relay.taken.clear()
    await got(confirm, 410, method="POST")
    await town.pages.subscriptions.emails.wait()
    assert town.relay.taken == []


async def test_no_welcome_where_the_newsroom_wants_none(town: Town) -> None:
    web = town.app.config.web.model_copy(update={"welcome": False})
    town.app.config = town.app.config.model_copy(update={"web": web})
    await joined(town)
    await town.pages.subscriptions.emails.wait()
    assert town.relay.taken == []


async def test_only_the_sites_own_sections_are_offered_and_never_its_tags(town: Town) -> None:
    edition = town.app.store.editions.made(1)[0].edition
    sections = {name for story in edition.stories for name in story.article.categories}
    tags = {name for story in edition.stories for name in story.article.topics} - sections
    assert sections
    assert tags
    page, _ = await got(f"{town.base}/subscribe")
    assert all(f'value="{name}"' in page for name in sections)
    assert not any(f'value="{name}"' in page for name in tags)


@pytest.mark.parametrize("width", [320, 1_280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_can_be_used_at_any_width_in_light_and_dark(width: int, scheme: str, town: Town, browser: Browser) -> None:
    tab = await browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    await tab.goto(f"{town.base}/")
    found = (await Axe().run(tab)).response["violations"]
    assert [row["id"] for row in found] == []
    assert await tab.evaluate("document.documentElement.scrollWidth") <= width
    await tab.close()


async def test_whoever_asks_again_gets_it_whatever_the_list_said_and_a_source_never_passes_for_another_origin(town: Town) -> None:
    town.app.subscriber_path.write_text(f"email,status,frequency\n{NEW},unsubscribed,never\n")
    town.app.store.suppressions.add(NEW, "unsubscribed", NOW)
    await joined(town, source="list")
    assert town.app.store.subscribers.preference(NEW).frequency == "weekday"
    assert town.app.store.history.count("confirmed", NOW) == 1
    town.later(minutes=1)
    assert edition_numbers(town.app, 1)[0].came_from == {"list": 1}


async def test_who_confirms_twice_at_once_is_welcomed_once(town: Town) -> None:
    await got(f"{town.base}/subscribe", method="POST", email=NEW)
    confirm = link(await town.letter(NEW), town.base, "confirm")
    town.relay.taken.clear()

    async def pressed() -> int:
        async with aiohttp.ClientSession() as client, client.post(confirm) as answer:
            return answer.status

    assert 200 in await asyncio.gather(*(pressed() for _ in range(5)))
    await town.pages.subscriptions.emails.wait()
    assert [address for address, _ in town.relay.taken] == [NEW]


async def test_who_comes_back_starts_anew_whatever_they_chose_before(town: Town) -> None:
    chosen = Preference(email=NEW, topics=("Health",), paused_until=date(2027, 1, 1), comments=False, frequency="gone")
    town.app.store.subscribers.set_preference(chosen, NOW)
    town.app.store.suppressions.add(NEW, "unsubscribed", NOW)
    await joined(town)
    assert town.app.store.subscribers.preference(NEW) == Preference(email=NEW)

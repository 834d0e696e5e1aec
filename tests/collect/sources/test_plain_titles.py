"""Titles as sites write them: whatever is in them, one clean line of text is printed."""

import json
from datetime import UTC, datetime
from html import escape

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import feed
from digest.config import SourcePlan
from digest.model import Article

URL = "https://gazette.example/feed/"
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
DATE = "2026-11-24T07:15:00Z"


async def read(body: str, kind: str) -> Article:
    async def get(url: str) -> Response:
        return Response(status=200, url=url, headers={"content-type": kind}, body=body.encode())

    harvest = await feed.read(SourcePlan(kind="feed", url=URL), get, SINCE)
    assert harvest.failures == ()
    return harvest.articles[0]


async def rss(title: str) -> str:
    """The title that is printed for one that is written like this in the XML."""
    item = f"<item><title>{title}</title><link>https://gazette.example/1</link><pubDate>{DATE}</pubDate><description>Words.</description></item>"
    return (await read(f'<rss version="2.0"><channel>{item}</channel></rss>', "application/rss+xml")).title


async def atom(title: str, kind: str) -> str:
    entry = f'<entry><id>urn:1</id><title type="{kind}">{title}</title><link href="https://gazette.example/1"/><updated>{DATE}</updated></entry>'
    return (await read(f'<feed xmlns="http://www.w3.org/2005/Atom">{entry}</feed>', "application/atom+xml")).title


async def json_feed(title: object) -> str:
    item = {"id": "1", "url": "https://gazette.example/1", "title": title, "date_published": DATE, "content_text": "Words."}
    return (await read(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}), "application/feed+json")).title


MARKUP = [
    ("The ferry <em>is</em> late", "The ferry is late"),
    ("The <a href='https://x.example/'>ferry</a><br/>is late", "The ferry is late"),
    ("AT&amp;T lays a cable", "AT&T lays a cable"),
    ("Fish &#38; chips, &#8220;fresh&#8221; at 3&nbsp;pm", "Fish & chips, “fresh” at 3 pm"),
    ("Lamps: 3 &lt; 4", "Lamps: 3 < 4"),
    ("What the &lt;head&gt; of a page is for", "What the <head> of a page is for"),
    ("<script>alert(1)</script>The ferry", "The ferry"),
    ("<span class='screen-reader-text'>New:</span> The ferry", "The ferry"),
    ("<img src='x' onerror='alert(1)'/>The ferry", "The ferry"),
]


@pytest.mark.parametrize(("markup", "shown"), MARKUP)
async def test_html_in_a_title_is_read_as_such(markup: str, shown: str) -> None:
    assert await rss(f"<![CDATA[{markup}]]>") == shown
    assert await rss(escape(markup)) == shown
    assert await atom(escape(markup), "html") == shown
    assert await atom(f"<![CDATA[{markup}]]>", "html") == shown


async def test_xhtml_in_an_atom_title() -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml">The <b>ferry</b> &amp; the tram</div>'
    assert await atom(div, "xhtml") == "The ferry & the tram"


@pytest.mark.parametrize(
    "text", ["AT&T lays a cable", "Lamps: 3 < 4 > 2", "What <head> is for", "Fish & chips", "R&D; Q&A", "“Quay” – 3°"]
)
async def test_plain_text_is_printed_as_it_is(text: str) -> None:
    assert await rss(escape(text)) == text
    assert await atom(escape(text), "text") == text
    assert await json_feed(text) == text


async def test_a_json_feeds_title_is_text_and_not_html() -> None:
    assert await json_feed("Why <em>AT&amp;T</em> matters") == "Why <em>AT&amp;T</em> matters"


SPACES = "  The\n\tferry\r\n is\u2028  late\u00a0 "
SIGNS = "The \u202eferry\u200b is\ufeff late\u2066"


@pytest.mark.parametrize("text", [SPACES, SIGNS, "The ferry is\n\n\nlate"])
async def test_it_is_one_line_without_signs_that_nobody_sees(text: str) -> None:
    assert await rss(text) == await atom(text, "html") == await json_feed(text) == "The ferry is late"


async def test_control_signs_are_gone() -> None:
    assert await json_feed("The\u0000 ferry\u0007 is\u001b late\u009f") == "The ferry is late"
    assert await rss("The ferry&amp;#7; is&amp;#x202e; late") == "The ferry is late"


@pytest.mark.parametrize("empty", ["", " \n ", "<p></p>", "(no title)", "Untitled"])
async def test_without_a_title_the_first_words_speak(empty: str) -> None:
    assert await rss(escape(empty)) == "Words."


async def test_a_title_without_an_end_is_cut() -> None:
    assert len(await rss("ferry " * 5_000)) <= 401
    assert len(await json_feed("ferry " * 5_000)) <= 401

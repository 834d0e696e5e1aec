"""feedparser's own test feeds, served over HTTP: none crashes a run, and entries, titles and dates are what feedparser finds.

They ship in its source distribution and not with us: DIGEST_FEEDS=feedparser-6.0.14/tests pytest tests/sources/test_feedparser.py
"""

import io
import os
import re
import warnings
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import feedparser
import pytest
from aiohttp import web

from digest.collect.collector import collect
from digest.collect.fetch import Fetcher, Limits
from digest.collect.sources import fields
from digest.collect.sources.dates import UTC_STYLE
from digest.collect.sources.parsed_feed import published
from digest.config import SourcePlan
from digest.model import UNDATED, Article, Harvest
from digest.web.pages import serve_http

FOLDER = os.environ.get("DIGEST_FEEDS", "")
FEEDS = sorted(Path(FOLDER).rglob("*.xml")) if FOLDER else []
SINCE = datetime(1900, 1, 1, tzinfo=UTC)


def kind(body: bytes) -> str:
    """The content type that a test feed asks to be served with."""
    found = re.search(rb"Header:\s*Content-type:\s*(.+?)\s*$", body[:3_000], re.MULTILINE | re.IGNORECASE)
    return found[1].decode("latin-1") if found else "application/xml"


@pytest.fixture
async def host() -> AsyncIterator[str]:
    async def one(request: web.Request) -> web.Response:
        body = FEEDS[int(request.match_info["number"])].read_bytes()
        return web.Response(body=body, headers={"Content-Type": kind(body)})

    application = web.Application()
    application.router.add_get("/{number}", one)
    async with serve_http(application, "127.0.0.1", 0) as address:
        yield address


@pytest.mark.skipif(not FEEDS, reason="DIGEST_FEEDS does not name feedparser's test feeds")
async def test_what_feedparser_finds_is_found(host: str) -> None:
    async with Fetcher(limits=Limits(attempts=1)) as fetcher:
        for number, path in enumerate(FEEDS):
            url = f"{host}/{number}"
            plan = SourcePlan(kind="feed", url=url, allow_private=True)
            harvest = await collect([plan], fetcher, {url: SINCE}, conditional=False)
            agree(harvest, path.read_bytes(), url, path)


def agree(harvest: Harvest, body: bytes, url: str, path: Path) -> None:
    with warnings.catch_warnings(action="ignore"):
        parsed = feedparser.parse(io.BytesIO(body), response_headers={"content-type": kind(body), "content-location": url})
    reasons = " ".join(map(str, harvest.failures))
    skipped = sum(int(found) for found in re.findall(r"(\d+) entr(?:y|ies) without", reasons))
    assert "unexpected" not in reasons, (path, reasons)
    assert len(harvest.articles) + skipped == len(parsed.entries), (path, reasons)
    by_date: dict[datetime, list[Article]] = {}
    for article in harvest.articles:
        by_date.setdefault(article.published, []).append(article)
    for entry in parsed.entries if not skipped else []:
        date = published(entry, UTC_STYLE) or UNDATED
        assert date in by_date, path
        assert not entry.get("title") or any(row.title == fields.title(entry.title, row.body_text) for row in by_date[date]), path

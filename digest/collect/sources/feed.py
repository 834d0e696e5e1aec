"""RSS 2.0, RSS 1.0, Atom and JSON Feed, and the comment feeds they point to.

Comments: `wfw:commentRss` and `slash:comments` (RSS), `rel="replies"` and `thr:` (Atom Threading, RFC 4685).
An article's comment feed is fetched only if the feed counts comments for it or gives no count.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from digest.collect.fetch import Get, Response
from digest.collect.sources import fields, jsonfeed
from digest.collect.sources.comment_feed import BEGINNING, MAX_ENTRIES, read_thread
from digest.collect.sources.dates import date_style
from digest.collect.sources.parsed_feed import entry_date, parse, published, xml_error
from digest.config import SourcePlan
from digest.errors import FetchError
from digest.model import MAX_LATENESS, UNDATED, Article, Failure, Harvest, Image, ThreadCoverage
from digest.text.markup import link
from digest.text.prose import counted, number

MAX_PAGES = 5  # of a feed that is paged (RFC 5005)


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the entries of a feed published since an instant, with their comments; as `older`, those up to MAX_LATENESS before."""
    first = await get(plan.url)
    if jsonfeed.matches(first):
        return _harvest(plan, *await fields.off_loop(jsonfeed.articles, first, plan), since)
    rows, skipped, flaws = [], 0, []
    async for page in _pages(first, get, since, plan):
        flaws += [page.flaw] if page.flaw else []
        skipped += sum(row is None for row, _ in page.rows)
        rows += [(row, comments) for row, comments in page.rows if row]
    current = [(row, comments) for row, comments in rows if _wanted(row, since)]
    threads = await asyncio.gather(*(read_thread(get, row, comments) for row, comments in current if comments))
    no_comments = tuple(ThreadCoverage(article_id=row.id, complete_since=BEGINNING) for row, _ in current if row.comment_count == 0)
    return sum(threads, _harvest(plan, [row for row, _ in rows], skipped, since, flaws) + Harvest(threads=no_comments))


def _wanted(row: Article, since: datetime) -> bool:
    return row.guessed or row.published >= since


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: each entry's article (or None) and comment feed; the next page's address; the oldest date; what is broken."""

    rows: Sequence[tuple[Article | None, str]] = ()
    after: str = ""
    oldest: datetime | None = None
    flaw: str = ""


async def _pages(first: Response, get: Get, since: datetime, plan: SourcePlan) -> AsyncIterator[_Page]:
    """Yield the pages of a feed, back to an instant if there is more than one (RFC 5005)."""
    page: _Page | None = None
    for _ in range(MAX_PAGES):
        try:
            response = first if page is None else await get(page.after)
            page = await fields.off_loop(read_page, response, plan, since)
        except FetchError as error:
            if page is None:
                raise
            yield _Page(flaw=f"next page of the feed: {error}")
            return
        yield page
        if not page.after or page.oldest is None or page.oldest < since:
            return


def read_page(response: Response, plan: SourcePlan, since: datetime) -> _Page:
    """Read one page; skip entries more than MAX_LATENESS before `since`, because most entries of most feeds are that old."""
    parsed, style = parse(response), date_style(plan)
    dates = [(entry, published(entry, style)) for entry in parsed.entries[:MAX_ENTRIES]]
    keys = Counter(_key(entry) for entry, _ in dates)
    rows = [
        (_article(entry, plan, response.url, parsed, date, shared=keys[_key(entry)] > 1), _comment_feed(entry))
        for entry, date in dates
        if date is None or date >= since - MAX_LATENESS
    ]
    return _Page(
        rows=rows,
        after=next((row.get("href", "") for row in parsed.feed.get("links", []) if row.get("rel") == "next"), ""),
        oldest=min((date for _, date in dates if date), default=None),
        flaw=xml_error(parsed, response.body),
    )


def _key(entry: Any) -> str:
    """Return what tells an entry from the others of its feed: its guid, or its address if it has none."""
    return str(entry.get("id") or entry.get("link") or "")


def _harvest(plan: SourcePlan, rows: Sequence[Article], skipped: int, since: datetime, flaws: Sequence[str] = ()) -> Harvest:
    reasons = [f"skipped {counted(skipped, 'entry', 'entries')} without a link"] if skipped else []
    reasons += [f"read only in part: {flaw}" for flaw in flaws]
    return Harvest(
        articles=tuple(row for row in rows if _wanted(row, since)),
        older=tuple(row for row in rows if not _wanted(row, since) and row.published >= since - MAX_LATENESS),
        failures=tuple(Failure(source=plan.label, reason=reason) for reason in reasons),
        older_lists=((plan.label, "feed"),),
    )


def _article(entry: Any, plan: SourcePlan, base: str, parsed: Any, published: datetime | None, *, shared: bool) -> Article | None:
    """Return one entry; None if it has no address. `shared` says that others of its feed have its guid or address too."""
    url = link(entry["link"], base) if entry.get("link") else ""
    if not url:
        return None
    content = _content(entry, parsed)
    text = fields.body(content or _markup(entry, "summary", parsed))
    locked = "post-password-form" in content or fields.is_withheld(text)
    title_markup = _markup(entry, "title", parsed)
    title = fields.title(fields.without_protected_prefix(title_markup) if locked else title_markup, text)
    return Article(
        id=fields.article_id(f"{url} {title}" if shared else entry.get("id") or url, plan.url, url),
        source=plan.label,
        url=url,
        title=title,
        author=_authors(entry, parsed),
        summary="" if locked else fields.summary(_markup(entry, "summary", parsed), text),
        body_text="" if locked else text,
        image=_image(entry, base),
        topics=fields.topics([tag.get("label") or tag.get("term") or "" for tag in entry.get("tags", [])]),
        published=published or UNDATED,
        updated=entry_date(entry, "updated", date_style(plan)) or published or UNDATED,
        comment_count=_count(entry),
        access="protected" if locked else "public",
        guessed=published is None,
    )


def _content(entry: Any, parsed: Any) -> str:
    parts = [_as_markup(part.get("value", ""), part, parsed) for part in entry.get("content", [])]
    return max(parts, key=len, default="")


def _markup(entry: Any, key: str, parsed: Any) -> str:
    """Return a part of an entry as markup."""
    return _as_markup(entry.get(key, ""), entry.get(f"{key}_detail") or {}, parsed)


def _as_markup(value: str, detail: Any, parsed: Any) -> str:
    """Return a value as markup. Atom text is plain unless marked as HTML (RFC 4287, section 3.1.1).

    RSS does not say what its text is, and most of it is HTML.
    """
    is_text = str(parsed.get("version", "")).startswith("atom") and detail.get("type") == "text/plain"
    return fields.escaped(value) if is_text else value


def _authors(entry: Any, parsed: Any) -> str:
    """Return all authors of an entry; the feed's own if the entry names nobody (RFC 4287, section 4.2.1)."""
    for element in (entry, parsed.feed):
        author = element.get("author", "")  # feedparser splits names from addresses, but knows only short top-level domains
        names = [row.get("name") or row.get("email") or "" for row in element.get("authors") or [] if row and "@" not in author]
        if shown := fields.byline(names or [author]):
            return shown
        if any(names) or element.get("author"):  # somebody is named, but only by an address
            return ""
    return ""


def _count(entry: Any) -> int | None:
    for key in ("slash_comments", "thr_total"):
        count = number(entry.get(key, ""), 1_000_000)
        if count is not None:
            return count
    return None


def _image(entry: Any, base: str) -> Image | None:
    for medium in [*entry.get("media_content", []), *entry.get("media_thumbnail", [])]:
        kind = medium.get("medium") or medium.get("type", "image")
        if str(kind).startswith("image") and medium.get("url"):
            return fields.image(medium["url"], base, width=medium.get("width", 0), height=medium.get("height", 0))
    for file in entry.get("enclosures", []):
        if str(file.get("type", "")).startswith("image/") and file.get("href"):
            return fields.image(file["href"], base)
    return None


def _comment_feed(entry: Any) -> str:
    """Return the address of an entry's comment feed; empty if it names none or counts no comments."""
    if _count(entry) == 0:
        return ""
    replies = [
        row.get("href", "") for row in entry.get("links", []) if row.get("rel") == "replies" and "xml" in row.get("type", "")
    ]
    return link((replies or [""])[0] or entry.get("wfw_commentrss", ""))

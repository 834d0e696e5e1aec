"""RSS 2.0, RSS 1.0, Atom and JSON Feed, and the comment feeds they point to.

Comments: `wfw:commentRss` and `slash:comments` (RSS), `rel="replies"` and `thr:` (Atom Threading, RFC 4685).
A feed is fetched by condition; an article's comment feed is not trusted to say 304 (see `wordpress`), so it is asked
only where the feed counts comments or does not say.
"""

import asyncio
import io
import re
from calendar import timegm
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.sax import SAXParseException

import feedparser

from digest.config import SourcePlan
from digest.errors import FetchError, SourceError
from digest.fetch import Get, Response
from digest.markup import inline, link, plain
from digest.model import Article, Comment, Failure, Harvest, Image, Thread
from digest.prose import counted, number
from digest.sources import jsonfeed, written

PAGES = 5  # of a feed that is paged (RFC 5005)
ENTRIES = 1_000
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_REPLY = re.compile(r'^\s*(?:<p>)?In reply to <a href="([^"]+)">.*?</a>\.\s*(?:</p>)?', re.DOTALL)
_ALTERNATE = re.compile(rb"""<link[^>]+type=["']application/(?:rss|atom)\+xml["'][^>]*>""", re.IGNORECASE)
_HREF = re.compile(rb"""href=["']([^"']+)["']""", re.IGNORECASE)


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The entries of a feed published since an instant, and their comments."""
    first = await get(plan.url)
    if jsonfeed.matches(first):
        return _harvest(plan, *jsonfeed.articles(first, plan), since)
    rows, skipped, flaws = [], 0, []
    async for page in _pages(first, get, since, plan):
        flaws += [page.flaw] if page.flaw else []
        skipped += sum(row is None for row, _ in page.rows)
        rows += [(row, comments) for row, comments in page.rows if row]
    threads = await asyncio.gather(*(thread(get, row, comments) for row, comments in rows if comments))
    silent = tuple(Thread(article_id=row.id, whole_since=BEGINNING) for row, _ in rows if row.comment_count == 0)
    return sum(threads, _harvest(plan, [row for row, _ in rows], skipped, since, flaws) + Harvest(threads=silent))


@dataclass(frozen=True, slots=True)
class _Page:
    """One page: each entry's article, if it is one, and where its comments are; the next page; the oldest date."""

    rows: Sequence[tuple[Article | None, str]] = ()
    after: str = ""
    oldest: datetime | None = None
    flaw: str = ""


async def _pages(first: Response, get: Get, since: datetime, plan: SourcePlan) -> AsyncIterator[_Page]:
    """The pages of a feed, back to the instant asked for, where it has more than one (RFC 5005)."""
    response, page = first, None
    for _ in range(PAGES):
        try:
            page = await written.aside(_page, response, plan, since)
            yield page
            if not page.after or page.oldest is None or page.oldest < since:
                return
            response = await get(page.after)
        except FetchError as error:
            if page is None:
                raise
            yield _Page(flaw=f"its next page: {error}")
            return


def _page(response: Response, plan: SourcePlan, since: datetime) -> _Page:
    """All that is read of one answer; of most feeds, most is older than what is asked for."""
    parsed = parse(response)
    dates = [moment for entry in parsed.entries if (moment := _moment(entry, "published"))]
    wanted = [entry for entry in parsed.entries[:ENTRIES] if (_published(entry) or since) >= since]
    return _Page(
        rows=[(article(entry, plan, response.url), _comment_feed(entry)) for entry in wanted],
        after=next((row.get("href", "") for row in parsed.feed.get("links", []) if row.get("rel") == "next"), ""),
        oldest=min(dates, default=None),
        flaw=_flaw(parsed),
    )


def _harvest(plan: SourcePlan, rows: Sequence[Article], skipped: int, since: datetime, flaws: Sequence[str] = ()) -> Harvest:
    told = [f"passed over {counted(skipped, 'entry', 'entries')} without an address or a date"] if skipped else []
    told += [f"not read to its end ({flaw}); what stands before that was" for flaw in flaws]
    failures = tuple(Failure(source=plan.label, reason=reason) for reason in told)
    return Harvest(articles=tuple(row for row in rows if row.published >= since), failures=failures)


def _flaw(parsed: Any) -> str:
    """Where the XML breaks, as its parser says; a wrong charset or content type is none."""
    error = parsed.get("bozo_exception") if parsed.bozo else None
    return f"malformed XML, line {error.getLineNumber()}: {error.getMessage()}" if isinstance(error, SAXParseException) else ""


def parse(response: Response) -> Any:
    """Feedparser's view of a feed; SourceError where the answer is no feed at all."""
    if not response.ok:
        raise SourceError(response.why, thing=response.url)
    headers = {"content-type": response.headers.get("content-type", ""), "content-location": response.url}
    parsed = feedparser.parse(io.BytesIO(response.body), response_headers=headers, sanitize_html=False)
    if not parsed.get("version") and not parsed.entries:  # CDF has entries and no version
        raise _no_feed(response, parsed.get("bozo_exception"))
    if parsed.bozo and not parsed.entries and isinstance(parsed.bozo_exception, Exception) and not _only_encoding(parsed):
        raise SourceError(f"malformed feed: {parsed.bozo_exception}", thing=response.url)
    return parsed


def _only_encoding(parsed: Any) -> bool:
    return isinstance(parsed.bozo_exception, feedparser.CharacterEncodingOverride | feedparser.NonXMLContentType)


def _no_feed(response: Response, cause: Exception | None) -> SourceError:
    head = response.body[:200_000]
    if b"<html" in head[:2_000].lower() or b"<!doctype html" in head[:2_000].lower():
        found = _ALTERNATE.search(head)
        address = found and _HREF.search(found[0])
        hint = link(address[1].decode("utf-8", "replace"), response.url) if address else ""
        return SourceError(
            "this is a web page, not a feed",
            thing=response.url,
            remedy=f"Its feed is {hint}" if hint else "Use the address of its feed, often /feed/.",
        )
    return SourceError(f"this is not a feed: {cause or 'no known format'}", thing=response.url)


def article(entry: Any, plan: SourcePlan, base: str) -> Article | None:
    """One entry; None where it has no address or no date to stand on."""
    url = link(entry.get("link", ""), base)
    published = _published(entry)
    if not url or published is None:
        return None
    content = max((part.get("value", "") for part in entry.get("content", [])), key=len, default="")
    text = written.body(content or entry.get("summary", ""))
    locked = "post-password-form" in content
    return Article(
        id=written.article_id(entry.get("id") or url, plan.url),
        source=plan.label,
        url=url,
        title=written.title(_unlocked(entry.get("title", ""), locked), text),
        author=inline(entry.get("author", ""))[:120],
        summary="" if locked else written.summary(entry.get("summary", ""), text),
        body_text="" if locked else text,
        image=_image(entry, base),
        topics=written.topics([tag.get("term") or "" for tag in entry.get("tags", [])]),
        published=published,
        updated=_moment(entry, "updated") or published,
        comment_count=_count(entry),
        access="protected" if locked else "public",
    )


def _unlocked(title: str, locked: bool) -> str:
    return title.removeprefix("Protected: ") if locked else title


def _moment(entry: Any, key: str) -> datetime | None:
    parsed = entry[f"{key}_parsed"] if f"{key}_parsed" in entry else None  # noqa: SIM401  get() lends `updated` the other date
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError):
        return None


def _published(entry: Any) -> datetime | None:
    return _moment(entry, "published") or _moment(entry, "updated")


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
            return written.image(medium["url"], base, width=medium.get("width", 0), height=medium.get("height", 0))
    for file in entry.get("enclosures", []):
        if str(file.get("type", "")).startswith("image/") and file.get("href"):
            return written.image(file["href"], base)
    return None


def _comment_feed(entry: Any) -> str:
    """Where an entry's comments are, or an empty string where it says it has none."""
    if _count(entry) == 0:
        return ""
    replies = [
        row.get("href", "") for row in entry.get("links", []) if row.get("rel") == "replies" and "xml" in row.get("type", "")
    ]
    return link((replies or [""])[0] or entry.get("wfw_commentrss", ""))


async def thread(get: Get, on: Article, url: str) -> Harvest:
    """An article's comments from a feed; their failure leaves the article as it is."""
    try:
        parsed = await written.aside(parse, await get(url))
    except FetchError as error:
        return Harvest(failures=(Failure(source=on.source, reason=f"comments of “{on.title}” are missing: {error}"),))
    found = tuple(row for entry in parsed.entries[:ENTRIES] if (row := comment(entry, on)))
    return Harvest(comments=found, threads=_reach(on, found))


def _reach(on: Article, found: Sequence[Comment]) -> tuple[Thread, ...]:
    """How far back a comment feed can be trusted to be whole: to its oldest entry, or to the beginning if it has all."""
    if len(found) == on.comment_count:
        return (Thread(article_id=on.id, whole_since=BEGINNING),)
    return (Thread(article_id=on.id, whole_since=min(row.written for row in found)),) if found else ()


def comment(entry: Any, on: Article) -> Comment | None:
    """One entry of a comment feed."""
    written_at = _moment(entry, "published") or _moment(entry, "updated")
    markup = max((part.get("value", "") for part in entry.get("content", [])), key=len, default="") or entry.get("summary", "")
    answered = _REPLY.match(markup)
    url = link(entry.get("link", ""), on.url) or on.url
    if written_at is None:
        return None
    text = plain(markup[answered.end() :] if answered else markup)[: written.COMMENT]
    return Comment(
        id=written.comment_id(entry.get("id") or url, on.id),
        article_id=on.id,
        parent_id=_parent(entry, answered, on),
        author=written.name(entry.get("author", "")),
        text=text,
        written=written_at,
        url=url,
        kind="pingback" if written.is_pingback(text) else "comment",
    )


def _parent(entry: Any, answered: re.Match[str] | None, on: Article) -> str | None:
    """The answered comment's id: RFC 4685 where the feed has it, else from WordPress's words."""
    reference = str((entry.get("thr_in-reply-to") or {}).get("ref", ""))
    if reference:
        return None if on.id.endswith(reference) or reference == on.url else written.comment_id(reference, on.id)
    fragment = answered[1].partition("#")[2] if answered else ""
    return written.comment_id(f"#{fragment}", on.id) if fragment else None

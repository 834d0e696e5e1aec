"""Web pages without a feed: an article's page, or a page that links to articles.

This module believes what a page tells search engines: JSON-LD (schema.org Article and Comment), else OpenGraph. The text is
JSON-LD's `articleBody`, else what trafilatura finds. A page without a publication date is not an article. robots.txt is
obeyed (RFC 9309): its rules for `digest`, else its rules for everybody.
"""

import asyncio
import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

import lxml.html
import trafilatura

from digest.collect.fetch import Get, Response
from digest.collect.sources import fields, json_api
from digest.collect.sources.dates import DateStyle, date_style, moment
from digest.config import SourcePlan
from digest.errors import FetchError, SourceError
from digest.model import Article, Comment, Failure, Harvest
from digest.text.markup import identity, link

MAX_LINKS = 40  # links of one page that are followed, at most
AGENT = "digest"
_ARTICLES = {
    "Article",
    "NewsArticle",
    "BlogPosting",
    "ReportageNewsArticle",
    "OpinionNewsArticle",
    "AnalysisNewsArticle",
    "LiveBlogPosting",
}
Data = Mapping[str, Any]


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the article of a page, or those that it links to, published since an instant, with the comments in their pages."""
    robots = await _robots(get, plan.url)
    if not robots.can_fetch(AGENT, plan.url):
        raise SourceError("robots.txt disallows this page", thing=plan.url, remedy="Ask the site for a feed.")
    first = await get(plan.url)
    if not first.ok:
        raise SourceError(first.reason, thing=plan.url)
    own, links = await fields.off_loop(_parse_page, first, plan)
    if own.articles:
        return _since(own, since)
    allowed = [url for url in links if robots.can_fetch(AGENT, url)]
    turn = asyncio.Semaphore(json_api.MAX_THREADS_AT_ONCE)

    async def one(url: str) -> Harvest:
        try:
            async with turn:
                response = await get(url)
        except FetchError as error:
            return Harvest(failures=(Failure(source=plan.label, reason=str(error)),))
        return (await fields.off_loop(_parse_page, response, plan))[0] if response.ok else Harvest()

    found = sum(await asyncio.gather(*map(one, allowed[:MAX_LINKS])), Harvest())
    if not found.articles and not found.failures:
        raise SourceError("no articles found on this page or the pages it links to", thing=plan.url,
                          remedy="Articles need JSON-LD or OpenGraph with a date. Otherwise, use the site's feed.")  # fmt: skip
    return _since(found, since)


def _since(found: Harvest, since: datetime) -> Harvest:
    articles = tuple({row.id: row for row in found.articles if row.published >= since}.values())
    kept = {row.id for row in articles}
    comments = tuple(row for row in found.comments if row.article_id in kept)
    return Harvest(articles=articles, comments=comments, failures=found.failures)


async def _robots(get: Get, url: str) -> RobotFileParser:
    """Return a site's rules. A site without any forbids nothing (RFC 9309, 2.3.1.3); a server error is a FetchError (2.3.1.4)."""
    parts = urlsplit(url)
    response = await get(f"{parts.scheme}://{parts.netloc}/robots.txt")
    text = response.body[:500_000].decode("utf-8", "replace") if response.ok else ""
    return await fields.off_loop(_parse_robots, text)


def _parse_robots(text: str) -> RobotFileParser:
    """Return the rules of a robots.txt; a line that the parser stumbles over (`Disallow: //[`) is left out."""
    robots = RobotFileParser()
    robots.parse([line for line in text.splitlines() if _is_parsable(line)])
    return robots


def _is_parsable(line: str) -> bool:
    try:
        RobotFileParser().parse(["User-agent: *", line])
    except ValueError:
        return False
    return True


def _parse_page(response: Response, plan: SourcePlan) -> tuple[Harvest, list[str]]:
    """Return the article of a page with its comments, or else the pages that it links to on its own site."""
    try:
        tree = lxml.html.document_fromstring(response.body)
    except (lxml.etree.ParserError, ValueError):
        return Harvest(), []
    article, data = _article(tree, response, plan)
    if article is None:
        return Harvest(), _links(tree, response.url)
    return Harvest(articles=(article,), comments=tuple(_comments(data, article, date_style(plan)))), []


def _links(tree: Any, base: str) -> list[str]:
    """Return the pages of the same site that a page links to, each once, in their order."""
    urls = [link(str(href), base).partition("#")[0] for href in tree.xpath("//a/@href")]
    same = [url for url in urls if url and urlsplit(url).netloc == urlsplit(base).netloc and urlsplit(url).path.strip("/")]
    return list({identity(url): url for url in reversed(same) if identity(url) != identity(base)}.values())[::-1]


def _article(tree: Any, response: Response, plan: SourcePlan) -> tuple[Article | None, Data]:
    """Return the article of a page, with its JSON-LD; None if the page does not declare an article with a publication date."""
    data = next((row for row in _objects(tree) if _ARTICLES & set(_types(row))), {})
    meta, style = _meta(tree), date_style(plan)
    published = _moment(data.get("datePublished"), style) or (
        _moment(meta.get("article:published_time"), style) if meta.get("og:type") == "article" else None
    )
    if published is None:
        return None, {}
    canonical = next((str(href) for href in tree.xpath("//link[@rel='canonical']/@href")), "")
    url = link(canonical, response.url) or response.url
    locked = str(data.get("isAccessibleForFree", "true")).casefold() == "false"
    title = json_api.first_text(data, "headline", "name") or meta.get("og:title", "")
    body = fields.body(escape(json_api.first_text(data, "articleBody"))) or fields.body(_main_text(response, title))
    article = Article(
        id=fields.article_id(url, plan.url),
        source=plan.label,
        url=url,
        title=fields.title(title, body),
        author=fields.byline(_names(data.get("author")) or [meta.get("author", "")]),
        summary=fields.summary(json_api.first_text(data, "description") or meta.get("og:description", ""), "" if locked else body),
        body_text="" if locked else body,
        image=fields.image(_first_url(data.get("image")) or meta.get("og:image", ""), url),
        topics=fields.topics([str(row) for row in _as_list(data.get("articleSection"))]),
        published=published,
        updated=_moment(data.get("dateModified"), style) or published,
        comment_count=data["commentCount"] if isinstance(data.get("commentCount"), int) else None,
    )
    return article, data


def _objects(tree: Any) -> Iterator[Data]:
    """Yield every JSON-LD object of a page, including those inside a graph."""
    for script in tree.xpath("//script[@type='application/ld+json']/text()")[:20]:
        try:
            open_ = [json.loads(str(script), strict=False)]
        except (ValueError, RecursionError):
            continue
        while open_:
            row = open_.pop(0)
            if isinstance(row, list):
                open_ += row[:100]
            elif isinstance(row, dict):
                yield row
                open_ += _as_list(row.get("@graph"))[:100]


def _types(row: Data) -> list[str]:
    return [str(kind).rpartition("/")[2] for kind in _as_list(row.get("@type"))]


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _meta(tree: Any) -> dict[str, str]:
    """Return the values of OpenGraph and similar tags, the first of each name."""
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        found.setdefault(str(element.get("property") or element.get("name") or "").casefold(), str(element.get("content") or ""))
    return found


def _moment(value: Any, style: DateStyle) -> datetime | None:
    return moment(value, style) if isinstance(value, str) else None


def _names(value: Any) -> list[str]:
    rows = [row.get("name", "") if isinstance(row, dict) else row for row in _as_list(value)]
    return [row for row in rows if isinstance(row, str) and row]


def _first_url(value: Any) -> str:
    rows = [row.get("url", "") if isinstance(row, dict) else row for row in _as_list(value)]
    return next((row for row in rows if isinstance(row, str) and row), "")


def _main_text(response: Response, title: str) -> str:
    """Return the main text of a page, without its surroundings and its title, as markup."""
    text = trafilatura.extract(
        response.body.decode("utf-8", "replace"), url=response.url, include_comments=False, include_tables=False
    )
    return "".join(f"<p>{escape(line)}</p>" for line in (text or "").splitlines() if line.strip() not in {"", title.strip()})


def _comments(data: Data, on: Article, style: DateStyle) -> Iterator[Comment]:
    """Yield the schema.org Comments with the replies nested in them, at most MAX_COMMENTS."""
    open_: list[tuple[Any, str | None]] = [(row, None) for row in _as_list(data.get("comment"))]
    for _ in range(json_api.MAX_COMMENTS):
        if not open_:
            return
        row, parent = open_.pop(0)
        if not isinstance(row, dict):
            continue
        key = json_api.first_text(row, "@id", "identifier") or _derived_id(row)
        at = _moment(row.get("dateCreated"), style) or _moment(row.get("datePublished"), style)
        open_ += [(answer, key) for answer in _as_list(row.get("comment"))]
        if at is not None:
            yield _comment(row, key, parent or _parent_id(row), at, on)


def _derived_id(row: Data) -> str:
    """Return a lasting id for a comment that has none; its address will not do, because many sites give the article's instead."""
    content = "|".join(
        [
            *_names(row.get("author")),
            json_api.first_text(row, "dateCreated", "datePublished"),
            json_api.first_text(row, "text", "description"),
        ]
    )
    return hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()[:16]


def _votes(value: Any) -> int | None:
    return min(max(0, value), 10**9) if isinstance(value, int) else None


def _parent_id(row: Data) -> str | None:
    parent = row.get("parentItem")
    if not isinstance(parent, dict) or "Comment" not in _types(parent):
        return None
    return json_api.first_text(parent, "@id") or None


def _comment(row: Data, key: str, parent: str | None, at: datetime, on: Article) -> Comment:
    return json_api.make_comment(
        on, key,
        parent=parent,
        author=next(iter(_names(row.get("author"))), ""),
        markup=json_api.first_text(row, "text", "description"),
        written_at=at,
        url=json_api.first_text(row, "url"),
        up=_votes(row.get("upvoteCount")),
        down=_votes(row.get("downvoteCount")),
    )  # fmt: skip

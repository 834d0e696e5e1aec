"""A WordPress site, read by its REST API (`wp/v2`), or by its feed if the API answers with anything but posts.

All this was seen on real sites. `after` and `before` are exclusive, so we ask one second wider and cut afterwards. A page past
the end is 400 for posts and an empty list for comments. `_embed` brings at most ten replies, so we ask for comments separately.
A request for comments is 401 as a whole if one of its posts is password-protected. `_gmt` dates are UTC but do not say so.
Names and titles contain entities. Bot shields and broken plugins answer in the API's place with 400, 406, 429, 500, 503 or an
object in a 200; the feed is usually open then.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from digest.collect.fetch import Get
from digest.collect.sources import feed, fields
from digest.collect.sources.dates import date_style
from digest.collect.sources.parsed_feed import feed_link
from digest.collect.sources.wordpress_api import ApiClosedError, RenderedText, fetch_rows, parse_row
from digest.collect.sources.wordpress_comments import read_comments
from digest.config import SourcePlan
from digest.errors import FetchError, SourceError
from digest.model import MAX_LATENESS, UNDATED, Article, Failure, Harvest, Image
from digest.text.markup import link
from digest.text.prose import counted

IDS_PER_PAGE = 100  # posts a page, if we ask only for guid and address
POSTS_PER_PAGE = 50  # posts a page; with _embed a post is 5 to 20 KB
_POSTS = {"orderby": "date", "order": "asc", "_embed": "1", "per_page": str(POSTS_PER_PAGE)}


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _as_dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _read_date(value: object) -> datetime | None:
    """Return a date of a post, aware only if it names its zone; None for WordPress's `0000-00-00` and whatever is not a date."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and not value.startswith("0000") else None
    except ValueError:
        return None


_Date = Annotated[datetime | None, BeforeValidator(_read_date)]


class _Seen(BaseModel):
    guid: RenderedText = RenderedText()
    link: str = ""


class _Post(BaseModel):
    id: int
    date_gmt: _Date = None
    date: _Date = None  # in the site's own zone
    modified_gmt: _Date = None
    link: str
    guid: RenderedText = RenderedText()
    title: RenderedText = RenderedText()
    content: RenderedText = RenderedText()
    excerpt: RenderedText = RenderedText()
    status: str = "publish"
    embedded: Annotated[dict[str, Any], BeforeValidator(_as_dict)] = Field(default={}, alias="_embedded")
    authors: Annotated[list[Any], BeforeValidator(_as_list)] = []  # PublishPress Authors
    coauthors: Annotated[list[Any], BeforeValidator(_as_list)] = []  # Co-Authors Plus; some themes give names, others numbers


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the posts published since an instant, with their comments; as `older`, earlier ones (see `_older`)."""
    site = re.sub(r"(?:/wp-json(?:/wp/v2)?|/feed)?/*$", "", plan.url)
    for root in (f"{site}/wp-json/wp/v2/", f"{site}/?rest_route=/wp/v2/"):
        try:
            rows, missing = await fetch_rows(get, root, "posts", {"after": _stamp(since), **_POSTS})
        except ApiClosedError:
            continue
        articles, failures = await fields.off_loop(_read, rows, plan, since)
        remarks = await read_comments(get, root, plan, articles)
        incomplete = (Failure(source=plan.label, reason=missing),) if missing else ()
        listed = ((plan.label, since),) if not missing and not failures else ()
        posts = Harvest(articles=tuple(articles.values()), failures=(*incomplete, *failures), listed=listed)
        return sum(remarks, posts + await _older(get, root, plan, since))
    return await _by_feed(site, plan, get, since)


def _stamp(moment: datetime) -> str:
    return (moment - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _older(get: Get, root: str, plan: SourcePlan, since: datetime) -> Harvest:
    """Return posts dated before `since`: one made public since then keeps its old date, and nobody has seen it before.

    Posts changed since then come whole. The others come only as ids, so that an old one edited later is not taken for new.
    WordPress before 5.7 does not know `modified_after` and returns all posts.
    """
    span = {"after": _stamp(since - MAX_LATENESS), "before": f"{since:%Y-%m-%dT%H:%M:%SZ}", "orderby": "date", "order": "asc"}
    try:
        changed, _ = await fetch_rows(get, root, "posts", {**span, **_POSTS, "modified_after": _stamp(since)})
        there, _ = await fetch_rows(get, root, "posts", {**span, "per_page": str(IDS_PER_PAGE), "_fields": "guid,link"})
    except ApiClosedError:
        return Harvest()
    articles, _ = await fields.off_loop(_read, changed, plan, since - MAX_LATENESS)
    seen = (parse_row(_Seen, row) for row in there)
    return Harvest(
        older=tuple(row for row in articles.values() if row.published < since),
        older_ids=tuple(fields.article_id(row.guid.rendered or row.link, plan.url) for row in seen if row),
        older_lists=((plan.label, "posts"),),
    )


def _read(rows: Sequence[Any], plan: SourcePlan, since: datetime) -> tuple[dict[int, Article], tuple[Failure, ...]]:
    """Return the articles of a list of posts, by their numbers, and what is wrong with the list."""
    found = [parse_row(_Post, row) for row in rows]
    unread = sum(post is None for post in found)
    failures = (Failure(source=plan.label, reason=f"skipped {counted(unread, 'post')} in an unknown format"),) if unread else ()
    posts = [(post, _published(post, plan)) for post in found if post and post.status == "publish"]
    return {post.id: article(post, plan) for post, date in posts if date is None or date >= since}, failures


def _published(post: _Post, plan: SourcePlan) -> datetime | None:
    """Return when a post was published; plugins and old versions give its date only in the site's zone, or not at all."""
    return _utc(post.date_gmt) or _utc(post.date, date_style(plan).zone)


def _utc(date: datetime | None, zone: tzinfo = UTC) -> datetime | None:
    return date and date.replace(tzinfo=date.tzinfo or zone).astimezone(UTC)


async def _by_feed(site: str, plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the harvest of the site's feed: at its address with permalinks or without, or at the one that the home page names."""
    problem: FetchError | None = None
    for url in (f"{site}/feed/", f"{site}/?feed=rss2"):
        try:
            return await _feed(url, plan, get, since)
        except FetchError as error:
            problem = problem or error
    with suppress(FetchError):
        if hint := feed_link(await get(f"{site}/")):
            return await _feed(hint, plan, get, since)
    raise problem or SourceError("there is no feed", thing=site)


async def _feed(url: str, plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    return await feed.read(plan.model_copy(update={"url": url, "name": plan.label}), get, since)


def article(post: _Post, plan: SourcePlan) -> Article:
    """Return one post as an article; a password-protected one has no text and no summary."""
    locked = post.content.protected
    text = "" if locked else fields.body(post.content.rendered)
    published = _published(post, plan)
    return Article(
        id=fields.article_id(post.guid.rendered or post.link, plan.url),
        source=plan.label,
        url=link(post.link),
        title=fields.title(post.title.rendered, text),
        author=_author(post),
        summary="" if locked else fields.summary(post.excerpt.rendered, text),
        body_text=text,
        image=_image(post),
        topics=fields.topics(_terms(post, "category", "post_tag")),
        categories=fields.topics(_terms(post, "category")),
        published=published or UNDATED,
        updated=_utc(post.modified_gmt) or published or UNDATED,
        access="protected" if locked else "public",
        guessed=published is None,
    )


def _embedded(post: _Post, key: str) -> list[Any]:
    rows = post.embedded.get(key)
    return rows if isinstance(rows, list) else []


def _author(post: _Post) -> str:
    """Return the authors: those that a plugin for several authors names, else the one that WordPress knows."""
    several = [
        row.get("display_name") or row.get("name") or "" for row in (*post.authors, *post.coauthors) if isinstance(row, dict)
    ]
    terms = [str(term.get("name", "")) for term in _all_terms(post) if term.get("taxonomy") == "author"]
    one = [str(row.get("name", "")) for row in _embedded(post, "author") if isinstance(row, dict)]
    return next((shown for names in (several, terms, one) if (shown := fields.byline(map(str, names)))), "")


def _all_terms(post: _Post) -> list[dict[str, Any]]:
    return [term for group in _embedded(post, "wp:term") if isinstance(group, list) for term in group if isinstance(term, dict)]


def _terms(post: _Post, *taxonomies: str) -> list[str]:
    terms = [term for term in _all_terms(post) if term.get("taxonomy", "category") in taxonomies]
    return [str(term.get("name", "")) for term in terms if term.get("slug") != "uncategorized"]


def _image(post: _Post) -> Image | None:
    """Return the featured picture in its widest size from 600 to 1,280 pixels, else as it is, with its other sizes."""
    media = next((row for row in _embedded(post, "wp:featuredmedia") if isinstance(row, dict)), {})
    details = media.get("media_details")
    sizes = details.get("sizes") if isinstance(details, dict) else None
    choices = [size for size in sizes.values() if isinstance(size, dict)] if isinstance(sizes, dict) else []
    usable = [size for size in choices if isinstance(size.get("width"), int) and 600 <= size["width"] <= 1_280]
    best = max(usable, key=lambda size: int(size["width"]), default=media)
    return fields.image(
        str(best.get("source_url", "")),
        post.link,
        alt=str(media.get("alt_text", "")),
        width=best.get("width", 0),
        height=best.get("height", 0),
        sizes=[(size.get("source_url"), size.get("width"), size.get("height")) for size in choices],
    )

"""A WordPress site by its REST API (`wp/v2`), or by its feed where the API does not answer with posts, whatever it answers.

What shapes this file, all seen on real sites: `after` and `before` are exclusive, so we ask one second wider and cut
afterwards; a page past the end is 400 for posts and an empty list for comments; `_embed` brings at most ten replies,
so comments are asked for on their own; asking for the comments of a post password-protected is 401 for the whole
request; dates with `_gmt` are UTC without saying so; names and titles carry entities. Shields and broken plugins answer
in the API's place with 400, 406, 429, 500, 503 or an object in a 200; the feed is then open, as a rule.
"""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from digest.collect.fetch import Get
from digest.collect.sources import feed, fields
from digest.collect.sources.dates import manner
from digest.collect.sources.parsed_feed import feed_link
from digest.collect.sources.wordpress_api import Closed, Words, rows_of, valid
from digest.collect.sources.wordpress_comments import comments
from digest.config import SourcePlan
from digest.errors import FetchError, SourceError
from digest.model import LATEST, UNDATED, Article, Failure, Harvest, Image
from digest.text.markup import link

SEEN = 100  # a page of posts of which only the address is asked for
POSTS = 50  # a page; with _embed a post is 5 to 20 KB
_POSTS = {"orderby": "date", "order": "asc", "_embed": "1", "per_page": str(POSTS)}


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _named(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _read_date(value: object) -> datetime | None:
    """A date of a post, aware only where it says its zone; None for WordPress's `0000-00-00` and whatever is none."""
    try:
        return datetime.fromisoformat(value) if isinstance(value, str) and not value.startswith("0000") else None
    except ValueError:
        return None


_Date = Annotated[datetime | None, BeforeValidator(_read_date)]


class _Seen(BaseModel):
    guid: Words = Words()
    link: str = ""


class _Post(BaseModel):
    id: int
    date_gmt: _Date = None
    date: _Date = None  # in the site's own zone
    modified_gmt: _Date = None
    link: str
    guid: Words = Words()
    title: Words = Words()
    content: Words = Words()
    excerpt: Words = Words()
    status: str = "publish"
    embedded: Annotated[dict[str, Any], BeforeValidator(_named)] = Field(default={}, alias="_embedded")
    authors: Annotated[list[Any], BeforeValidator(_listed)] = []  # PublishPress Authors
    coauthors: Annotated[list[Any], BeforeValidator(_listed)] = []  # Co-Authors Plus; by some themes as names, by others as numbers


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The posts published since an instant, and their comments; those somewhat older beside them."""
    site = re.sub(r"(?:/wp-json(?:/wp/v2)?|/feed)?/*$", "", plan.url)
    for root in (f"{site}/wp-json/wp/v2/", f"{site}/?rest_route=/wp/v2/"):
        try:
            rows, missing = await rows_of(get, root, "posts", {"after": _stamp(since), **_POSTS})
        except Closed:
            continue
        articles, failures = await fields.off_loop(_read, rows, plan, since)
        remarks = await comments(get, root, plan, articles)
        told = (Failure(source=plan.label, reason=missing),) if missing else ()
        listed = ((plan.label, since),) if not missing and not failures else ()
        posts = Harvest(articles=tuple(articles.values()), failures=(*told, *failures), listed=listed)
        return sum(remarks, posts + await _older(get, root, plan, since))
    return await _by_feed(site, plan, get, since)


def _stamp(moment: datetime) -> str:
    return (moment - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _older(get: Get, root: str, plan: SourcePlan, since: datetime) -> Harvest:
    """Posts with a date before what was asked for: one made public since bears its old date, and nobody has seen it before.

    Those that were changed since come whole; of the others only that they are there, so that an old one that is edited some day
    is not taken for new. WordPress before 5.7 does not know `modified_after` and tells of all.
    """
    span = {"after": _stamp(since - LATEST), "before": f"{since:%Y-%m-%dT%H:%M:%SZ}", "orderby": "date", "order": "asc"}
    try:
        changed, _ = await rows_of(get, root, "posts", {**span, **_POSTS, "modified_after": _stamp(since)})
        there, _ = await rows_of(get, root, "posts", {**span, "per_page": str(SEEN), "_fields": "guid,link"})
    except (Closed, FetchError):
        return Harvest()
    articles, _ = await fields.off_loop(_read, changed, plan, since - LATEST)
    seen = (valid(_Seen, row) for row in there)
    return Harvest(
        older=tuple(row for row in articles.values() if row.published < since),
        sighted=tuple(fields.article_id(row.guid.rendered or row.link, plan.url) for row in seen if row),
        looked=((plan.label, "posts"),),
    )


def _read(rows: Sequence[Any], plan: SourcePlan, since: datetime) -> tuple[dict[int, Article], tuple[Failure, ...]]:
    """The articles of a list of posts, by their numbers, and what is wrong with the list."""
    found = [valid(_Post, row) for row in rows]
    unread = sum(post is None for post in found)
    failures = (Failure(source=plan.label, reason=f"skipped {unread} posts in an unknown format"),) if unread else ()
    posts = [(post, _published(post, plan)) for post in found if post and post.status == "publish"]
    return {post.id: article(post, plan) for post, date in posts if date is None or date >= since}, failures


def _published(post: _Post, plan: SourcePlan) -> datetime | None:
    """When a post was published; plugins and old versions give its date in the site's zone only, or none."""
    return _utc(post.date_gmt) or _utc(post.date, manner(plan).zone)


def _utc(date: datetime | None, zone: tzinfo = UTC) -> datetime | None:
    return date and date.replace(tzinfo=date.tzinfo or zone).astimezone(UTC)


async def _by_feed(site: str, plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The site's feed: where WordPress has it with names in addresses, without, or where the site's own page says."""
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
    """One post; password-protected it keeps its title and nothing else."""
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
        topics=fields.topics(_terms(post)),
        published=published or UNDATED,
        updated=_utc(post.modified_gmt) or published or UNDATED,
        access="protected" if locked else "public",
        guessed=published is None,
    )


def _embedded(post: _Post, key: str) -> list[Any]:
    rows = post.embedded.get(key)
    return rows if isinstance(rows, list) else []


def _author(post: _Post) -> str:
    """The writers: those that a plugin for several names, where there is one, else the one that WordPress knows."""
    several = [
        row.get("display_name") or row.get("name") or "" for row in (*post.authors, *post.coauthors) if isinstance(row, dict)
    ]
    terms = [str(term.get("name", "")) for term in _all_terms(post) if term.get("taxonomy") == "author"]
    one = [str(row.get("name", "")) for row in _embedded(post, "author") if isinstance(row, dict)]
    return next((shown for names in (several, terms, one) if (shown := fields.byline(map(str, names)))), "")


def _all_terms(post: _Post) -> list[dict[str, Any]]:
    return [term for group in _embedded(post, "wp:term") if isinstance(group, list) for term in group if isinstance(term, dict)]


def _terms(post: _Post) -> list[str]:
    terms = [term for term in _all_terms(post) if term.get("taxonomy", "category") in {"category", "post_tag"}]
    return [str(term.get("name", "")) for term in terms if term.get("slug") != "uncategorized"]


def _image(post: _Post) -> Image | None:
    """The featured picture, in the size nearest above the mail's width in device pixels (2 × 600)."""
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
    )

"""A WordPress site by its REST API (`wp/v2`), or by its feed where the API is closed.

What shapes this file, all seen on a real site: `after` and `before` are exclusive, so we ask one second wider and cut
afterwards; a page past the end is 400 for posts and an empty list for comments; `_embed` brings at most ten replies,
so comments are asked for on their own; asking for the comments of a post behind a password is 401 for the whole
request; dates with `_gmt` are UTC without saying so; names and titles carry entities.
"""

import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, Field, ValidationError

from digest.config import SourcePlan
from digest.errors import FetchError, SourceError
from digest.fetch import Get, Response
from digest.markup import inline, link, plain
from digest.model import Article, Comment, Failure, Harvest, Image, Thread
from digest.prose import number
from digest.sources import feed, written

PAGES = 40
POSTS = 50  # a page; with _embed a post is 5 to 20 KB
COMMENTS = 100  # a page, the API's most
BATCH = 40  # articles whose comments are asked for at once
_CLOSED = {401, 403, 404, 405, 410, 501}
_STATES: dict[str, Literal["approved", "held", "spam", "deleted"]] = {
    "approved": "approved", "hold": "held", "spam": "spam", "trash": "deleted",
}  # fmt: skip

Utc = Annotated[datetime, AfterValidator(lambda moment: moment.replace(tzinfo=UTC))]


class _Words(BaseModel):
    rendered: str = ""
    protected: bool = False


class _Post(BaseModel):
    id: int
    date_gmt: Utc
    modified_gmt: Utc
    link: str
    guid: _Words
    title: _Words = _Words()
    content: _Words = _Words()
    excerpt: _Words = _Words()
    status: str = "publish"
    embedded: dict[str, Any] = Field(default={}, alias="_embedded")


class _Remark(BaseModel):
    id: int
    post: int
    parent: int = 0
    author_name: str = ""
    date_gmt: Utc
    content: _Words = _Words()
    link: str = ""
    status: str = "approved"
    type: str = "comment"


class _Closed(Exception):  # noqa: N818  a signal between two functions here, never seen outside
    """The API does not answer strangers."""


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The posts published since an instant, and their comments."""
    site = plan.url.rstrip("/").removesuffix("/wp-json").removesuffix("/feed")
    for root in (f"{site}/wp-json/wp/v2/", f"{site}/?rest_route=/wp/v2/"):
        try:
            posts, failures = await _posts(get, root, plan, since)
        except _Closed:
            continue
        articles = {post.id: article(post, plan) for post in posts}
        remarks = await _comments(get, root, plan, articles)
        listed = Harvest(articles=tuple(articles.values()), failures=failures)
        return sum(remarks, listed)
    return await feed.read(plan.model_copy(update={"url": f"{site}/feed/", "name": plan.label}), get, since)


async def _posts(get: Get, root: str, plan: SourcePlan, since: datetime) -> tuple[list[_Post], tuple[Failure, ...]]:
    after = (since - timedelta(seconds=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    query = {"after": after, "orderby": "date", "order": "asc", "_embed": "1", "per_page": str(POSTS)}
    rows, whole = await _list(get, root, "posts", query)
    found = [_valid(_Post, row) for row in rows]
    told = [] if whole else [f"more than {PAGES} pages of posts; the rest was left"]
    if unread := sum(post is None for post in found):
        told.append(f"{unread} posts in an unknown form were passed over")
    posts = [post for post in found if post and post.status == "publish" and post.date_gmt >= since]
    return posts, tuple(Failure(source=plan.label, reason=reason) for reason in told)


async def _list(get: Get, root: str, what: str, query: dict[str, str]) -> tuple[list[Any], bool]:
    """The rows of a collection, and whether they are all of it; _Closed where the API does not answer strangers."""
    found: list[Any] = []
    for page in range(1, PAGES + 1):
        joint = "&" if "?" in root else "?"
        response = await get(f"{root}{what}{joint}{urlencode({**query, 'page': page}, safe=',:')}")
        if response.status == 400 and page > 1:
            return found, True
        rows = _rows(response, page)
        found += rows
        total = number(response.headers.get("x-wp-totalpages", ""), 100_000)
        if not rows or (total is not None and page >= total):
            return found, True
    return found, False


def _rows(response: Response, page: int) -> list[Any]:
    if response.status in _CLOSED:
        raise _Closed
    try:
        rows = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        if page == 1:
            raise _Closed from error  # a theme's 200 page in place of the API
        raise SourceError("the API answered with something that is not JSON", thing=response.url) from error
    if not response.ok or not isinstance(rows, list):
        raise SourceError(f"the API answers {response.status}: {_message(rows)}", thing=response.url)
    return rows


def _message(body: Any) -> str:
    return str(body.get("message", "no reason given"))[:200] if isinstance(body, dict) else "no list"


_Kind = TypeVar("_Kind", bound=BaseModel)


def _valid(kind: type[_Kind], row: Any) -> _Kind | None:
    try:
        return kind.model_validate(row)
    except ValidationError:
        return None


def article(post: _Post, plan: SourcePlan) -> Article:
    """One post; behind a password it keeps its title and nothing else."""
    locked = post.content.protected
    text = "" if locked else written.body(post.content.rendered)
    return Article(
        id=written.article_id(post.guid.rendered or post.link, plan.url),
        source=plan.label,
        url=link(post.link),
        title=written.title(post.title.rendered, text),
        author=_author(post),
        summary="" if locked else written.summary(post.excerpt.rendered, text),
        body_text=text,
        image=_image(post),
        topics=written.topics(_terms(post)),
        published=post.date_gmt,
        updated=post.modified_gmt,
        access="protected" if locked else "public",
    )


def _embedded(post: _Post, key: str) -> list[Any]:
    rows = post.embedded.get(key)
    return rows if isinstance(rows, list) else []


def _author(post: _Post) -> str:
    names = [str(row.get("name", "")) for row in _embedded(post, "author") if isinstance(row, dict)]
    return inline(", ".join(filter(None, names)))[:120]


def _terms(post: _Post) -> list[str]:
    terms = [term for group in _embedded(post, "wp:term") if isinstance(group, list) for term in group if isinstance(term, dict)]
    return [str(term.get("name", "")) for term in terms if term.get("slug") != "uncategorized"]


def _image(post: _Post) -> Image | None:
    """The featured picture, in the size nearest above the mail's width in device pixels (2 × 600)."""
    media = next((row for row in _embedded(post, "wp:featuredmedia") if isinstance(row, dict)), {})
    details = media.get("media_details")
    sizes = details.get("sizes") if isinstance(details, dict) else None
    choices = [size for size in sizes.values() if isinstance(size, dict)] if isinstance(sizes, dict) else []
    usable = [size for size in choices if isinstance(size.get("width"), int) and 600 <= size["width"] <= 1_280]
    best = max(usable, key=lambda size: int(size["width"]), default=media)
    return written.image(
        str(best.get("source_url", "")),
        post.link,
        alt=str(media.get("alt_text", "")),
        width=best.get("width", 0),
        height=best.get("height", 0),
    )


async def _comments(get: Get, root: str, plan: SourcePlan, articles: dict[int, Article]) -> Sequence[Harvest]:
    """The comments of all articles that may be read, in batches."""
    public = [number for number, row in articles.items() if row.access == "public"]
    batches = [public[at : at + BATCH] for at in range(0, len(public), BATCH)]
    return await asyncio.gather(*(_batch(get, root, plan, articles, batch) for batch in batches))


async def _batch(get: Get, root: str, plan: SourcePlan, articles: dict[int, Article], numbers: list[int]) -> Harvest:
    """One batch; where a single post closes it, the posts are asked for one by one, then by their feeds."""
    query = {"post": ",".join(map(str, numbers)), "order": "asc", "orderby": "date_gmt", "per_page": str(COMMENTS)}
    try:
        rows, whole = await _list(get, root, "comments", query)
    except _Closed:
        if len(numbers) == 1:
            on = articles[numbers[0]]
            return await feed.thread(get, on, f"{on.url.rstrip('/')}/feed/")
        return sum([await _batch(get, root, plan, articles, [number]) for number in numbers], Harvest())
    except FetchError as error:
        return Harvest(failures=(Failure(source=plan.label, reason=f"comments are missing: {error}"),))
    if not whole and len(numbers) > 1:
        return sum([await _batch(get, root, plan, articles, [number]) for number in numbers], Harvest())
    remarks = [_valid(_Remark, row) for row in rows]
    whole = whole and None not in remarks
    failure = Failure(source=plan.label, reason=f"not all comments of {articles[numbers[0]].url} could be read")
    return Harvest(
        comments=tuple(comment(row, articles[row.post]) for row in remarks if row and row.post in articles),
        threads=tuple(Thread(article_id=articles[number].id, whole_since=feed.BEGINNING) for number in numbers if whole),
        failures=() if whole else (failure,),
    )


def comment(remark: _Remark, on: Article) -> Comment:
    """One comment; its id is the one that the site's feeds give it."""
    return Comment(
        id=f"{on.id}#comment-{remark.id}",
        article_id=on.id,
        parent_id=f"{on.id}#comment-{remark.parent}" if remark.parent else None,
        author=written.name(remark.author_name),
        text=plain(remark.content.rendered)[: written.COMMENT],
        written=remark.date_gmt,
        url=link(remark.link, on.url) or on.url,
        kind="comment" if remark.type in {"comment", ""} else "pingback",
        state=_STATES.get(remark.status, "held"),
    )

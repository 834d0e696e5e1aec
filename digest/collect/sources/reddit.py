"""A subreddit, read by its public JSON, or the posts that link to another source's articles.

`url` is the subreddit (`https://www.reddit.com/r/town`). A score is upvotes minus downvotes; a comment's share is not public.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan, SourcePlan
from digest.errors import SourceError
from digest.model import Article, Comment, Harvest
from digest.text.markup import identity, link

MAX_PAGES = 5
ROWS_PER_PAGE = 100
_GONE = {"[deleted]", "[removed]"}


class _Post(json_api.Shape):
    id: str
    title: str = ""
    permalink: str
    url: str = ""
    author: str = ""
    created_utc: json_api.Instant
    num_comments: int = 0
    selftext_html: str | None = None
    is_self: bool = False
    over_18: bool = False
    removed_by_category: str | None = None
    link_flair_text: str | None = None


class _Remark(json_api.Shape):
    id: str
    parent_id: str = ""
    author: str = ""
    body: str = ""
    body_html: str = ""
    created_utc: json_api.Instant
    permalink: str = ""
    score: json_api.Votes = 0
    score_hidden: bool = False
    distinguished: str | None = None


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the posts made since an instant, with their comments."""
    posts: dict[str, _Post] = {}
    after = ""
    for _ in range(MAX_PAGES):
        answer = await json_api.fetch_json(
            get, f"{plan.url.rstrip('/')}/new.json", limit=ROWS_PER_PAGE, raw_json=1, **({"after": after} if after else {})
        )
        rows = json_api.read_rows(_Post, _children(answer, "t3"))
        posts.update({row.id: row for row in rows if row.created_utc >= since})
        after = str(json_api.value_at(answer, "data", "after") or "")
        if not after or not rows or min(row.created_utc for row in rows) < since:
            break
    kept = [row for row in posts.values() if not row.removed_by_category and not row.over_18]
    made = await json_api.map_rows(lambda row: _article(row, plan), kept)
    articles = {article.id: (article, row) for article, row in zip(made, kept, strict=True) if article}
    listed = [row for row, _ in articles.values()]
    return Harvest(articles=tuple(listed)) + await json_api.read_threads(
        listed, lambda on: _thread(get, plan.url, on, [articles[on.id][1]])
    )


async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the comments on the posts that link to each article."""
    home = _home(plan.url)

    async def one(on: Article) -> Harvest:
        answer = await json_api.fetch_json(get, f"{home}/api/info.json", url=on.url, raw_json=1)
        rows = [row for row in json_api.read_rows(_Post, _children(answer, "t3")) if identity(row.url) == identity(on.url)]
        return await _thread(get, plan.url, on, [row for row in rows if not row.removed_by_category])

    return await json_api.read_threads(articles, one)


def _home(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _children(listing: Any, kind: str) -> list[Any]:
    """Return the rows of one kind in a listing: `t1` for comments, `t3` for posts, `more` for what it leaves out."""
    return [row["data"] for row in json_api.list_at(listing, "data", "children")
            if isinstance(row, dict) and row.get("kind") == kind and isinstance(row.get("data"), dict)]  # fmt: skip


def _article(row: _Post, plan: SourcePlan) -> Article | None:
    home = _home(plan.url)
    url, text = link(f"{home}{row.permalink}" if row.is_self else row.url, home), fields.body(row.selftext_html or "")
    if not url:
        return None
    return Article(
        id=fields.article_id(f"t3_{row.id}", plan.url),
        source=plan.label,
        url=url,
        title=fields.title(fields.escaped(row.title), text),
        author=fields.name("" if row.author in _GONE else fields.escaped(row.author)),
        summary=fields.summary("", text),
        body_text=text,
        topics=fields.topics([fields.escaped(row.link_flair_text or "")]),
        published=row.created_utc,
        updated=row.created_utc,
        comment_count=row.num_comments,
    )


async def _thread(get: Get, url: str, on: Article, posts: Sequence[_Post]) -> Harvest:
    found: list[Comment] = []
    complete = bool(posts)
    for post in posts:
        answer = await json_api.fetch_json(get, f"{_home(url)}{post.permalink.rstrip('/')}.json", limit=500, sort="top", raw_json=1)
        if not isinstance(answer, list) or len(answer) < 2:  # the post, and its comments
            raise SourceError("the response has no comments", thing=post.permalink)
        listings = list(_listings(answer[1]))
        complete = (
            complete and len(listings) < json_api.MAX_COMMENTS and not any(_children(listing, "more") for listing in listings)
        )
        rows = json_api.read_rows(_Remark, [row for listing in listings for row in _children(listing, "t1")])
        complete = complete and rows.complete
        found += await json_api.map_rows(partial(_comment, on=on, home=_home(url)), rows)
    return json_api.thread_harvest(on, found, complete=complete)


def _listings(listing: Any) -> Iterator[Any]:
    """Yield a listing and the listings of replies in it, at any depth."""
    open_ = [listing]
    for _ in range(json_api.MAX_COMMENTS):
        if not open_:
            return
        at = open_.pop()
        yield at
        open_ += [row["replies"] for row in _children(at, "t1") if isinstance(row.get("replies"), dict)]


def _comment(row: _Remark, on: Article, home: str) -> Comment:
    return json_api.make_comment(
        on, f"t1_{row.id}",
        parent=row.parent_id if row.parent_id.startswith("t1_") else None,
        author="" if row.author in _GONE else fields.escaped(row.author),
        markup=row.body_html or row.body,
        written_at=row.created_utc,
        url=f"{home}{row.permalink}" if row.permalink else "",
        removed=row.body in _GONE or row.distinguished == "moderator",
        up=None if row.score_hidden else max(0, row.score),
    )  # fmt: skip

"""A Lemmy community, read by API version 3, or the posts that link to another source's articles.

`url` is the community (`https://lemmy.example/c/town`) or, for comments on articles, the instance. Texts are Markdown. A
comment's `path` holds the ids of all comments above it, and its own: `0.12.34`.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan, SourcePlan
from digest.model import Article, Comment, Harvest
from digest.text.markup import identity, link

MAX_PAGES = 10
ROWS_PER_PAGE = 50  # the API's maximum


class _Creator(json_api.Shape):
    name: str = ""
    display_name: str | None = None


class _PostBody(json_api.Shape):
    id: int
    name: str = ""
    url: str | None = None
    body: str | None = None
    ap_id: str = ""
    published: json_api.Instant
    updated: json_api.Instant | None = None
    featured_community: bool = False
    featured_local: bool = False
    removed: bool = False
    deleted: bool = False
    nsfw: bool = False
    thumbnail_url: str | None = None


class _Counts(json_api.Shape):
    comments: int = 0
    upvotes: json_api.Votes = 0
    downvotes: json_api.Votes = 0
    child_count: json_api.Votes = 0


class _Post(json_api.Shape):
    post: _PostBody
    creator: _Creator = _Creator()
    counts: _Counts = _Counts()


class _RemarkBody(json_api.Shape):
    id: int
    content: str = ""
    path: str = "0"
    ap_id: str = ""
    published: json_api.Instant
    removed: bool = False
    deleted: bool = False


class _Remark(json_api.Shape):
    comment: _RemarkBody
    creator: _Creator = _Creator()
    counts: _Counts = _Counts()


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the posts made since an instant, with their comments."""
    parts = urlsplit(plan.url)
    home, community = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/").rpartition("/c/")[2]
    where = {"community_name": community} if community else {"type_": "Local"}
    posts: dict[int, _Post] = {}
    for page in range(1, MAX_PAGES + 1):
        answer = await json_api.fetch_json(get, f"{home}/api/v3/post/list", sort="New", limit=ROWS_PER_PAGE, page=page, **where)
        rows = json_api.read_rows(_Post, listed := json_api.list_at(answer, "posts"))
        posts.update({row.post.id: row for row in rows if row.post.published >= since})
        if len(listed) < ROWS_PER_PAGE or all(row.post.published < since for row in rows if not _featured(row)):
            break
    kept = [row for row in posts.values() if not (row.post.removed or row.post.deleted or row.post.nsfw)]
    made = await json_api.map_rows(lambda row: _article(row, plan), kept)
    articles = {article.id: (article, row) for article, row in zip(made, kept, strict=True) if article}
    listed = [row for row, _ in articles.values()]
    return Harvest(articles=tuple(listed)) + await json_api.read_threads(
        listed, lambda on: _thread(get, home, on, [articles[on.id][1]])
    )


async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the comments on the posts that link to each article."""
    home = plan.url.rstrip("/")

    async def one(on: Article) -> Harvest:
        answer = await json_api.fetch_json(get, f"{home}/api/v3/search", q=on.url, type_="Url", limit=10)
        rows = json_api.read_rows(_Post, json_api.list_at(answer, "posts"))
        return await _thread(get, home, on, [row for row in rows if row.post.url and identity(row.post.url) == identity(on.url)])

    return await json_api.read_threads(articles, one)


def _featured(row: _Post) -> bool:
    """Return whether a post is listed first whatever its date."""
    return row.post.featured_community or row.post.featured_local


def _article(row: _Post, plan: SourcePlan) -> Article | None:
    post = row.post
    url, text = link(post.url or post.ap_id), fields.body(fields.markdown(post.body or ""))
    if not url:
        return None
    return Article(
        id=fields.article_id(post.ap_id or str(post.id), plan.url),
        source=plan.label,
        url=url,
        title=fields.title(fields.escaped(post.name), text),
        author=fields.name(fields.escaped(row.creator.display_name or row.creator.name)),
        summary=fields.summary("", text),
        body_text=text,
        image=fields.image(post.thumbnail_url or "", url),
        published=post.published,
        updated=post.updated or post.published,
        comment_count=row.counts.comments,
    )


async def _thread(get: Get, home: str, on: Article, posts: Sequence[_Post]) -> Harvest:
    found: list[Comment] = []
    complete = bool(posts)
    for post in posts:
        for page in range(1, MAX_PAGES + 1):
            query = {"post_id": post.post.id, "sort": "Old", "type_": "All", "limit": ROWS_PER_PAGE, "page": page}
            listed = json_api.required_list(await json_api.fetch_json(get, f"{home}/api/v3/comment/list", **query), "comments")
            rows = json_api.read_rows(_Remark, listed)
            complete = complete and rows.complete
            found += await json_api.map_rows(partial(_comment, on=on), rows)
            if len(listed) < ROWS_PER_PAGE:
                break
        else:
            complete = False
    return json_api.thread_harvest(on, found, complete=complete)


def _comment(row: _Remark, on: Article) -> Comment:
    *above, _ = row.comment.path.split(".")
    parent = above[-1] if above and above[-1] != "0" else None
    return json_api.make_comment(
        on, f"lemmy-{row.comment.id}",
        parent=f"lemmy-{parent}" if parent else None,
        author=fields.escaped(row.creator.display_name or row.creator.name),
        markup=fields.markdown(row.comment.content),
        written_at=row.comment.published,
        url=row.comment.ap_id,
        removed=row.comment.removed or row.comment.deleted,
        up=max(0, row.counts.upvotes),
        down=max(0, row.counts.downvotes),
        replies=max(0, row.counts.child_count),
    )  # fmt: skip

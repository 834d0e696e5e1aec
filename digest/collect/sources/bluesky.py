"""A Bluesky account, read by the public API: its posts as articles with replies, or the replies to posts that link to articles.

`url` is the account's page (`https://bsky.app/profile/gazette.example`). Replies come from app.bsky.feed.getPostThread.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from html import escape
from urllib.parse import urlsplit

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan, SourcePlan
from digest.model import Article, Comment, Harvest
from digest.text.markup import identity, link

API = "https://public.api.bsky.app/xrpc"
MAX_PAGES = 5
ROWS_PER_PAGE = 100
MAX_DEPTH = 10


class _Author(json_api.Shape):
    handle: str
    displayName: str | None = None  # noqa: N815  as the API names it
    labels: tuple[dict[str, object], ...] = ()


class _Ref(json_api.Shape):
    uri: str = ""


class _Reply(json_api.Shape):
    parent: _Ref = _Ref()


class _External(json_api.Shape):
    uri: str = ""
    title: str = ""


class _Embed(json_api.Shape):
    external: _External | None = None


class _Record(json_api.Shape):
    text: str = ""
    createdAt: json_api.Instant  # noqa: N815
    reply: _Reply | None = None


class _Post(json_api.Shape):
    uri: str
    author: _Author
    record: _Record
    embed: _Embed | None = None
    likeCount: json_api.Votes = 0  # noqa: N815
    replyCount: json_api.Votes = 0  # noqa: N815
    labels: tuple[dict[str, object], ...] = ()

    @property
    def page(self) -> str:
        """The address of the post's web page."""
        return f"https://bsky.app/profile/{self.author.handle}/post/{self.uri.rpartition('/')[2]}"


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the account's posts since an instant as articles, with their replies."""
    posts = {row.uri: row for row in await _posts(plan.url, get, since)}
    articles = await json_api.map_rows(lambda row: _article(row, plan), [row for row in posts.values() if row.record.text.strip()])
    return Harvest(articles=tuple(articles)) + await json_api.read_threads(
        articles, lambda on: _thread(get, on, [posts[on.id.partition(":")[2]]])
    )


async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the replies to the account's posts that link to each article."""
    if not articles:
        return Harvest()
    rows = await _posts(plan.url, get, min(row.published for row in articles))
    linked = [
        (row, identity(row.embed.external.uri)) for row in rows if row.embed and row.embed.external and link(row.embed.external.uri)
    ]
    return await json_api.read_threads(
        articles, lambda on: _thread(get, on, [row for row, url in linked if url == identity(on.url)])
    )


async def _posts(url: str, get: Get, since: datetime) -> list[_Post]:
    """Return the account's own posts since an instant."""
    actor = urlsplit(url).path.rstrip("/").rpartition("/")[2]
    found: list[_Post] = []
    cursor = ""
    for _ in range(MAX_PAGES):
        more = {"cursor": cursor} if cursor else {}
        answer = await json_api.fetch_json(
            get, f"{API}/app.bsky.feed.getAuthorFeed", actor=actor, filter="posts_no_replies", limit=ROWS_PER_PAGE, **more
        )
        rows = json_api.read_rows(
            _Post, [row.get("post") for row in json_api.list_at(answer, "feed") if isinstance(row, dict) and "reason" not in row]
        )
        found += rows
        cursor = str(json_api.value_at(answer, "cursor") or "")
        if not cursor or not rows or rows[-1].record.createdAt < since:
            break
    return [row for row in found if row.record.createdAt >= since]


def _article(row: _Post, plan: SourcePlan) -> Article:
    text = fields.body(escape(row.record.text).replace("\n", "<br>"))
    return Article(
        id=f"{urlsplit(plan.url).hostname}:{row.uri}",
        source=plan.label,
        url=link(row.page) or plan.url,
        title=fields.title("", text),
        author=fields.name(escape(row.author.displayName or row.author.handle)),
        summary=fields.summary("", text),
        body_text=text,
        published=row.record.createdAt,
        updated=row.record.createdAt,
        comment_count=row.replyCount,
    )


async def _thread(get: Get, on: Article, posts: Sequence[_Post]) -> Harvest:
    found: list[Comment] = []
    complete = bool(posts)
    for post in posts:
        answer = await json_api.fetch_json(get, f"{API}/app.bsky.feed.getPostThread", uri=post.uri, depth=MAX_DEPTH, parentHeight=0)
        rows = _replies(answer)
        hidden = {uri for uri in json_api.list_at(answer, "threadgate", "record", "hiddenReplies") if isinstance(uri, str)}
        complete = complete and rows.complete
        found += await json_api.map_rows(partial(_comment, on=on, top=post.uri, hidden=hidden), rows)
    return json_api.thread_harvest(on, found, complete=complete)


def _replies(answer: object) -> json_api.Rows[_Post]:
    """Return the posts below one, at any depth, without blocked and deleted ones; not `complete` if one has further replies."""
    open_: list[object] = [json_api.value_at(answer, "thread")]
    found: list[object] = []
    complete = True
    while open_ and len(found) <= json_api.MAX_COMMENTS:
        row = open_.pop()
        below, count = json_api.list_at(row, "replies"), json_api.value_at(row, "post", "replyCount")
        complete = complete and not (isinstance(count, int) and count > len(below))
        found += [json_api.value_at(reply, "post") for reply in below]
        open_ += below
    rows = json_api.read_rows(_Post, filter(None, found))
    rows.complete = rows.complete and complete and not open_
    return rows


def _comment(row: _Post, on: Article, top: str, hidden: set[str]) -> Comment:
    """Return a reply; it is not printed if it or its writer has a label (moderation, members only), or the account hides it."""
    parent = row.record.reply.parent.uri if row.record.reply else top
    return json_api.make_comment(
        on, row.uri,
        parent=parent if parent not in {"", top} else None,
        author=escape(row.author.displayName or row.author.handle),
        markup=escape(row.record.text).replace("\n", "<br>"),
        written_at=row.record.createdAt,
        url=row.page,
        removed=bool(row.labels or row.author.labels) or row.uri in hidden,
        up=row.likeCount,
        replies=max(0, row.replyCount),
    )  # fmt: skip

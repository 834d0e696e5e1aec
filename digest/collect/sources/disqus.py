"""Disqus comments on another source's articles: a site that uses Disqus hides its comments from its own API and feeds.

`forum` is the site's short name. `key` is a public API key (disqus.com/api/applications). In API 3.0, threads/listPosts finds a
thread by its article's address and pages through its posts with a cursor.
"""

from collections.abc import Sequence

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan
from digest.errors import SourceError
from digest.model import Article, Comment, Harvest

API = "https://disqus.com/api/3.0/threads/listPosts.json"
MAX_PAGES = 20
ROWS_PER_PAGE = 100


class _Author(json_api.Shape):
    name: str | None = None
    username: str | None = None


class _Post(json_api.Shape):
    id: str
    parent: str | None = None
    author: _Author = _Author()
    message: str = ""
    createdAt: json_api.Instant  # noqa: N815  as Disqus names it
    likes: json_api.Votes = 0
    dislikes: json_api.Votes = 0
    isApproved: bool = True  # noqa: N815
    isDeleted: bool = False  # noqa: N815
    isSpam: bool = False  # noqa: N815
    isFlagged: bool = False  # noqa: N815


async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the comments on each article."""

    async def one(on: Article) -> Harvest:
        rows, complete = await _posts(plan, get, on)
        return json_api.thread_harvest(on, await json_api.map_rows(lambda row: _comment(row, on), rows), complete=complete)

    return await json_api.read_threads(articles, one)


async def _posts(plan: CommentsPlan, get: Get, on: Article) -> tuple[list[_Post], bool]:
    """Return the posts of a thread, and whether they are all of them."""
    found: list[_Post] = []
    cursor: dict[str, str] = {}
    for _ in range(MAX_PAGES):
        query = {
            "api_key": plan.key,
            "forum": plan.forum,
            "thread": f"link:{on.url}",
            "limit": ROWS_PER_PAGE,
            "order": "asc",
            **cursor,
        }
        try:
            answer = await json_api.fetch_json(get, API, **query)
        except SourceError as error:
            if "argument" in error.what and "thread" in error.what:
                return [], False
            raise
        found += json_api.read_rows(_Post, json_api.required_list(answer, "response"))
        if not json_api.value_at(answer, "cursor", "hasNext"):
            return found, True
        cursor = {"cursor": str(json_api.value_at(answer, "cursor", "next"))}
    return found, False


def _comment(row: _Post, on: Article) -> Comment:
    return json_api.make_comment(
        on, f"disqus-{row.id}",
        parent=f"disqus-{row.parent}" if row.parent else None,
        author=fields.escaped(row.author.name or row.author.username or ""),
        markup=row.message,
        written_at=row.createdAt,
        url=f"{on.url}#comment-{row.id}",
        removed=row.isDeleted or row.isSpam or row.isFlagged or not row.isApproved,
        up=max(0, row.likes),
        down=max(0, row.dislikes),
    )  # fmt: skip

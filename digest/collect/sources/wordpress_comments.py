"""The comments on a WordPress site's posts, from its API or from each post's feed."""

import asyncio
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel

from digest.collect.fetch import Get
from digest.collect.sources import fields
from digest.collect.sources.comment_feed import BEGINNING, read_thread
from digest.collect.sources.wordpress_api import ApiClosedError, RenderedText, UtcDate, fetch_rows, parse_row
from digest.config import SourcePlan
from digest.model import Article, Comment, Failure, Harvest, ThreadCoverage
from digest.text.markup import link

COMMENTS_PER_PAGE = 100  # comments a page, the API's maximum
ARTICLES_PER_REQUEST = 40  # articles whose comments one request asks for
_STATES: dict[str, Literal["approved", "held", "spam", "deleted"]] = {
    "approved": "approved", "hold": "held", "spam": "spam", "trash": "deleted",
}  # fmt: skip


class _Remark(BaseModel):
    id: int
    post: int
    parent: int = 0
    author_name: str = ""
    date_gmt: UtcDate
    content: RenderedText = RenderedText()
    link: str = ""
    status: str = "approved"
    type: str = "comment"


async def read_comments(get: Get, root: str, plan: SourcePlan, articles: dict[int, Article]) -> Sequence[Harvest]:
    """Return the comments on all public articles, in batches."""
    public = [number for number, row in articles.items() if row.access == "public"]
    batches = [public[at : at + ARTICLES_PER_REQUEST] for at in range(0, len(public), ARTICLES_PER_REQUEST)]
    return await asyncio.gather(*(_batch(get, root, plan, articles, batch) for batch in batches))


async def _batch(get: Get, root: str, plan: SourcePlan, articles: dict[int, Article], numbers: list[int]) -> Harvest:
    """Return one batch; if a post closes the API for it, ask for the posts one by one, and for a closed one by its feed."""
    query = {"post": ",".join(map(str, numbers)), "order": "asc", "orderby": "date_gmt", "per_page": str(COMMENTS_PER_PAGE)}
    try:
        rows, missing = await fetch_rows(get, root, "comments", query)
    except ApiClosedError:
        if len(numbers) == 1:
            return await _by_comment_feed(get, articles[numbers[0]])
        return sum([await _batch(get, root, plan, articles, [number]) for number in numbers], Harvest())
    if missing and len(numbers) > 1:
        return sum([await _batch(get, root, plan, articles, [number]) for number in numbers], Harvest())
    found, odd = await fields.off_loop(_remarks, rows, articles)
    complete = not missing and not odd
    failure = Failure(source=plan.label, reason=f"could not read all comments on {articles[numbers[0]].url}")
    return Harvest(
        comments=found,
        threads=tuple(ThreadCoverage(article_id=articles[number].id, complete_since=BEGINNING) for number in numbers if complete),
        failures=() if complete else (failure,),
    )


async def _by_comment_feed(get: Get, on: Article) -> Harvest:
    """Return a post's comments from its feed, whose address follows from the post's: a permalink, or one with `p=` and a number."""
    parts = urlsplit(on.url)
    bare = on.url.partition("#")[0]
    urls = [f"{bare}&feed=rss2", f"{bare}&feed=comments-rss2"] if "p=" in parts.query else [f"{bare.rstrip('/')}/feed/"]
    found = Harvest()
    for url in urls:
        found = await read_thread(get, on, url)
        if not found.failures:
            break
    return found


def _remarks(rows: Sequence[Any], articles: dict[int, Article]) -> tuple[tuple[Comment, ...], int]:
    """Return the comments on the given articles, and how many rows have an unknown form."""
    remarks = [parse_row(_Remark, row) for row in rows]
    return tuple(comment(row, articles[row.post]) for row in remarks if row and row.post in articles), remarks.count(None)


def comment(remark: _Remark, on: Article) -> Comment:
    """Return one comment; its id is the one that the site's feeds give it."""
    return Comment(
        id=f"{on.id}#comment-{remark.id}",
        article_id=on.id,
        parent_id=f"{on.id}#comment-{remark.parent}" if remark.parent else None,
        author=fields.name(remark.author_name),
        text=fields.comment_text(remark.content.rendered),
        links=fields.count_links(remark.content.rendered),
        written=remark.date_gmt,
        url=link(remark.link, on.url) or on.url,
        kind="comment" if remark.type in {"comment", ""} else "pingback",
        state=_STATES.get(remark.status, "held"),
    )

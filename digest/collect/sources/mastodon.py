"""A Mastodon account: its posts as articles with their replies, or the replies to its posts that link to articles.

`url` is the account's page (`https://mastodon.example/@gazette`). The context of a status has its replies.
"""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from urllib.parse import urlsplit

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan, SourcePlan
from digest.errors import SourceError
from digest.model import Article, Comment, Harvest
from digest.text.markup import identity, link

MAX_PAGES = 5
ROWS_PER_PAGE = 40  # the API's maximum
MAX_CONTEXT_REPLIES = 60  # replies that the API shows a stranger, at most
_QUOTING = re.compile(r"\s*\bRE: https?://\S+\s*$")  # how Misskey marks a quoted post
_HREF = re.compile(r'href="([^"]+)"')
_MENTIONS = re.compile(
    r'^(<p>)?(?:\s*<span class="h-card"[^>]*>(?:(?!</a></span>).){0,2000}</a></span>\s*)+'
)  # the people that a reply answers, before its own text


class _Account(json_api.Shape):
    id: str = ""
    acct: str = ""
    display_name: str = ""


class _Card(json_api.Shape):
    url: str = ""
    title: str = ""
    image: str | None = None


class _Status(json_api.Shape):
    id: str
    created_at: json_api.Instant
    edited_at: json_api.Instant | None = None
    in_reply_to_id: str | None = None
    visibility: str = "public"
    sensitive: bool = False
    spoiler_text: str = ""
    url: str | None = None
    content: str = ""
    account: _Account = _Account()
    card: _Card | None = None
    reblog: dict[str, object] | None = None
    favourites_count: json_api.Votes = 0
    replies_count: json_api.Votes = 0


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the account's posts since an instant as articles, with their replies."""
    home = _home(plan.url)
    statuses = {fields.article_id(row.url or row.id, plan.url): row for row in await _statuses(plan.url, get, since)}
    made = await json_api.map_rows(lambda row: _article(row, plan), list(statuses.values()))
    articles = [article for article in made if article]
    return Harvest(articles=tuple(articles)) + await json_api.read_threads(
        articles, lambda on: _thread(get, home, on, [statuses[on.id]])
    )


async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the replies to the account's posts that link to each article."""
    if not articles:
        return Harvest()
    home, rows = _home(plan.url), await _statuses(plan.url, get, min(row.published for row in articles))
    linked = [(row, {identity(url) for url in _links(row)}) for row in rows]
    return await json_api.read_threads(
        articles, lambda on: _thread(get, home, on, [row for row, urls in linked if identity(on.url) in urls])
    )


def _home(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


async def _statuses(url: str, get: Get, since: datetime) -> list[_Status]:
    """Return the account's own public posts since an instant, newest first."""
    home, name = _home(url), urlsplit(url).path.strip("/").removeprefix("@")
    accounts = json_api.read_rows(_Account, [await json_api.fetch_json(get, f"{home}/api/v1/accounts/lookup", acct=name)])
    if not name or not accounts or not accounts[0].id:
        raise SourceError(
            "account not found", thing=url, remedy="Use the address of its page, as in https://mastodon.example/@name."
        )
    found: list[_Status] = []
    for _ in range(MAX_PAGES):
        older = {"max_id": found[-1].id} if found else {}
        answer = await json_api.fetch_json(
            get,
            f"{home}/api/v1/accounts/{accounts[0].id}/statuses",
            exclude_replies="true",
            exclude_reblogs="true",
            limit=ROWS_PER_PAGE,
            **older,
        )
        page = answer if isinstance(answer, list) else []
        rows = json_api.read_rows(_Status, page)
        found += rows
        if len(page) < ROWS_PER_PAGE or not rows or rows[-1].created_at < since:
            break
    return [row for row in found if row.created_at >= since and row.visibility in {"public", "unlisted"} and row.reblog is None]


def _links(row: _Status) -> list[str]:
    return [url for url in [row.card.url if row.card else "", *map(html.unescape, _HREF.findall(row.content))] if link(url)]


def _article(row: _Status, plan: SourcePlan) -> Article | None:
    """Return a post as an article; if it is behind a warning, only the warning is printed."""
    text = "" if row.spoiler_text else _QUOTING.sub("", fields.body(fields.without_emoji_codes(row.content)))
    url = link(row.url or "")
    if not url or not (text or row.spoiler_text):
        return None
    return Article(
        id=fields.article_id(row.url or row.id, plan.url),
        source=plan.label,
        url=url,
        title=fields.title(fields.escaped(row.spoiler_text), text),
        author=fields.name(fields.escaped(row.account.display_name or row.account.acct)),
        summary=fields.summary("", text),
        body_text=text,
        published=row.created_at,
        updated=row.edited_at or row.created_at,
        comment_count=row.replies_count,
    )


async def _thread(get: Get, home: str, on: Article, statuses: Sequence[_Status]) -> Harvest:
    found: list[Comment] = []
    complete = bool(statuses)
    for status in statuses:
        answer = await json_api.fetch_json(get, f"{home}/api/v1/statuses/{status.id}/context")
        rows = json_api.read_rows(_Status, json_api.required_list(answer, "descendants"))
        complete = complete and rows.complete and len(rows) < MAX_CONTEXT_REPLIES
        shown = [row for row in rows if row.visibility in {"public", "unlisted"}]
        found += await json_api.map_rows(partial(_comment, on=on, top=status.id), shown)
    return json_api.thread_harvest(on, found, complete=complete)


def _comment(row: _Status, on: Article, top: str) -> Comment:
    """Return a reply; one behind a warning is not printed."""
    return json_api.make_comment(
        on, f"status-{row.id}",
        parent=f"status-{row.in_reply_to_id}" if row.in_reply_to_id not in {None, top} else None,
        author=fields.escaped(row.account.display_name or row.account.acct),
        markup=fields.without_emoji_codes(_MENTIONS.sub(r"\1", row.content)),
        written_at=row.created_at,
        url=row.url or "",
        removed=row.sensitive or bool(row.spoiler_text),
        up=row.favourites_count,
        replies=row.replies_count,
    )  # fmt: skip

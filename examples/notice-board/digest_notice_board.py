"""A town hall's notice board as a source: a JSON list of notices, each with a title, a text in HTML, a link and a date.

[[sources]]
kind = "notice-board"
url = "https://townhall.example/notices.json"
options = { board = "planning" }
"""

import json
from datetime import datetime
from typing import Any

from digest.collect.sources.plugin import (
    UNDATED,
    Article,
    Failure,
    Get,
    Harvest,
    Response,
    SourceError,
    SourcePlan,
    article_id,
    body,
    byline,
    date_style,
    link,
    moment,
    off_loop,
    summary,
    title,
)


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The notices put up since an instant."""
    response = await get(plan.url)
    if not response.ok:
        raise SourceError(response.reason, thing=response.url)
    notices, unread = await off_loop(_notices, response, plan)  # a stranger's bytes are never parsed on the event loop
    failures = (Failure(source=plan.label, reason=f"skipped {unread} notices without a link"),) if unread else ()
    return Harvest(articles=tuple(row for row in notices if row.guessed or row.published >= since), failures=failures)


def _notices(response: Response, plan: SourcePlan) -> tuple[list[Article], int]:
    try:
        rows = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        raise SourceError("this is not JSON", thing=response.url) from error
    if not isinstance(rows, list):
        raise SourceError("this is not a list of notices", thing=response.url)
    board = str(plan.options.get("board", ""))
    wanted = [row for row in rows[:1_000] if isinstance(row, dict) and str(row.get("board", "")) in {board, ""}]
    found = [_article(row, plan, response.url) for row in wanted]
    return [row for row in found if row], found.count(None)


def _article(row: dict[str, Any], plan: SourcePlan, base: str) -> Article | None:
    url = link(str(row.get("url", "")), base)
    if not url:
        return None
    text, published = body(str(row.get("html", ""))), moment(str(row.get("date", "")), date_style(plan))
    return Article(
        id=article_id(str(row.get("id") or url), plan.url, url),
        source=plan.label,
        url=url,
        title=title(str(row.get("title", "")), text),
        author=byline([str(row.get("office", ""))]),
        summary=summary("", text),
        body_text=text,
        published=published or UNDATED,
        updated=published or UNDATED,
        guessed=published is None,
    )

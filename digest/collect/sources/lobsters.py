"""Lobsters, or another site on its software: the newest stories, at the addresses they link to, and their comments."""

from datetime import datetime

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import SourcePlan
from digest.model import Article, Comment, Harvest
from digest.text.markup import link

MAX_PAGES = 5


class _Story(json_api.Shape):
    short_id: str
    title: str = ""
    url: str = ""
    comments_url: str = ""
    created_at: json_api.Instant
    comment_count: int | None = None
    description: str = ""
    submitter_user: str | dict[str, object] = ""
    tags: tuple[str, ...] = ()


class _Remark(json_api.Shape):
    short_id: str
    created_at: json_api.Instant
    comment: str = ""
    commenting_user: str | dict[str, object] = ""
    parent_comment: str | None = None
    score: json_api.Votes = 0
    flags: json_api.Votes = 0
    is_deleted: bool = False
    is_moderated: bool = False
    url: str = ""


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the stories posted since an instant, with their comments."""
    home = plan.url.rstrip("/")
    stories: dict[str, _Story] = {}
    for page in range(1, MAX_PAGES + 1):
        answer = await json_api.fetch_json(get, f"{home}/newest/page/{page}.json")
        rows = json_api.read_rows(_Story, answer if isinstance(answer, list) else [])
        stories.update({row.short_id: row for row in rows if row.created_at >= since})
        if not rows or min(row.created_at for row in rows) < since:
            break
    made = await json_api.map_rows(lambda row: _article(row, plan), list(stories.values()))
    articles = {article.id: (article, key) for key, article in zip(stories, made, strict=True) if article}
    listed = [row for row, _ in articles.values()]
    return Harvest(articles=tuple(listed)) + await json_api.read_threads(
        listed, lambda on: _thread(get, home, on, articles[on.id][1])
    )


def _article(row: _Story, plan: SourcePlan) -> Article | None:
    url, text = link(row.url or row.comments_url), fields.body(row.description)
    if not url:
        return None
    return Article(
        id=fields.article_id(row.short_id, plan.url),
        source=plan.label,
        url=url,
        title=fields.title(fields.escaped(row.title), text),
        author=fields.name(fields.escaped(_user(row.submitter_user))),
        summary=fields.summary("", text),
        body_text=text,
        topics=fields.topics(row.tags),
        published=row.created_at,
        updated=row.created_at,
        comment_count=row.comment_count,
    )


def _user(user: str | dict[str, object]) -> str:
    """Return a user's name; until 2024 the API gave an object."""
    return user if isinstance(user, str) else str(user.get("username", ""))


async def _thread(get: Get, home: str, on: Article, key: str) -> Harvest:
    if on.comment_count == 0:
        return json_api.thread_harvest(on, [], complete=True)
    answer = await json_api.fetch_json(get, f"{home}/s/{key}.json")
    rows = json_api.read_rows(_Remark, json_api.required_list(answer, "comments"))
    return json_api.thread_harvest(on, await json_api.map_rows(lambda row: _comment(row, on, home), rows), complete=rows.complete)


def _comment(row: _Remark, on: Article, home: str) -> Comment:
    """Return one comment. Its score begins with its writer's own vote; flags are the votes against it."""
    return json_api.make_comment(
        on, row.short_id,
        parent=row.parent_comment,
        author=fields.escaped(_user(row.commenting_user)),
        markup=row.comment,
        written_at=row.created_at,
        url=row.url or f"{home}/c/{row.short_id}",
        removed=row.is_deleted or row.is_moderated,
        up=max(0, row.score + row.flags),
        down=max(0, row.flags),
    )  # fmt: skip

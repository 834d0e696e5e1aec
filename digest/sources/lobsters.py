"""Lobsters, or another site on its software: the newest stories at the address they link to, and their comments."""

from datetime import datetime

from digest.config import SourcePlan
from digest.fetch import Get
from digest.markup import link
from digest.model import Article, Comment, Harvest
from digest.sources import api, written

PAGES = 5


class _Story(api.Shape):
    short_id: str
    title: str = ""
    url: str = ""
    comments_url: str = ""
    created_at: api.Instant
    comment_count: int | None = None
    description: str = ""
    submitter_user: str | dict[str, object] = ""
    tags: tuple[str, ...] = ()


class _Remark(api.Shape):
    short_id: str
    created_at: api.Instant
    comment: str = ""
    commenting_user: str | dict[str, object] = ""
    parent_comment: str | None = None
    score: api.Votes = 0
    flags: api.Votes = 0
    is_deleted: bool = False
    is_moderated: bool = False
    url: str = ""


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The stories posted since an instant, and their comments."""
    home = plan.url.rstrip("/")
    stories: dict[str, _Story] = {}
    for page in range(1, PAGES + 1):
        answer = await api.asked(get, f"{home}/newest/page/{page}.json")
        rows = api.read(_Story, answer if isinstance(answer, list) else [])
        stories.update({row.short_id: row for row in rows if row.created_at >= since})
        if not rows or min(row.created_at for row in rows) < since:
            break
    made = await api.each(lambda row: _article(row, plan), list(stories.values()))
    articles = {article.id: (article, key) for key, article in zip(stories, made, strict=True) if article}
    listed = [row for row, _ in articles.values()]
    return Harvest(articles=tuple(listed)) + await api.threads(listed, lambda on: _thread(get, home, on, articles[on.id][1]))


def _article(row: _Story, plan: SourcePlan) -> Article | None:
    url, text = link(row.url or row.comments_url), written.body(row.description)
    if not url:
        return None
    return Article(
        id=written.article_id(row.short_id, plan.url),
        source=plan.label,
        url=url,
        title=written.title(written.escaped(row.title), text),
        author=written.name(written.escaped(_user(row.submitter_user))),
        summary=written.summary("", text),
        body_text=text,
        topics=written.topics(row.tags),
        published=row.created_at,
        updated=row.created_at,
        comment_count=row.comment_count,
    )


def _user(user: str | dict[str, object]) -> str:
    """A user's name; until 2024 it was an object."""
    return user if isinstance(user, str) else str(user.get("username", ""))


async def _thread(get: Get, home: str, on: Article, key: str) -> Harvest:
    if on.comment_count == 0:
        return api.thread(on, [], whole=True)
    answer = await api.asked(get, f"{home}/s/{key}.json")
    rows = api.read(_Remark, api.listed(answer, "comments"))
    return api.thread(on, await api.each(lambda row: _comment(row, on, home), rows), whole=rows.whole)


def _comment(row: _Remark, on: Article, home: str) -> Comment:
    """Each comment begins with its writer's own vote; flags are the votes against it."""
    return api.remark(
        on, row.short_id,
        parent=row.parent_comment,
        author=written.escaped(_user(row.commenting_user)),
        markup=row.comment,
        written_at=row.created_at,
        url=row.url or f"{home}/c/{row.short_id}",
        removed=row.is_deleted or row.is_moderated,
        up=max(0, row.score + row.flags),
        down=max(0, row.flags),
    )  # fmt: skip

"""Hacker News by its Algolia search API, with the order of comments from the Firebase API; as a source, or by article URL.

As a source, stories with at least `points` points (50) are articles, at the address they link to. Votes on comments are not
public; only the order of `kids` shows what readers think of them.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan, SourcePlan
from digest.model import Article, Comment, Failure, Harvest
from digest.text.markup import identity, link

ALGOLIA = "https://hn.algolia.com/api/v1"
FIREBASE = "https://hacker-news.firebaseio.com/v0"
SITE = "https://news.ycombinator.com"
MAX_STORIES = 50
MIN_POINTS = 50


class _Story(json_api.Shape):
    objectID: str  # noqa: N815  as Algolia names it
    title: str | None = None
    url: str | None = None
    author: str = ""
    story_text: str | None = None
    points: json_api.Votes | None = None
    num_comments: int | None = None
    created_at_i: json_api.Instant


class _Item(json_api.Shape):
    id: int
    author: str | None = None
    text: str | None = None
    created_at_i: json_api.Instant
    parent_id: int | None = None


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the stories posted since an instant that have enough points, with their comments."""
    points = plan.options.get("points", MIN_POINTS)
    filters = f"created_at_i>={int(since.timestamp())},points>={points}"
    answer = await json_api.fetch_json(
        get, f"{ALGOLIA}/search_by_date", tags="story", numericFilters=filters, hitsPerPage=MAX_STORIES
    )
    rows = json_api.read_rows(_Story, json_api.list_at(answer, "hits"))
    made = await json_api.map_rows(partial(_article, plan=plan), rows)
    stories = {article.id: (article, row.objectID) for article, row in zip(made, rows, strict=True) if article}
    articles = [row for row, _ in stories.values()]
    total = json_api.value_at(answer, "nbHits")
    more = f"only {MAX_STORIES} of {total} stories with {points} points were read. Raise options.points."
    failures = (Failure(source=plan.label, reason=more),) if isinstance(total, int) and total > MAX_STORIES else ()
    return Harvest(articles=tuple(articles), failures=failures) + await json_api.read_threads(
        articles, lambda on: _thread(get, on, [stories[on.id][1]])
    )


async def discuss(_plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the comments on the stories that link to each article."""

    async def one(on: Article) -> Harvest:
        answer = await json_api.fetch_json(
            get, f"{ALGOLIA}/search", query=on.url, restrictSearchableAttributes="url", tags="story", hitsPerPage=10
        )
        rows = json_api.read_rows(_Story, json_api.list_at(answer, "hits"))
        return await _thread(get, on, [row.objectID for row in rows if row.url and identity(row.url) == identity(on.url)])

    return await json_api.read_threads(articles, one)


def _article(row: _Story, plan: SourcePlan) -> Article | None:
    discussion = f"{SITE}/item?id={row.objectID}"
    url, text = link(row.url or discussion), fields.body(row.story_text or "")
    if not url:
        return None
    return Article(
        id=fields.article_id(discussion, SITE),
        source=plan.label,
        url=url,
        title=fields.title(fields.escaped(row.title or ""), text),
        author=fields.name(fields.escaped(row.author)),
        summary=fields.summary("", text),
        body_text=text,
        published=row.created_at_i,
        updated=row.created_at_i,
        comment_count=row.num_comments,
    )


async def _thread(get: Get, on: Article, stories: Sequence[str]) -> Harvest:
    found: list[Comment] = []
    complete = bool(stories)
    for story in stories:
        answer = await json_api.fetch_json(get, f"{ALGOLIA}/items/{story}")
        ranked = await json_api.fetch_json(get, f"{FIREBASE}/item/{story}.json")
        places = {kid: place for place, kid in enumerate(json_api.list_at(ranked, "kids")) if isinstance(kid, int)}
        rows = _items(answer)
        complete = complete and rows.complete
        found += await json_api.map_rows(partial(_comment, on=on, story=int(story), places=places), rows)
    return json_api.thread_harvest(on, found, complete=complete)


def _items(answer: object) -> json_api.Rows[_Item]:
    """Return all comments below a story, at any depth."""
    found, open_ = list[object](), json_api.required_list(answer, "children")
    while open_ and len(found) <= json_api.MAX_COMMENTS:
        row = open_.pop()
        found.append(row)
        open_ += json_api.list_at(row, "children")
    rows = json_api.read_rows(_Item, found)
    rows.complete = rows.complete and not open_
    return rows


def _comment(row: _Item, on: Article, story: int, places: dict[int, int]) -> Comment:
    return json_api.make_comment(
        on, f"hn-{row.id}",
        parent=f"hn-{row.parent_id}" if row.parent_id not in {None, story} else None,
        author=fields.escaped(row.author or ""),
        markup=row.text,
        written_at=row.created_at_i,
        url=f"{SITE}/item?id={row.id}",
        removed=not row.text,
        place=places.get(row.id),
    )  # fmt: skip

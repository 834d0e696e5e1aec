"""A Discourse forum: its new topics as articles with their posts as comments, or the topics that discuss given articles.

`url` is the forum (which may be in a folder of a site), a category (`/c/town/5`) or a tag. A topic's first post is the article.
A reply names the post that it answers by its number. Likes are the action with id 2.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import CommentsPlan, SourcePlan
from digest.model import Article, Comment, Harvest
from digest.text.markup import identity, link

MAX_PAGES = 10
POSTS_PER_REQUEST = 50  # posts requested at once; a topic comes with its first twenty
_HREF = re.compile(r'href="([^"]+)"')
_LISTING = re.compile(r"(?<=[^/])/(?:c|tags?|latest|new|top|hot|unseen|topics|g)(?:/.*)?$")
_LIKE = 2
_REGULAR = 1  # post_type; the others are moderators' actions and whispers


class _Topic(json_api.Shape):
    id: int
    title: str = ""
    slug: str = "-"
    created_at: json_api.Instant
    posts_count: int = 1
    visible: bool = True
    pinned: bool = False
    image_url: str | None = None
    tags: tuple[str | dict[str, object], ...] = ()


class _Action(json_api.Shape):
    id: int
    count: json_api.Votes = 0


class _Post(json_api.Shape):
    id: int
    post_number: int
    username: str = ""
    name: str | None = None
    cooked: str = ""
    created_at: json_api.Instant
    updated_at: json_api.Instant | None = None
    reply_to_post_number: int | None = None
    reply_count: json_api.Votes = 0
    post_type: int = _REGULAR
    hidden: bool = False
    user_deleted: bool = False
    deleted_at: str | None = None
    actions_summary: tuple[_Action, ...] = ()


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the topics begun since an instant, with their posts."""
    home, listing = _places(plan.url)
    topics: dict[int, _Topic] = {}
    for page in range(MAX_PAGES):
        answer = await json_api.fetch_json(get, f"{listing}.json", order="created", page=page)
        rows = json_api.read_rows(_Topic, json_api.list_at(answer, "topic_list", "topics"))
        topics.update({row.id: row for row in rows if row.visible and row.created_at >= since})
        if not rows or all(row.created_at < since for row in rows if not row.pinned):
            break
    stubs = {fields.article_id(f"{home}/t/{row.id}", plan.url): row for row in topics.values()}
    made = await json_api.map_rows(lambda row: _article_stub(row, home, plan), list(stubs.values()))
    bare = [replace(row, id=key) for key, row in zip(stubs, made, strict=True)]
    return await json_api.read_threads(bare, lambda on: _read_topic(get, home, on, stubs[on.id]))


def _places(url: str) -> tuple[str, str]:
    """Return the address of the forum, which may be a folder of its site, and the address that lists its new topics."""
    whole = url.rstrip("/")
    listing = _LISTING.search(whole)
    return (whole[: listing.start()], whole) if listing else (whole, f"{whole}/latest")


async def discuss(plan: CommentsPlan, get: Get, articles: Sequence[Article]) -> Harvest:
    """Return the posts of the topic that discusses each article, found by a search for the article's address."""
    home = plan.url.rstrip("/")

    async def one(on: Article) -> Harvest:
        answer = await json_api.fetch_json(get, f"{home}/search.json", q=f'"{on.url}"')
        hits = [row for row in json_api.list_at(answer, "posts") if isinstance(row, dict) and row.get("post_number") == 1]
        for topic in [row["topic_id"] for row in hits if isinstance(row.get("topic_id"), int)][:3]:
            first, found = await _read_posts(get, home, topic)
            if first and identity(on.url) in {identity(html.unescape(url)) for url in _HREF.findall(first.cooked)}:
                return await _harvest(on, found, home, topic)
        return Harvest()

    return await json_api.read_threads(articles, one)


def _article_stub(topic: _Topic, home: str, plan: SourcePlan) -> Article:
    """Return a topic as an article, before its first post is read."""
    url = f"{home}/t/{topic.slug}/{topic.id}"
    return Article(
        id=fields.article_id(f"{home}/t/{topic.id}", plan.url),
        source=plan.label,
        url=link(url) or f"{home}/t/{topic.id}",
        title=fields.title(fields.escaped(topic.title), ""),
        image=fields.image(topic.image_url or "", home),
        topics=fields.topics([fields.escaped(tag if isinstance(tag, str) else str(tag.get("name", ""))) for tag in topic.tags]),
        published=topic.created_at,
        updated=topic.created_at,
        comment_count=max(0, topic.posts_count - 1),
    )


async def _read_topic(get: Get, home: str, on: Article, topic: _Topic) -> Harvest:
    """Return a topic with its posts; the first of them is the article's text."""
    first, found = await _read_posts(get, home, topic.id)
    article = await fields.off_loop(_with_text, on, first) if first else on
    return Harvest(articles=(article,)) + await _harvest(article, found, home, topic.id)


def _with_text(on: Article, first: _Post) -> Article:
    text = fields.body(first.cooked)
    author = fields.byline([fields.escaped(first.name or first.username)])
    return replace(on, author=author, body_text=text, summary=fields.summary("", text), updated=first.updated_at or on.updated)


async def _read_posts(get: Get, home: str, topic: int) -> tuple[_Post | None, json_api.Rows[_Post]]:
    """Return the first post and the others; the others are `complete` if no post of the topic is missing."""
    answer = await json_api.fetch_json(get, f"{home}/t/{topic}.json")
    rows = json_api.read_rows(_Post, json_api.required_list(answer, "post_stream", "posts"))
    stream = json_api.required_list(answer, "post_stream", "stream")
    have = {row.id for row in rows}
    missing = [number for number in stream[: json_api.MAX_COMMENTS] if isinstance(number, int) and number not in have]
    for at in range(0, len(missing), POSTS_PER_REQUEST):
        query = "&".join(f"post_ids[]={number}" for number in missing[at : at + POSTS_PER_REQUEST])
        rows += json_api.read_rows(
            _Post, json_api.list_at(await json_api.fetch_json(get, f"{home}/t/{topic}/posts.json?{query}"), "post_stream", "posts")
        )
    first = next((row for row in rows if row.post_number == 1), None)
    rest = json_api.Rows(row for row in rows if row.post_number != 1)
    rest.complete = len(rows) >= len(stream)
    return first, rest


async def _harvest(on: Article, posts: json_api.Rows[_Post], home: str, topic: int) -> Harvest:
    regular = [row for row in posts if row.post_type == _REGULAR]
    return json_api.thread_harvest(
        on, await json_api.map_rows(lambda row: _comment(row, on, home, topic), regular), complete=posts.complete
    )


def _comment(row: _Post, on: Article, home: str, topic: int) -> Comment:
    parent_number = row.reply_to_post_number if row.reply_to_post_number not in {None, 1} else None
    return json_api.make_comment(
        on, f"topic-{topic}-{row.post_number}",
        parent=f"topic-{topic}-{parent_number}" if parent_number else None,
        author=fields.escaped(row.name or row.username),
        markup=row.cooked,
        written_at=row.created_at,
        url=f"{home}/t/{topic}/{row.post_number}",
        removed=row.hidden or row.user_deleted or bool(row.deleted_at),
        up=sum(action.count for action in row.actions_summary if action.id == _LIKE),
        replies=row.reply_count,
    )  # fmt: skip

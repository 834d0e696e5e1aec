"""A Ghost site, read by its Content API, and its members' comments.

`url` is the site. `key` is a Content API key (Ghost Admin, Integrations). Posts for members or payers come only with their
public preview, which is printed. Titles, excerpts, names and tags are plain text.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from digest.collect.fetch import Get
from digest.collect.sources import fields, json_api
from digest.config import SourcePlan
from digest.model import Article, Comment, Harvest
from digest.text.markup import link

MAX_PAGES = 20
POSTS_PER_PAGE = 15  # posts a page; they come with their text
COMMENTS_PER_PAGE = 100
_NO_COMMENTS = {401, 403, 404, 405}


class _Name(json_api.Shape):
    name: str | None = None
    visibility: str = "public"


class _Post(json_api.Shape):
    id: str
    url: str
    title: str = ""
    html: str | None = None
    custom_excerpt: str | None = None
    excerpt: str | None = None
    feature_image: str | None = None
    feature_image_alt: str | None = None
    access: bool = True  # if false, what comes after the public preview is for members
    published_at: json_api.Instant
    updated_at: json_api.Instant | None = None
    authors: tuple[_Name, ...] = ()
    tags: tuple[_Name, ...] = ()


class _Count(json_api.Shape):
    likes: json_api.Votes = 0
    replies: json_api.Votes = 0


class _Remark(json_api.Shape):
    id: str
    html: str | None = None
    status: str = "published"
    created_at: json_api.Instant
    in_reply_to_id: str | None = None
    member: _Name | None = None
    count: _Count = _Count()
    replies: tuple["_Remark", ...] = ()


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """Return the posts published since an instant, with their comments."""
    site = plan.url.rstrip("/")
    posts: list[_Post] = []
    complete = True
    for page in range(1, MAX_PAGES + 1):
        answer = await json_api.fetch_json(
            get, f"{site}/ghost/api/content/posts/",
            key=plan.key, include="authors,tags", limit=POSTS_PER_PAGE, page=page, order="published_at asc",
            filter=f"published_at:>='{since:%Y-%m-%d %H:%M:%S}'",
        )  # fmt: skip
        rows = json_api.read_rows(_Post, json_api.list_at(answer, "posts"))
        posts, complete = [*posts, *rows], complete and rows.complete
        if not json_api.value_at(answer, "meta", "pagination", "next"):
            break
    else:
        complete = False
    made = await json_api.map_rows(partial(_article, plan=plan), posts)
    articles = {
        article.id: (article, post.id) for article, post in zip(made, posts, strict=True) if article and article.published >= since
    }
    public = [row for row, _ in articles.values() if row.access == "public"]  # Ghost hides comments on members' posts from visitors
    found = await _read_comments(get, site, public, {key: post for key, (_, post) in articles.items()})
    return Harvest(articles=tuple(row for row, _ in articles.values()), listed=((plan.label, since),) if complete else ()) + found


async def _read_comments(get: Get, site: str, articles: Sequence[Article], posts: Mapping[str, str]) -> Harvest:
    """Return the comments on all articles; a site without comments says so to the first request, which is then the only one."""
    if not articles:
        return Harvest()
    first = await get(f"{site}/members/api/comments/post/{posts[articles[0].id]}/?limit=1")
    if first.status in _NO_COMMENTS:
        return Harvest()
    return await json_api.read_threads(articles, lambda on: _thread(get, site, on, posts[on.id]))


def _article(post: _Post, plan: SourcePlan) -> Article | None:
    url, text = link(post.url), fields.body(post.html or "")
    if not url:
        return None
    return Article(
        id=fields.article_id(post.id, plan.url),
        source=plan.label,
        url=url,
        title=fields.title(fields.escaped(post.title), text),
        author=fields.byline(fields.escaped(author.name or "") for author in post.authors),
        summary=fields.summary(fields.escaped(post.custom_excerpt or ("" if text else post.excerpt) or ""), text),
        body_text=text,
        image=fields.image(post.feature_image or "", url, alt=fields.escaped(post.feature_image_alt or "")),
        topics=fields.topics([fields.escaped(tag.name or "") for tag in post.tags if tag.visibility == "public"]),
        published=post.published_at,
        updated=post.updated_at or post.published_at,
        access="public" if post.access else "members",
    )


async def _thread(get: Get, site: str, on: Article, post: str) -> Harvest:
    """Return the comments that any visitor sees."""
    url = f"{site}/members/api/comments/post/{post}/"
    found: list[Comment] = []
    complete = True
    for page in range(1, MAX_PAGES + 1):
        response = await get(json_api.with_query(url, {"limit": COMMENTS_PER_PAGE, "page": page}))
        if response.status in _NO_COMMENTS:
            return Harvest()
        answer = await json_api.parse_response(response, url)
        rows = json_api.read_rows(_Remark, json_api.required_list(answer, "comments"))
        complete = complete and rows.complete
        for row in rows:
            replies: Sequence[_Remark] = row.replies
            if row.count.replies > len(row.replies):
                replies = fetched = await _replies(get, site, row.id)
                complete = complete and fetched.complete and len(fetched) >= row.count.replies
            found += await json_api.map_rows(partial(_comment, top=None, on=on), [row])
            found += await json_api.map_rows(partial(_comment, top=row.id, on=on), replies)
        if not json_api.value_at(answer, "meta", "pagination", "next"):
            return json_api.thread_harvest(on, found, complete=complete)
    return json_api.thread_harvest(on, found, complete=False)


async def _replies(get: Get, site: str, comment: str) -> json_api.Rows[_Remark]:
    """Return the replies to a comment, at most COMMENTS_PER_PAGE; the comment itself comes with its first three."""
    answer = await json_api.fetch_json(get, f"{site}/members/api/comments/{comment}/replies/", limit=COMMENTS_PER_PAGE)
    return json_api.read_rows(_Remark, json_api.required_list(answer, "comments"))


def _comment(row: _Remark, top: str | None, on: Article) -> Comment:
    return json_api.make_comment(
        on, row.id,
        parent=row.in_reply_to_id or top,
        author=fields.escaped((row.member.name if row.member else "") or ""),
        markup=row.html,
        written_at=row.created_at,
        url=f"{on.url}#ghost-comments",
        removed=row.status != "published",
        up=row.count.likes,
        replies=max(0, row.count.replies),
    )  # fmt: skip

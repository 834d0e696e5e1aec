"""A Ghost site by its Content API, and its members' comments.

`url` is the site, `key` a Content API key (Ghost Admin, Integrations). Posts for members or payers come without their text
beyond the public preview; what is there is printed.
"""

from datetime import datetime

from digest.config import SourcePlan
from digest.fetch import Get
from digest.markup import link
from digest.model import Article, Comment, Harvest
from digest.sources import api, written

PAGES = 20
POSTS = 15  # a page, with their text
COMMENTS = 100


class _Name(api.Shape):
    name: str | None = None
    visibility: str = "public"


class _Post(api.Shape):
    id: str
    url: str
    title: str = ""
    html: str | None = None
    custom_excerpt: str | None = None
    excerpt: str | None = None
    feature_image: str | None = None
    feature_image_alt: str | None = None
    published_at: api.Instant
    updated_at: api.Instant | None = None
    authors: tuple[_Name, ...] = ()
    tags: tuple[_Name, ...] = ()


class _Count(api.Shape):
    likes: api.Votes = 0
    replies: api.Votes = 0


class _Remark(api.Shape):
    id: str
    html: str | None = None
    status: str = "published"
    created_at: api.Instant
    in_reply_to_id: str | None = None
    member: _Name | None = None
    count: _Count = _Count()
    replies: tuple["_Remark", ...] = ()


async def read(plan: SourcePlan, get: Get, since: datetime) -> Harvest:
    """The posts published since an instant, and their comments."""
    site = plan.url.rstrip("/")
    posts: list[_Post] = []
    for page in range(1, PAGES + 1):
        answer = await api.asked(
            get, f"{site}/ghost/api/content/posts/",
            key=plan.key, include="authors,tags", limit=POSTS, page=page, order="published_at asc",
            filter=f"published_at:>='{since:%Y-%m-%d %H:%M:%S}'",
        )  # fmt: skip
        posts += api.read(_Post, api.within(answer, "posts"))
        if not api.at(answer, "meta", "pagination", "next"):
            break
    articles = {
        article.id: (article, post.id) for post in posts if (article := _article(post, plan)) and article.published >= since
    }
    found = await api.threads([row for row, _ in articles.values()], lambda on: _thread(get, site, on, articles[on.id][1]))
    return Harvest(articles=tuple(row for row, _ in articles.values())) + found


def _article(post: _Post, plan: SourcePlan) -> Article | None:
    url, text = link(post.url), written.body(post.html or "")
    if not url:
        return None
    return Article(
        id=written.article_id(post.id, plan.url),
        source=plan.label,
        url=url,
        title=written.title(post.title, text),
        author=", ".join(written.name(author.name) for author in post.authors if author.name)[:120],
        summary=written.summary(post.custom_excerpt or post.excerpt or "", text),
        body_text=text,
        image=written.image(post.feature_image or "", url, alt=post.feature_image_alt or ""),
        topics=written.topics([tag.name or "" for tag in post.tags if tag.visibility == "public"]),
        published=post.published_at,
        updated=post.updated_at or post.published_at,
    )


async def _thread(get: Get, site: str, on: Article, post: str) -> Harvest:
    """The comments that any visitor sees; a site without comments answers 404 or an empty list."""
    url = f"{site}/members/api/comments/post/{post}/"
    if (await get(f"{url}?limit=1")).status in {401, 403, 404, 405}:
        return Harvest()
    found: list[Comment] = []
    whole = True
    for page in range(1, PAGES + 1):
        answer = await api.asked(get, url, limit=COMMENTS, page=page)
        rows = api.read(_Remark, api.listed(answer, "comments"))
        whole = whole and rows.whole
        for row in rows:
            replies = row.replies if row.count.replies <= len(row.replies) else await _replies(get, site, row.id)
            found += [_comment(row, None, on), *(_comment(reply, row.id, on) for reply in replies)]
        if not api.at(answer, "meta", "pagination", "next"):
            return api.thread(on, found, whole=whole)
    return api.thread(on, found, whole=False)


async def _replies(get: Get, site: str, comment: str) -> list[_Remark]:
    """All answers to a comment, which comes with its first three."""
    answer = await api.asked(get, f"{site}/members/api/comments/{comment}/replies/", limit=COMMENTS)
    return api.read(_Remark, api.listed(answer, "comments"))


def _comment(row: _Remark, top: str | None, on: Article) -> Comment:
    return api.remark(
        on, row.id,
        parent=row.in_reply_to_id or top,
        author=row.member.name if row.member else "",
        markup=row.html,
        written_at=row.created_at,
        url=f"{on.url}#ghost-comments",
        removed=row.status != "published",
        up=row.count.likes,
        replies=max(0, row.count.replies),
    )  # fmt: skip

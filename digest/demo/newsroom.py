"""A sample newsroom: an invented site on loopback that answers as WordPress does, with news of the last hours."""

import html
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

_HERE = Path(__file__).parent
_STAMP = "%Y-%m-%dT%H:%M:%S"
_VISIBLE = "approved"


@dataclass(frozen=True, slots=True)
class Post:
    """An article of the sample site, with its number."""

    number: int
    data: dict[str, Any]
    published: datetime

    @property
    def path(self) -> str:
        """The path of the article's page on the site."""
        return f"/{self.published:%Y/%m}/{self.data['slug']}/"


class Newsroom:
    """The sample site; `cutoff` is when the demo's edition closes, and all articles are some hours older."""

    def __init__(self, cutoff: datetime) -> None:
        content = tomllib.loads((_HERE / "content.toml").read_text(encoding="utf-8"))
        self.site: dict[str, str] = content["site"]
        self._posts = [
            Post(number, data, cutoff - timedelta(hours=data["hours"]))
            for number, data in enumerate(content["articles"], start=101)
        ]

    def application(self) -> web.Application:
        """Return the application with the routes that a reader or a collector asks for."""
        application = web.Application()
        application.router.add_get("/", self.front_page)
        application.router.add_get("/wp-json/wp/v2/posts", self.posts)
        application.router.add_get("/wp-json/wp/v2/comments", self.comments)
        application.router.add_get("/wp-content/uploads/{name:[a-z]+}.png", self.picture)
        application.router.add_get(r"/{year:\d+}/{month:\d+}/{slug}/", self.article_page)
        return application

    async def posts(self, request: web.Request) -> web.Response:
        """Answer `wp/v2/posts`; `after` is exclusive, and a page past the end gets 400."""
        after = datetime.fromisoformat(request.query.get("after", "1970-01-01T00:00:00Z"))
        found = sorted((post for post in self._posts if post.published > after), key=lambda post: post.published)
        rows, total, pages = _page(found, request)
        if pages and int(request.query.get("page", 1)) > pages:
            return web.json_response({"code": "rest_post_invalid_page_number", "message": "No such page."}, status=400)
        return _list_response([self._post(post, _base(request)) for post in rows], total, pages)

    async def comments(self, request: web.Request) -> web.Response:
        """Answer `wp/v2/comments`: only approved comments, never pingbacks; those of a protected post get 401."""
        wanted = {int(number) for number in request.query.get("post", "").split(",") if number.isdigit()}
        posts = [post for post in self._posts if post.number in wanted]
        if any(post.data.get("password") for post in posts):
            return web.json_response({"code": "rest_cannot_read_post", "message": "Sorry."}, status=401)
        found = [row for post in posts for row in self._thread(post, _base(request))]
        rows, total, pages = _page(sorted(found, key=lambda row: row["date_gmt"]), request)
        return _list_response(rows, total, pages)

    def _post(self, post: Post, base: str) -> dict[str, Any]:
        data, locked = post.data, bool(post.data.get("password"))
        text = "" if locked else "\n".join(f"<p>{html.escape(line, quote=False)}</p>" for line in data["text"])
        stamp = post.published.strftime(_STAMP)
        terms = [{"name": html.escape(name), "slug": name.lower(), "taxonomy": "category"} for name in data["topics"]]
        return {
            "id": post.number,
            "date": stamp,
            "date_gmt": stamp,
            "modified_gmt": stamp,
            "guid": {"rendered": f"{base}/?p={post.number}"},
            "link": f"{base}{post.path}",
            "status": "publish",
            "title": {"rendered": html.escape(data["title"], quote=False)},
            "content": {"rendered": text, "protected": locked},
            "excerpt": {"rendered": f"<p>{html.escape(data['excerpt'])}</p>" if data["excerpt"] else "", "protected": locked},
            "_embedded": {"author": [{"name": data["author"]}], "wp:term": [terms], **self._media(post, base)},
        }

    def _media(self, post: Post, base: str) -> dict[str, Any]:
        if "picture" not in post.data:
            return {}
        url = f"{base}/wp-content/uploads/{post.data['picture']}.png"
        return {"wp:featuredmedia": [{"source_url": url, "alt_text": post.data["alt"], "media_details": {"sizes": {
            "full": {"source_url": url, "width": 1200, "height": 675}}}}]}  # fmt: skip

    def _thread(self, post: Post, base: str) -> list[dict[str, Any]]:
        """Return the approved comments of a post; their numbers follow from the post's."""
        rows = post.data.get("comments", [])
        numbers = {row["key"]: post.number * 100 + at for at, row in enumerate(rows)}
        return [
            {
                "id": numbers[row["key"]],
                "post": post.number,
                "parent": numbers.get(row.get("answers", ""), 0),
                "author_name": html.escape(row["author"]),
                "date_gmt": (post.published + timedelta(hours=row["after"])).strftime(_STAMP),
                "content": {"rendered": f"<p>{html.escape(row['text'], quote=False)}</p>"},
                "link": f"{base}{post.path}#comment-{numbers[row['key']]}",
                "status": _VISIBLE,
                "type": "comment",
            }
            for row in rows
            if row.get("state", _VISIBLE) == _VISIBLE and row.get("kind", "comment") == "comment"
        ]

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """Answer with a picture of the sample site."""
        path = _HERE / "pictures" / f"{request.match_info['name']}.png"
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path)

    async def front_page(self, request: web.Request) -> web.Response:
        """Answer with the site's front page."""
        items = "".join(f'<li><a href="{post.path}">{html.escape(post.data["title"])}</a></li>' for post in self._posts)
        return _html(self.site["name"], f"<p>{html.escape(self.site['tagline'])}</p><ul>{items}</ul>")

    async def article_page(self, request: web.Request) -> web.Response:
        """Answer with one article and its comments."""
        post = next((post for post in self._posts if post.data["slug"] == request.match_info["slug"]), None)
        if post is None:
            raise web.HTTPNotFound
        text = "".join(f"<p>{html.escape(line)}</p>" for line in post.data["text"])
        thread = "".join(
            f'<blockquote id="comment-{row["id"]}">{row["content"]["rendered"]}<p>— {row["author_name"]}</p></blockquote>'
            for row in self._thread(post, _base(request))
        )
        return _html(post.data["title"], f"<p><em>By {html.escape(post.data['author'])}</em></p>{text}<h2>Comments</h2>{thread}")


def _base(request: web.Request) -> str:
    return f"http://{request.host}"


def _page(rows: Sequence[Any], request: web.Request) -> tuple[Sequence[Any], int, int]:
    size, page = int(request.query.get("per_page", 10)), int(request.query.get("page", 1))
    return rows[(page - 1) * size : page * size], len(rows), -(-len(rows) // size)


def _list_response(rows: Sequence[dict[str, Any]], total: int, pages: int) -> web.Response:
    return web.json_response(list(rows), headers={"X-WP-Total": str(total), "X-WP-TotalPages": str(pages)})


def _html(title: str, body: str) -> web.Response:
    style = "body{max-width:42rem;margin:3rem auto;padding:0 1rem;font:18px/1.6 Georgia,serif}blockquote{border-left:3px solid #c8b98a;padding-left:1rem;margin-left:0}"  # noqa: E501
    head = f'<meta name="viewport" content="width=device-width"><title>{html.escape(title)}</title><style>{style}</style>'
    return web.Response(text=f"<!doctype html>{head}<h1>{html.escape(title)}</h1>{body}", content_type="text/html")

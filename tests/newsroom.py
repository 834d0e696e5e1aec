"""A recorded WordPress site on loopback, answering with WordPress's own rules for paging and bounds."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

DATA = Path(__file__).parent / "data" / "wordpress"
BASE = "http://gazette.example"
NOW = datetime(2026, 11, 24, 7, 0, 30, tzinfo=UTC)
FEEDS = {
    "/": "front.html",
    "/wp-json/": "index.json",
    "/feed/": "feed.xml",
    "/feed/atom/": "feed.atom",
    "/feed/rdf/": "feed.rdf",
    "/2026/11/the-tram-is-the-wrong-answer/feed/": "tram.xml",
    "/2026/11/the-tram-is-the-wrong-answer/feed/atom/": "tram.atom",
    "/2026/11/quay-wall-repairs-until-spring/feed/": "quay.xml",
    "/2026/11/tram-promoters-ask-for-a-public-vote/feed/": "vote.xml",
    "/2026/11/the-friday-quiz/feed/": "quiz.xml",
    "/comments/feed/": "comments.xml",
    "/2026/11/welcome-desk-opens/": "article.html",
}


class Moment:
    """A clock to be set."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """The time that was set."""
        return self.now


Rows = list[dict[str, Any]]


class RecordedSite:
    """The site; `closed` shuts its REST API, `drop` takes comments away as a moderator does."""

    def __init__(self) -> None:
        self.posts: Rows = json.loads((DATA / "posts.json").read_text())
        self.comments: Rows = json.loads((DATA / "comments.json").read_text())
        self.closed = False
        self.requests: list[str] = []
        self.base = BASE

    def drop(self, number: int) -> None:
        """A moderator removes a comment."""
        self.comments = [row for row in self.comments if row["id"] != number]

    def application(self) -> web.Application:
        """The routes that were recorded."""
        application = web.Application()
        application.router.add_get("/wp-json/wp/v2/posts", self._list(lambda: self.posts))
        application.router.add_get("/wp-json/wp/v2/comments", self._list(lambda: self.comments))
        application.router.add_get("/{path:.*}", self._recorded)
        return application

    def _list(self, rows: Callable[[], Rows]) -> Callable[[web.Request], Any]:
        async def handler(request: web.Request) -> web.Response:
            self.requests.append(request.path_qs)
            if self.closed:
                return web.json_response({"code": "rest_forbidden", "message": "Closed."}, status=401)
            found = _filtered(rows(), request.query)
            if any(
                post["content"].get("protected")
                for post in self.posts
                if str(post["id"]) in request.query.get("post", "").split(",")
            ):
                return web.json_response({"code": "rest_cannot_read_post", "message": "Sorry."}, status=401)
            return self._paged(found, request)

        return handler

    def _paged(self, found: Rows, request: web.Request) -> web.Response:
        size, page = int(request.query.get("per_page", 10)), int(request.query.get("page", 1))
        pages = max(1, -(-len(found) // size))
        if page > pages and request.path.endswith("posts"):
            return web.json_response({"code": "rest_post_invalid_page_number", "message": "Too far."}, status=400)
        text = json.dumps(found[(page - 1) * size : page * size]).replace(BASE, self.base)
        return web.Response(
            text=text, content_type="application/json", headers={"X-WP-Total": str(len(found)), "X-WP-TotalPages": str(pages)}
        )

    async def _recorded(self, request: web.Request) -> web.Response:
        self.requests.append(request.path_qs)
        name = FEEDS.get(request.path)
        if name is None and any(urlsplit(post["link"]).path == request.path for post in self.posts):
            return web.Response(text="<!doctype html><title>A story</title>", content_type="text/html")
        if name is None:
            return web.json_response({"code": "rest_no_route"}, status=404)
        body = (DATA / name).read_bytes().replace(BASE.encode(), self.base.encode())
        etag = f'"{len(body)}"'
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304)
        kind = {"html": "text/html", "json": "application/json"}.get(name.rpartition(".")[2], "application/rss+xml")
        return web.Response(body=body, content_type=kind, headers={"ETag": etag})


def _filtered(rows: Rows, query: Any) -> Rows:
    """`after` and `before` are exclusive."""
    found = rows
    if "after" in query:
        found = [row for row in found if row["date_gmt"] > query["after"].rstrip("Z")]
    if "before" in query:
        found = [row for row in found if row["date_gmt"] < query["before"].rstrip("Z")]
    if "post" in query:
        found = [row for row in found if str(row.get("post")) in query["post"].split(",")]
    newest_first = query.get("order", "desc") == "desc"
    return sorted(found, key=lambda row: (row["date_gmt"], row["id"]), reverse=newest_first)

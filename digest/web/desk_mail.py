"""The mail on the desk: as any reader gets it, in every view. No link in it works for anybody, and nothing is recorded."""

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Any, Protocol, TypeVar

from aiohttp import web

from digest.app import App
from digest.desk.edition_view import DeskEdition
from digest.text import raw_message
from digest.web.desk_guard import SIGNED_IN
from digest.web.forms import field_text
from digest.web.pages import mail_headers
from digest.web.preview import Preview

MAX_READERS = 10  # found by a search
VIEWS = {"phone": "Phone", "desktop": "Desktop", "dark": "Dark", "images-off": "Images off", "text": "Text", "source": "Source",
         "headers": "Headers"}  # fmt: skip
T = TypeVar("T")


class Renders(Protocol):
    """What opens an edition, shows its pages, and does work beside the event loop."""

    async def opened(self, request: web.Request) -> DeskEdition:
        """Return the edition that a request is about."""

    def render(self, request: web.Request, template: str, edition: DeskEdition, *, status: int = 200, **more: Any) -> web.Response:
        """Return a page of an edition."""

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do some work beside the event loop."""


class DeskMail:
    """The pages that show an edition's mail."""

    def __init__(self, app: App, pages: Renders) -> None:
        self._app = app
        self._pages = pages

    def add_routes(self, router: web.UrlDispatcher, edition: str) -> None:
        """Add the routes, below the path of an edition."""
        router.add_get(f"{edition}/mail", self.mail_page)
        router.add_get(f"{edition}/mail/html", self.mail_html)

    async def mail_page(self, request: web.Request) -> web.Response:
        """Show the mail as any reader gets it."""
        edition = await self._pages.opened(request)
        view = request.query.get("view", "phone")
        view, reader = view if view in VIEWS else "phone", field_text(request.query.get("reader"))
        found = await asyncio.to_thread(self._find_readers, reader) if SIGNED_IN.get().person.may_change else []
        raw = await self._message(edition, found[0] if len(found) == 1 else "")
        return self._pages.render(
            request, "mail.html.j2", edition, view=view, views=VIEWS, reader=reader, found=found, tab="mail",
            seen=raw_message.summarise(raw) if raw else None, size=len(raw_message.html_part(raw).encode()) if raw else 0,
            shown=_as_text(view, raw),
        )  # fmt: skip

    def _find_readers(self, words: str) -> list[str]:
        """Return the addresses of the first readers whose name or address has some words in it."""
        if not words:
            return []
        wanted = words.casefold()
        rows = self._app.subscriber_file().active()
        return [row.email for row in islice((row for row in rows if wanted in f"{row.name} {row.email}".casefold()), MAX_READERS)]

    async def _message(self, edition: DeskEdition, email: str) -> bytes:
        """Return the mail as one reader gets it, or the first; empty if there is no story yet."""
        if not edition.edition.stories:
            return b""
        first = next(self._app.subscriber_file().active(), None)
        address = email or (first.email if first else f"reader@{self._app.config.newsletter.domain}")
        preview = Preview(self._app, edition.edition, "", anonymous=True)
        return (await self._pages.beside(preview.message, address)).raw

    async def mail_html(self, request: web.Request) -> web.Response:
        """Return the mail's HTML for the frame: no script runs in it, and it can do nothing on this page."""
        edition = await self._pages.opened(request)
        raw = await self._message(edition, field_text(request.query.get("reader")))
        html = raw_message.html_part(raw) if raw else "<p>No story yet.</p>"
        view = request.query.get("view", "")
        shown = raw_message.force_dark(html) if view == "dark" else raw_message.force_light(html)
        headers = mail_headers()
        if view == "images-off":
            headers["Content-Security-Policy"] = headers["Content-Security-Policy"].replace("img-src * data:; ", "")
        return web.Response(text=shown, content_type="text/html", headers=headers)


def _as_text(view: str, raw: bytes) -> str:
    """Return a message in one of the views that are text; empty in the others."""
    if view == "text":
        return raw_message.text_part(raw)
    source = {"source": raw, "headers": raw.partition(b"\r\n\r\n")[0]}.get(view, b"")
    return source.decode("utf-8", "replace")

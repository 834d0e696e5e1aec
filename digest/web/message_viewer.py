"""Messages in the browser: phone, desktop, dark, plain text, source. The preview and the demo's inbox share it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote

from aiohttp import web

from digest.errors import DigestError
from digest.model import Edition
from digest.service.finding import Finding
from digest.text import raw_message
from digest.web.pages import PageTemplates, mail_headers, require_local_host

VIEWS = {"phone": "Phone", "desktop": "Desktop", "dark": "Dark", "text": "Plain text", "source": "Source"}


@dataclass(frozen=True, slots=True)
class MessageRow:
    """One message in the sidebar."""

    id: str
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class ShownMessage:
    """A message as bytes, and what a person should know about it, if anything."""

    raw: bytes
    note: str = ""


class MessageList(Protocol):
    """The messages that a viewer shows."""

    title: str

    def rows(self) -> Sequence[MessageRow]:
        """Return the rows of the sidebar."""

    def message(self, name: str) -> ShownMessage | None:
        """Return a message, or None if there is none; raise DigestError if it cannot be made."""

    def edition(self) -> Edition | None:
        """Return the edition of all the messages, whose reasons the viewer shows; None if there is no single one."""

    async def findings(self, name: str) -> Sequence[Finding] | None:
        """Return what the preflight says of a message's edition; None if there is no edition to check."""

    def version(self) -> str:
        """Return a string that changes when the page should reload."""


class Viewer:
    """The pages that show a list of messages."""

    def __init__(self, messages: MessageList) -> None:
        self._messages = messages
        self._templates = PageTemplates()

    def application(self) -> web.Application:
        """Return the application, which answers this machine only."""
        application = web.Application(middlewares=[require_local_host])
        application.router.add_get("/", self.redirect_to_first)
        application.router.add_get("/version", self.version)
        application.router.add_get("/mail/{name}", self.message_page)
        application.router.add_get("/mail/{name}/html", self.message_html)
        return application

    async def redirect_to_first(self, request: web.Request) -> web.Response:
        """Redirect to the first message of the list, or show an empty page."""
        rows = self._messages.rows()
        if not rows:
            return self._page("", "phone")
        raise web.HTTPFound(f"/mail/{quote(rows[0].id, safe='')}")

    async def version(self, request: web.Request) -> web.Response:
        """Return the version, which the page asks for every second."""
        return web.Response(text=self._messages.version(), headers={"Cache-Control": "no-store"})

    async def message_page(self, request: web.Request) -> web.Response:
        """Show the list and one message, in one of its views."""
        view, name = request.query.get("view", "phone"), request.match_info["name"]
        view = view if view in VIEWS or view in {"why", "check"} else "phone"
        findings = await self._messages.findings(name) if view == "check" else None
        return self._page(name, view, findings)

    def _page(self, name: str, view: str, findings: Sequence[Finding] | None = None) -> web.Response:
        message, error = self._message(name)
        raw = message.raw if message else None
        return self._templates.render(
            "viewer.html.j2",
            title=self._messages.title,
            rows=self._messages.rows(),
            chosen=name,
            view=view,
            views=VIEWS,
            version=self._messages.version(),
            edition=self._messages.edition(),
            findings=findings or (),
            seen=raw_message.summarise(raw) if raw else None,
            size=len(raw or b""),
            note=message.note if message else "",
            text=raw_message.text_part(raw) if raw and view == "text" else "",
            source=raw.decode("utf-8", "replace") if raw and view == "source" else "",
            error=error,
        )

    def _message(self, name: str) -> tuple[ShownMessage | None, str]:
        try:
            return (self._messages.message(name) if name else None), ""
        except DigestError as error:
            return None, str(error)

    async def message_html(self, request: web.Request) -> web.Response:
        """Return a message's HTML for the frame, in light or dark mode whatever this browser prefers."""
        message, error = self._message(request.match_info["name"])
        if message is None:
            raise web.HTTPNotFound(text=error or "Message not found.")
        html = raw_message.html_part(message.raw)
        shown = raw_message.force_dark(html) if request.query.get("dark") else raw_message.force_light(html)
        return web.Response(text=shown, content_type="text/html", headers=mail_headers())

"""The reader's pages: leaving the list, and an edition in the browser exactly as it was sent.

A link scanner follows every link, so GET only shows a page; leaving is a POST, by its button or by a mail program
(RFC 8058). The opt-out is committed before the answer says so. Nothing here tells whether an address is on the list.
"""

import asyncio
import logging

from aiohttp import web

from digest.compose import Composer
from digest.errors import DigestError
from digest.subscribers import mark
from digest.web.message import html_part
from digest.web.pages import Pages, mail_headers
from digest.works import Works

log = logging.getLogger("digest")


class ReaderPages:
    """What `digest run` serves to the public, behind a reverse proxy."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._pages = Pages([works.config.root / "templates"])

    def app(self) -> web.Application:
        """The routes."""
        app = web.Application(client_max_size=16_384)
        app.router.add_get("/unsubscribe/{token:[A-Za-z0-9_-]{20,40}}", self.ask)
        app.router.add_post("/unsubscribe/{token:[A-Za-z0-9_-]{20,40}}", self.leave)
        app.router.add_get("/view/{key:[a-z0-9-]{1,60}}/{token:[A-Za-z0-9_-]{20,40}}", self.view)
        app.router.add_get("/health", self.health)
        return app

    async def ask(self, request: web.Request) -> web.Response:
        """A page with one button; nothing is changed."""
        return self._pages.page("unsubscribe.html.j2", newsletter=self._works.config.newsletter, done=False)

    async def leave(self, request: web.Request) -> web.Response:
        """Take the reader off the list, for good; the same answer however often, and for a token that is none."""
        await asyncio.to_thread(self._opt_out, request.match_info["token"])
        return self._pages.page("unsubscribe.html.j2", newsletter=self._works.config.newsletter, done=True)

    def _email(self, token: str) -> str | None:
        """Whose token it is; one from a preview or a test copy may belong to a reader who has not been sent anything."""
        known = self._works.store.deliveries.reader_of(token)
        if known is not None:
            return known
        try:
            readers = self._works.roll().subscribers
        except DigestError:
            return None  # without the file nobody is new
        return next((reader.email for reader in readers if self._works.links.token(reader.email) == token), None)

    def _opt_out(self, token: str) -> None:
        """The suppression list first: it is durable and wins; then the file, for the operator to see."""
        email = self._email(token)
        if email is None:
            return
        self._works.store.optouts.add(email, "unsubscribed", self._works.clock())
        try:
            mark(self._works.roll_path, email, "unsubscribed")
        except DigestError as error:
            log.warning("an opt-out is recorded, but not shown in the file: %s", error)

    async def view(self, request: web.Request) -> web.Response:
        """An edition as this reader has it in the inbox."""
        key, store = request.match_info["key"], self._works.store
        frozen, recipient = store.ledger.frozen(key), store.deliveries.recipient(key, request.match_info["token"])
        if frozen is None or recipient is None:
            return self._pages.page("missing.html.j2", newsletter=self._works.config.newsletter, status=404)
        compose = Composer(self._works.line.sender, frozen.rendered, key, frozen.edition.frozen_at)
        html = html_part(compose(recipient).raw)
        return web.Response(text=html, content_type="text/html", headers=mail_headers())

    async def health(self, request: web.Request) -> web.Response:
        """For a monitor: the service answers and its store can be read."""
        self._works.store.ledger.recent(1)
        return web.json_response({"ok": True})

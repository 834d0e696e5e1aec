"""The pages of the desk that belong to no edition: the keys, the numbers, the past editions."""

import asyncio

from aiohttp import web

from digest.app import App
from digest.desk.numbers import edition_numbers
from digest.web.desk_guard import SIGNED_IN
from digest.web.desk_templates import DeskTemplates

MAX_NUMBERS = 20  # editions whose numbers are shown
MAX_PAST = 40  # editions in the list


class DeskLists:
    """These pages."""

    def __init__(self, app: App, templates: DeskTemplates) -> None:
        self._app = app
        self._templates = templates

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/keys", self.keys_page)
        router.add_get("/past", self.past_page)
        router.add_get("/numbers", self.numbers_page)

    async def keys_page(self, request: web.Request) -> web.Response:
        """Show the keys."""
        return self._templates.render("keys.html.j2", me=SIGNED_IN.get())

    async def numbers_page(self, request: web.Request) -> web.Response:
        """Show the numbers of the last editions, as pictures and as a table."""
        rows = await asyncio.to_thread(edition_numbers, self._app, MAX_NUMBERS)
        return self._templates.render("numbers.html.j2", me=SIGNED_IN.get(), rows=rows)

    async def past_page(self, request: web.Request) -> web.Response:
        """List the past editions."""
        return self._templates.render("past.html.j2", me=SIGNED_IN.get(), rows=self._app.store.editions.recent(MAX_PAST))

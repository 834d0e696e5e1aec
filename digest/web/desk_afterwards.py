"""The pages of an edition that has gone: correcting it, its earlier versions, and the same made again from what was collected."""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from digest.app import App
from digest.desk.acts import Act
from digest.desk.correcting import mail_of
from digest.desk.edition_view import DeskEdition
from digest.desk.on_its_way import correction_value
from digest.desk.time_machine import make_again
from digest.desk.values import ValueFieldError
from digest.edition.readership import count_recipients
from digest.web.desk_guard import FORM, SIGNED_IN
from digest.web.desk_mail import Renders
from digest.web.pages import mail_headers

FIELDS = ("web", "mail", "tomorrow", "subject", "text", "everyone")


class DeskAfterwards:
    """The pages of an edition that has gone."""

    def __init__(self, app: App, pages: Renders) -> None:
        self._app = app
        self._pages = pages

    def add_routes(self, router: web.UrlDispatcher, edition: str) -> None:
        """Add the routes, below the path of an edition."""
        router.add_get(f"{edition}/correct", self.correct_page)
        router.add_post(f"{edition}/correct", self.look_over)
        router.add_get(f"{edition}/again", self.again_page)
        router.add_get(f"{edition}/version/{{number:[0-9]{{1,4}}}}", self.version_html)

    async def correct_page(self, request: web.Request) -> web.Response:
        """Ask where an edition is corrected, and in which words."""
        return await self.show(request, await self._pages.opened(request))

    async def look_over(self, request: web.Request) -> web.Response:
        """Show the correction as it would go, or what is wrong with it; nothing is done yet."""
        edition, form = await self._pages.opened(request), FORM.get()
        fields = {name: str(form.get(name, "")) for name in FIELDS}
        act = Act(verb="correct", fields=fields, by=SIGNED_IN.get().person.name)
        if form.get("again"):
            return await self.show(request, edition, fields)
        try:
            value = correction_value(act)
        except ValueFieldError as error:
            return await self.show(request, edition, fields, status=422, errors={error.name: error.what})
        mail = await asyncio.to_thread(mail_of, self._app.pipeline, edition.frozen, value) if edition.frozen else None
        return await self.show(request, edition, fields, mail=mail)

    async def again_page(self, request: web.Request) -> web.Response:
        """Show the edition beside the same made again, and its earlier versions."""
        edition = await self._pages.opened(request)
        made = await asyncio.to_thread(make_again, self._app, edition.key)
        past = await asyncio.to_thread(self._app.store.revisions.past, edition.key)
        return self._pages.render(request, "again.html.j2", edition, tab="", made=made, past=past)

    async def version_html(self, request: web.Request) -> web.Response:
        """Return the mail of an earlier version."""
        past = await asyncio.to_thread(self._app.store.revisions.past, request.match_info["key"])
        found = next((row for row in past if row.number == int(request.match_info["number"])), None)
        if found is None:
            raise web.HTTPNotFound
        return web.Response(text=found.rendered.html, content_type="text/html", headers=mail_headers())

    async def show(
        self, request: web.Request, edition: DeskEdition, fields: Mapping[str, str] | None = None, **more: Any
    ) -> web.Response:
        """Show the form, with what was typed, or the correction as it would go."""
        store = self._app.store
        below = max(1, edition.revision + bool(edition.pending or (fields or {}).get("everyone")))
        older = await asyncio.to_thread(store.revisions.count_older, edition.key, below)
        people, readers = self._app.subscriber_file(), self._app.readership(edition.plan).gets
        (tomorrow,) = await asyncio.to_thread(count_recipients, store, people, self._app.clock().date(), [readers])
        return self._pages.render(
            request,
            "correct.html.j2",
            edition,
            tab="",
            older=older,
            tomorrow=tomorrow,
            typed=fields or {},
            **{"mail": None, **more},
        )

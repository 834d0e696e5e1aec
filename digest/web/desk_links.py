"""The links in the mails to the editors: each shows a page with one button, which holds or approves the edition."""

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from aiohttp import web

from digest.app import App
from digest.desk.acts import Act, Done
from digest.desk.edition_view import Desk
from digest.desk.notices import LinkedAct, Notices
from digest.desk.people import people
from digest.desk.state import state_of
from digest.desk.verbs import Verbs
from digest.web.desk_templates import DeskTemplates

LINKED_VERBS = {"hold": "Hold it", "approve": "Approve it"}
LINK_ROUTES = ("linked_page", "by_linked")
T = TypeVar("T")


class Works(Protocol):
    """The desk, and how work on it is done beside the event loop."""

    desk: Desk
    notices: Notices

    async def beside(self, work: Callable[..., T], *given: Any) -> T:
        """Do some work beside the event loop."""

    def tell_others(self, done: Done) -> None:
        """Tell the other editors by mail what concerns them all."""


class DeskLinks:
    """The pages of the links; nobody has to be signed in, since each link is one editor's own."""

    def __init__(self, app: App, pages: Works, templates: DeskTemplates) -> None:
        self._app = app
        self._pages = pages
        self._templates = templates

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        router.add_get("/link/{token:[A-Za-z0-9_.-]{20,400}}", self.linked_page, name="linked_page")
        router.add_post("/link/{token:[A-Za-z0-9_.-]{20,400}}", self.by_linked, name="by_linked")

    async def linked_page(self, request: web.Request) -> web.Response:
        """Show what a link in a mail to an editor would do, and one button; nothing is done by a GET."""
        return await self._linked_page(self._linked(request))

    async def by_linked(self, request: web.Request) -> web.Response:
        """Do what a link in a mail says."""
        linked = self._linked(request)
        act = Act(verb=linked.verb, by=people(self._app.config.desk)[linked.email.casefold()].name)
        done = await self._pages.beside(Verbs(self._pages.desk).do, linked.edition, act)
        self._pages.tell_others(done)
        return await self._linked_page(linked, done.said)

    def _linked(self, request: web.Request) -> LinkedAct:
        linked = self._pages.notices.linked(request.match_info["token"])
        person = people(self._app.config.desk).get(linked.email.casefold()) if linked else None
        if linked is None or person is None or not person.may_change or linked.verb not in LINKED_VERBS:
            raise web.HTTPNotFound
        return linked

    async def _linked_page(self, linked: LinkedAct, done: str = "") -> web.Response:
        edition = await self._pages.beside(self._pages.desk.by_key, linked.edition)
        return self._templates.render(
            "linked.html.j2",
            e=edition,
            state=state_of(edition, self._app.config.newsletter.timezone),
            label=LINKED_VERBS[linked.verb],
            person=people(self._app.config.desk)[linked.email.casefold()],
            done=done,
            held=0,
            tab="",
        )

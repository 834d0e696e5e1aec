"""The pages of one's own data: a form that has a link sent, what is stored, the same as a file, and its deletion."""

import asyncio

from aiohttp import web

from digest.app import App
from digest.audience.data_requests import DataRequests
from digest.errors import DigestError, SubscriberFileError
from digest.text.formats import json_text
from digest.web.forms import field_text, read_form
from digest.web.reader_templates import ReaderTemplates
from digest.web.visitor_limits import VisitorLimits

SIGNED_TOKEN = "{token:[A-Za-z0-9_.-]{20,200}}"  # noqa: S105  the pattern of a token in a path


class DataPages:
    """The pages for people who have no email of ours at hand, or want to see or delete their data."""

    def __init__(self, app: App, requests: DataRequests, templates: ReaderTemplates, limits: VisitorLimits) -> None:
        self._app = app
        self._requests = requests
        self._templates = templates
        self._limits = limits

    def add_routes(self, router: web.UrlDispatcher, prefix: str = "") -> None:
        """Add the routes, below a path."""
        router.add_get(f"{prefix}/preferences", self.link_form)
        router.add_post(f"{prefix}/preferences", self.send_link)
        router.add_get(f"{prefix}/mine/{SIGNED_TOKEN}", self.data_page)
        router.add_get(f"{prefix}/mine/{SIGNED_TOKEN}/data.json", self.data_file)
        router.add_post(f"{prefix}/mine/{SIGNED_TOKEN}/erase", self.delete_data)

    async def link_form(self, request: web.Request) -> web.Response:
        """Show a form for people who have no email of ours at hand or want their data."""
        return self._templates.render("request_link.html.j2", done=False, error=False)

    async def send_link(self, request: web.Request) -> web.Response:
        """Send a person the link to their data; the response is the same whatever is known about the address."""
        if not self._limits.allow_email(request):
            return self._templates.too_many_requests()
        try:
            self._requests.send_link(field_text((await read_form(request)).get("email")))
        except SubscriberFileError:
            return self._templates.render("request_link.html.j2", status=400, done=False, error=True)
        return self._templates.render("request_link.html.j2", done=True, error=False)

    async def data_page(self, request: web.Request) -> web.Response:
        """Show what is stored about the person to whom the link was sent."""
        found = await asyncio.to_thread(self._requests.record, request.match_info["token"])
        if found is None:
            return self._templates.not_found()
        own = self._app.links.token(found.email)
        return self._templates.render("my_data.html.j2", state="shown", found=found, token=request.match_info["token"], choices=own)

    async def data_file(self, request: web.Request) -> web.Response:
        """Return the same as a JSON file."""
        found = await asyncio.to_thread(self._requests.record, request.match_info["token"])
        if found is None:
            return self._templates.not_found()
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
        return web.json_response(found.as_json(), headers=headers, dumps=json_text)

    async def delete_data(self, request: web.Request) -> web.Response:
        """Delete everything stored about the person."""
        found = await asyncio.to_thread(self._requests.record, request.match_info["token"])
        if found is None:
            return self._templates.not_found()
        try:
            await asyncio.to_thread(self._requests.erase, found.email)
        except DigestError:
            return self._templates.not_saved()
        return self._templates.render("my_data.html.j2", state="erased", found=None, token="")

"""The reader pages: subscribe, unsubscribe, preferences, one's own data; the archive, and an edition exactly as it was sent.

A link scanner follows every link, so GET only shows a page. A change needs a POST, by a button or by an email program (RFC
8058). It is committed before the response says so. No page tells a stranger whether an address is on the list. No page needs
JavaScript, sets a cookie or loads anything from elsewhere.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator

from aiohttp import web

from digest.app import App
from digest.audience.subscriptions import Subscriptions
from digest.compose import Composer
from digest.errors import DigestError, SubscriberFileError
from digest.text.raw_message import html_part
from digest.web.archive import ArchivePages, with_correction
from digest.web.data_pages import SIGNED_TOKEN, DataPages
from digest.web.desk_pages import DeskPages
from digest.web.desk_work import DeskWork
from digest.web.forms import field_text, read_body, read_form
from digest.web.pages import Handler, mail_headers
from digest.web.preference_pages import TOKEN, PreferencePages, masked
from digest.web.reader_templates import ReaderTemplates
from digest.web.visitor_limits import VisitorLimits
from digest.web.webhooks import Webhooks

log = logging.getLogger("digest")
MAX_FORM_TOPICS = 50  # topics that are read from one form
MAX_HEADLINES = 4  # of the last edition on the start page, the first of them as its title
REQUEST_TIMEOUT = 60.0  # seconds for a request and its response


class ReaderPages:
    """What `digest run` serves to the public, behind a reverse proxy."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._templates = ReaderTemplates(app)
        self._limits = VisitorLimits(app.config.web.proxies)
        self.subscriptions = Subscriptions(app)
        self._archive = ArchivePages(app, self._templates)
        self._webhooks = Webhooks(app, self.subscriptions.csv_sync)
        self._data_pages = DataPages(app, self.subscriptions.data, self._templates, self._limits)
        self._preferences = PreferencePages(app, self.subscriptions, self._templates, self._limits, self._archive)
        self._desk = DeskWork(app)

    def application(self) -> web.Application:
        """Return the application. If `public_url` has a path, each route is there with and without it: a proxy may remove it."""
        application = web.Application(client_max_size=16_384, middlewares=[self._handle_errors])
        for prefix in dict.fromkeys(["", self._templates.base]):
            self._add_routes(application.router, prefix)
            if self._app.config.desk.editors:
                desk = DeskPages(self._app, self.subscriptions.emails, self._templates.base, work=self._desk)
                application.add_subapp(f"{prefix}/desk", desk.application())
        application.cleanup_ctx.append(self._close_subscriptions)
        return application

    async def warm_desk(self) -> None:
        """Have the desk read what was collected, if there is one."""
        if self._app.config.desk.editors:
            await self._desk.warm()

    def _add_routes(self, router: web.UrlDispatcher, prefix: str) -> None:
        plan = self._app.config.web
        router.add_get(f"{prefix}/", self.start_page)
        router.add_get(f"{prefix}/unsubscribe/{TOKEN}", self.unsubscribe_page)
        router.add_post(f"{prefix}/unsubscribe/{TOKEN}", self.unsubscribe)
        self._preferences.add_routes(router, prefix)
        router.add_get(f"{prefix}/view/{{key:[a-z0-9-]{{1,60}}}}/{TOKEN}", self.edition_page)
        router.add_get(f"{prefix}/health", self.health)
        router.add_get(f"{prefix}/health/live", self.alive)
        if plan.subscribe:
            router.add_get(f"{prefix}/subscribe", self.subscribe_page)
            router.add_post(f"{prefix}/subscribe", self.subscribe)
            router.add_get(f"{prefix}/confirm/{SIGNED_TOKEN}", self.confirm_page)
            router.add_post(f"{prefix}/confirm/{SIGNED_TOKEN}", self.confirm)
        if plan.archive:
            self._archive.add_routes(router, prefix)
        self._webhooks.add_routes(router, prefix)
        self._data_pages.add_routes(router, prefix)

    @web.middleware
    async def _handle_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Call the handler, and return an error page if it fails: an unknown address (most often a link that an email program cut
        off), a request that takes too long, or a change that cannot be recorded.
        """
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                return await handler(request)
        except web.HTTPNotFound:
            return self._templates.not_found()
        except TimeoutError:
            return self._templates.timed_out()
        except DigestError as error:
            resource = request.match_info.route.resource  # not the path: a subscriber's token is in it
            log.error("%s %s: %s", request.method, resource.canonical if resource else "a page", error)  # noqa: TRY400
            return self._templates.not_saved()

    async def start_page(self, request: web.Request) -> web.Response:
        """Show what one would get: the last edition, how often it comes, the promise; without form and archive, the preferences."""
        plan = self._app.config.web
        if not (plan.subscribe or plan.archive):
            raise web.HTTPFound(f"{self._templates.base}/preferences")
        frozen = next(iter(await asyncio.to_thread(self._app.store.editions.made, 1)), None)
        latest = next(iter(self._app.store.editions.headlines(1)), None)
        stories = frozen.edition.stories if frozen else ()
        return self._templates.render(
            "home.html.j2", latest=latest, headlines=[story.article.title for story in stories[1:MAX_HEADLINES]],
            picture=next((story.article.image.url for story in stories if story.article.image), ""),
            plans=self._app.config.editions, source=_source(request.query.get("source")), indexed=plan.indexed,
        )  # fmt: skip

    async def _close_subscriptions(self, _: web.Application) -> AsyncIterator[None]:
        yield
        await self.subscriptions.close()

    # — unsubscribe —

    async def unsubscribe_page(self, request: web.Request) -> web.Response:
        """Show a page with one button; change nothing."""
        token = request.match_info["token"]
        email = self.subscriptions.known(token)
        if email is None and not self.subscriptions.erased(token):
            return self._templates.not_found()
        return self._templates.render("unsubscribe.html.j2", done=False, token=token, address=masked(email or ""))

    async def unsubscribe(self, request: web.Request) -> web.Response:
        """Unsubscribe the token's subscriber for good; the response is the same however often this is done. An incomplete link is
        an error, because nobody may wrongly believe that they have unsubscribed.
        """
        token = request.match_info["token"]
        if self.subscriptions.known(token) is None and not self.subscriptions.erased(token):  # before the body is read
            return self._templates.not_found()
        one_click = "one-click" in (await read_body(request)).lower()
        how = "one-click unsubscribe in the email program (RFC 8058)" if one_click else "on the unsubscribe page"
        if not await self.subscriptions.unsubscribe(request.match_info["token"], how):
            return self._templates.not_found()  # pragma: no cover  a race: the token was known before the body was read
        if one_click:  # no person reads the response
            return web.Response(text="Unsubscribed.\n")
        return self._templates.render("unsubscribe.html.j2", done=True, token=request.match_info["token"])

    # — subscribe —

    async def subscribe_page(self, request: web.Request) -> web.Response:
        """Show the subscribe form."""
        return self._subscribe_form(source=_source(request.query.get("source")))

    def _subscribe_form(self, *, email: str = "", source: str, wrong: bool = False) -> web.Response:
        """Return the form, with what was typed if that is no address."""
        topics = self._archive.offered_topics()
        return self._templates.render(
            "subscribe.html.j2", status=400 if wrong else 200, done=False, error=wrong, topics=topics, email=email, source=source
        )

    async def subscribe(self, request: web.Request) -> web.Response:
        """Have a button email sent to the address; the response is the same whatever is known about it."""
        if not self._limits.allow_email(request):
            return self._templates.too_many_requests()
        form = await read_form(request)
        email, name, source = field_text(form.get("email")), field_text(form.get("name")), _source(form.get("source"))
        if field_text(form.get("website")):  # no person sees this field
            return self._templates.render("subscribe.html.j2", done=True, error=False, topics=(), email="")
        offered = self._archive.offered_topics()
        topics = [topic for topic in map(field_text, form.getall("topic", [])[:MAX_FORM_TOPICS]) if topic in offered]
        try:
            self.subscriptions.opt_in.request(email, name, topics, source)
        except SubscriberFileError:
            return self._subscribe_form(email=email, source=source, wrong=True)
        return self._templates.render("subscribe.html.j2", done=True, error=False, topics=(), email="")

    async def confirm_page(self, request: web.Request) -> web.Response:
        """Show a page with one button."""
        plausible = self.subscriptions.opt_in.is_valid(request.match_info["token"])
        return self._templates.render("confirm.html.j2", status=200 if plausible else 410, state="asking" if plausible else "over")

    async def confirm(self, request: web.Request) -> web.Response:
        """Add the person who asked to the subscriber list."""
        try:
            topics = await self.subscriptions.opt_in.confirm(request.match_info["token"])
        except DigestError:
            return self._templates.not_saved()
        if topics is None:
            return self._templates.render("confirm.html.j2", status=410, state="over")
        return self._templates.render("confirm.html.j2", state="done", topics=topics)

    # — reading —

    async def edition_page(self, request: web.Request) -> web.Response:
        """Show an edition as this recipient has it in the inbox."""
        key, store = request.match_info["key"], self._app.store
        frozen, recipient = store.editions.frozen(key), store.deliveries.recipient(key, request.match_info["token"])
        if frozen is None or recipient is None:
            return self._templates.not_found("edition")
        sender, at = self._app.pipeline.sender, frozen.edition.frozen_at
        compose = Composer(sender, frozen.rendered, key, at, variants=frozen.variants)
        html = with_correction(self._app, frozen, html_part(compose(recipient).raw))
        return web.Response(text=html, content_type="text/html", headers=mail_headers())

    async def health(self, request: web.Request) -> web.Response:
        """Answer a monitor: the service runs, its store can be read, and nothing is wrong; 503 if something is."""
        told = await asyncio.to_thread(self._app.store.alarms.told)
        wrong = [{"what": trouble.what, "since": since.isoformat()} for trouble, since in told.values()]
        return web.json_response({"ok": not wrong, "troubles": wrong}, status=503 if wrong else 200)

    async def alive(self, request: web.Request) -> web.Response:
        """Answer a supervisor: the process runs, and need not be started again."""
        return web.json_response({"ok": True})


def _source(value: object) -> str:
    """Return where a visitor came from as the form keeps it: a short word of letters, digits and hyphens, else nothing."""
    text = field_text(value).strip().lower()
    return text if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", text) else ""

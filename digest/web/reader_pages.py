"""The reader pages: subscribe, unsubscribe, preferences, one's own data; the archive, and an edition exactly as it was sent.

A link scanner follows every link, so GET only shows a page. A change needs a POST, by a button or by an email program (RFC
8058). It is committed before the response says so. No page tells a stranger whether an address is on the list. No page needs
JavaScript, sets a cookie or loads anything from elsewhere.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import date, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from digest.app import App
from digest.audience.rate_limiter import RateLimiter
from digest.audience.subscriptions import Subscriptions
from digest.compose import Composer
from digest.errors import DigestError, SubscriberFileError
from digest.store import Preference
from digest.text.formats import json_text
from digest.web.archive import ArchivePages
from digest.web.client_ip import client_ip, network
from digest.web.forms import body_of, form_of, text_of
from digest.web.mime_view import html_part
from digest.web.pages import Handler, Pages, mail_headers
from digest.web.webhooks import Webhooks

log = logging.getLogger("digest")
TOKEN = "{token:[A-Za-z0-9_-]{20,40}}"  # noqa: S105  a pattern
SIGNED = "{token:[A-Za-z0-9_.-]{20,200}}"
MAX_TOPICS = 50  # topics that are read from one form
LONGEST_PAUSE = timedelta(days=366)
REQUEST_TIMEOUT = 60.0  # seconds for a request and its response
_NOT_SAVED = "Your change could not be saved. Try again in a few minutes."


class ReaderPages:
    """What `digest run` serves to the public, behind a reverse proxy."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._base = urlsplit(app.config.newsletter.public_url or "").path.rstrip("/")
        self._pages = Pages([app.config.root / "templates"], self._base)
        self.subscriptions = Subscriptions(app)
        self._archive = ArchivePages(app, self._pages)
        self._hooks = Webhooks(app, self.subscriptions.csv_sync)
        self._asking, self._networks, self._all = RateLimiter(5, 120), RateLimiter(60, 30), RateLimiter(2_000, 2)
        self._looking = RateLimiter(30, 2)  # a view of the preferences may cost a read of the subscriber list

    def application(self) -> web.Application:
        """Return the application. If `public_url` has a path, each route is there with and without it: a proxy may remove it."""
        application = web.Application(client_max_size=16_384, middlewares=[self._handle_errors])
        for at in dict.fromkeys(["", self._base]):
            self._add_to(application.router, at)
        application.cleanup_ctx.append(self._close_subscriptions)
        return application

    def _add_to(self, router: web.UrlDispatcher, at: str) -> None:
        plan = self._app.config.web
        router.add_get(f"{at}/", self.front)
        router.add_get(f"{at}/unsubscribe/{TOKEN}", self.leaving)
        router.add_post(f"{at}/unsubscribe/{TOKEN}", self.leave)
        router.add_get(f"{at}/preferences/{TOKEN}", self.choosing)
        router.add_post(f"{at}/preferences/{TOKEN}", self.choose)
        router.add_get(f"{at}/preferences", self.lost)
        router.add_post(f"{at}/preferences", self.send_link)
        router.add_get(f"{at}/mine/{SIGNED}", self.mine)
        router.add_get(f"{at}/mine/{SIGNED}/data.json", self.data)
        router.add_post(f"{at}/mine/{SIGNED}/erase", self.erase)
        router.add_get(f"{at}/view/{{key:[a-z0-9-]{{1,60}}}}/{TOKEN}", self.view)
        router.add_get(f"{at}/health", self.health)
        if plan.subscribe:
            router.add_get(f"{at}/subscribe", self.joining)
            router.add_post(f"{at}/subscribe", self.join)
            router.add_get(f"{at}/confirm/{SIGNED}", self.confirming)
            router.add_post(f"{at}/confirm/{SIGNED}", self.confirm)
        if plan.archive:
            self._archive.add_to(router, at)
        self._hooks.add_to(router, at)

    @web.middleware
    async def _handle_errors(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Call the handler, and return an error page if it fails: an unknown address (most often a link that an email program cut
        off), a request that takes too long, or a change that cannot be recorded.
        """
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                return await handler(request)
        except web.HTTPNotFound:
            return self._page("missing.html.j2", status=404, what="page")
        except TimeoutError:
            return self._page("sorry.html.j2", status=408, what="The request did not come to its end. Please try again.")
        except DigestError as error:
            resource = request.match_info.route.resource  # not the path: a subscriber's token is in it
            log.error("%s %s: %s", request.method, resource.canonical if resource else "a page", error)  # noqa: TRY400
            return self._page("sorry.html.j2", status=503, what=_NOT_SAVED)

    async def front(self, request: web.Request) -> web.Response:
        """Redirect to the first of these that is switched on: the subscribe form, the archive, the preferences."""
        plan = self._app.config.web
        raise web.HTTPFound(f"{self._base}/{'subscribe' if plan.subscribe else 'archive' if plan.archive else 'preferences'}")

    async def _close_subscriptions(self, _: web.Application) -> AsyncIterator[None]:
        yield
        await self.subscriptions.close()

    def _page(self, template: str, *, status: int = 200, **context: object) -> web.Response:
        plan = self._app.config.web
        links = {"subscribe": plan.subscribe, "archive": plan.archive}
        return self._pages.page(template, status=status, newsletter=self._app.config.newsletter, links=links, **context)

    # — leaving —

    async def leaving(self, request: web.Request) -> web.Response:
        """Show a page with one button; change nothing."""
        token = request.match_info["token"]
        if self.subscriptions.known(token) is None and not self.subscriptions.erased(token):
            return self._page("missing.html.j2", status=404, what="page")
        return self._page("unsubscribe.html.j2", done=False, token=request.match_info["token"])

    async def leave(self, request: web.Request) -> web.Response:
        """Unsubscribe the token's subscriber for good; the response is the same however often this is done. An incomplete link is
        an error, because nobody may wrongly believe that they have unsubscribed.
        """
        token = request.match_info["token"]
        if self.subscriptions.known(token) is None and not self.subscriptions.erased(token):  # before the body is read
            return self._page("missing.html.j2", status=404, what="page")
        one_click = "one-click" in (await body_of(request)).lower()
        how = "one-click unsubscribe in the email program (RFC 8058)" if one_click else "on the unsubscribe page"
        if not await self.subscriptions.unsubscribe(request.match_info["token"], how):
            return self._page("missing.html.j2", status=404, what="page")
        if one_click:  # no person reads the response
            return web.Response(text="Unsubscribed.\n")
        return self._page("unsubscribe.html.j2", done=True, token=request.match_info["token"])

    # — joining —

    async def joining(self, request: web.Request) -> web.Response:
        """Show the subscribe form."""
        return self._page("subscribe.html.j2", done=False, error="", topics=self._archive.topics(), email="")

    async def join(self, request: web.Request) -> web.Response:
        """Have a button email sent to the address; the response is the same whatever is known about it."""
        if not self._allowed(request):
            return self._too_many()
        form = await form_of(request)
        email, name = text_of(form.get("email")), text_of(form.get("name"))
        if text_of(form.get("website")):  # no person sees this field
            return self._page("subscribe.html.j2", done=True, error="", topics=(), email="")
        offered = self._archive.topics()
        topics = [topic for topic in map(text_of, form.getall("topic", [])[:MAX_TOPICS]) if topic in offered]
        try:
            self.subscriptions.opt_in.request(email, name, topics)
        except SubscriberFileError:
            error = "Enter an email address in the correct format, like name@example.org."
            return self._page("subscribe.html.j2", status=400, done=False, error=error, topics=self._archive.topics(), email=email)
        return self._page("subscribe.html.j2", done=True, error="", topics=(), email="")

    async def confirming(self, request: web.Request) -> web.Response:
        """Show a page with one button."""
        plausible = self.subscriptions.opt_in.is_valid(request.match_info["token"])
        return self._page("confirm.html.j2", status=200 if plausible else 410, state="asking" if plausible else "over")

    async def confirm(self, request: web.Request) -> web.Response:
        """Add the person who asked to the subscriber list."""
        try:
            topics = await self.subscriptions.opt_in.confirm(request.match_info["token"])
        except DigestError:
            return self._page("sorry.html.j2", status=503, what=_NOT_SAVED)
        if topics is None:
            return self._page("confirm.html.j2", status=410, state="over")
        return self._page("confirm.html.j2", state="done", topics=topics)

    # — choosing —

    async def choosing(self, request: web.Request) -> web.Response:
        """Show a subscriber's preferences, and why they get the newsletter."""
        if not self._looking.allow(client_ip(request, self._app.config.web.proxies)):
            return self._too_many()
        email = self.subscriptions.known(request.match_info["token"])
        if email is None:
            return self._page("missing.html.j2", status=404, what="page")
        return await self._preferences_page(email, request.match_info["token"], saved=False)

    async def choose(self, request: web.Request) -> web.Response:
        """Save a subscriber's preferences."""
        email = self.subscriptions.known(request.match_info["token"])
        if email is None:  # before the form is read
            return self._page("missing.html.j2", status=404, what="page")
        form = await form_of(request)
        if "until" not in form:  # our form always has it: an empty box is a choice only if the whole form came
            return await self._preferences_page(email, request.match_info["token"], saved=False)
        before = await asyncio.to_thread(self.subscriptions.preferences.of, email)
        offered = {*self._archive.topics(), *(before.topics or ())}
        topics = tuple(topic for topic in map(text_of, form.getall("topic", [])[:MAX_TOPICS]) if topic in offered)
        until = self._pause_end(text_of(form.get("until")))
        wish = Preference(email=email, topics=topics, paused_until=until, comments=form.get("comments") == "yes")
        await self.subscriptions.preferences.save(wish)
        return await self._preferences_page(email, request.match_info["token"], saved=True)

    async def _preferences_page(self, email: str, token: str, *, saved: bool) -> web.Response:
        wish = await asyncio.to_thread(self.subscriptions.preferences.of, email)
        today = self._today()
        offered = self._archive.topics()
        topics = [*offered, *(topic for topic in wish.topics or () if topic not in offered)]
        reason = self._app.store.suppressions.among([email]).get(email)
        joined = next((entry for entry in self._app.store.history.of(email) if entry.event in _JOINED), None)
        return self._page(
            "preferences.html.j2", wish=wish, topics=topics, token=token, saved=saved, gone=reason, joined=joined,
            first=today + timedelta(days=1), last=today + LONGEST_PAUSE,
        )  # fmt: skip

    def _pause_end(self, text: str) -> date | None:
        """Return the day when a pause ends, at most LONGEST_PAUSE from today; None if it is over or there is none."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return min(day, self._today() + LONGEST_PAUSE) if day > self._today() else None

    def _today(self) -> date:
        return self._app.clock().astimezone(self._app.config.newsletter.timezone).date()

    # — one's own data —

    async def lost(self, request: web.Request) -> web.Response:
        """Show a form for people who have no email of ours at hand or want their data."""
        return self._page("lost.html.j2", done=False, error="")

    async def send_link(self, request: web.Request) -> web.Response:
        """Send a person the link to their data; the response is the same whatever is known about the address."""
        if not self._allowed(request):
            return self._too_many()
        try:
            self.subscriptions.data.send_link(text_of((await form_of(request)).get("email")))
        except SubscriberFileError:
            return self._page(
                "lost.html.j2", status=400, done=False, error="Enter an email address in the correct format, like name@example.org."
            )
        return self._page("lost.html.j2", done=True, error="")

    async def mine(self, request: web.Request) -> web.Response:
        """Show what is stored about the person to whom the link was sent."""
        found = await asyncio.to_thread(self.subscriptions.data.record, request.match_info["token"])
        if found is None:
            return self._page("missing.html.j2", status=404, what="page")
        own = self._app.links.token(found.email)
        return self._page("mine.html.j2", state="shown", found=found, token=request.match_info["token"], choices=own)

    async def data(self, request: web.Request) -> web.Response:
        """Return the same as a JSON file."""
        found = await asyncio.to_thread(self.subscriptions.data.record, request.match_info["token"])
        if found is None:
            return self._page("missing.html.j2", status=404, what="page")
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
        return web.json_response(found.as_json(), headers=headers, dumps=json_text)

    async def erase(self, request: web.Request) -> web.Response:
        """Delete everything stored about the person."""
        found = await asyncio.to_thread(self.subscriptions.data.record, request.match_info["token"])
        if found is None:
            return self._page("missing.html.j2", status=404, what="page")
        try:
            await asyncio.to_thread(self.subscriptions.data.erase, found.email)
        except DigestError:
            return self._page("sorry.html.j2", status=503, what=_NOT_SAVED)
        return self._page("mine.html.j2", state="erased", found=None, token="")

    # — reading —

    async def view(self, request: web.Request) -> web.Response:
        """Show an edition as this recipient has it in the inbox."""
        key, store = request.match_info["key"], self._app.store
        frozen, recipient = store.editions.frozen(key), store.deliveries.recipient(key, request.match_info["token"])
        if frozen is None or recipient is None:
            return self._page("missing.html.j2", status=404, what="edition")
        sender, at = self._app.pipeline.sender, frozen.edition.frozen_at
        compose = Composer(sender, frozen.rendered, key, at, variants=frozen.variants)
        html = html_part(compose(recipient).raw)
        return web.Response(text=html, content_type="text/html", headers=mail_headers())

    async def health(self, request: web.Request) -> web.Response:
        """Answer a monitor: the service runs and its store can be read."""
        self._app.store.editions.recent(1)
        return web.json_response({"ok": True})

    def _allowed(self, request: web.Request) -> bool:
        """Return whether this visitor, their network, and all together may have one more email sent; a flood uses up its own."""
        who = client_ip(request, self._app.config.web.proxies)
        return self._asking.allow(who) and self._networks.allow(network(who)) and self._all.allow("all")

    def _too_many(self) -> web.Response:
        answer = self._page("sorry.html.j2", status=429, what="You have tried too many times. Wait a few minutes and try again.")
        answer.headers["Retry-After"] = "600"
        return answer


_JOINED = ("confirmed", "imported", "added")

"""The reader's pages: joining, leaving, choosing, one's own data; the archive, and an edition exactly as it was sent.

A link scanner follows every link, so GET only shows a page; a deed is a POST, by a button or by a mail program (RFC 8058).
It is committed before the answer says so. Nothing here tells whether an address is on the list. No page needs JavaScript,
sets a cookie or loads anything from elsewhere.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy

from digest.compose import Composer
from digest.errors import DigestError, RollError
from digest.limits import Limit
from digest.readership import Readership
from digest.store import Preference
from digest.web.archive import ArchivePages
from digest.web.hooks import Hooks
from digest.web.message import html_part
from digest.web.pages import Handler, Pages, mail_headers
from digest.web.visitor import visitor
from digest.works import Works

TOKEN = "{token:[A-Za-z0-9_-]{20,40}}"  # noqa: S105  a pattern
SIGNED = "{token:[A-Za-z0-9_.-]{20,200}}"
MANY = 50  # topics of one form
LONGEST_PAUSE = timedelta(days=366)
_LATER = "The newsletter's files cannot be written to at the moment. Please try again in some minutes."


class ReaderPages:
    """What `digest run` serves to the public, behind a reverse proxy."""

    def __init__(self, works: Works) -> None:
        self._works = works
        self._pages = Pages([works.config.root / "templates"])
        self.readership = Readership(works)
        self._archive = ArchivePages(works, self._pages)
        self._asking, self._all = Limit(5, 120), Limit(300, 12)
        self._looking = Limit(30, 2)  # a page that may cost a reading of the roll

    def app(self) -> web.Application:
        """The routes."""
        app, plan = web.Application(client_max_size=16_384, middlewares=[self._told]), self._works.config.web
        app.router.add_get("/", self.front)
        app.router.add_get(f"/unsubscribe/{TOKEN}", self.leaving)
        app.router.add_post(f"/unsubscribe/{TOKEN}", self.leave)
        app.router.add_get(f"/preferences/{TOKEN}", self.choosing)
        app.router.add_post(f"/preferences/{TOKEN}", self.choose)
        app.router.add_get("/preferences", self.lost)
        app.router.add_post("/preferences", self.send_link)
        app.router.add_get(f"/mine/{SIGNED}", self.mine)
        app.router.add_get(f"/mine/{SIGNED}/data.json", self.data)
        app.router.add_post(f"/mine/{SIGNED}/erase", self.erase)
        app.router.add_get(f"/view/{{key:[a-z0-9-]{{1,60}}}}/{TOKEN}", self.view)
        app.router.add_get("/health", self.health)
        if plan.subscribe:
            app.router.add_get("/subscribe", self.joining)
            app.router.add_post("/subscribe", self.join)
            app.router.add_get(f"/confirm/{SIGNED}", self.confirming)
            app.router.add_post(f"/confirm/{SIGNED}", self.confirm)
        if plan.archive:
            self._archive.add_to(app.router)
        Hooks(self._works).add_to(app.router)
        app.cleanup_ctx.append(self._closing)
        return app

    @web.middleware
    async def _told(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """A page for an address that is none: most often it is a link that a mail program has cut off."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return self._page("missing.html.j2", status=404, what="page")

    async def front(self, request: web.Request) -> web.Response:
        """Whoever comes to the front door is led to what there is."""
        plan = self._works.config.web
        raise web.HTTPFound("/subscribe" if plan.subscribe else "/archive" if plan.archive else "/preferences")

    async def _closing(self, _: web.Application) -> AsyncIterator[None]:
        yield
        await self.readership.close()

    def _page(self, template: str, *, status: int = 200, **context: object) -> web.Response:
        plan = self._works.config.web
        links = {"subscribe": plan.subscribe, "archive": plan.archive}
        return self._pages.page(template, status=status, newsletter=self._works.config.newsletter, links=links, **context)

    # — leaving —

    async def leaving(self, request: web.Request) -> web.Response:
        """A page with one button; nothing is changed."""
        token = request.match_info["token"]
        if self.readership.known(token) is None and not self.readership.erased(token):
            return self._page("missing.html.j2", status=404, what="page")
        return self._page("unsubscribe.html.j2", done=False, token=request.match_info["token"])

    async def leave(self, request: web.Request) -> web.Response:
        """Take the reader off the list, for good; the same answer however often. A link that is not whole says so: nobody must
        believe to have left who has not.
        """
        one_click = "one-click" in (await _body(request)).lower()
        how = "one click in a mail program (RFC 8058)" if one_click else "by the page"
        if not await self.readership.leave(request.match_info["token"], how):
            return self._page("missing.html.j2", status=404, what="page")
        if one_click:  # nobody reads it
            return web.Response(text="Unsubscribed.\n")
        return self._page("unsubscribe.html.j2", done=True, token=request.match_info["token"])

    # — joining —

    async def joining(self, request: web.Request) -> web.Response:
        """The form."""
        return self._page("subscribe.html.j2", done=False, error="", topics=self._archive.topics(), email="")

    async def join(self, request: web.Request) -> web.Response:
        """Have a letter sent to the address; the answer is the same whatever is known of it."""
        if not self._allowed(request):
            return self._too_many()
        form = await _form(request)
        email, name = _text(form.get("email")), _text(form.get("name"))
        if _text(form.get("website")):  # no person sees this field
            return self._page("subscribe.html.j2", done=True, error="", topics=(), email="")
        offered = self._archive.topics()
        topics = [topic for topic in map(_text, form.getall("topic", [])[:MANY]) if topic in offered]
        try:
            self.readership.ask(email, name, topics)
        except RollError:
            error = "That is not an e-mail address. It looks like name@example.org."
            return self._page("subscribe.html.j2", status=400, done=False, error=error, topics=self._archive.topics(), email=email)
        return self._page("subscribe.html.j2", done=True, error="", topics=(), email="")

    async def confirming(self, request: web.Request) -> web.Response:
        """A page with one button."""
        whole = self.readership.plausible(request.match_info["token"])
        return self._page("confirm.html.j2", status=200 if whole else 410, state="asking" if whole else "over")

    async def confirm(self, request: web.Request) -> web.Response:
        """Take the one who asked onto the roll."""
        try:
            done = await self.readership.confirm(request.match_info["token"])
        except DigestError:
            return self._page("sorry.html.j2", status=503, what=_LATER)
        return self._page("confirm.html.j2", status=200 if done else 410, state="done" if done else "over")

    # — choosing —

    async def choosing(self, request: web.Request) -> web.Response:
        """The reader's choices, and why they get the mail."""
        if not self._looking.takes(visitor(request, self._works.config.web.proxies)):
            return self._too_many()
        email = self.readership.known(request.match_info["token"])
        if email is None:
            return self._page("missing.html.j2", status=404, what="page")
        return await self._choices(email, request.match_info["token"], saved=False)

    async def choose(self, request: web.Request) -> web.Response:
        """Keep them."""
        email, form = self.readership.known(request.match_info["token"]), await _form(request)
        if email is None:
            return self._page("missing.html.j2", status=404, what="page")
        if "until" not in form:  # our form always has it: an empty box is a choice only where the whole form came
            return await self._choices(email, request.match_info["token"], saved=False)
        before = await asyncio.to_thread(self.readership.preference, email)
        offered = {*self._archive.topics(), *(before.topics or ())}
        topics = tuple(topic for topic in map(_text, form.getall("topic", [])[:MANY]) if topic in offered)
        until = self._until(_text(form.get("until")))
        wish = Preference(email=email, topics=topics, paused_until=until, comments=form.get("comments") == "yes")
        await self.readership.prefer(wish)
        return await self._choices(email, request.match_info["token"], saved=True)

    async def _choices(self, email: str, token: str, *, saved: bool) -> web.Response:
        wish = await asyncio.to_thread(self.readership.preference, email)
        today = self._today()
        offered = self._archive.topics()
        topics = [*offered, *(topic for topic in wish.topics or () if topic not in offered)]
        gone = self._works.store.suppressions.among([email]).get(email)
        joined = next((entry for entry in self._works.store.history.of(email) if entry.event in _JOINED), None)
        return self._page(
            "preferences.html.j2", wish=wish, topics=topics, token=token, saved=saved, gone=gone, joined=joined,
            first=today + timedelta(days=1), last=today + LONGEST_PAUSE,
        )  # fmt: skip

    def _until(self, text: str) -> date | None:
        """The day when a pause ends; None for one that is over, or none."""
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return min(day, self._today() + LONGEST_PAUSE) if day > self._today() else None

    def _today(self) -> date:
        return self._works.clock().astimezone(self._works.config.newsletter.timezone).date()

    # — one's own data —

    async def lost(self, request: web.Request) -> web.Response:
        """A form for those who have no mail at hand, or want their data."""
        return self._page("lost.html.j2", done=False, error="")

    async def send_link(self, request: web.Request) -> web.Response:
        """Send the way to one's data; the answer is the same whatever is known of the address."""
        if not self._allowed(request):
            return self._too_many()
        try:
            self.readership.send_link(_text((await _form(request)).get("email")))
        except RollError:
            return self._page("lost.html.j2", status=400, done=False, error="That is not an e-mail address.")
        return self._page("lost.html.j2", done=True, error="")

    async def mine(self, request: web.Request) -> web.Response:
        """What is known of the reader to whom the link was sent."""
        found = await asyncio.to_thread(self.readership.mine, request.match_info["token"])
        if found is None:
            return self._page("missing.html.j2", status=404, what="page")
        return self._page("mine.html.j2", state="shown", found=found, token=request.match_info["token"])

    async def data(self, request: web.Request) -> web.Response:
        """The same as a file."""
        found = await asyncio.to_thread(self.readership.mine, request.match_info["token"])
        if found is None:
            return self._page("missing.html.j2", status=404, what="page")
        headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
        return web.json_response(found.as_json(), headers=headers, dumps=for_reader)

    async def erase(self, request: web.Request) -> web.Response:
        """Forget the reader."""
        found = await asyncio.to_thread(self.readership.mine, request.match_info["token"])
        if found is None:
            return self._page("missing.html.j2", status=404, what="page")
        try:
            await asyncio.to_thread(self.readership.forget, found.email)
        except DigestError:
            return self._page("sorry.html.j2", status=503, what=_LATER)
        return self._page("mine.html.j2", state="erased", found=None, token="")

    # — reading —

    async def view(self, request: web.Request) -> web.Response:
        """An edition as this reader has it in the inbox."""
        key, store = request.match_info["key"], self._works.store
        frozen, recipient = store.ledger.frozen(key), store.deliveries.recipient(key, request.match_info["token"])
        if frozen is None or recipient is None:
            return self._page("missing.html.j2", status=404, what="edition")
        sender, at = self._works.line.sender, frozen.edition.frozen_at
        compose = Composer(sender, frozen.rendered, key, at, variants=frozen.variants)
        html = html_part(compose(recipient).raw)
        return web.Response(text=html, content_type="text/html", headers=mail_headers())

    async def health(self, request: web.Request) -> web.Response:
        """For a monitor: the service answers and its store can be read."""
        self._works.store.ledger.recent(1)
        return web.json_response({"ok": True})

    def _allowed(self, request: web.Request) -> bool:
        """Whether this visitor, and all together, may have one more letter sent."""
        return self._asking.takes(visitor(request, self._works.config.web.proxies)) and self._all.takes("all")

    def _too_many(self) -> web.Response:
        answer = self._page("sorry.html.j2", status=429, what="That was often. Please wait some minutes and try again.")
        answer.headers["Retry-After"] = "600"
        return answer


_JOINED = ("confirmed", "imported", "added")


def for_reader(value: object) -> str:
    """JSON with dates as ISO 8601 writes them, safe inside HTML as well."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return text.replace("<", "\\u003c")


async def _form(request: web.Request) -> MultiDictProxy[Any]:
    """A form's fields; 400 for what is none."""
    try:
        return await request.post()
    except (
        LookupError,
        ValueError,
        web.RequestPayloadError,
    ) as error:  # a charset that does not exist, fields that cannot be told apart
        raise web.HTTPBadRequest(text="That is not a form.\n") from error


async def _body(request: web.Request) -> str:
    """The form that a mail program sends (RFC 8058, section 3.2: urlencoded or multipart), as text; what is none is nothing."""
    return (await request.content.read(1_024)).decode("ascii", "replace")


def _text(value: object) -> str:
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value).strip()[:300] if isinstance(value, str) else ""

"""The pages for signing in at the desk, and for a person's devices."""

import secrets

from aiohttp import web

from digest.app import App
from digest.audience.rate_limiter import RateLimiter
from digest.desk.sign_in import LINK_WORKS, SESSION_LASTS, SignIn
from digest.text.formats import day_text
from digest.web.client_ip import client_ip
from digest.web.desk_guard import BROWSER, COOKIE, FORM, SIGNED_IN, DeskGuard
from digest.web.desk_templates import DeskTemplates
from digest.web.forms import field_text, read_form

ASKED = "digest_desk_asked"  # the cookie with the nonce of a browser's own asking
OPEN_ROUTES = ("here", "ask_page", "ask", "link_page", "by_link", "by_code")


class DeskSignIn:
    """The routes for signing in and out."""

    def __init__(self, app: App, sign_in: SignIn, guard: DeskGuard, templates: DeskTemplates, public_base: str) -> None:
        self._app = app
        self._sign_in = sign_in
        self._guard = guard
        self._templates = templates
        self._public_base = public_base
        self._here = ""
        self._tries = RateLimiter(30, 20)  # a visitor's askings and wrong codes; an office may be one visitor

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the routes."""
        if self._sign_in.local:
            router.add_get("/here/{token:[A-Za-z0-9_-]{20,80}}", self.here, name="here")
        router.add_get("/sign-in", self.ask_page, name="ask_page")
        router.add_post("/sign-in", self.ask, name="ask")
        router.add_get("/sign-in/{nonce:[A-Za-z0-9_-]{20,80}}", self.link_page, name="link_page")
        router.add_post("/sign-in/{nonce:[A-Za-z0-9_-]{20,80}}", self.by_link, name="by_link")
        router.add_post("/code", self.by_code, name="by_code")
        router.add_get("/me", self.devices_page)
        router.add_post("/sign-out", self.sign_out)

    def _allowed(self, request: web.Request) -> bool:
        return self._tries.allow(client_ip(request, self._app.config.web.proxies))

    def here_token(self) -> str:
        """Return the token with which whoever started the preview signs in, once."""
        self._here = secrets.token_urlsafe(32)
        return self._here

    async def here(self, request: web.Request) -> web.Response:
        """Sign in whoever started the preview on this machine, by the address that it has printed."""
        token, local = request.match_info["token"], self._sign_in.local
        if local is None or not self._here or not secrets.compare_digest(token, self._here):
            return self._templates.render("link_over.html.j2", status=410)
        self._here = ""
        return self._guard.sign_in(request, self._sign_in.here(local, device_of(request)))

    async def ask_page(self, request: web.Request) -> web.Response:
        """Show the form for an address."""
        return self._templates.render("sign_in.html.j2", out="out" in request.query)

    async def ask(self, request: web.Request) -> web.Response:
        """Have a link mailed; the answer is the same for everybody."""
        form = await read_form(request)
        email = field_text(form.get("email"))
        if not self._allowed(request):
            return self._templates.too_many()
        browser = self._guard.browser(request)
        nonce = self._sign_in.ask(email, browser, self._public_base)
        response = self._templates.render("asked.html.j2", email=email, minutes=int(LINK_WORKS.total_seconds() // 60))
        self._guard.remember(request, response, BROWSER, browser, LINK_WORKS.total_seconds())
        self._guard.remember(request, response, ASKED, nonce, LINK_WORKS.total_seconds())
        return response

    async def link_page(self, request: web.Request) -> web.Response:
        """Show one button; nothing is used up, because mail programs open every link."""
        person = self._sign_in.offered(request.match_info["nonce"])
        if person is None:
            return self._templates.render("link_over.html.j2", status=410)
        until = day_text((self._app.clock() + SESSION_LASTS).astimezone(self._app.config.newsletter.timezone).date())
        return self._templates.render("link.html.j2", person=person, until=until)

    async def by_link(self, request: web.Request) -> web.Response:
        """Sign in with a link; nobody guesses one, so none is counted."""
        cookie = self._sign_in.by_link(request.match_info["nonce"], device_of(request))
        return self._guard.sign_in(request, cookie) if cookie else self._templates.render("link_over.html.j2", status=410)

    async def by_code(self, request: web.Request) -> web.Response:
        """Sign in with six figures, in the browser that asked."""
        if not self._allowed(request):
            return self._templates.too_many()
        form = await read_form(request)
        nonce, browser = request.cookies.get(ASKED, ""), request.cookies.get(BROWSER, "")
        cookie = self._sign_in.by_code(nonce, field_text(form.get("code")), browser, device_of(request))
        if cookie:
            return self._guard.sign_in(request, cookie)
        return self._templates.render("asked.html.j2", status=422, email="", minutes=15, wrong=True)

    async def devices_page(self, request: web.Request) -> web.Response:
        """Show where a person is signed in."""
        signed_in = SIGNED_IN.get()
        sessions = self._app.store.desk.sessions(signed_in.person.email, self._app.clock() - SESSION_LASTS)
        return self._templates.render("me.html.j2", me=signed_in, sessions=sessions)

    async def sign_out(self, request: web.Request) -> web.Response:
        """End this session, another, or all of this person."""
        signed_in, which = SIGNED_IN.get(), field_text(FORM.get().get("session"))
        self._app.store.desk.end(signed_in.person.email, self._app.clock(), None if which == "all" else which or signed_in.session)
        page = "me" if which not in {"", "all"} else "sign-in"
        response = web.Response(status=303, headers={"Location": f"{self._templates.base}/desk/{page}"})
        if which in {"", "all"}:
            response.del_cookie(COOKIE, path=f"{self._templates.base}/desk")
        return response


def device_of(request: web.Request) -> str:
    """Return a browser in two words, for a person's list of devices."""
    agent = request.headers.get("User-Agent", "")
    browsers = {"Edg/": "Edge", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
    systems = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac", "Linux": "Linux"}
    browser = next((name for mark, name in browsers.items() if mark in agent), "a browser")
    system = next((name for mark, name in systems.items() if mark in agent), "")
    return f"{browser} on {system}" if system else browser

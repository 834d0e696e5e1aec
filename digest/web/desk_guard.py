"""Who may open the desk: only a host of ours, a signed-in person, and forms of our own pages with the token of their session."""

import secrets
from collections.abc import Iterable
from contextvars import ContextVar
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web
from multidict import MultiDictProxy

from digest.app import App
from digest.desk.sign_in import SESSION_LASTS, SignedIn, SignIn
from digest.web.forms import read_form
from digest.web.pages import LOOPBACK, Handler

COOKIE, BROWSER = "digest_desk", "digest_desk_browser"
SIGNED_IN: ContextVar[SignedIn] = ContextVar("signed_in")  # of the request that is answered, once it is checked
FORM: ContextVar[MultiDictProxy[Any]] = ContextVar("form")
MAX_FORM_BYTES = 65_536  # a long note in a script of three bytes a letter
_OLD_PAGE = "This page is too old, or came from somewhere else. Open the edition and try again.\n"


class DeskGuard:
    """The checks before every page of the desk; `open_routes` are the names of those that need nobody signed in."""

    def __init__(self, app: App, sign_in: SignIn, base: str, open_routes: Iterable[str]) -> None:
        self._sign_in = sign_in
        self._base = base
        self._open = frozenset(open_routes)
        public = urlsplit(app.config.newsletter.public_url or "")
        self._hosts = frozenset({public.hostname or "", *LOOPBACK} - {""})
        self._origin = f"{public.scheme}://{public.netloc}" if public.netloc else ""
        self._is_https = public.scheme == "https"

    @web.middleware
    async def check(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer 403 to another host, another origin or a form without its token; send who is not signed in to the sign-in page."""
        if (request.url.host or "") not in self._hosts:
            raise web.HTTPForbidden(text="The desk is not at this address.\n")
        if request.method == "POST" and not self._is_same_origin(request):
            raise web.HTTPForbidden(text=_OLD_PAGE)
        name = request.match_info.route.name or ""
        if name in self._open:
            return await handler(request)
        signed_in = self._sign_in.signed_in(request.cookies.get(COOKIE, ""))
        if signed_in is None:
            raise web.HTTPSeeOther(f"{self._base}/desk/sign-in{'?out=1' if request.method == 'POST' else ''}")
        SIGNED_IN.set(signed_in)
        if request.method == "POST":
            FORM.set(form := await read_form(request.clone(client_max_size=MAX_FORM_BYTES)))
            if not self._sign_in.is_genuine(signed_in, str(form.get("csrf", ""))):
                raise web.HTTPForbidden(text=_OLD_PAGE)
        return await handler(request)

    def _is_same_origin(self, request: web.Request) -> bool:
        """Return whether a form comes from a page of this desk: browsers say so in Origin, or else in Sec-Fetch-Site or Referer."""
        ours = {f"{request.scheme}://{request.host}", self._origin} - {""}
        origin = request.headers.get("Origin", "")
        if origin and origin != "null":
            return origin in ours
        if site := request.headers.get("Sec-Fetch-Site", ""):
            return site == "same-origin"
        referer = urlsplit(request.headers.get("Referer", ""))
        return f"{referer.scheme}://{referer.netloc}" in ours

    def _is_here(self, request: web.Request) -> bool:
        """Return whether a browser on this machine asks, without a proxy in between."""
        forwarded = any(name in request.headers for name in ("X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"))
        return (request.url.host or "") in LOOPBACK and not forwarded

    def remember(self, request: web.Request, response: web.StreamResponse, name: str, value: str, seconds: float) -> None:
        """Set a cookie that no script reads and no other site sends along."""
        secure = self._is_https and (request.headers.get("Origin", "") == self._origin or not self._is_here(request))
        response.set_cookie(
            name, value, max_age=int(seconds), path=f"{self._base}/desk", httponly=True, samesite="Lax", secure=secure
        )

    def sign_in(self, request: web.Request, cookie: str) -> web.Response:
        """Return the answer that signs a browser in and leads to the desk."""
        response = web.Response(status=303, headers={"Location": f"{self._base}/desk"})
        self.remember(request, response, COOKIE, cookie, SESSION_LASTS.total_seconds())
        return response

    def browser(self, request: web.Request) -> str:
        """Return what this browser is known by, while it waits for its mail."""
        return request.cookies.get(BROWSER, "") or secrets.token_urlsafe(16)

"""What all pages share: templates, security headers, and a server that runs for the length of a block."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from aiohttp import web, web_response
from jinja2 import ChoiceLoader

from digest.errors import DigestError, TemplateError
from digest.render.renderer import PageLook, plain_look
from digest.render.templates import PACKAGED, TemplateFolder, environment, template_errors
from digest.web.connection_limits import ConnectionLimits, connection_limit

log = logging.getLogger("digest")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
RETIRED_AFTER = 60.0  # seconds: as long as a request may take
KEEPALIVE_TIMEOUT = 15.0  # seconds that an idle connection is kept open for another request
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class PageTemplates:
    """The web templates; a newsletter's own come before the packaged ones."""

    def __init__(self, folders: Sequence[Path] = (), base: str = "", look: PageLook | None = None) -> None:
        """Load templates from `folders`, then from the package; `base` is the public path of the pages."""
        look = look or plain_look()
        known = {"base": base, "language": look.language, "colour_variables": look.colour_variables}
        self._own, self._packaged = (
            environment(ChoiceLoader([TemplateFolder(folder / "web") for folder in each]))
            for each in ((*folders, PACKAGED), (PACKAGED,))
        )
        self._own.globals |= known
        self._packaged.globals |= known

    def render(self, template: str, *, status: int = 200, **context: Any) -> web.Response:
        """Return a rendered page. It loads only from this site, and runs only scripts that carry its nonce.

        If a template of the newsletter's own is broken, the log says where, and the page is made by the packaged one.
        """
        nonce = secrets.token_urlsafe(12)
        try:
            with template_errors(template):
                html = self._own.get_template(template).render(nonce=nonce, **context)
        except TemplateError as error:
            log.error("%s", error)  # noqa: TRY400  a traceback would hide the message, which says what to do
            html = self._packaged.get_template(template).render(nonce=nonce, **context)
        return web.Response(text=html, status=status, content_type="text/html", headers=page_headers(nonce))


def page_headers(nonce: str) -> dict[str, str]:
    """Return the headers of a page of our own, whose scripts carry this nonce."""
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; img-src 'self' data:; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    return {"Content-Security-Policy": policy, **_COMMON}


def mail_headers() -> dict[str, str]:
    """Return the headers of an email shown as a page: its styles and images load, and no script runs."""
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src * data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    )
    return {"Content-Security-Policy": policy, **_COMMON}


_COMMON = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex",
}


@web.middleware
async def require_local_host(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer only requests whose host is this machine, so that no other site can read the preview through DNS; 403 for others."""
    if (request.url.host or "") not in LOOPBACK:
        raise web.HTTPForbidden(text="This page can only be opened on the computer that runs digest.")
    return await handler(request)


class PageServer:
    """A server on one address, whose pages may be put in the place of others while it runs."""

    def __init__(self, host: str, port: int) -> None:
        """Serve on a port; 0 is any free one."""
        self._where = host, port
        self._runner: web.AppRunner | None = None
        self._limits: ConnectionLimits | None = None
        self._server: asyncio.Server | None = None
        self._retiring: dict[asyncio.Task[None], web.AppRunner] = {}

    @property
    def address(self) -> str:
        """Where the pages are."""
        assert self._server is not None  # noqa: S101  `show` has started it
        host, _ = self._where
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.sockets[0].getsockname()[1]}"

    async def show(self, application: web.Application) -> None:
        """Serve an application to whoever connects from now on; what is in the place of it finishes its requests first.

        Raises DigestError if nothing can be served on the address.
        """
        application.on_response_prepare.append(_set_common_headers)
        before, runner = (
            self._runner,
            web.AppRunner(application, access_log=None, shutdown_timeout=1.0, keepalive_timeout=KEEPALIVE_TIMEOUT),
        )
        await runner.setup()
        self._runner, inner = runner, runner.server
        assert inner is not None  # noqa: S101  `setup` has made it
        if self._limits is not None:
            self._limits.factory = inner
        else:
            self._limits = ConnectionLimits(inner, connection_limit())
            self._server = await self._listen(self._limits)
        if before is not None:
            task = asyncio.create_task(self._retire(before))
            self._retiring[task] = before

    async def _retire(self, runner: web.AppRunner) -> None:
        """Close what was shown before, once its requests have had the time that any request has."""
        await asyncio.sleep(RETIRED_AFTER)
        await runner.cleanup()

    async def _listen(self, factory: ConnectionLimits) -> asyncio.Server:
        host, port = self._where
        try:
            return await asyncio.get_running_loop().create_server(factory, host, port)
        except OSError as error:
            raise DigestError(
                f"cannot listen on this port: {error.strerror}",
                thing=f"{host}:{port}",
                remedy="Another digest may be running. Stop it, or choose another port.",
            ) from error

    async def close(self) -> None:
        """Stop serving."""
        if self._server is not None:
            self._server.close()
        for task, runner in self._retiring.items():
            if not task.done():
                task.cancel()
                await runner.cleanup()
        if self._runner is not None:
            await self._runner.cleanup()


@asynccontextmanager
async def serve_http(application: web.Application, host: str, port: int) -> AsyncIterator[str]:
    """Serve the application on a port (0: any free one) while the block runs; yield its address, or raise DigestError."""
    async with page_server(application, host, port) as server:
        yield server.address


@asynccontextmanager
async def page_server(application: web.Application, host: str, port: int) -> AsyncIterator[PageServer]:
    """Serve the application while the block runs; yield the server, which can show another one."""
    web_response.SERVER_SOFTWARE = "digest"  # type: ignore[attr-defined]  # without the versions, which would help an attacker
    server = PageServer(host, port)
    try:
        await server.show(application)
        yield server
    finally:
        await server.close()


async def _set_common_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Set the common headers on every response, unless it has its own."""
    for name, value in {**_COMMON, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}.items():
        response.headers.setdefault(name, value)

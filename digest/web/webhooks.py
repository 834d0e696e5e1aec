"""Webhooks of mail providers: only those that are configured, only what bears the provider's mark, committed before the answer."""

import asyncio
import hashlib
import logging

import aiohttp
from aiohttp import web

from digest.app import App
from digest.audience.bounce_handler import BounceHandler, BounceOutcome
from digest.audience.csv_sync import CsvSync
from digest.bounces.webhooks import ForgedError, WebhookCall, read_call, token_of
from digest.statuses import GONE

log = logging.getLogger("digest")
MAX_CALL_BYTES = 1_048_576  # bytes of a call
CERTIFICATE_TIMEOUT = 10.0  # seconds for a provider's certificate
_MAX_CERTIFICATES = 20  # certificates kept
_MAX_TOKENS = 50_000  # of Mailgun's: more than come in the quarter of an hour that one counts


class Webhooks:
    """The addresses that providers call: /hooks/ses, /hooks/postmark and so on."""

    def __init__(self, app: App, csv_sync: CsvSync) -> None:
        self._app = app
        self._csv_sync = csv_sync
        self._returns = BounceHandler(app)
        self._fetched: dict[str, bytes] = {}
        self._tokens: dict[str, bytes] = {}

    def add_to(self, router: web.UrlDispatcher, at: str = "") -> None:
        """One route for each that is configured, below a path."""
        for name in self._app.config.bounces.webhooks:
            router.add_post(f"{at}/hooks/{{name:{name}}}", self.called)

    async def called(self, request: web.Request) -> web.Response:
        """Deal with what is told; 403 where it is not the provider, so that a provider whose key is wrong tries again."""
        name = request.match_info["name"]
        body = await request.content.read(MAX_CALL_BYTES + 1)
        while len(body) <= MAX_CALL_BYTES and (more := await request.content.read(MAX_CALL_BYTES + 1 - len(body))):
            body += more
        if len(body) > MAX_CALL_BYTES:
            raise web.HTTPRequestEntityTooLarge(max_size=MAX_CALL_BYTES, actual_size=len(body))
        call = WebhookCall(body=body, headers={key.lower(): value for key, value in request.headers.items()})
        try:
            outcomes = await asyncio.to_thread(self._dealt, name, call, asyncio.get_running_loop())
        except ForgedError as error:
            log.warning("rejected a call to /hooks/%s: %s", name, error)
            return web.Response(status=403, text="The request could not be verified.\n")
        for outcome in outcomes:
            if outcome.event in GONE:
                self._csv_sync.note(outcome.email, {"status": outcome.event})
        return web.json_response({"ok": True})

    def _dealt(self, name: str, call: WebhookCall, loop: asyncio.AbstractEventLoop) -> list[BounceOutcome]:
        hook = next(hook for own, hook in self._app.config.bounces.webhooks.items() if own == name)

        def fetch(url: str) -> bytes:
            return asyncio.run_coroutine_threadsafe(self._fetch(url), loop).result(CERTIFICATE_TIMEOUT * 2)

        events = read_call(name, call, hook, self._app.clock().timestamp(), fetch)
        self._once(name, call)
        outcomes = [outcome for event in events for outcome in self._returns.take_event(event)]
        for outcome in outcomes:
            log.info("%s: %s %s (%s)", outcome.email, outcome.event, outcome.detail, name)
        return outcomes

    def _once(self, name: str, call: WebhookCall) -> None:
        """Mailgun signs a token and not what is told with it: one that has been used does not vouch for other words."""
        if name != "mailgun":
            return
        token, told = token_of(call), hashlib.sha256(call.body).digest()
        if self._tokens.setdefault(token, told) != told:
            raise ForgedError("its token was used before, for other words")
        while len(self._tokens) > _MAX_TOKENS:
            self._tokens.pop(next(iter(self._tokens)))

    async def _fetch(self, url: str) -> bytes:
        """A provider's certificate, kept, or the address that confirms a subscription."""
        if url in self._fetched:
            return self._fetched[url]
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=CERTIFICATE_TIMEOUT)) as client,
                client.get(url, allow_redirects=False) as answer,
            ):
                answer.raise_for_status()
                body = await answer.content.read(65_536)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise ForgedError(f"cannot fetch the provider's certificate: {error}") from error
        if url.endswith(".pem"):
            self._fetched = dict([*self._fetched.items(), (url, body)][-_MAX_CERTIFICATES:])
        return body

"""Webhooks of mail providers: only the configured ones, only proved requests, and committed before the response."""

import asyncio
import hashlib
import logging
from typing import get_args

from aiohttp import web

from digest.app import App
from digest.audience.bounce_handler import BounceHandler, BounceOutcome
from digest.audience.csv_sync import CsvSync
from digest.bounces.providers import PROVIDERS, Fetch, ForgedError, WebhookCall, read_call
from digest.collect.fetch import Fetcher, Limits
from digest.config import WebhookProvider
from digest.errors import FetchError
from digest.subscriber_statuses import FINAL_STATUSES

log = logging.getLogger("digest")
MAX_CALL_BYTES = 1_048_576  # bytes of a request
MAX_CERTIFICATES = 20  # certificates in memory
MAX_TOKENS = 50_000  # single-use tokens in memory: more than arrive in the quarter of an hour that one is valid
_LIMITS = Limits(total=10.0, size=65_536, redirects=0, attempts=1)  # the provider sends its request again
_FETCH_TIMEOUT = 20.0  # seconds that a request waits for its certificate, with the turn that the fetching waits for


class Webhooks:
    """The addresses that providers call: /hooks/ses, /hooks/postmark and so on."""

    def __init__(self, app: App, csv_sync: CsvSync) -> None:
        self._app = app
        self._csv_sync = csv_sync
        self._bounces = BounceHandler(app)
        self._certificates: dict[str, bytes] = {}
        self._tokens: dict[str, bytes] = {}

    def add_routes(self, router: web.UrlDispatcher, prefix: str = "") -> None:
        """Add a route for each configured provider, below a path."""
        for name in self._app.config.bounces.webhooks:
            router.add_post(f"{prefix}/hooks/{{name:{name}}}", self.receive)

    async def receive(self, request: web.Request) -> web.Response:
        """Record the reported events. Answer 403 to a request that is not proved, 503 if it cannot be checked at present."""
        name: WebhookProvider = next(known for known in get_args(WebhookProvider) if known == request.match_info["name"])
        call = WebhookCall(body=await _body(request), headers={key.lower(): value for key, value in request.headers.items()})
        try:
            outcomes = await asyncio.to_thread(self._record, name, call, self._fetch_from_thread())
        except ForgedError as error:
            log.warning("rejected a call to /hooks/%s: %s", name, error)
            return web.Response(status=403, text="The request could not be verified.\n")
        except FetchError as error:  # Amazon gives up after a 403, but sends again after a 503
            log.warning("cannot check a call to /hooks/%s: %s", name, error)
            return web.Response(status=503, text="The request cannot be verified at present.\n", headers={"Retry-After": "60"})
        for outcome in outcomes:
            if outcome.event in FINAL_STATUSES:
                self._csv_sync.enqueue(outcome.email, {"status": outcome.event})
        return web.json_response({"ok": True})

    def _record(self, name: WebhookProvider, call: WebhookCall, fetch: Fetch) -> list[BounceOutcome]:
        events = read_call(name, call, self._app.config.bounces.webhooks[name], self._app.clock().timestamp(), fetch)
        self._check_token(name, call)
        outcomes = [outcome for event in events for outcome in self._bounces.process_event(event)]
        for outcome in outcomes:
            log.info("%s: %s %s (%s)", outcome.email, outcome.event, outcome.detail, name)
        return outcomes

    def _check_token(self, name: WebhookProvider, call: WebhookCall) -> None:
        """Raise ForgedError if the single-use token of a request came with another body before."""
        single_use_token = PROVIDERS[name].single_use_token
        if single_use_token is None:
            return
        digest = hashlib.sha256(call.body).digest()
        if self._tokens.setdefault(single_use_token(call), digest) != digest:
            raise ForgedError("its token was used before, with another body")
        while len(self._tokens) > MAX_TOKENS:
            self._tokens.pop(next(iter(self._tokens)))

    def _fetch_from_thread(self) -> Fetch:
        """Return how a worker thread reads an address on this event loop."""
        loop = asyncio.get_running_loop()

        def fetch(url: str) -> bytes:
            try:
                return asyncio.run_coroutine_threadsafe(self._fetch(url), loop).result(_FETCH_TIMEOUT)
            except TimeoutError as error:
                raise FetchError("timed out", thing=url) from error

        return fetch

    async def _fetch(self, url: str) -> bytes:
        """Return a provider's certificate, from memory if it is there, or the page that confirms a subscription."""
        if url in self._certificates:
            return self._certificates[url]
        async with Fetcher(agent="webhooks", limits=_LIMITS) as fetcher:
            response = await fetcher.get(url)
        if not response.ok:
            raise FetchError(response.reason, thing=url)
        if url.endswith(".pem"):
            self._certificates = dict([*self._certificates.items(), (url, response.body)][-MAX_CERTIFICATES:])
        return response.body


async def _body(request: web.Request) -> bytes:
    """Return the body of a request; raise HTTPRequestEntityTooLarge if it is longer than MAX_CALL_BYTES."""
    body = b""
    while len(body) <= MAX_CALL_BYTES and (more := await request.content.read(MAX_CALL_BYTES + 1 - len(body))):
        body += more
    if len(body) > MAX_CALL_BYTES:
        raise web.HTTPRequestEntityTooLarge(max_size=MAX_CALL_BYTES, actual_size=len(body))
    return body

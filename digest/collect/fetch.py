"""A considerate HTTP client: bounded time and size, conditional GET, retries, redirects checked one by one, no private hosts.

Only this module opens connections for HTTP. `allowed_hosts` says what may be reached.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from digest import __version__
from digest.collect.allowed_hosts import Resolver, allowed_url
from digest.errors import FetchError
from digest.text.prose import number

MAX_CONNECTIONS = 100  # requests of one Fetcher at once
_CHALLENGES = (
    b"/cdn-cgi/challenge-platform", b"just a moment...</title>", b"attention required! | cloudflare", b"cf-chl-", b"__cf_chl",
    b"checking your browser before accessing", b"sucuri_cloudproxy", b"enable javascript and cookies to continue",
    b"verifying you are human", b"_incapsula_resource", b"ddos protection by", b"anubis_challenge",
)  # fmt: skip
MAX_PER_HOST = 6
_POST_TIMEOUT = aiohttp.ClientTimeout(total=20)  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits for one address: times in seconds, `size` in bytes."""

    connect: float = 10.0
    idle: float = 15.0
    total: float = 40.0
    size: int = 10_000_000
    redirects: int = 5
    attempts: int = 3
    pause: float = 0.5  # before the second attempt; doubles after each
    max_pause: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A final response: its status, the address it came from, headers by their names in lower case, the decoded body."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def reason(self) -> str:
        """The reason to give if the response is not `ok`."""
        return self.challenge or (
            "gone (410). Remove this source, or find its new address."
            if self.status == 410
            else f"HTTP {self.status} from the server"
        )

    @property
    def challenge(self) -> str:
        """The reason to give if a bot challenge, such as Cloudflare's, answers in the site's place; otherwise empty."""
        head = self.body[:20_000].lower()
        challenged = self.headers.get("cf-mitigated") == "challenge" or any(sign in head for sign in _CHALLENGES)
        return f"a bot challenge answers in the site's place ({self.status})" if challenged else ""

    @property
    def ok(self) -> bool:
        """Whether the status says that the body is what was asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedResponse:
    """An earlier response with its validators, which let a server answer 304."""

    etag: str
    last_modified: str
    response: Response


class Cache(Protocol):
    """A store for earlier responses between runs."""

    def recall(self, url: str) -> CachedResponse | None:
        """Return the response that is kept for an address; None if there is none."""

    def remember(self, url: str, cached: CachedResponse) -> None:
        """Keep a response that carries an ETag or a Last-Modified."""

    def permanent_redirect(self, url: str) -> str | None:
        """Return where an address has moved permanently; None if it has not."""

    def set_permanent_redirect(self, url: str, target: str | None) -> None:
        """Keep where an address has moved permanently; None forgets it."""


class Get(Protocol):
    """A function that reads one address within a run's limits and with one source's permissions."""

    async def __call__(self, url: str) -> Response:
        """Return the response; raise FetchError if there is none."""


class Fetcher:
    """An HTTP client; a run needs only one, because it holds the connections."""

    def __init__(self, *, agent: str = "", limits: Limits | None = None, cache: Cache | None = None) -> None:
        self._limits = limits or Limits()
        self._cache = cache
        self._agent = f"digest/{__version__} ({agent})" if agent else f"digest/{__version__}"
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        self._open = AsyncExitStack()  # the sessions, and their resolvers, which a connector does not close
        # A request waits for its turn here. In the connector, the wait would count towards the request's time.
        self._slots = asyncio.Semaphore(MAX_CONNECTIONS)
        self._host_slots: defaultdict[tuple[str | None, int | None], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(MAX_PER_HOST)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._open.aclose()

    async def get(self, url: str, *, allow_private: bool = False, conditional: bool = True) -> Response:
        """Return the response of an address; raise FetchError if there is none within the limits.

        A status of 4xx is a response. 429 and 5xx are tried again, after `Retry-After` if the server sends it.
        """
        cached = self._cache.recall(url) if self._cache and conditional else None
        response = await self._get_moved(url, allow_private, _conditional_headers(cached))
        if response.status == 304 and cached:
            return cached.response
        if response.ok and self._cache:
            self._remember(url, response)
        return response

    async def probe(self, url: str, *, allow_private: bool = False) -> Response:
        """Return what a server says of an address, without its body if it answers a HEAD; raise FetchError as `get` does."""
        response = await self._get_with_retries(url, allow_private, {}, "HEAD")
        return await self._get_with_retries(url, allow_private, {}) if response.status in {403, 405, 501} else response

    async def beginning(self, url: str, size: int, *, allow_private: bool = False) -> Response:
        """Return the first bytes of what is at an address; a server may send more than `size`, up to the limit."""
        return await self._get_with_retries(url, allow_private, {"Range": f"bytes=0-{size - 1}"})

    async def _get_moved(self, url: str, allow_private: bool, conditional_headers: Mapping[str, str]) -> Response:
        """Request the address that this one has moved to permanently; if there is none or it fails, request this one."""
        target = self._cache.permanent_redirect(url) if self._cache else None
        if self._cache and target:
            with suppress(FetchError):
                response = await self._get_with_retries(target, allow_private, conditional_headers)
                if response.ok or response.status == 304:
                    return response
            self._cache.set_permanent_redirect(url, None)
        return await self._get_with_retries(url, allow_private, conditional_headers)

    def _remember(self, url: str, response: Response) -> None:
        etag, last_modified = response.headers.get("etag", ""), response.headers.get("last-modified", "")
        if self._cache and (etag or last_modified):
            self._cache.remember(url, CachedResponse(etag=etag, last_modified=last_modified, response=response))

    async def _get_with_retries(
        self, url: str, allow_private: bool, conditional_headers: Mapping[str, str], method: str = "GET"
    ) -> Response:
        """Request an address several times if necessary, with a growing pause between the attempts."""
        for attempt in range(1, self._limits.attempts + 1):
            last = attempt == self._limits.attempts
            pause = min(self._limits.pause * 2 ** (attempt - 1), self._limits.max_pause)
            try:
                response = await self._follow(url, allow_private, conditional_headers, method)
            except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
                if last or isinstance(error, aiohttp.ClientConnectorCertificateError):
                    raise FetchError(_describe(error), thing=url) from error
            else:
                if response.status != 429 and response.status < 500:
                    return response
                if last:
                    raise FetchError(f"the server answers {response.status}", thing=url)
                pause = min(max(pause, _retry_after(response.headers)), self._limits.max_pause)
            await asyncio.sleep(pause)
        raise AssertionError(self._limits.attempts)

    async def _follow(self, url: str, allow_private: bool, conditional_headers: Mapping[str, str], method: str) -> Response:
        current, permanent = url, True
        for _ in range(self._limits.redirects + 1):
            allowed = allowed_url(current, allow_private=allow_private)
            response = await self._request(allowed, allow_private, conditional_headers, method)
            if response.status not in {301, 302, 303, 307, 308} or "location" not in response.headers:
                if self._cache and permanent and current != url and response.ok:
                    self._cache.set_permanent_redirect(url, current)
                return response
            permanent = permanent and response.status in {301, 308}
            current = urljoin(current, response.headers["location"])
        raise FetchError(
            f"more than {self._limits.redirects} redirects", thing=url, remedy="Use the final address as the source's url."
        )

    async def _request(self, url: URL, allow_private: bool, conditional_headers: Mapping[str, str], method: str) -> Response:
        session, turn = self._session(allow_private), self._host_slots[url.host, url.port]
        request = partial(session.request, method, url, headers=conditional_headers, allow_redirects=False)
        async with turn, self._slots, request() as answer:
            body = await self._read_body(str(url), answer)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(status=answer.status, url=str(answer.url), headers=headers, body=body)

    async def _read_body(self, url: str, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            body += chunk
            if len(body) > self._limits.size:
                raise FetchError(f"the response is larger than {self._limits.size // 1_000_000} MB", thing=url)
        return bytes(body)

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        if allow_private not in self._sessions:
            limits, resolver = self._limits, Resolver(allow_private=allow_private)
            self._sessions[allow_private] = session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, resolver=resolver),
                headers={"User-Agent": self._agent, "Accept-Language": "*"},
                timeout=aiohttp.ClientTimeout(total=limits.total, sock_connect=limits.connect, sock_read=limits.idle),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
            self._open.push_async_callback(resolver.close)
            self._open.push_async_callback(session.close)
        return self._sessions[allow_private]


async def post(url: str, *, text: str | None = None, json: Any = None) -> None:
    """Post to an address of the operator's own, which may be on a private network; raise FetchError unless it is taken."""
    try:
        async with aiohttp.ClientSession(timeout=_POST_TIMEOUT) as client, client.post(url, data=text, json=json) as answer:
            if not answer.ok:
                raise FetchError(f"HTTP {answer.status}", thing=url)
    except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
        raise FetchError(_describe(error), thing=url) from error


def _conditional_headers(cached: CachedResponse | None) -> dict[str, str]:
    if cached is None:
        return {}
    headers = {"If-None-Match": cached.etag, "If-Modified-Since": cached.last_modified}
    return {name: value for name, value in headers.items() if value}


def _retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a server asks to wait, as a number or a date (RFC 9110, section 10.2.3); 0 if it asks for none."""
    text = headers.get("retry-after", "").strip()
    seconds = number(text, 86_400)
    if seconds is not None:
        return float(seconds)
    try:
        return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


_ERROR_TEXTS: Sequence[tuple[type[BaseException], str]] = (
    (aiohttp.ClientConnectorCertificateError, "the server's certificate is not trusted"),
    (aiohttp.ClientConnectorDNSError, "host not found"),
    (TimeoutError, "timed out"),
    (aiohttp.ClientPayloadError, "the response was cut off or does not match its headers"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection"),
)


def _describe(error: BaseException) -> str:
    for kind, text in _ERROR_TEXTS:
        if isinstance(error, kind):
            return text
    return f"{type(error).__name__}: {error}"

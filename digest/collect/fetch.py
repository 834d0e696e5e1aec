"""HTTP with manners: bounded time and size, conditional GET, retry, redirects checked one by one, no private hosts.

Only this module opens connections for HTTP. `allowed_hosts` says what may be reached.
"""

import asyncio
import ssl
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Protocol, Self
from urllib.parse import urljoin

import aiohttp
from yarl import URL

from digest import __version__
from digest.collect.allowed_hosts import Resolver, allowed_url
from digest.errors import FetchError
from digest.text.prose import number

MAX_CONNECTIONS = 100  # connections
_CHALLENGES = (
    b"/cdn-cgi/challenge-platform", b"just a moment...</title>", b"attention required! | cloudflare", b"cf-chl-", b"__cf_chl",
    b"checking your browser before accessing", b"sucuri_cloudproxy", b"enable javascript and cookies to continue",
    b"verifying you are human", b"_incapsula_resource", b"ddos protection by", b"anubis_challenge",
)  # fmt: skip
MAX_PER_HOST = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one address may cost; seconds and bytes."""

    connect: float = 10.0
    idle: float = 15.0
    total: float = 40.0
    size: int = 10_000_000
    redirects: int = 5
    attempts: int = 3
    pause: float = 0.5  # before the second attempt; doubles after each
    longest_pause: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """A final answer: its status, the address it came from, headers in lower case, the decoded body."""

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def why(self) -> str:
        """What a status that is not `ok` says."""
        return self.challenge or (
            "gone (410). Remove this source, or find its new address."
            if self.status == 410
            else f"HTTP {self.status} from the server"
        )

    @property
    def challenge(self) -> str:
        """What a bot challenge says that answers in the site's place, as Cloudflare's and its like do; empty for anything else."""
        head = self.body[:20_000].lower()
        asked = self.headers.get("cf-mitigated") == "challenge" or any(sign in head for sign in _CHALLENGES)
        return f"a bot challenge answers in the site's place ({self.status})" if asked else ""

    @property
    def ok(self) -> bool:
        """Whether the status says the body is what was asked for."""
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedResponse:
    """An earlier answer with the marks that let a server say 304."""

    etag: str
    modified: str
    response: Response


class Cache(Protocol):
    """Where earlier answers are kept between runs."""

    def recall(self, url: str) -> CachedResponse | None:
        """The answer kept for an address."""

    def remember(self, url: str, kept: CachedResponse) -> None:
        """Keep an answer that carries an ETag or a Last-Modified."""

    def moved(self, url: str) -> str | None:
        """Where an address has moved for good, if it has."""

    def move(self, url: str, target: str | None) -> None:
        """Keep where an address has moved for good; None forgets it."""


class Get(Protocol):
    """The reading of one address with a run's manners and one source's permissions."""

    async def __call__(self, url: str) -> Response:
        """The answer; FetchError where there is none."""


class Fetcher:
    """Reads addresses; one for a run, since it holds the connections."""

    def __init__(self, *, agent: str = "", limits: Limits | None = None, cache: Cache | None = None) -> None:
        self._limits = limits or Limits()
        self._cache = cache
        self._agent = f"digest/{__version__} ({agent})" if agent else f"digest/{__version__}"
        self._sessions: dict[bool, aiohttp.ClientSession] = {}
        # Turns are waited for here and not in the connector, where an answer's time would run meanwhile.
        self._room = asyncio.Semaphore(MAX_CONNECTIONS)
        self._hosts: defaultdict[tuple[str | None, int | None], asyncio.Semaphore] = defaultdict(
            lambda: asyncio.Semaphore(MAX_PER_HOST)
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for session in self._sessions.values():
            await session.close()

    async def get(self, url: str, *, allow_private: bool = False, conditional: bool = True) -> Response:
        """The answer of an address; FetchError where there is none within the limits.

        A status of 4xx is an answer. 429 and 5xx are tried again, after `Retry-After` where the server names it.
        """
        kept = self._cache.recall(url) if self._cache and conditional else None
        response = await self._where_it_is(url, allow_private, _marks(kept))
        if response.status == 304 and kept:
            return kept.response
        if response.ok and self._cache:
            self._remember(url, response)
        return response

    async def _where_it_is(self, url: str, allow_private: bool, marks: Mapping[str, str]) -> Response:
        """The answer, asked for at once where the address has moved for good; if that does not answer well, at the old one."""
        target = self._cache.moved(url) if self._cache else None
        if self._cache and target:
            with suppress(FetchError):
                response = await self._patiently(target, allow_private, marks)
                if response.ok or response.status == 304:
                    return response
            self._cache.move(url, None)
        return await self._patiently(url, allow_private, marks)

    def _remember(self, url: str, response: Response) -> None:
        etag, modified = response.headers.get("etag", ""), response.headers.get("last-modified", "")
        if self._cache and (etag or modified):
            self._cache.remember(url, CachedResponse(etag=etag, modified=modified, response=response))

    async def _patiently(self, url: str, allow_private: bool, marks: Mapping[str, str]) -> Response:
        """Attempts with a growing pause between them."""
        for attempt in range(1, self._limits.attempts + 1):
            last = attempt == self._limits.attempts
            pause = min(self._limits.pause * 2 ** (attempt - 1), self._limits.longest_pause)
            try:
                response = await self._follow(url, allow_private, marks)
            except (aiohttp.ClientError, TimeoutError, ssl.SSLError, OSError) as error:
                if last or isinstance(error, aiohttp.ClientConnectorCertificateError):
                    raise FetchError(_told(error), thing=url) from error
            else:
                if response.status != 429 and response.status < 500:
                    return response
                if last:
                    raise FetchError(f"the server answers {response.status}", thing=url)
                pause = min(max(pause, _retry_after(response.headers)), self._limits.longest_pause)
            await asyncio.sleep(pause)
        raise FetchError("not tried", thing=url)

    async def _follow(self, url: str, allow_private: bool, marks: Mapping[str, str]) -> Response:
        at, lasting = url, True
        for _ in range(self._limits.redirects + 1):
            response = await self._once(allowed_url(at, allow_private=allow_private), allow_private, marks)
            if response.status not in {301, 302, 303, 307, 308} or "location" not in response.headers:
                if self._cache and lasting and at != url and response.ok:
                    self._cache.move(url, at)
                return response
            lasting = lasting and response.status in {301, 308}
            at = urljoin(at, response.headers["location"])
        raise FetchError(
            f"more than {self._limits.redirects} redirects", thing=url, remedy="Use the final address as the source's url."
        )

    async def _once(self, at: URL, allow_private: bool, marks: Mapping[str, str]) -> Response:
        session, turn = self._session(allow_private), self._hosts[at.host, at.port]
        async with turn, self._room, session.get(at, headers=marks, allow_redirects=False) as answer:
            body = await self._bounded(str(at), answer)
            headers = {name.lower(): value for name, value in answer.headers.items()}
            return Response(status=answer.status, url=str(answer.url), headers=headers, body=body)

    async def _bounded(self, url: str, answer: aiohttp.ClientResponse) -> bytes:
        body = bytearray()
        async for chunk in answer.content.iter_chunked(65_536):
            body += chunk
            if len(body) > self._limits.size:
                raise FetchError(f"the response is larger than {self._limits.size // 1_000_000} MB", thing=url)
        return bytes(body)

    def _session(self, allow_private: bool) -> aiohttp.ClientSession:
        if allow_private not in self._sessions:
            limits, resolver = self._limits, Resolver(allow_private=allow_private)
            self._sessions[allow_private] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, resolver=resolver),
                headers={"User-Agent": self._agent, "Accept-Language": "*"},
                timeout=aiohttp.ClientTimeout(total=limits.total, sock_connect=limits.connect, sock_read=limits.idle),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._sessions[allow_private]


def _marks(kept: CachedResponse | None) -> dict[str, str]:
    if kept is None:
        return {}
    marks = {"If-None-Match": kept.etag, "If-Modified-Since": kept.modified}
    return {name: value for name, value in marks.items() if value}


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds that a server asks to wait, as a number or a date (RFC 9110, section 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    seconds = number(text, 86_400)
    if seconds is not None:
        return float(seconds)
    try:
        return (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError):
        return 0.0


_TOLD: Sequence[tuple[type[BaseException], str]] = (
    (aiohttp.ClientConnectorCertificateError, "the server's certificate is not trusted"),
    (aiohttp.ClientConnectorDNSError, "host not found"),
    (TimeoutError, "timed out"),
    (aiohttp.ClientPayloadError, "the response was cut off or does not match its headers"),
    (aiohttp.ClientConnectorError, "cannot connect"),
    (aiohttp.ServerDisconnectedError, "the server closed the connection"),
)


def _told(error: BaseException) -> str:
    for kind, text in _TOLD:
        if isinstance(error, kind):
            return text
    return f"{type(error).__name__}: {error}"

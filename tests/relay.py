"""A real SMTP server on loopback for the tests, whose behaviour a test sets."""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass
class Relay:
    """What it took, and its manners: `rcpt` and `data` answer by address, None is a yes."""

    port: int = 0
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    envelopes: list[tuple[str, str]] = field(default_factory=list)  # sender, recipient
    connections: int = 0
    open: int = 0
    rcpt: Callable[[str], str | None] = lambda address: None
    data: Callable[[str], str | None] = lambda address: None
    mail: Callable[[str], str | None] = lambda sender: None
    options: list[str] = field(default_factory=list)
    dropping: Callable[[str], bool] = lambda address: False
    before_data: Callable[[str], str | None] = lambda address: None
    allowed: int = 0  # connections at once
    delay: float = 0.0
    most: int = 0  # messages a connection
    password: str = ""
    pipelining: bool = True
    names: list[str] = field(default_factory=list)  # by which it was greeted
    most_open: int = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Count connections."""
        self.connections += 1
        self.most_open = max(self.most_open, self.open)
        self.names.append(hostname)
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelining else responses

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]) -> str:
        """Take a sender."""
        if answer := self.mail(address):
            return answer
        session.count = getattr(session, "count", 0) + 1  # type: ignore[attr-defined]
        if self.most and session.count > self.most:  # type: ignore[attr-defined]
            return "421 4.7.0 too many messages"
        self.options = options
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Sequence[str]) -> str:
        """Take or refuse a recipient."""
        if answer := self.rcpt(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Take, refuse, or hang up without a word."""
        address = envelope.rcpt_tos[0]
        await asyncio.sleep(self.delay)
        if self.dropping(address):
            self.taken.append((address, envelope.original_content or b""))
            assert server.transport is not None
            server.transport.close()
            return "250 never seen"
        if answer := self.data(address):
            return answer
        self.envelopes.append((envelope.mail_from or "", address))
        self.taken.append((address, envelope.original_content or b""))
        return "250 OK"

    @property
    def counts(self) -> Counter[str]:
        """Messages by address."""
        return Counter(address for address, _ in self.taken)

    def message(self, address: str) -> EmailMessage:
        """The message an address got, parsed."""
        raw = next(raw for to, raw in self.taken if to == address)
        parsed = message_from_bytes(raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """One user, one password."""
        good = isinstance(data, LoginPassword) and data.password == self.password.encode()
        return AuthResult(success=good, handled=False)


class Server(SMTP):
    """aiosmtpd's server, with a limit of connections and an answer to DATA itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """One connection more."""
        super().connection_made(transport)
        self.event_handler.open += 1
        if self.event_handler.allowed and self.event_handler.open > self.event_handler.allowed:
            transport.write(b"421 4.7.0 too many connections\r\n")  # type: ignore[attr-defined]
            transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        """One fewer."""
        self.event_handler.open -= 1
        super().connection_lost(error)

    async def smtp_DATA(self, arg: str) -> None:
        """DATA, unless it is answered with something else."""
        if answer := self.event_handler.before_data("".join(self.envelope.rcpt_tos[:1]) if self.envelope else ""):
            await self.push(answer)
        else:
            await super().smtp_DATA(arg)


@asynccontextmanager
async def running(relay: Relay, *, tls: ssl.SSLContext | None = None, implicit: bool = False) -> AsyncIterator[Relay]:
    """The relay on a free port while the block runs."""
    loop = asyncio.get_running_loop()
    settings: dict[str, Any] = {"enable_SMTPUTF8": True, "loop": loop}
    if tls and not implicit:
        settings |= {"tls_context": tls, "require_starttls": True}
    if relay.password:
        settings |= {
            "authenticator": relay.authenticate,
            "auth_required": True,
            "auth_require_tls": tls is not None and not implicit,
        }
    factory = partial(Server, relay, **settings)
    server = await loop.create_server(factory, "127.0.0.1", 0, ssl=tls if implicit else None)
    relay.port = int(server.sockets[0].getsockname()[1])
    try:
        yield relay
    finally:
        server.close()
        with suppress(TimeoutError):  # from Python 3.12 on it waits for connections, and some never tell that they are gone
            async with asyncio.timeout(1):
                await server.wait_closed()

"""Getting a connection: TCP, TLS, EHLO and login, which aiosmtplib does well. Only this module knows it."""

import asyncio
import socket
import ssl
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from digest.config import Relay
from digest.deliver.verdict import one_line
from digest.deliver.wire import Wire
from digest.errors import ConfigError, RelayError

PATIENCE = 15.0  # seconds for a connection to stand
TIMEOUT = 60.0  # seconds for each step after that


@dataclass(slots=True)
class Trust:
    """What a relay offers and has turned out not to do; all its connections share what one has learnt."""

    withheld: set[str] = field(default_factory=set)
    proved: bool = False  # a message has gone out as things are

    def doubt(self, offers: frozenset[str]) -> None:
        """The relay fell silent before it took anything: do with one thing less."""
        self.withheld |= {next((name for name in ("chunking", "pipelining") if name in offers), "")} - {""}


@dataclass(frozen=True, slots=True)
class Connection:
    """A wire to a relay that has let us in, and what of its EHLO is used, in lower case."""

    wire: Wire
    offers: frozenset[str]
    trust: Trust


async def dial(relay: Relay, trust: Trust) -> Connection:
    """Connect, start TLS and log in; RelayError where that fails for every message alike."""
    if relay.user and not relay.password:
        raise relay_error(relay, f"no password is set for {relay.user!r}", "Set DIGEST_SMTP_PASSWORD or smtp.password_file.")
    client = _client(relay)
    try:
        await client.connect(timeout=PATIENCE)
        await _greet(client)
    except aiosmtplib.SMTPAuthenticationError as error:
        client.close()
        raise relay_error(
            relay,
            f"the relay refuses the login of {relay.user!r}: {error.code} {one_line(error.message)}",
            "Check the user in smtp.url and DIGEST_SMTP_PASSWORD.",
        ) from error
    except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
        client.close()
        raise relay_error(relay, *_advice(error)) from error
    offers = frozenset(name.lower() for name in client.esmtp_extensions) - trust.withheld
    return Connection(Wire(cast(asyncio.Transport, client.transport), prompt="chunking" in offers), offers, trust)


async def _greet(client: aiosmtplib.SMTP) -> None:
    """EHLO, for what the relay offers; HELO to one that knows no better."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError:
            await client.helo()


def relay_error(relay: Relay, what: str, remedy: str) -> RelayError:
    """What the relay does to every message alike."""
    return RelayError(what, thing=f"{relay.host}:{relay.port}", remedy=remedy)


def _client(relay: Relay) -> aiosmtplib.SMTP:
    starttls = {"none": False if relay.local else None, "starttls": True, "implicit": False}[relay.tls]
    return aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        username=relay.user or None,
        password=relay.password or None,
        use_tls=relay.tls == "implicit",
        start_tls=starttls,
        tls_context=None if relay.tls == "none" and relay.local else _context(relay),
        timeout=TIMEOUT,
    )


def _context(relay: Relay) -> ssl.SSLContext:
    """Certificates are always checked; `ca_file` names an authority of one's own."""
    try:
        return ssl.create_default_context(cafile=relay.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise ConfigError(f"cannot read {relay.ca_file}: {error}", thing="digest.toml: smtp.ca_file") from error


def _advice(error: BaseException) -> tuple[str, str]:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return (
                f"the relay's certificate is not trusted: {cause.verify_message}",
                "For an authority of your own set smtp.ca_file.",
            )
        if isinstance(cause, socket.gaierror):
            return "there is no such host", "Check smtp.url."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, TimeoutError):
        return (
            "no answer in time",
            "Is the relay running, may this machine reach it, and does the port speak TLS from the start (smtps://)?",
        )
    told = one_line(str(error))
    if "WRONG_VERSION_NUMBER" in told:
        return "the relay does not begin with TLS", "Write smtp+starttls:// (often port 587)."
    if "AUTH extension" in told:
        return "the relay offers no login on this connection", "Write smtp+starttls:// or smtps://, or leave the user out."
    return f"cannot connect: {told}", "Is the relay running, and is smtp.url right?"

"""Opening a connection: TCP, TLS, EHLO and login. aiosmtplib does these well, and only this module uses it."""

import asyncio
import os
import socket
import ssl
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import cast

import aiosmtplib

from digest.config import Relay
from digest.deliver.oauth import access_token, bearer_response, drop_token
from digest.deliver.protocol import SmtpProtocol
from digest.deliver.replies import one_line_reply
from digest.errors import ConfigError, RelayError

CONNECT_TIMEOUT = 15.0  # seconds for a TCP connection
STEP_TIMEOUT = 60.0  # seconds for each step after that


_REMEDY = "Set smtp.token_command (a command that prints an access token) or smtp.token_file."
_TOKEN_METHODS = frozenset(("xoauth2", "oauthbearer"))
_OLD_TLS = ("UNSUPPORTED_PROTOCOL", "PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE", "VERSION_TOO_LOW", "alert protocol version")


@dataclass(slots=True)
class Extensions:
    """Extensions that a relay offers but turned out not to support; what one connection learns, all of them share."""

    withheld: set[str] = field(default_factory=set)
    are_proved: bool = False  # a message was sent with the extensions in use

    def withhold_next(self, offers: frozenset[str]) -> None:
        """Withhold one more extension, because the relay fell silent before it took anything."""
        self.withheld |= {next((name for name in ("chunking", "pipelining") if name in offers), "")} - {""}


@dataclass(frozen=True, slots=True)
class OpenConnection:
    """A connection to a relay that has accepted us, and the EHLO extensions that may be used, in lower case."""

    protocol: SmtpProtocol
    offers: frozenset[str]
    extensions: Extensions


async def open_connection(relay: Relay, extensions: Extensions) -> OpenConnection:
    """Connect, start TLS and log in; raise RelayError if one of these fails, because it does so for every message."""
    client = await _connect(relay)
    try:
        if relay.user:
            await _log_in(client, relay)
        offers = frozenset(name.lower() for name in client.esmtp_extensions) - extensions.withheld
        protocol = SmtpProtocol(cast(asyncio.Transport, client.transport), quick_ack="chunking" in offers)
        return OpenConnection(protocol, offers, extensions)
    except BaseException:
        client.close()
        raise


async def _connect(relay: Relay) -> aiosmtplib.SMTP:
    """Return a connection that has been greeted, with TLS if the URL asks for it, or if a relay elsewhere offers it."""
    client = None
    try:
        context = None if relay.tls == "none" and relay.local else _context(relay)
        client = _client(relay, await _open_socket(relay), context)
        await client.connect(timeout=relay.greeting_timeout.total_seconds())
        await _greet(client)
    except BaseException as error:  # a cancelled attempt lets go of its socket too
        if client is not None:
            client.close()
        if isinstance(error, (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError)):
            raise relay_error(relay, *_advice(error)) from error
        raise
    client.timeout = STEP_TIMEOUT
    return client


async def _open_socket(relay: Relay) -> socket.socket:
    """Return a TCP connection to the first of the relay's addresses that answers; the greeting has its own limit."""
    loop = asyncio.get_running_loop()
    failure: OSError | TimeoutError | None = None
    for family, kind, number, _, address in await loop.getaddrinfo(relay.host, relay.port, type=socket.SOCK_STREAM):
        sock = socket.socket(family, kind, number)
        sock.setblocking(False)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT):
                await loop.sock_connect(sock, address)
        except (OSError, TimeoutError) as error:
            failure = error
            sock.close()
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise failure or OSError("host not found")


async def _log_in(client: aiosmtplib.SMTP, relay: Relay) -> None:
    """Log in by token if one is configured, else by password; raise RelayError if the relay does not accept it."""
    methods, by_token = set(client.server_auth_methods), bool(relay.token_command or relay.token_file)
    if not by_token and methods and methods <= _TOKEN_METHODS:
        raise relay_error(relay, "it wants OAuth (XOAUTH2 or OAUTHBEARER) and takes no password", _REMEDY)
    if not (by_token or relay.password):
        raise relay_error(relay, f"no password for user {relay.user!r}", "Set DIGEST_SMTP_PASSWORD or smtp.password_file.")
    try:
        await (_log_in_by_token(client, relay, methods) if by_token else client.login(relay.user, relay.password))
    except (aiosmtplib.SMTPException, TimeoutError) as error:
        raise _login_error(relay, error, by_token=by_token) from error


async def _log_in_by_token(client: aiosmtplib.SMTP, relay: Relay, methods: Collection[str]) -> None:
    access = await access_token(relay)
    if "oauthbearer" not in methods or "xoauth2" in methods:
        await client.auth_xoauth2(relay.user, access)
        return
    answer = await client.execute_command(b"AUTH", b"OAUTHBEARER", bearer_response(relay, access))
    if answer.code == 334:  # the relay gave its reasons; this reply ends the exchange (RFC 7628, section 3.2.3)
        answer = await client.execute_command(b"AQ==")
    if answer.code != 235:
        raise aiosmtplib.SMTPAuthenticationError(answer.code, answer.message)


def _login_error(relay: Relay, error: Exception, *, by_token: bool) -> RelayError:
    drop_token(relay)
    if not isinstance(error, aiosmtplib.SMTPResponseException):
        return relay_error(relay, *_advice(error))
    reply = one_line_reply(_cause_in_words(error))
    if error.code // 100 == 4:
        later = relay_error(
            relay, f"the relay puts off the login of {relay.user!r}: {reply}", "That is temporary; it is tried again."
        )
        later.temporary = True
        return later
    secret = "smtp.token_command or smtp.token_file" if by_token else "DIGEST_SMTP_PASSWORD"
    return relay_error(
        relay, f"the relay refuses the login of {relay.user!r}: {reply}", f"Check the user in smtp.url and {secret}."
    )


async def _greet(client: aiosmtplib.SMTP) -> None:
    """Send EHLO to learn what the relay offers, or HELO if it does not know EHLO."""
    if client.is_ehlo_or_helo_needed:
        try:
            await client.ehlo()
        except aiosmtplib.SMTPHeloError as error:
            if error.code == 421:  # it closes the connection, and this reply says why
                raise
            await client.helo()


def relay_error(relay: Relay, what: str, remedy: str) -> RelayError:
    """Return the error for a failure that affects every message."""
    return RelayError(what, thing=f"{relay.host}:{relay.port}", remedy=remedy)


def _client(relay: Relay, sock: socket.socket, context: ssl.SSLContext | None) -> aiosmtplib.SMTP:
    starttls = {"none": False if relay.local else None, "starttls": True, "implicit": False}[relay.tls]
    return aiosmtplib.SMTP(
        hostname=relay.host,
        port=None,
        sock=sock,
        local_hostname=relay.helo or "localhost",
        use_tls=relay.tls == "implicit",
        start_tls=starttls,
        tls_context=context,
        timeout=STEP_TIMEOUT,
    )


def _context(relay: Relay) -> ssl.SSLContext:
    """Return the TLS context. It always checks certificates; `ca_file` names a private authority."""
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
                "If you use your own certificate authority, set smtp.ca_file.",
            )
        if isinstance(cause, socket.gaierror):
            return "host not found", "Check smtp.url."
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, TimeoutError):
        return (
            "connection timed out",
            "Check that the relay is running, that no firewall blocks it, and that smtps:// is right for this port.",
        )
    return _advice_for_text(one_line_reply(_cause_in_words(error)))


def _cause_in_words(error: BaseException) -> str:
    """Return the relay's reply, or what happened to the connection; aiosmtplib's own words for that name "port None"."""
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return f"{error.code} {error.message}" if error.code > 0 else error.message  # -1: no reply of SMTP
    lost = error.__cause__ if isinstance(error, aiosmtplib.SMTPServerDisconnected | aiosmtplib.SMTPConnectError) else None
    cause = lost or error
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(cause) or "the relay closed the connection"


def _advice_for_text(text: str) -> tuple[str, str]:
    if any(phrase in text for phrase in _OLD_TLS):
        return "the relay speaks only a TLS that is too old to be safe", "It must speak TLS 1.2 or newer: ask whoever runs it."
    if "WRONG_VERSION_NUMBER" in text:
        return "the relay does not use TLS from the start", "Use smtp+starttls:// (usually port 587)."
    if "STARTTLS extension" in text:
        return "the relay does not offer STARTTLS", "Use smtps:// if it begins with TLS, or smtp:// if its network is safe."
    if "AUTH extension" in text:
        return (
            "the relay does not accept a login on this connection",
            "Use smtp+starttls:// or smtps://, or remove the user from smtp.url.",
        )
    if "helo" in text.casefold() or "fully-qualified" in text.casefold():
        return (
            f"the relay refuses our greeting: {text}",
            "Set smtp.helo to the full name of this machine.",
        )
    return f"cannot connect: {text}", "Check that the relay is running and that smtp.url is correct."

"""One connection to the relay, reused from message to message. Only this room knows aiosmtplib."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta

import aiosmtplib

from digest.config import Smtp
from digest.errors import ConfigError, RelayError
from digest.model import Message, Outcome, Receipt

PATIENCE = 15.0  # seconds for a connection to stand
TIMEOUT = 60.0  # seconds for one reply; RFC 5321 4.5.3.2 asks for minutes only from a server to the public
BACKOFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))

_Lost = (aiosmtplib.SMTPServerDisconnected, aiosmtplib.SMTPTimeoutError, ConnectionError, TimeoutError)


class Session:
    """Connects when it must, sends one message at a time, and tells what the relay said of each."""

    def __init__(self, relay: Smtp, sender: str, clock: Callable[[], datetime]) -> None:
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._client = _client(relay)

    async def connect(self) -> None:
        """Connect, start TLS and log in; RelayError where that fails for every message alike."""
        self._client.close()
        self._client = _client(self._relay)
        if self._relay.user and not self._relay.password:
            raise self._relay_error(
                f"no password is set for {self._relay.user!r}", "Set DIGEST_SMTP_PASSWORD or smtp.password_file."
            )
        try:
            await self._client.connect(timeout=PATIENCE)
            await self._greet()
        except aiosmtplib.SMTPAuthenticationError as error:
            raise self._relay_error(
                f"the relay refuses the login of {self._relay.user!r}: {error.code} {_one_line(error.message)}",
                "Check the user in smtp.url and DIGEST_SMTP_PASSWORD.",
            ) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            raise self._relay_error(*_advice(error)) from error

    async def _greet(self) -> None:
        """EHLO, for what the relay offers; HELO to one that knows no better."""
        if self._client.is_ehlo_or_helo_needed:
            try:
                await self._client.ehlo()
            except aiosmtplib.SMTPHeloError:
                await self._client.helo()

    def _relay_error(self, what: str, remedy: str) -> RelayError:
        return RelayError(what, thing=f"{self._relay.host}:{self._relay.port}", remedy=remedy)

    @property
    def connected(self) -> bool:
        """Whether there is a connection to use."""
        return self._client.is_connected

    def greeted(self) -> tuple[str, ...]:
        """What the relay offers, by its EHLO."""
        return tuple(sorted(self._client.esmtp_extensions))

    async def send(self, message: Message) -> Receipt:
        """Hand over one message. Before DATA a lost connection is DEFERRED; from DATA on it is UNKNOWN, since the relay
        may have taken the message: such a one is never sent again by itself.
        """
        try:
            if refusal := await self._envelope(message):
                return refusal
            answer = await self._client.data(message.raw)
        except _Lost as error:
            return self._receipt(message, Outcome.UNKNOWN, 0, f"the connection was lost: {error}")
        except aiosmtplib.SMTPDataError as error:
            await self._reset()  # a refusal of DATA itself leaves the envelope open
            return self._judged(message, error)
        except aiosmtplib.SMTPException as error:  # an answer that is no SMTP: whether it was a yes, nobody knows
            self._client.close()
            return self._receipt(message, Outcome.UNKNOWN, 0, f"{type(error).__name__}: {error}")
        return self._receipt(message, Outcome.SENT, answer.code, answer.message)

    async def _envelope(self, message: Message) -> Receipt | None:
        """MAIL and RCPT; on a connection that the relay has closed meanwhile, once more on a new one."""
        reply = ""
        for last in (False, True):
            try:
                if not self.connected:
                    await self.connect()
                await self._announce(message)
            except _Lost as error:
                reply = f"the connection was lost: {error}"
            except aiosmtplib.SMTPException as error:
                if last or getattr(error, "code", 0) != 421:
                    return await self._refused(message, error)
                self._client.close()  # the relay has had enough of this connection
            else:
                return None
        return self._receipt(message, Outcome.DEFERRED, 0, reply)

    async def _refused(self, message: Message, error: aiosmtplib.SMTPException) -> Receipt:
        """What a refusal before DATA means for this message; nothing of it has left."""
        if isinstance(error, aiosmtplib.SMTPSenderRefused):
            return self._sender_refused(message, error)
        if isinstance(error, aiosmtplib.SMTPNotSupported):
            return self._receipt(message, Outcome.REFUSED, 0, "the relay does not take addresses outside ASCII (SMTPUTF8)")
        if isinstance(error, aiosmtplib.SMTPRecipientRefused):
            await self._reset()
            return self._judged(message, error)
        self._client.close()
        return self._receipt(message, Outcome.DEFERRED, 0, f"{type(error).__name__}: {error}")

    def _sender_refused(self, message: Message, error: aiosmtplib.SMTPSenderRefused) -> Receipt:
        """For now, it is this message's misfortune; for good, it is everybody's."""
        if error.code < 500 or error.code == 552:  # 552: this message is too large
            return self._judged(message, error)
        raise self._relay_error(
            f"the relay refuses the sender {self._sender}: {error.code} {_one_line(error.message)}",
            "Check newsletter.from and what this login may send as.",
        ) from error

    async def _announce(self, message: Message) -> None:
        address = message.recipient.email
        options = [f"SIZE={len(message.raw)}"] if self._client.supports_extension("size") else []
        if self._client.supports_extension("8bitmime"):
            options.append("BODY=8BITMIME")
        encoding = "ascii"
        if not address.isascii():
            if not self._client.supports_extension("smtputf8"):
                raise aiosmtplib.SMTPNotSupported("SMTPUTF8")
            options, encoding = [*options, "SMTPUTF8"], "utf-8"
        await self._client.mail(self._sender, options=options, encoding=encoding)
        await self._client.rcpt(address, encoding=encoding)

    async def _reset(self) -> None:
        try:
            await self._client.rset()
        except (aiosmtplib.SMTPException, OSError):
            self._client.close()

    def _judged(self, message: Message, error: aiosmtplib.SMTPResponseException) -> Receipt:
        """4yz is temporary, 5yz permanent (RFC 5321, 4.2.1); anything else counts as temporary."""
        outcome = Outcome.REFUSED if 500 <= error.code < 600 else Outcome.DEFERRED
        return self._receipt(message, outcome, error.code, error.message)

    def _receipt(self, message: Message, outcome: Outcome, code: int, reply: str) -> Receipt:
        now = self._clock()
        wait = BACKOFF[min(message.recipient.attempts, len(BACKOFF) - 1)]
        return Receipt(
            recipient=message.recipient,
            message_id=message.message_id,
            outcome=outcome,
            code=code,
            reply=_one_line(reply),
            relay=self._relay.host,
            at=now,
            retry_at=now + wait if outcome is Outcome.DEFERRED else None,
        )

    async def close(self) -> None:
        """Say goodbye, without waiting long for the answer."""
        try:
            async with asyncio.timeout(2):
                await self._client.quit()
        except (aiosmtplib.SMTPException, OSError, TimeoutError):
            self._client.close()


def _client(relay: Smtp) -> aiosmtplib.SMTP:
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


def _context(relay: Smtp) -> ssl.SSLContext:
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
    told = _one_line(str(error))
    if "WRONG_VERSION_NUMBER" in told:
        return "the relay does not begin with TLS", "Write smtp+starttls:// (often port 587)."
    if "AUTH extension" in told:
        return "the relay offers no login on this connection", "Write smtp+starttls:// or smtps://, or leave the user out."
    return f"cannot connect: {told}", "Is the relay running, and is smtp.url right?"


def _one_line(text: str) -> str:
    return " ".join(text.split())[:500].rstrip(".:")

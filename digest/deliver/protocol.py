"""The wire: bytes out, replies in, in their order. aiosmtplib connects; then this protocol takes the connection over.

aiosmtplib holds a lock over writing a command and reading its reply, so it cannot pipeline (RFC 2920); here the two are
apart, and a reply belongs to the oldest command that has none.
"""

import asyncio
import os
import socket
from collections import deque
from dataclasses import dataclass

from digest.model import Message

MAX_UNREAD_OCTETS = 65_536  # octets
MAX_LINE_OCTETS = 4_096  # octets; RFC 5321 4.5.3.1.5 has 512, and some servers talk more
MAX_REPLY_LINES = 100  # of one reply
SILENCE = "the relay did not answer in time"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, its lines as one text."""

    code: int
    text: str

    @property
    def refusal(self) -> bool:
        """4yz or 5yz: not now, or never (RFC 5321, 4.2.1)."""
        return self.code >= 400


class LostError(Exception):
    """The connection is gone, too slow, or does not speak SMTP.

    `closed`: the relay ended it in order, so that it has taken nothing of what it has not answered; `silent`: no answer came.
    """

    def __init__(self, why: str, *, closed: bool = False, silent: bool = False) -> None:
        super().__init__(why)
        self.closed = closed
        self.silent = silent


class SmtpProtocol(asyncio.Protocol):
    """A connection that has been greeted.

    `prompt` acknowledges each packet at once (TCP_QUICKACK): a server that sends two small replies waits for that between
    them, and with BDAT stands still for the 40 ms of a delayed acknowledgement.
    """

    def __init__(self, transport: asyncio.Transport, *, prompt: bool = False) -> None:
        self._transport = transport
        self._buffer = b""
        self._text: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str | None = None
        self._socket = transport.get_extra_info("socket") if prompt and hasattr(socket, "TCP_QUICKACK") else None
        transport.set_protocol(self)

    @property
    def open(self) -> bool:
        """Whether there is still a connection."""
        return self._lost is None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Whole lines become replies; how the network cuts them does not matter."""
        if self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self._read(data)

    def _read(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if self._lost is None:  # what follows something that is no reply belongs to nothing
                self._take(line.rstrip(b"\r"))
        if len(self._buffer) > MAX_LINE_OCTETS:
            self._fail("reply line too long")
        self.nudge()

    def _take(self, line: bytes) -> None:
        code, more, text = line[:3], line[3:4], line[4:]
        if not (code.isdigit() and b"200" <= code < b"600" and more in {b"", b" ", b"-"}) or len(self._text) >= MAX_REPLY_LINES:
            self._fail(f"invalid reply: {line[:80].decode('utf-8', 'replace')}")
            return
        self._text.append(text.decode("utf-8", "replace"))
        if more != b"-":
            self._replies.append(Reply(int(code), " ".join(self._text)))
            self._text = []

    def eof_received(self) -> bool:
        """The server has hung up; so do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits; where it was a write that failed, what the server had said before still counts."""
        if exc is not None:
            self._read(self._unheard())
        self._fail(str(exc or "the relay closed the connection"))

    def _unheard(self) -> bytes:
        """What came before a reset and lies in the socket: asyncio closes it unread when it cannot write. Over TLS, nothing."""
        bare = self._transport.get_extra_info("socket")
        if bare is None or self._transport.get_extra_info("sslcontext") is not None:
            return b""
        try:
            return os.read(bare.fileno(), MAX_UNREAD_OCTETS)
        except OSError:  # nothing is there, or no socket any more
            return b""

    def _fail(self, why: str) -> None:
        self._lost = self._lost or why
        self._transport.close()
        self.nudge()

    def nudge(self) -> None:
        """Wake whoever waits for the server: there is something to look at."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def write(self, data: bytes) -> None:
        """Hand bytes to the network; LostError where it is gone.

        How much can wait here is bounded by what may be unanswered; a network that takes nothing shows as no answer.
        """
        self.check()
        self._transport.write(data)

    def check(self) -> None:
        """LostError where the connection is gone."""
        if not self.open:
            raise self._loss()

    def answered(self, count: int) -> bool:
        """Whether so many replies are there, or will never be."""
        return len(self._replies) >= count or self._lost is not None

    async def stir(self, within: float) -> None:
        """Wait until a reply comes, the connection ends or somebody nudges; after `within` seconds it is given up."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(max(0.0, within), self._fail, SILENCE)
        try:
            await self._waiter
        finally:
            timer.cancel()

    async def replies(self, count: int, within: float) -> list[Reply]:
        """The replies to the oldest commands without one, within so many seconds, however slowly they trickle in."""
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not self.answered(count):
            await self.stir(end - loop.time())
        if len(self._replies) < count:
            raise self._loss()
        return [self._replies.popleft() for _ in range(count)]

    def _loss(self) -> LostError:
        last = next((reply for reply in self._replies if reply.code == 421), None)  # its reason for hanging up
        why = f"421 {last.text}" if last else self._lost or "the connection is closed"
        return LostError(why, closed=last is not None, silent=self._lost == SILENCE)

    def close(self) -> None:
        """Hang up."""
        self._fail("closed")


def dot_stuffed(message: Message) -> list[bytes]:
    """A message as it follows DATA: leading dots doubled, a lone dot at its end (RFC 5321, 4.5.2), in pieces."""
    raw = message.raw
    if message.dots:
        raw = (b"." if raw.startswith(b".") else b"") + raw.replace(b"\r\n.", b"\r\n..")
    return [raw, b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"]

"""The SMTP wire: commands out, replies in, both in order. aiosmtplib connects; then this protocol takes the connection over.

aiosmtplib holds a lock while it writes a command and reads its reply, so it cannot pipeline (RFC 2920). Here writing and
reading are separate: each reply belongs to the oldest command that has none.
"""

import asyncio
import os
import socket
from collections import deque
from dataclasses import dataclass

from digest.model import Message

MAX_UNREAD_OCTETS = 65_536  # octets
MAX_LINE_OCTETS = 4_096  # octets; RFC 5321 4.5.3.1.5 allows 512, but some servers send more
MAX_REPLY_LINES = 100  # lines of one reply
TIMEOUT_REASON = "the relay did not answer in time"


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, with its lines joined into one text."""

    code: int
    text: str

    @property
    def is_refusal(self) -> bool:
        """Whether the code is 4yz (not now) or 5yz (never) (RFC 5321, 4.2.1)."""
        return self.code >= 400


class ConnectionLostError(Exception):
    """The connection has ended, is too slow, or does not speak SMTP.

    `discards_unanswered`: the relay said 421 or does not know BDAT, so it has taken no message that it has not answered.
    `timed_out`: no reply came in time.
    """

    def __init__(self, why: str, *, discards_unanswered: bool = False, timed_out: bool = False) -> None:
        super().__init__(why)
        self.discards_unanswered = discards_unanswered
        self.timed_out = timed_out


class SmtpProtocol(asyncio.Protocol):
    """An SMTP connection after the greeting.

    `quick_ack` acknowledges each packet at once (TCP_QUICKACK). A server that sends two small replies waits for an
    acknowledgement between them. With BDAT it would lose the 40 ms of a delayed one.
    """

    def __init__(self, transport: asyncio.Transport, *, quick_ack: bool = False) -> None:
        self._transport = transport
        self._buffer = b""
        self._text: list[str] = []
        self._replies: deque[Reply] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._lost: str | None = None
        self._socket = transport.get_extra_info("socket") if quick_ack and hasattr(socket, "TCP_QUICKACK") else None
        transport.set_protocol(self)

    @property
    def is_open(self) -> bool:
        """Whether the connection is still open."""
        return self._lost is None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Turn whole lines into replies, however the network splits them."""
        if self._socket is not None:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        self._parse(data)

    def _parse(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            if self._lost is None:  # after an invalid reply, later lines cannot be matched to commands
                self._take(line.rstrip(b"\r"))
        if len(self._buffer) > MAX_LINE_OCTETS:
            self._fail("reply line too long")
        self.wake()

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
        """Let asyncio close our side (False), because the server has closed its side."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake the waiting coroutine; if a write failed, first read the replies that the server had already sent."""
        if exc is not None:
            self._parse(self._read_remaining())
        self._fail(str(exc or "the relay closed the connection"))

    def _read_remaining(self) -> bytes:
        """Return what came before a reset: asyncio closes the socket unread when it cannot write. Return nothing over TLS."""
        sock = self._transport.get_extra_info("socket")
        if sock is None or self._transport.get_extra_info("sslcontext") is not None:
            return b""
        try:
            return os.read(sock.fileno(), MAX_UNREAD_OCTETS)
        except OSError:  # there is nothing to read, or the socket is already closed
            return b""

    def _fail(self, why: str) -> None:
        self._lost = self._lost or why
        self._transport.close()
        self.wake()

    def wake(self) -> None:
        """Wake the coroutine that waits for the server, so that it checks again."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def write(self, data: bytes) -> None:
        """Hand bytes to the network; raise ConnectionLostError if the connection has ended.

        The limit on unanswered messages also limits how much can wait here. If the network takes nothing, no reply comes.
        """
        self.check_open()
        self._transport.write(data)

    def check_open(self) -> None:
        """Raise ConnectionLostError if the connection has ended."""
        if not self.is_open:
            raise self._loss()

    def has_replies(self, count: int) -> bool:
        """Return whether `count` replies are there, or never will be."""
        return len(self._replies) >= count or self._lost is not None

    async def wait(self, within: float) -> None:
        """Wait until data comes, the connection ends or `wake` is called; give the connection up after `within` seconds."""
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        timer = loop.call_later(max(0.0, within), self._fail, TIMEOUT_REASON)
        try:
            await self._waiter
        finally:
            timer.cancel()

    async def read_replies(self, count: int, within: float) -> list[Reply]:
        """Return the replies to the `count` oldest unanswered commands.

        Raise ConnectionLostError if they do not all come within `within` seconds.
        """
        loop = asyncio.get_running_loop()
        end = loop.time() + within
        while not self.has_replies(count):
            await self.wait(end - loop.time())
        if len(self._replies) < count:
            raise self._loss()
        return [self._replies.popleft() for _ in range(count)]

    def _loss(self) -> ConnectionLostError:
        last = next((reply for reply in self._replies if reply.code == 421), None)  # it says why the relay closed
        why = f"421 {last.text}" if last else self._lost or "the connection is closed"
        return ConnectionLostError(why, discards_unanswered=last is not None, timed_out=self._lost == TIMEOUT_REASON)

    def close(self) -> None:
        """Close the connection."""
        self._fail("closed")


def dot_stuff(message: Message) -> list[bytes]:
    """Return a message as it follows DATA, in pieces: leading dots doubled, a lone dot at the end (RFC 5321, 4.5.2)."""
    raw = message.raw
    if message.dots:
        raw = (b"." if raw.startswith(b".") else b"") + raw.replace(b"\r\n.", b"\r\n..")
    return [raw, b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n"]

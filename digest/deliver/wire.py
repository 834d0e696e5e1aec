"""The wire: bytes out, replies in, in their order. aiosmtplib connects; then this protocol takes the connection over.

aiosmtplib holds a lock over writing a command and reading its reply, so it cannot pipeline (RFC 2920); here the two are
apart, and a reply belongs to the oldest command that has none.
"""

import asyncio
from collections import deque
from dataclasses import dataclass

LONGEST_LINE = 4_096  # octets; RFC 5321 4.5.3.1.5 has 512, and some servers talk more
MOST_LINES = 100  # of one reply


class LostError(Exception):
    """The connection is gone, too slow, or does not speak SMTP."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply, its lines as one text."""

    code: int
    text: str

    @property
    def refusal(self) -> bool:
        """4yz or 5yz: not now, or never (RFC 5321, 4.2.1)."""
        return self.code >= 400


class Wire(asyncio.Protocol):
    """A connection that has been greeted."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._buffer = bytearray()
        self._text: list[str] = []
        self._replies: deque[Reply] = deque()
        self._arrived = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._lost: str | None = None
        transport.set_protocol(self)

    @property
    def open(self) -> bool:
        """Whether there is still a connection."""
        return self._lost is None and not self._transport.is_closing()

    def data_received(self, data: bytes) -> None:
        """Whole lines become replies; how the network cuts them does not matter."""
        self._buffer += data
        while (end := self._buffer.find(b"\n")) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            self._take(line.rstrip(b"\r"))
        if len(self._buffer) > LONGEST_LINE:
            self._fail("a line without end")

    def _take(self, line: bytes) -> None:
        code, more, text = line[:3], line[3:4], line[4:]
        if not (code.isdigit() and b"200" <= code < b"600" and more in {b"", b" ", b"-"}) or len(self._text) >= MOST_LINES:
            self._fail(f"not a reply: {line[:80].decode('utf-8', 'replace')}")
            return
        self._text.append(text.decode("utf-8", "replace"))
        if more != b"-":
            self._replies.append(Reply(int(code), " ".join(self._text)))
            self._text = []
            self._arrived.set()

    def eof_received(self) -> bool:
        """The server has hung up; so do we."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Wake whoever waits."""
        self._fail(str(exc or "the server hung up"))

    def _fail(self, why: str) -> None:
        self._lost = self._lost or why
        self._arrived.set()
        self._writable.set()
        self._transport.close()

    def pause_writing(self) -> None:
        """The network is slower than we are."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._writable.set()

    async def write(self, data: bytes, patience: float) -> None:
        """Hand bytes to the network; LostError where it takes none."""
        if not self.open:
            raise LostError(self._lost or "the connection is closed")
        self._transport.write(data)
        try:
            async with asyncio.timeout(patience):
                await self._writable.wait()
        except TimeoutError as error:
            self._fail("the server takes no data")
            raise LostError("the server takes no data") from error

    async def reply(self, patience: float) -> Reply:
        """The reply to the oldest command without one."""
        try:
            async with asyncio.timeout(patience):
                while not self._replies:
                    if self._lost is not None:
                        raise LostError(self._lost)
                    self._arrived.clear()
                    await self._arrived.wait()
        except TimeoutError as error:
            self._fail("no answer in time")
            raise LostError("no answer in time") from error
        return self._replies.popleft()

    def close(self) -> None:
        """Hang up."""
        self._fail("closed")


def stuffed(message: bytes) -> bytes:
    """A message as it follows DATA: leading dots doubled, a lone dot at its end (RFC 5321, 4.5.2)."""
    if message.startswith(b"."):
        message = b"." + message
    end = b".\r\n" if message.endswith(b"\r\n") else b"\r\n.\r\n"
    if b"\r\n." in message:
        message = message.replace(b"\r\n.", b"\r\n..")
    return message + end

"""Limits on connections to the pages: unfinished requests must not use up the descriptors that sending needs.

A connection has a few seconds to send the head of a request. The number of connections is limited to far fewer than the
descriptors of the process. At the limit, a new one replaces the oldest without a complete head, so that proper requests get in.
"""

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Callable

HEAD_TIMEOUT = 10.0  # seconds for the head of the first request
MAX_CONNECTIONS = 256  # connections at once
MAX_DESCRIPTOR_SHARE = 0.25  # largest share of the process's descriptors
_END = b"\r\n\r\n"


def connection_limit() -> int:
    """Return the limit on connections; the other descriptors are for sending, collecting and the store."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(MAX_CONNECTIONS, int(soft * MAX_DESCRIPTOR_SHARE)))


def raise_descriptor_limit() -> None:
    """Raise the process's limit on descriptors as far as the system allows, up to 65,536."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class ConnectionLimits:
    """A factory of a server's protocols, each wrapped in a `LimitedConnection`, with a limit on open connections."""

    def __init__(self, factory: Callable[[], asyncio.Protocol], limit: int) -> None:
        self.factory = factory
        self._limit = limit
        self._silent: OrderedDict[LimitedConnection, None] = OrderedDict()  # those without a complete head yet, oldest first
        self._open = 0

    def __call__(self) -> asyncio.Protocol:
        """Make the protocol of a new connection."""
        return LimitedConnection(self, self.factory())

    def admit(self, connection: "LimitedConnection") -> bool:
        """Count a new connection, if necessary in place of the oldest silent one; return False if there is no room."""
        if self._open >= self._limit:
            if not self._silent:
                return False
            oldest, _ = self._silent.popitem(last=False)
            oldest.drop()
        self._open += 1
        self._silent[connection] = None
        return True

    def head_received(self, connection: "LimitedConnection") -> None:
        """Note that a connection has sent a complete head."""
        self._silent.pop(connection, None)

    def connection_closed(self, connection: "LimitedConnection") -> None:
        """Note that a connection has closed."""
        self._silent.pop(connection, None)
        self._open -= 1


class LimitedConnection(asyncio.Protocol):
    """The protocol of one connection, wrapped around the server's own protocol."""

    def __init__(self, limits: ConnectionLimits, inner: asyncio.Protocol) -> None:
        self._limits = limits
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""
        self._counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Admit the connection, or abort it if there is no room."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  the server makes only streams
        self._transport = transport
        self._counted = self._limits.admit(self)
        if not self._counted:
            transport.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(HEAD_TIMEOUT, self.drop)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Pass on the data; the end of a head stops the timer."""
        if self._timer is not None:
            seen = self._tail + data
            self._tail = seen[-3:]
            if _END in seen:
                self._timer.cancel()
                self._timer = None
                self._limits.head_received(self)
        if self._counted:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on the end of the data."""
        return self._inner.eof_received() if self._counted else None

    def pause_writing(self) -> None:
        """Pass on that the client does not read."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Pass on that the client reads again."""
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the timer; count and pass on the loss of an admitted connection."""
        if self._timer is not None:
            self._timer.cancel()
        if self._counted:
            self._counted = False
            self._limits.connection_closed(self)
            self._inner.connection_lost(exc)

    def drop(self) -> None:
        """Abort the connection."""
        if self._transport is not None:
            self._transport.abort()

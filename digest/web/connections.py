"""Who may hold a connection to the pages, and for how long: half a request must not cost the morning mail its descriptors.

A connection has a few seconds to say what it wants. There are only so many at once, far fewer than the process has descriptors;
where all are taken, the oldest that has not said anything whole makes room, so that whoever asks properly is heard.
"""

import asyncio
import resource
from collections import OrderedDict
from collections.abc import Callable

HEAD_TIMEOUT = 10.0  # seconds for the head of the first request
MAX_CONNECTIONS = 256  # connections, and
DESCRIPTOR_SHARE = 0.25  # of the descriptors that the process has
_END = b"\r\n\r\n"


def connection_limit() -> int:
    """How many connections there may be; the rest of the descriptors is for sending, collecting and the store."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(8, min(MAX_CONNECTIONS, int(soft * DESCRIPTOR_SHARE)))


def raise_descriptors() -> None:
    """As many descriptors as the system lets the process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = min(hard, 65_536) if hard != resource.RLIM_INFINITY else 65_536
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class ConnectionLimits:
    """Makes the protocols of a server, each behind a `Guarded` one."""

    def __init__(self, inner: Callable[[], asyncio.Protocol], most: int) -> None:
        self._inner = inner
        self._most = most
        self._silent: OrderedDict[Guarded, None] = OrderedDict()  # those that have not said anything whole, oldest first
        self._open = 0

    def __call__(self) -> asyncio.Protocol:
        """One for a new connection."""
        return Guarded(self, self._inner())

    def came(self, one: "Guarded") -> bool:
        """Whether there is room for one more, if need be in the place of one that is silent."""
        if self._open >= self._most:
            if not self._silent:
                return False
            oldest, _ = self._silent.popitem(last=False)
            oldest.drop()
        self._open += 1
        self._silent[one] = None
        return True

    def spoke(self, one: "Guarded") -> None:
        """It has said what it wants."""
        self._silent.pop(one, None)

    def went(self, one: "Guarded") -> None:
        """It is gone."""
        self._silent.pop(one, None)
        self._open -= 1


class Guarded(asyncio.Protocol):
    """One connection, handed on to the server's own protocol."""

    def __init__(self, door: ConnectionLimits, inner: asyncio.Protocol) -> None:
        self._door = door
        self._inner = inner
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._tail = b""
        self._counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let it in, or not."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  a stream, by how the server is made
        self._transport = transport
        self._counted = self._door.came(self)
        if not self._counted:
            transport.abort()
            return
        self._timer = asyncio.get_running_loop().call_later(HEAD_TIMEOUT, self.drop)
        self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Hand on what it says; with the end of a head it has said what it wants."""
        if self._timer is not None:
            seen = self._tail + data
            self._tail = seen[-3:]
            if _END in seen:
                self._timer.cancel()
                self._timer = None
                self._door.spoke(self)
        if self._counted:
            self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Hand on that it says no more."""
        return self._inner.eof_received() if self._counted else None

    def pause_writing(self) -> None:
        """Hand on that it does not read."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Hand on that it reads again."""
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        if self._timer is not None:
            self._timer.cancel()
        if self._counted:
            self._counted = False
            self._door.went(self)
            self._inner.connection_lost(exc)

    def drop(self) -> None:
        """End it."""
        if self._transport is not None:
            self._transport.abort()

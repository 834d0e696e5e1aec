"""One connection to a relay, made when it is needed; each message goes with as few round trips as the relay's EHLO allows."""

from collections.abc import Callable
from datetime import datetime

from digest.config import Relay
from digest.deliver.bdat import send_bdat
from digest.deliver.connect import Extensions, OpenConnection, open_connection
from digest.deliver.data import send_data
from digest.deliver.protocol import LostError
from digest.deliver.replies import Policy
from digest.deliver.transaction import MessageSource, Transaction


class Session:
    """Connects, hands over what it is fed, and tells what the relay said of each message."""

    def __init__(self, relay: Relay, sender: str, clock: Callable[[], datetime], trust: Extensions, *, resend: bool = True) -> None:
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._trust = trust
        self._policy = Policy(relay.label, resend)
        self._line: OpenConnection | None = None

    async def connect(self) -> None:
        """A new connection in place of the old one; RelayError where there is none for anybody."""
        if self._line:
            self._line.wire.close()
        self._line = await open_connection(self._relay, self._trust)

    @property
    def connected(self) -> bool:
        """Whether there is a connection to use."""
        return self._line is not None and self._line.wire.open

    def greeted(self) -> tuple[str, ...]:
        """What the relay offers, by its EHLO."""
        return tuple(sorted(self._line.offers)) if self._line else ()

    async def carry(self, source: MessageSource) -> LostError | None:
        """Send what `feed` gives until it gives None, or until the connection is lost: then that is returned.

        Every message taken is told of or given back. RelayError where the relay refuses everybody.
        """
        if self._line is None:
            return LostError("not connected")
        transaction, lost = Transaction(self._line, self._relay, self._sender, self._policy, self._clock, source), None
        try:
            await (send_bdat(transaction) if "chunking" in transaction.offers else send_data(transaction))
        except LostError as error:
            lost = error
            self._line.wire.close()
        finally:
            await transaction.release(lost)
        return lost

    async def close(self) -> None:
        """Say goodbye, without waiting long for the answer."""
        if self._line is None or not self.connected:
            return
        try:
            self._line.wire.write(b"QUIT\r\n")
            await self._line.wire.replies(1, 2)
        except LostError:
            return
        finally:
            self._line.wire.close()

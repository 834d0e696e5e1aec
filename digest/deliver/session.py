"""One connection to a relay, made when it is needed. Each message takes as few round trips as the relay's EHLO allows."""

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
    """One connection that sends the messages it is given and reports what the relay replied to each."""

    def __init__(self, relay: Relay, sender: str, clock: Callable[[], datetime], trust: Extensions, *, resend: bool = True) -> None:
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._trust = trust
        self._policy = Policy(relay.label, resend)
        self._connection: OpenConnection | None = None

    async def connect(self) -> None:
        """Open a new connection in place of the old one; raise RelayError if the relay cannot be used."""
        if self._connection:
            self._connection.wire.close()
        self._connection = await open_connection(self._relay, self._trust)

    @property
    def connected(self) -> bool:
        """Whether there is an open connection."""
        return self._connection is not None and self._connection.wire.open

    def greeted(self) -> tuple[str, ...]:
        """Return the extensions that the relay offers in its EHLO reply, in alphabetical order."""
        return tuple(sorted(self._connection.offers)) if self._connection else ()

    async def carry(self, source: MessageSource) -> LostError | None:
        """Send what `source` gives until it gives None or the connection is lost; return the loss, if any.

        Every message taken is reported or given back. Raises RelayError if the relay refuses everybody.
        """
        if self._connection is None:
            return LostError("not connected")
        transaction, lost = Transaction(self._connection, self._relay, self._sender, self._policy, self._clock, source), None
        try:
            await (send_bdat(transaction) if "chunking" in transaction.offers else send_data(transaction))
        except LostError as error:
            lost = error
            self._connection.wire.close()
        finally:
            await transaction.release(lost)
        return lost

    async def close(self) -> None:
        """Send QUIT and close, without waiting long for the reply."""
        if self._connection is None or not self.connected:
            return
        try:
            self._connection.wire.write(b"QUIT\r\n")
            await self._connection.wire.replies(1, 2)
        except LostError:
            return
        finally:
            self._connection.wire.close()

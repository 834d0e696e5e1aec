"""One connection to a relay, made when it is needed. Each message takes as few round trips as the relay's EHLO allows."""

from collections.abc import Callable
from datetime import datetime

from digest.config import Relay
from digest.deliver.bdat_command import send_bdat
from digest.deliver.connect import Extensions, OpenConnection, open_connection
from digest.deliver.data_command import send_data
from digest.deliver.protocol import ConnectionLostError
from digest.deliver.replies import RetryPolicy
from digest.deliver.transactions import MessageSource, Transactions


class Session:
    """One connection that sends the messages it is given and reports what the relay replied to each."""

    def __init__(
        self, relay: Relay, sender: str, clock: Callable[[], datetime], extensions: Extensions, *, resend: bool = True
    ) -> None:
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._extensions = extensions
        self._policy = RetryPolicy(relay.label, resend)
        self._connection: OpenConnection | None = None

    async def connect(self) -> None:
        """Open a new connection in place of the old one; raise RelayError if the relay cannot be used."""
        if self._connection:
            self._connection.protocol.close()
        self._connection = await open_connection(self._relay, self._extensions)

    @property
    def is_connected(self) -> bool:
        """Whether there is an open connection."""
        return self._connection is not None and self._connection.protocol.is_open

    @property
    def offers(self) -> tuple[str, ...]:
        """The extensions that the relay offers in its EHLO reply, in alphabetical order."""
        return tuple(sorted(self._connection.offers)) if self._connection else ()

    async def send_from(self, source: MessageSource) -> ConnectionLostError | None:
        """Send what `source` gives until it gives None or the connection is lost; return the loss, if any.

        Every message taken is reported or given back. Raises RelayError if the relay refuses everybody.
        """
        if self._connection is None:
            return ConnectionLostError("not connected")
        transactions, lost = Transactions(self._connection, self._relay, self._sender, self._policy, self._clock, source), None
        try:
            await (send_bdat(transactions) if "chunking" in transactions.offers else send_data(transactions))
        except ConnectionLostError as error:
            lost = error
            self._connection.protocol.close()
        finally:
            await transactions.release(lost)
        return lost

    async def close(self) -> None:
        """Send QUIT and close, without waiting long for the reply."""
        if self._connection is None or not self.is_connected:
            return
        try:
            self._connection.protocol.write(b"QUIT\r\n")
            await self._connection.protocol.read_replies(1, 2)
        except ConnectionLostError:
            return
        finally:
            self._connection.protocol.close()

"""One connection's messages during a run."""

import asyncio
from typing import TYPE_CHECKING

from digest.deliver.relay import RelayState
from digest.deliver.send_queue import Recorded, Waiting
from digest.model import Message, Receipt

if TYPE_CHECKING:
    from digest.deliver.run import Run


class ConnectionQueue:
    """One connection's messages: the run answers what `Transaction` asks for."""

    def __init__(self, run: "Run", relay_state: RelayState, number: int) -> None:
        self._run = run
        self._relay_state = relay_state
        self._number = number
        self._left = relay_state.most or None
        self._at_once = True
        self.full = False
        self.answered = 0

    def next(self) -> Waiting:
        """Return the next message; None if this connection has carried as many as it may."""
        if self._left == 0:
            self.full = True
            nothing: Waiting = asyncio.get_running_loop().create_future()
            nothing.set_result(None)
            return nothing
        if self._left:
            self._left -= 1
        future, self._at_once = self._run.take(self._relay_state, self._number)
        return future

    def soon(self) -> bool:
        """Return whether the next message comes at once, apart from the database; with domain rates nobody knows, so False."""
        return self._at_once and not self._run.smtp.domain_rates

    def report(self, receipt: Receipt, waited: float, recorded: Recorded) -> None:
        """Count an answer from the relay and report it to the run."""
        self.answered += 1
        self._run.report(self._relay_state, receipt, waited, recorded)

    def postpones(self, message: Message, receipt: Receipt) -> bool:
        """Return whether the message waits again because the relay has too much just now."""
        return self._run.postpones(self._relay_state, message, receipt)

    def back(self, message: Message, why: str, *, blame: bool) -> None:
        """Give back a message that the relay has not received; `blame`: it may be why the connection ended."""
        self._run.back(self._relay_state, message, why, blame=blame)

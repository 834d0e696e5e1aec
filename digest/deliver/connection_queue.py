"""One connection's messages during a run."""

import asyncio
from typing import Protocol

from digest.config import Smtp
from digest.deliver.relay import RelayState
from digest.deliver.send_queue import MessageFuture, RecordedCallback
from digest.model import Message, Receipt


class Messages(Protocol):
    """Where the connections of a run get their messages from, and report what became of them."""

    smtp: Smtp

    def next_message(self, relay_state: RelayState, number: int) -> tuple[MessageFuture, bool]:
        """Return the next message for a connection, and whether it comes at once."""

    def report(self, relay_state: RelayState, receipt: Receipt, latency: float, on_recorded: RecordedCallback) -> None:
        """Count a receipt and have it recorded."""

    def postpone(self, relay_state: RelayState, message: Message, receipt: Receipt) -> bool:
        """Let a message wait again if the relay has too much just now; return whether it does."""

    def give_back(self, relay_state: RelayState, message: Message, why: str, *, blame: bool) -> None:
        """Take back a message that the relay has not received."""


class ConnectionQueue:
    """One connection's messages: the run answers what `Transactions` ask for."""

    def __init__(self, run: Messages, relay_state: RelayState, number: int) -> None:
        self._run = run
        self._relay_state = relay_state
        self._number = number
        self._remaining = relay_state.max_per_connection or None
        self._at_once = True
        self.is_full = False
        self.reply_count = 0

    def next_message(self) -> MessageFuture:
        """Return the next message; None if this connection has carried as many as it may."""
        if self._remaining == 0:
            self.is_full = True
            nothing: MessageFuture = asyncio.get_running_loop().create_future()
            nothing.set_result(None)
            return nothing
        if self._remaining:
            self._remaining -= 1
        future, self._at_once = self._run.next_message(self._relay_state, self._number)
        return future

    def comes_soon(self) -> bool:
        """Return whether the next message comes at once, apart from the database; with domain rates nobody knows, so False."""
        return self._at_once and not self._run.smtp.domain_rates

    def report(self, receipt: Receipt, latency: float, on_recorded: RecordedCallback) -> None:
        """Count a receipt and report it to the run."""
        self.reply_count += 1
        self._run.report(self._relay_state, receipt, latency, on_recorded)

    def postpone(self, message: Message, receipt: Receipt) -> bool:
        """Let the message wait again if the relay has too much just now; return whether it does."""
        return self._run.postpone(self._relay_state, message, receipt)

    def give_back(self, message: Message, why: str, *, blame: bool) -> None:
        """Give back a message that the relay has not received; `blame`: it may be why the connection ended."""
        self._run.give_back(self._relay_state, message, why, blame=blame)

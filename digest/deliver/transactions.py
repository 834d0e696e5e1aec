"""The messages one connection has in hand, from the moment it takes one until the relay has answered for it.

A message is `held` while the relay has at most its envelope: if the connection ends, it is given back. When its body goes
out, it is `in_flight`: if the connection ends now, nobody knows whether the relay took it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from digest.config import Relay
from digest.deliver.connect import Extensions, OpenConnection, relay_error
from digest.deliver.protocol import ConnectionLostError, Reply
from digest.deliver.replies import RetryPolicy, make_receipt, one_line_reply, receipt_for
from digest.model import Message, Outcome, Receipt

COMMAND_TIMEOUT = 300.0  # seconds for the reply to MAIL and RCPT (RFC 5321, 4.5.3.2.2 and 4.5.3.2.3)
FINAL_REPLY_TIMEOUT = 600.0  # seconds for the reply to the final dot; giving up earlier causes duplicates (RFC 5321, 4.5.3.2.6)
_NO_SMTPUTF8 = Reply(0, "the relay does not support non-ASCII addresses (SMTPUTF8)")
_BAD_PARAMETER = {501, 504, 555}  # RFC 5321, 4.1.1.11 and 4.2.2


class MessageSource(Protocol):
    """The source of a connection's messages, which also receives its reports on them."""

    def next_message(self) -> "asyncio.Future[Message | None]":
        """Return the next message, recorded as about to leave; None if this connection should take no more."""

    def comes_soon(self) -> bool:
        """Return whether to hold bytes back for the next message: it is being recorded, and nothing else delays it."""

    def report(self, receipt: Receipt, latency: float, on_recorded: Callable[[], None]) -> None:
        """Report a receipt, `latency` seconds after the message's last byte left; `on_recorded` is called when it is on disk."""

    def postpone(self, message: Message, receipt: Receipt) -> bool:
        """Let the message wait again if the relay has too much just now; return whether it does. Then its reply does not count."""

    def give_back(self, message: Message, why: str, *, blame: bool) -> None:
        """Give a message back to the source, because the relay has not received it; `blame`: it may be why the connection ended."""


class Transactions:
    """The mail transactions of one connection (RFC 5321): some held, some in flight."""

    def __init__(
        self,
        connection: OpenConnection,
        relay: Relay,
        sender: str,
        policy: RetryPolicy,
        clock: Callable[[], datetime],
        source: MessageSource,
    ) -> None:
        self.protocol = connection.protocol
        self.offers = connection.offers
        self.window = relay.window
        self.in_flight: deque[Message] = deque()
        self.has_ended = False
        self._held: list[Message] = []
        self._answered = 0  # but not yet on disk: a run that dies now sends these again
        self._extensions: Extensions = connection.extensions
        self._relay = relay
        self._sender = sender
        self._policy = policy
        self._clock = clock
        self._source = source
        self._coming: asyncio.Future[Message | None] | None = None
        self._size = "size" in self.offers

    # — taking messages —

    def request_next(self, *, wake: bool = False) -> None:
        """Ask for the next message, unless one is already asked for; with `wake`, wake the connection when it comes."""
        if self._coming is None and not self.has_ended:
            self._coming = self._source.next_message()
            if wake:
                self._coming.add_done_callback(lambda _: self.protocol.wake())

    def has_come(self) -> bool:
        """Return whether the message asked for has come."""
        return self._coming is not None and self._coming.done()

    def claim(self) -> Message | None:
        """Hold and return the message that has come; None if there is none, or if this relay cannot carry it."""
        coming, self._coming = self._coming, None
        message = coming.result() if coming is not None else None
        if message is None:
            self.has_ended = True
        elif not message.recipient.email.isascii() and "smtputf8" not in self.offers:
            self._report(make_receipt(message, Outcome.REFUSED, _NO_SMTPUTF8, self._policy, self._clock()), 0.0)
            message = None
        else:
            self._held.append(message)
        return message

    async def take_next(self) -> Message | None:
        """Wait for the next message, then hold and return it; None at the end."""
        while True:
            self.request_next()
            if not await self.wait_for_message():
                return None
            if message := self.claim():
                return message

    async def wait_for_message(self) -> bool:
        """Wait for the message asked for; return whether one is asked for."""
        if self._coming is None:
            return False
        await self._coming
        return True

    def comes_soon(self) -> bool:
        """Return whether to wait for the next message although this one's body could go now."""
        return self.has_come() or self._source.comes_soon()

    # — sending —

    def envelope(self, message: Message) -> list[bytes]:
        """Return MAIL and RCPT. MAIL announces 8-bit headers if the address makes them necessary (RFC 6531)."""
        address = message.recipient.email
        size = b" SIZE=%d" % len(message.raw) if self._size else b""
        wide = b"" if address.isascii() else b" BODY=8BITMIME SMTPUTF8" if "8bitmime" in self.offers else b" SMTPUTF8"
        return [
            b"MAIL FROM:<%s>%s%s\r\n" % ((message.envelope or self._sender).encode(), size, wide),
            b"RCPT TO:<%s>\r\n" % address.encode(),
        ]

    def mark_in_flight(self, message: Message) -> None:
        """Move a message from held to in flight, because its body has been written."""
        self._held.remove(message)
        self.in_flight.append(message)

    @property
    def has_room(self) -> bool:
        """Whether one more body may leave: if the run dies now, at most `window` messages may be in doubt."""
        return len(self.in_flight) + self._answered < self.window

    async def wait_for_room(self) -> None:
        """Wait until there is room; raise ConnectionLostError if the connection ends before that."""
        while not self.has_room:
            await self.protocol.wait(FINAL_REPLY_TIMEOUT)
            self.protocol.check_open()

    # — replies —

    def find_refusal(self, message: Message, replies: list[Reply]) -> Reply | None:
        """Return the reply to MAIL or RCPT that refuses a message, if any.

        Raise ConnectionLostError if the connection is of no more use, and RelayError if the relay refuses everybody.
        """
        mail, rcpt = replies[:2]
        if closing := next((reply for reply in replies if reply.code == 421), None):
            raise self.closing_error(message, f"421 {closing.text}")
        if mail.is_refusal:
            self._check_sender_refusal(message, mail)
            return mail
        pipelining = self.offers & {"pipelining", "chunking"} == {"pipelining"}
        if rcpt.code in {500, 503} and pipelining and not self._extensions.are_proved:
            raise self.withhold(message, "pipelining", rcpt)
        return rcpt if rcpt.is_refusal else None

    def _check_sender_refusal(self, message: Message, reply: Reply) -> None:
        """Raise RelayError if the sender is refused for good: that meets every message. 4yz and 552 (size) meet this one only."""
        if reply.code in _BAD_PARAMETER and self._size:
            raise self.withhold(message, "size", reply)
        if reply.code >= 500 and reply.code != 552:
            self.mark_unsent(message)
            raise relay_error(self._relay, *self._sender_refusal(reply))

    def _sender_refusal(self, reply: Reply) -> tuple[str, str]:
        """Return what a relay's refusal of the sender says of us, and what to do: 530 asks for a login (RFC 4954, section 6)."""
        said = f"{reply.code} {one_line_reply(reply.text)}"
        if reply.code == 530 and not self._relay.user:
            remedy = "Write the user into smtp.url, as in smtp+starttls://user@relay.example, and set DIGEST_SMTP_PASSWORD."
            return f"the relay wants a login: {said}", remedy
        return (
            f"the relay refused the sender {self._sender}: {said}",
            "Check newsletter.from, and that this login may send from it.",
        )

    def withhold(self, message: Message, feature: str, reply: Reply) -> ConnectionLostError:
        """Withhold a feature that the relay offers but does not know, on all connections; return the error that says so."""
        self._extensions.withheld.add(feature)
        why = f"the relay advertises {feature.upper()} but replied {reply.code} {one_line_reply(reply.text)}"
        error = self.closing_error(message, why)
        error.discards_unanswered = feature == "chunking"  # then it has taken none of the messages behind it either
        return error

    @property
    def trusted_offers(self) -> frozenset[str]:
        """What the relay offers, without what it turned out not to know."""
        return self.offers - self._extensions.withheld

    def closing_error(self, message: Message, why: str) -> ConnectionLostError:
        """Return the error for a reply that ends the connection; its message was not taken."""
        self.mark_unsent(message)
        return ConnectionLostError(why)

    def mark_unsent(self, message: Message) -> None:
        """Move a message in flight back to held, because the relay has said that it did not take it."""
        if message in self.in_flight:
            self.in_flight.remove(message)
            self._held.insert(0, message)

    def report_reply(self, message: Message, reply: Reply, latency: float = 0.0) -> None:
        """Report the relay's final reply on a message, unless the message waits again."""
        (self.in_flight if message in self.in_flight else self._held).remove(message)
        receipt = receipt_for(message, reply, self._policy, self._clock())
        if not self._source.postpone(message, receipt):
            self._report(receipt, latency)

    def _report(self, receipt: Receipt, latency: float) -> None:
        self._extensions.are_proved = self._extensions.are_proved or receipt.outcome is Outcome.SENT
        self._answered += 1
        self._source.report(receipt, latency, self._count_recorded)

    def _count_recorded(self) -> None:
        self._answered -= 1
        self.protocol.wake()

    async def release(self, error: ConnectionLostError | None) -> None:
        """Give back the held messages and report those in flight; a relay that says 421 and closes has not taken these.

        If none is reported, the oldest given back may be why the connection ended; the others only waited behind it.
        """
        why = str(error or "the connection is no longer used")
        if error is not None and error.timed_out and not self._extensions.are_proved:
            self._extensions.withhold_next(self.offers)
        if error is not None and error.discards_unanswered:
            self._held = [*self.in_flight, *self._held]
            self.in_flight.clear()
        blameless = bool(self.in_flight)
        while self.in_flight:
            reply = Reply(0, f"the connection was lost: {why}")
            self._report(make_receipt(self.in_flight.popleft(), Outcome.UNKNOWN, reply, self._policy, self._clock()), 0.0)
        for message in self._held:
            self._source.give_back(message, why, blame=not blameless)
            blameless = True
        waiting = await self._coming if self._coming is not None else None
        if waiting is not None:
            self._source.give_back(waiting, why, blame=False)

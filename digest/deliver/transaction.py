"""The messages one connection has in hand, from the moment it takes one until the relay has answered for it.

A message is `held` while the relay has at most its envelope: if the connection ends, it is given back. When its body goes
out, it has `left`: if the connection ends now, nobody knows whether the relay took it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from digest.config import Relay
from digest.deliver.connect import Extensions, OpenConnection, relay_error
from digest.deliver.protocol import LostError, Reply
from digest.deliver.replies import Policy, one_line, outcome_of, receipt
from digest.model import Message, Outcome, Receipt

COMMAND_TIMEOUT = 300.0  # seconds for the reply to MAIL and RCPT (RFC 5321, 4.5.3.2.2 and 4.5.3.2.3)
FINAL_REPLY_TIMEOUT = 600.0  # seconds for the reply to the final dot; giving up earlier causes duplicates (RFC 5321, 4.5.3.2.6)
_NO_SMTPUTF8 = Reply(0, "the relay does not support non-ASCII addresses (SMTPUTF8)")
_BAD_PARAMETER = {501, 504, 555}  # RFC 5321, 4.1.1.11 and 4.2.2


class MessageSource(Protocol):
    """The source of a connection's messages, which also receives its reports on them."""

    def next(self) -> "asyncio.Future[Message | None]":
        """Return the next message, recorded as about to leave; None if this connection should take no more."""

    def soon(self) -> bool:
        """Return whether to hold bytes back for the next message: it is being recorded, and nothing else delays it."""

    def report(self, receipt: Receipt, waited: float, recorded: Callable[[], None]) -> None:
        """Report an answer, `waited` seconds after the message's last byte left; `recorded` is called when it is on disk."""

    def postpones(self, message: Message, receipt: Receipt) -> bool:
        """Return whether the message waits again because the relay has too much just now; then its answer does not count."""

    def back(self, message: Message, why: str, *, blame: bool) -> None:
        """Take back a message that the relay has not received; `blame`: it may be why the connection ended."""


class Transaction:
    """One connection and the messages it has in hand."""

    def __init__(
        self, line: OpenConnection, relay: Relay, sender: str, policy: Policy, clock: Callable[[], datetime], source: MessageSource
    ) -> None:
        self.wire = line.wire
        self.offers = line.offers
        self.window = relay.window
        self.left: deque[Message] = deque()
        self.ended = False
        self._held: list[Message] = []
        self._answered = 0  # but not yet on disk: a run that dies now sends these again
        self._trust: Extensions = line.trust
        self._relay = relay
        self._sender = sender
        self._policy = policy
        self._clock = clock
        self._source = source
        self._coming: asyncio.Future[Message | None] | None = None
        self._size = "size" in self.offers

    # — taking messages —

    def ask(self, *, nudge: bool = False) -> None:
        """Ask for the next message, unless one is already asked for; with `nudge`, wake the wire when it comes."""
        if self._coming is None and not self.ended:
            self._coming = self._source.next()
            if nudge:
                self._coming.add_done_callback(lambda _: self.wire.nudge())

    def here(self) -> bool:
        """Return whether the message asked for has come."""
        return self._coming is not None and self._coming.done()

    def claim(self) -> Message | None:
        """Hold and return the message that has come; None if there is none, or if this relay cannot carry it."""
        coming, self._coming = self._coming, None
        message = coming.result() if coming is not None else None
        if message is None:
            self.ended = True
        elif not message.recipient.email.isascii() and "smtputf8" not in self.offers:
            self._report(receipt(message, Outcome.REFUSED, _NO_SMTPUTF8, self._policy, self._clock()), 0.0)
            message = None
        else:
            self._held.append(message)
        return message

    async def taken(self) -> Message | None:
        """Wait for the next message, then hold and return it; None at the end."""
        while True:
            self.ask()
            if self._coming is None:
                return None
            await self._coming
            if message := self.claim():
                return message

    async def come(self) -> None:
        """Wait for the message asked for."""
        if self._coming is not None:
            await self._coming

    def soon(self) -> bool:
        """Return whether to wait for the next message although this one's body could go now."""
        return self.here() or self._source.soon()

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

    def leaves(self, message: Message) -> None:
        """Move a message from held to left, because its body has been written."""
        self._held.remove(message)
        self.left.append(message)

    @property
    def room(self) -> bool:
        """Whether one more body may leave: if the run dies now, at most `window` messages may be in doubt."""
        return len(self.left) + self._answered < self.window

    async def roomy(self) -> None:
        """Wait until there is room; raise LostError if the connection ends before that."""
        while not self.room:
            await self.wire.stir(FINAL_REPLY_TIMEOUT)
            self.wire.check()

    # — replies —

    def refusal(self, message: Message, replies: list[Reply]) -> Reply | None:
        """Return the reply to MAIL or RCPT that refuses a message, if any. Raise LostError if the connection is of no more use,
        and RelayError if the relay refuses everybody.
        """
        mail, rcpt = replies[:2]
        if closing := next((reply for reply in replies if reply.code == 421), None):
            raise self.ended_by(message, f"421 {closing.text}")
        if mail.refusal:
            self._check_sender_refusal(message, mail)
            return mail
        if rcpt.code in {500, 503} and self.offers & {"pipelining", "chunking"} == {"pipelining"} and not self._trust.proved:
            raise self.distrusted(message, "pipelining", rcpt)
        return rcpt if rcpt.refusal else None

    def _check_sender_refusal(self, message: Message, reply: Reply) -> None:
        """Raise RelayError if the sender is refused for good: that meets every message. 4yz and 552 (size) meet this one only."""
        if reply.code in _BAD_PARAMETER and self._size:
            raise self.distrusted(message, "size", reply)
        if reply.code >= 500 and reply.code != 552:
            self.unsent(message)
            raise relay_error(
                self._relay,
                f"the relay refused the sender {self._sender}: {reply.code} {one_line(reply.text)}",
                "Check newsletter.from, and that this login may send from it.",
            )

    def distrusted(self, message: Message, feature: str, reply: Reply) -> LostError:
        """Withhold a feature that the relay offers but does not know, on all connections; return the error that says so."""
        self._trust.withheld.add(feature)
        error = self.ended_by(message, f"the relay advertises {feature.upper()} but replied {reply.code} {one_line(reply.text)}")
        error.closed = feature == "chunking"  # then it has taken none of the messages behind it either
        return error

    def offers_still(self) -> frozenset[str]:
        """Return what the relay offers, without what it turned out not to know."""
        return self.offers - self._trust.withheld

    def ended_by(self, message: Message, why: str) -> LostError:
        """Return the error for a reply that ends the connection; its message was not taken."""
        self.unsent(message)
        return LostError(why)

    def unsent(self, message: Message) -> None:
        """Move a message from left back to held, because the relay has said that it did not take it."""
        if message in self.left:
            self.left.remove(message)
            self._held.insert(0, message)

    def answer_for(self, message: Message, reply: Reply, waited: float = 0.0) -> None:
        """Report the relay's final reply on a message, unless the message waits again."""
        (self.left if message in self.left else self._held).remove(message)
        answer = outcome_of(message, reply, self._policy, self._clock())
        if not self._source.postpones(message, answer):
            self._report(answer, waited)

    def _report(self, answer: Receipt, waited: float) -> None:
        self._trust.proved = self._trust.proved or answer.outcome is Outcome.SENT
        self._answered += 1
        self._source.report(answer, waited, self._count_recorded)

    def _count_recorded(self) -> None:
        self._answered -= 1
        self.wire.nudge()

    async def release(self, error: LostError | None) -> None:
        """Give back the held messages and report those that have left; a relay that says 421 and closes has not taken these.

        If none is reported, the oldest given back may be why the connection ended; the others only waited behind it.
        """
        why = str(error or "the connection is no longer used")
        if error is not None and error.silent and not self._trust.proved:
            self._trust.doubt(self.offers)
        if error is not None and error.closed:
            self._held = [*self.left, *self._held]
            self.left.clear()
        blameless = bool(self.left)
        while self.left:
            reply = Reply(0, f"the connection was lost: {why}")
            self._report(receipt(self.left.popleft(), Outcome.UNKNOWN, reply, self._policy, self._clock()), 0.0)
        for message in self._held:
            self._source.back(message, why, blame=not blameless)
            blameless = True
        waiting = await self._coming if self._coming is not None else None
        if waiting is not None:
            self._source.back(waiting, why, blame=False)

"""What one connection has in hand, from the moment a message is taken until the relay has answered for it.

A message is `held` while the relay has at most its envelope: should the connection end, it is simply given back. From
the moment its body leaves it has `left`: should the connection end now, nobody knows whether it was taken.
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
FINAL_REPLY_TIMEOUT = 600.0  # for the reply to the dot: giving up earlier makes doubles (RFC 5321, 4.5.3.2.6)
_NO_SMTPUTF8 = Reply(0, "the relay does not support non-ASCII addresses (SMTPUTF8)")
_BAD_PARAMETER = {501, 504, 555}  # RFC 5321, 4.1.1.11 and 4.2.2


class MessageSource(Protocol):
    """Where a connection gets its messages, and whom it tells what became of them."""

    def next(self) -> "asyncio.Future[Message | None]":
        """The next message, recorded as about to leave; None where this connection should take no more."""

    def soon(self) -> bool:
        """Whether the next one is worth waiting for with bytes in hand: it is being recorded, and nothing else keeps it."""

    def report(self, receipt: Receipt, waited: float, recorded: Callable[[], None]) -> None:
        """The relay has answered for one, so many seconds after its last byte left; `recorded` tells when that is kept."""

    def postpones(self, message: Message, receipt: Receipt) -> bool:
        """Whether the message waits again, since the relay has only too much just now; then its answer counts for nothing."""

    def back(self, message: Message, why: str, *, blame: bool) -> None:
        """The relay has not got this one; whether it may be why the connection ended."""


class Transaction:
    """One connection and its messages."""

    def __init__(
        self, line: OpenConnection, relay: Relay, sender: str, policy: Policy, clock: Callable[[], datetime], source: MessageSource
    ) -> None:
        self.wire = line.wire
        self.offers = line.offers
        self.window = relay.window
        self.left: deque[Message] = deque()
        self.ended = False
        self._held: list[Message] = []
        self._answered = 0  # and not yet on the disk: a run that dies now sends them again
        self._trust: Extensions = line.trust
        self._relay = relay
        self._sender = sender
        self._policy = policy
        self._clock = clock
        self._source = source
        self._coming: asyncio.Future[Message | None] | None = None
        self._size = "size" in self.offers

    # — taking —

    def ask(self, *, nudge: bool = False) -> None:
        """Ask for the next message, unless one is asked for already; with `nudge` the wire wakes when it comes."""
        if self._coming is None and not self.ended:
            self._coming = self._source.next()
            if nudge:
                self._coming.add_done_callback(lambda _: self.wire.nudge())

    def here(self) -> bool:
        """Whether the message asked for has come."""
        return self._coming is not None and self._coming.done()

    def claim(self) -> Message | None:
        """The message that has come, now held; None where there is none, or this relay cannot carry it."""
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
        """The next message, held; None at the end."""
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
        """Whether the next message is worth waiting for while this one's body could go."""
        return self.here() or self._source.soon()

    # — saying —

    def envelope(self, message: Message) -> list[bytes]:
        """MAIL and RCPT; 8-bit headers are announced with the addresses that make them necessary (RFC 6531)."""
        address = message.recipient.email
        size = b" SIZE=%d" % len(message.raw) if self._size else b""
        wide = b"" if address.isascii() else b" BODY=8BITMIME SMTPUTF8" if "8bitmime" in self.offers else b" SMTPUTF8"
        return [
            b"MAIL FROM:<%s>%s%s\r\n" % ((message.envelope or self._sender).encode(), size, wide),
            b"RCPT TO:<%s>\r\n" % address.encode(),
        ]

    def leaves(self, message: Message) -> None:
        """Its body has been written."""
        self._held.remove(message)
        self.left.append(message)

    @property
    def room(self) -> bool:
        """Whether one more body may leave: no more than `window` may be in doubt should the run die now."""
        return len(self.left) + self._answered < self.window

    async def roomy(self) -> None:
        """Wait until there is room."""
        while not self.room:
            await self.wire.stir(FINAL_REPLY_TIMEOUT)
            self.wire.check()

    # — hearing —

    def refusal(self, message: Message, replies: list[Reply]) -> Reply | None:
        """Which of the replies to MAIL and RCPT refuses a message; LostError where the connection is of no more use,
        RelayError where the relay refuses everybody.
        """
        mail, rcpt = replies[:2]
        if closing := next((reply for reply in replies if reply.code == 421), None):
            raise self.ended_by(message, f"421 {closing.text}")
        if mail.refusal:
            self._sender_refused(message, mail)
            return mail
        if rcpt.code in {500, 503} and self.offers & {"pipelining", "chunking"} == {"pipelining"} and not self._trust.proved:
            raise self.distrusted(message, "pipelining", rcpt)
        return rcpt if rcpt.refusal else None

    def _sender_refused(self, message: Message, reply: Reply) -> None:
        """For now, or for its size (552), it is this message's misfortune; for good, it is everybody's."""
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
        """The relay offers something and does not know it: never again, over this connection or another."""
        self._trust.withheld.add(feature)
        error = self.ended_by(message, f"the relay advertises {feature.upper()} but replied {reply.code} {one_line(reply.text)}")
        error.closed = feature == "chunking"  # then it has taken none of those behind either
        return error

    def offers_still(self) -> frozenset[str]:
        """What the relay offers and has not been found not to know."""
        return self.offers - self._trust.withheld

    def ended_by(self, message: Message, why: str) -> LostError:
        """An answer to a message that is the end of the connection: it was not taken."""
        self.unsent(message)
        return LostError(why)

    def unsent(self, message: Message) -> None:
        """The relay has said that it has not got it."""
        if message in self.left:
            self.left.remove(message)
            self._held.insert(0, message)

    def answer_for(self, message: Message, reply: Reply, waited: float = 0.0) -> None:
        """The relay's last word on a message."""
        (self.left if message in self.left else self._held).remove(message)
        answer = outcome_of(message, reply, self._policy, self._clock())
        if not self._source.postpones(message, answer):
            self._report(answer, waited)

    def _report(self, answer: Receipt, waited: float) -> None:
        self._trust.proved = self._trust.proved or answer.outcome is Outcome.SENT
        self._answered += 1
        self._source.report(answer, waited, self._recorded)

    def _recorded(self) -> None:
        self._answered -= 1
        self.wire.nudge()

    async def release(self, error: LostError | None) -> None:
        """Give back what is held, and settle what has left; a relay that says 421 and hangs up has not taken it.

        Of those given back the oldest may be why the connection ended; the others only stood behind it.
        """
        why = str(error or "the connection is no longer used")
        if error is not None and error.silent and not self._trust.proved:
            self._trust.doubt(self.offers)
        if error is not None and error.closed:
            self._held = [*self.left, *self._held]
            self.left.clear()
        blameless = bool(self.left)
        while self.left:
            lost = Reply(0, f"the connection was lost: {why}")
            self._report(receipt(self.left.popleft(), Outcome.UNKNOWN, lost, self._policy, self._clock()), 0.0)
        for message in self._held:
            self._source.back(message, why, blame=not blameless)
            blameless = True
        waiting = await self._coming if self._coming is not None else None
        if waiting is not None:
            self._source.back(waiting, why, blame=False)

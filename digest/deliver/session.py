"""One connection to the relay, reused from message to message, with the next envelope on its way while a body is taken.

With PIPELINING (RFC 2920) one round trip a message: the body of one and MAIL, RCPT and DATA of the next go out in one
write. A recipient that is refused after its DATA was sent gets a lone dot for a body (section 3.1): nothing of a message
goes to somebody who was refused.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from digest.config import Smtp
from digest.deliver.dial import Connection, dial, one_line, relay_error
from digest.deliver.wire import LostError, Reply, stuffed
from digest.model import Message, Outcome, Receipt

COMMAND = 60.0  # seconds for one reply; RFC 5321 4.5.3.2 asks for minutes only from a server to the public
FINAL = 600.0  # for the reply to the dot: giving up earlier makes doubles (RFC 5321, 4.5.3.2.6)
BACKOFF = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30))


class Session:
    """Connects when it must, and tells what the relay said of each message."""

    def __init__(self, relay: Smtp, sender: str, clock: Callable[[], datetime]) -> None:
        self._relay = relay
        self._sender = sender
        self._clock = clock
        self._line: Connection | None = None
        self._ahead: Message | None = None  # whose envelope is on its way already

    async def connect(self) -> None:
        """A new connection in place of the old one; RelayError where there is none for anybody."""
        if self._line:
            self._line.wire.close()
        self._line, self._ahead = None, None
        self._line = await dial(self._relay)

    @property
    def connected(self) -> bool:
        """Whether there is a connection to use."""
        return self._line is not None and self._line.wire.open

    def greeted(self) -> tuple[str, ...]:
        """What the relay offers, by its EHLO."""
        return tuple(sorted(self._line.offers)) if self._line else ()

    async def send(self, message: Message, following: Awaitable[Message | None] | None = None) -> Receipt:
        """Hand over one message; `following` is the one to come next, whose envelope goes out with this body.

        Before the body a lost connection costs nothing, and a new one is tried once; from the body on the outcome is
        UNKNOWN, since the relay may have taken the message: such a one is never sent again by itself.
        """
        reply = ""
        for _ in range(2):
            try:
                if not self.connected:
                    await self.connect()
                refusal = await self._envelope(message)
            except LostError as error:
                self._hang_up()
                reply = f"the connection was lost: {error}"
            else:
                return refusal or await self._body(message, await following if following else None)
        return self._receipt(message, Outcome.DEFERRED, 0, reply)

    def _hang_up(self) -> None:
        if self._line:
            self._line.wire.close()

    def _connection(self) -> Connection:
        if self._line is None:
            raise LostError("there is no connection")
        return self._line

    async def _envelope(self, message: Message) -> Receipt | None:
        """MAIL, RCPT and DATA, unless they are on their way already; a receipt where one of them is refused."""
        offers = self._connection().offers
        if not message.recipient.email.isascii() and "smtputf8" not in offers:
            return self._receipt(message, Outcome.REFUSED, 0, "the relay does not take addresses outside ASCII (SMTPUTF8)")
        replies = await self._pipelined(message) if "pipelining" in offers else await self._step_by_step(message)
        if any(not reply.refusal and (reply.code == 354) != (at == 2) for at, reply in enumerate(replies)):
            raise LostError("the relay's answers do not fit MAIL, RCPT and DATA")  # only 354 asks for a body, and only after DATA
        refused = next((at for at, reply in enumerate(replies) if reply.refusal), None)
        if refused is None:
            return None
        if replies[refused].code == 421:  # the relay has had enough of this connection
            raise LostError(f"421 {replies[refused].text}")
        if replies[-1].code == 354:
            await self._asked(b".\r\n", FINAL)  # the relay waits for a body that it must not get
        elif refused > 0:
            await self._asked(b"RSET\r\n", COMMAND)
        return self._sender_refused(message, replies[0]) if refused == 0 else self._judged(message, replies[refused])

    async def _pipelined(self, message: Message) -> list[Reply]:
        if self._ahead is not message:
            await self._connection().wire.write(b"".join(self._commands(message)), COMMAND)
        self._ahead = None
        return [await self._connection().wire.reply(COMMAND) for _ in range(3)]

    async def _step_by_step(self, message: Message) -> list[Reply]:
        replies: list[Reply] = []
        for command in self._commands(message):
            replies.append(await self._asked(command, COMMAND))
            if replies[-1].refusal:
                break
        return replies

    def _commands(self, message: Message) -> list[bytes]:
        address, offers = message.recipient.email, self._connection().offers
        size = f" SIZE={len(message.raw)}" if "size" in offers else ""
        international = "" if address.isascii() else " SMTPUTF8"
        return [f"MAIL FROM:<{self._sender}>{size}{international}\r\n".encode(), f"RCPT TO:<{address}>\r\n".encode(), b"DATA\r\n"]

    async def _asked(self, command: bytes, patience: float) -> Reply:
        await self._connection().wire.write(command, patience)
        return await self._connection().wire.reply(patience)

    async def _body(self, message: Message, upcoming: Message | None) -> Receipt:
        """The body, with the next envelope in the same write, and the reply to its dot."""
        wire, data = self._connection().wire, stuffed(message.raw)
        if upcoming is not None and "pipelining" in self._connection().offers and self._fits(upcoming):
            data += b"".join(self._commands(upcoming))
            self._ahead = upcoming
        try:
            await wire.write(data, FINAL)
            answer = await wire.reply(FINAL)
        except LostError as error:
            self._hang_up()
            return self._receipt(message, Outcome.UNKNOWN, 0, f"the connection was lost: {error}")
        if answer.code == 421 or not (answer.refusal or answer.code < 300):
            self._hang_up()
        return self._judged(message, answer)

    def _fits(self, message: Message) -> bool:
        return message.recipient.email.isascii() or "smtputf8" in self._connection().offers

    def _sender_refused(self, message: Message, reply: Reply) -> Receipt:
        """For now, it is this message's misfortune; for good, it is everybody's. 552: this message is too large."""
        if reply.code < 500 or reply.code == 552:
            return self._judged(message, reply)
        raise relay_error(
            self._relay,
            f"the relay refuses the sender {self._sender}: {reply.code} {one_line(reply.text)}",
            "Check newsletter.from and what this login may send as.",
        )

    def _judged(self, message: Message, reply: Reply) -> Receipt:
        """2yz is sent, 4yz temporary, 5yz permanent (RFC 5321, 4.2.1); 3yz is no answer to a dot, and tells nothing."""
        outcomes = {2: Outcome.SENT, 4: Outcome.DEFERRED, 5: Outcome.REFUSED}
        return self._receipt(message, outcomes.get(reply.code // 100, Outcome.UNKNOWN), reply.code, reply.text)

    def _receipt(self, message: Message, outcome: Outcome, code: int, reply: str) -> Receipt:
        now = self._clock()
        wait = BACKOFF[min(message.recipient.attempts, len(BACKOFF) - 1)]
        return Receipt(
            recipient=message.recipient,
            message_id=message.message_id,
            outcome=outcome,
            code=code,
            reply=one_line(reply),
            relay=self._relay.host,
            at=now,
            retry_at=now + wait if outcome is Outcome.DEFERRED else None,
        )

    async def close(self) -> None:
        """Say goodbye, without waiting long for the answer."""
        if self._line is None or not self.connected:
            return
        try:
            await self._line.wire.write(b"QUIT\r\n", 2)
            await self._line.wire.reply(2)
        except LostError:
            return
        finally:
            self._line.wire.close()

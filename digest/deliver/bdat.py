"""Handing over with BDAT (RFC 3030): envelope and body in one write, as many messages at once as `window` allows.

The answers come in order. With messages before it whose fate is unknown, a message begins with RSET: had one of them been
refused, its transaction would still be open.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from digest.deliver.protocol import LostError, Reply
from digest.deliver.transaction import FINAL_REPLY_TIMEOUT, Transaction
from digest.errors import RelayError
from digest.model import Message

REST_TIMEOUT = 10.0  # seconds for what a relay still says after an answer that ends the connection
_UNKNOWN_COMMAND = {500, 502}
Flight = deque[tuple[Message, int, float]]  # messages, how many answers each gets, and when it left


async def send_bdat(transaction: Transaction) -> None:
    """Send what comes until nothing does; LostError where the connection ends before."""
    flight: Flight = deque()
    clean, clock = True, asyncio.get_running_loop().time
    transaction.ask(nudge=True)
    while flight or not transaction.ended:
        if transaction.room and transaction.here() and transaction.wire.open:
            if message := transaction.claim():
                flight.append((message, _launch(transaction, message, clean=clean and not flight), clock()))
            transaction.ask(nudge=True)
        elif not flight and transaction.room:
            await transaction.come()
            transaction.wire.check()
        elif not flight:
            await transaction.roomy()
        elif not transaction.wire.answered(flight[0][1]):
            await transaction.wire.stir(flight[0][2] + FINAL_REPLY_TIMEOUT - clock())
        else:
            clean = await _landed(transaction, flight, clock())


def _launch(transaction: Transaction, message: Message, *, clean: bool) -> int:
    """One whole message on its way; returns how many answers it will get."""
    reset = [] if clean else [b"RSET\r\n"]
    body = message.raw
    transaction.wire.write(b"".join([*reset, *transaction.envelope(message), b"BDAT %d LAST\r\n" % len(body), body]))
    transaction.leaves(message)
    return 3 + len(reset)


async def _landed(transaction: Transaction, flight: Flight, now: float) -> bool:
    """The oldest one's receipt; returns whether its transaction is certainly over.

    Where its answer is the end of the connection, what the relay says of those behind it counts all the same.
    """
    message, expected, left = flight[0]
    replies = await transaction.wire.replies(expected, FINAL_REPLY_TIMEOUT)
    flight.popleft()
    try:
        refusal = _refusal(transaction, message, replies)
    except (LostError, RelayError):
        if "chunking" in transaction.offers_still():  # else it reads the bodies as commands, and no answer belongs to anything
            await _rest(transaction, flight, trusted=not _ends(replies))
        raise
    transaction.answer_for(message, refusal or replies[-1], now - left)
    return refusal is None and not replies[-1].refusal


def _refusal(transaction: Transaction, message: Message, replies: list[Reply]) -> Reply | None:
    """What refuses a message before its body is judged; LostError where the answers are the end of the connection."""
    *reset, mail, rcpt, final = replies
    refusal = transaction.refusal(message, [mail, rcpt, final])
    if any(reply.code != 250 for reply in reset):
        raise LostError(f"RSET was answered with {reset[0].code}")
    if final.code in _UNKNOWN_COMMAND:
        raise transaction.distrusted(message, "chunking", final)
    if any(300 <= reply.code < 400 for reply in replies):
        raise LostError("the relay's replies do not match MAIL, RCPT and BDAT")
    return refusal


async def _rest(transaction: Transaction, flight: Flight, *, trusted: bool) -> None:
    """The answers to those behind: taken, or not taken; for the others they do not come.

    After a relay has said that it closes or does not know BDAT, it may be reading bodies as commands: then a yes says nothing.
    """
    with suppress(LostError):
        for message, expected, _ in flight:
            *_, mail, rcpt, final = replies = await transaction.wire.replies(expected, REST_TIMEOUT)
            if mail.refusal or rcpt.refusal or final.refusal:
                transaction.unsent(message)
            elif final.code < 300 and trusted:
                transaction.answer_for(message, final)
            trusted = trusted and not _ends(replies)


def _ends(replies: Sequence[Reply]) -> bool:
    return any(reply.code == 421 for reply in replies) or replies[-1].code in _UNKNOWN_COMMAND

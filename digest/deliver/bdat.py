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


async def send_bdat(talk: Transaction) -> None:
    """Send what comes until nothing does; LostError where the connection ends before."""
    flight: Flight = deque()
    clean, clock = True, asyncio.get_running_loop().time
    talk.ask(nudge=True)
    while flight or not talk.ended:
        if talk.room and talk.here() and talk.wire.open:
            if message := talk.claim():
                flight.append((message, _launch(talk, message, clean=clean and not flight), clock()))
            talk.ask(nudge=True)
        elif not flight and talk.room:
            await talk.come()
            talk.wire.check()
        elif not flight:
            await talk.roomy()
        elif not talk.wire.answered(flight[0][1]):
            await talk.wire.stir(flight[0][2] + FINAL_REPLY_TIMEOUT - clock())
        else:
            clean = await _landed(talk, flight, clock())


def _launch(talk: Transaction, message: Message, *, clean: bool) -> int:
    """One whole message on its way; returns how many answers it will get."""
    reset = [] if clean else [b"RSET\r\n"]
    body = message.raw
    talk.wire.write(b"".join([*reset, *talk.envelope(message), b"BDAT %d LAST\r\n" % len(body), body]))
    talk.leaves(message)
    return 3 + len(reset)


async def _landed(talk: Transaction, flight: Flight, now: float) -> bool:
    """The oldest one's receipt; returns whether its transaction is certainly over.

    Where its answer is the end of the connection, what the relay says of those behind it counts all the same.
    """
    message, expected, left = flight[0]
    replies = await talk.wire.replies(expected, FINAL_REPLY_TIMEOUT)
    flight.popleft()
    try:
        refusal = _refusal(talk, message, replies)
    except (LostError, RelayError):
        if "chunking" in talk.offers_still():  # else it reads the bodies as commands, and no answer belongs to anything
            await _rest(talk, flight, trusted=not _ends(replies))
        raise
    talk.tell(message, refusal or replies[-1], now - left)
    return refusal is None and not replies[-1].refusal


def _refusal(talk: Transaction, message: Message, replies: list[Reply]) -> Reply | None:
    """What refuses a message before its body is judged; LostError where the answers are the end of the connection."""
    *reset, mail, rcpt, final = replies
    refusal = talk.refusal(message, [mail, rcpt, final])
    if any(reply.code != 250 for reply in reset):
        raise LostError(f"RSET was answered with {reset[0].code}")
    if final.code in _UNKNOWN_COMMAND:
        raise talk.distrusted(message, "chunking", final)
    if any(300 <= reply.code < 400 for reply in replies):
        raise LostError("the relay's answers do not fit MAIL, RCPT and BDAT")
    return refusal


async def _rest(talk: Transaction, flight: Flight, *, trusted: bool) -> None:
    """The answers to those behind: taken, or not taken; for the others they do not come.

    After a relay has said that it closes or does not know BDAT, it may be reading bodies as commands: then a yes says nothing.
    """
    with suppress(LostError):
        for message, expected, _ in flight:
            *_, mail, rcpt, final = replies = await talk.wire.replies(expected, REST_TIMEOUT)
            if mail.refusal or rcpt.refusal or final.refusal:
                talk.unsent(message)
            elif final.code < 300 and trusted:
                talk.tell(message, final)
            trusted = trusted and not _ends(replies)


def _ends(replies: Sequence[Reply]) -> bool:
    return any(reply.code == 421 for reply in replies) or replies[-1].code in _UNKNOWN_COMMAND

"""Handing over with BDAT (RFC 3030): envelope and body in one write, several messages on their way at once.

The answers come in order. With messages before it whose fate is unknown, a message begins with RSET: had one of them been
refused, its transaction would still be open.
"""

import asyncio
from collections import deque

from digest.deliver.talk import FINAL, Talk
from digest.deliver.wire import LostError, Reply
from digest.model import Message

_UNKNOWN_COMMAND = {500, 502, 503, 504}


async def chunked(talk: Talk) -> None:
    """Send what comes until nothing does; LostError where the connection ends before."""
    flight: deque[tuple[Message, int, float]] = deque()  # how many answers it gets, and when it left
    clean, clock = True, asyncio.get_running_loop().time
    talk.ask(nudge=True)
    while flight or not talk.ended:
        if len(flight) < talk.window and talk.here():
            if message := talk.claim():
                flight.append((message, _launch(talk, message, clean=clean and not flight), clock()))
            talk.ask(nudge=True)
        elif not flight or not talk.wire.answered(flight[0][1]):
            await talk.wire.stir(FINAL) if flight else await talk.come()
        else:
            message, expected, left = flight.popleft()
            clean = _landed(talk, message, await talk.wire.replies(expected, FINAL), clock() - left)


def _launch(talk: Talk, message: Message, *, clean: bool) -> int:
    """One whole message on its way; returns how many answers it will get."""
    talk.leaves(message)
    reset = [] if clean else [b"RSET\r\n"]
    body = message.raw
    talk.wire.write(b"".join([*reset, *talk.envelope(message), b"BDAT %d LAST\r\n" % len(body), body]))
    return 3 + len(reset)


def _landed(talk: Talk, message: Message, replies: list[Reply], waited: float) -> bool:
    """The receipt; returns whether the transaction is certainly over."""
    *reset, mail, rcpt, final = replies
    refusal = talk.refusal(message, [mail, rcpt, final])
    if any(reply.code != 250 for reply in reset):
        raise LostError(f"RSET was answered with {reset[0].code}")
    if refusal is None and final.code in _UNKNOWN_COMMAND:
        raise talk.distrusted("chunking", final)
    if any(300 <= reply.code < 400 for reply in replies):
        raise LostError("the relay's answers do not fit MAIL, RCPT and BDAT")
    talk.tell(message, refusal or final, waited)
    return refusal is None and not final.refusal

"""Sending with BDAT (RFC 3030): envelope and body in one write, as many messages at once as `window` allows.

The replies come in order. A message begins with RSET if the fate of one before it is not known: if that one is refused, its
transaction is still open.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from digest.deliver.protocol import LostError, Reply
from digest.deliver.transaction import FINAL_REPLY_TIMEOUT, Transaction
from digest.errors import RelayError
from digest.model import Message

REST_TIMEOUT = 10.0  # seconds for each message's replies after a reply that ends the connection
_UNKNOWN_COMMAND = {500, 502}
Flight = deque[tuple[Message, int, float]]  # messages, how many replies each gets, and when it left


async def send_bdat(transaction: Transaction) -> None:
    """Send messages until no more come; raise LostError if the connection ends before that."""
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
            clean = await _read_oldest(transaction, flight, clock())


def _launch(transaction: Transaction, message: Message, *, clean: bool) -> int:
    """Send one whole message; return how many replies it will get."""
    reset = [] if clean else [b"RSET\r\n"]
    body = message.raw
    transaction.wire.write(b"".join([*reset, *transaction.envelope(message), b"BDAT %d LAST\r\n" % len(body), body]))
    transaction.leaves(message)
    return 3 + len(reset)


async def _read_oldest(transaction: Transaction, flight: Flight, now: float) -> bool:
    """Report the reply to the oldest message; return whether its transaction is certainly over.

    If its reply ends the connection, the relay's replies to the messages behind it still count.
    """
    message, expected, left = flight[0]
    replies = await transaction.wire.replies(expected, FINAL_REPLY_TIMEOUT)
    flight.popleft()
    try:
        refusal = _refusal(transaction, message, replies)
    except (LostError, RelayError):
        if "chunking" in transaction.offers_still():  # else it reads bodies as commands, and no reply can be matched
            await _read_rest(transaction, flight, trusted=not _ends(replies))
        raise
    transaction.answer_for(message, refusal or replies[-1], now - left)
    return refusal is None and not replies[-1].refusal


def _refusal(transaction: Transaction, message: Message, replies: list[Reply]) -> Reply | None:
    """Return the reply to MAIL or RCPT that refuses a message, if any; raise LostError if the replies end the connection."""
    *reset, mail, rcpt, final = replies
    refusal = transaction.refusal(message, [mail, rcpt, final])
    if any(reply.code != 250 for reply in reset):
        raise LostError(f"RSET was answered with {reset[0].code}")
    if final.code in _UNKNOWN_COMMAND:
        raise transaction.distrusted(message, "chunking", final)
    if any(300 <= reply.code < 400 for reply in replies):
        raise LostError("the relay's replies do not match MAIL, RCPT and BDAT")
    return refusal


async def _read_rest(transaction: Transaction, flight: Flight, *, trusted: bool) -> None:
    """Read the replies to the messages behind: taken, or not taken; for some, none comes.

    A relay that said it closes or does not know BDAT may be reading bodies as commands. Then a positive reply shows nothing.
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

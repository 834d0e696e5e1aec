"""Sending with BDAT (RFC 3030): envelope and body in one write, as many messages at once as `window` allows.

The replies come in order. A message begins with RSET if the fate of one before it is not known: if that one is refused, its
transaction is still open.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from digest.deliver.protocol import ConnectionLostError, Reply
from digest.deliver.transactions import FINAL_REPLY_TIMEOUT, Transactions
from digest.errors import RelayError
from digest.model import Message

REMAINING_REPLIES_TIMEOUT = 10.0  # seconds for each message's replies after a reply that ends the connection
_UNKNOWN_COMMAND = {500, 502}
_Unanswered = deque[tuple[Message, int, float]]  # messages, how many replies each gets, and when it left


async def send_bdat(transactions: Transactions) -> None:
    """Send messages until no more come; raise ConnectionLostError if the connection ends before that."""
    unanswered: _Unanswered = deque()
    clean, clock = True, asyncio.get_running_loop().time
    transactions.request_next(wake=True)
    while unanswered or not transactions.has_ended:
        if transactions.has_room and transactions.has_come() and transactions.protocol.is_open:
            if message := transactions.claim():
                unanswered.append((message, _launch(transactions, message, clean=clean and not unanswered), clock()))
            transactions.request_next(wake=True)
        elif not unanswered and transactions.has_room:
            await transactions.wait_for_message()
            transactions.protocol.check_open()
        elif not unanswered:
            await transactions.wait_for_room()
        elif not transactions.protocol.has_replies(unanswered[0][1]):
            await transactions.protocol.wait(unanswered[0][2] + FINAL_REPLY_TIMEOUT - clock())
        else:
            clean = await _read_oldest(transactions, unanswered, clock())


def _launch(transactions: Transactions, message: Message, *, clean: bool) -> int:
    """Send one whole message; return how many replies it will get."""
    reset = [] if clean else [b"RSET\r\n"]
    body = message.raw
    transactions.protocol.write(b"".join([*reset, *transactions.envelope(message), b"BDAT %d LAST\r\n" % len(body), body]))
    transactions.mark_in_flight(message)
    return 3 + len(reset)


async def _read_oldest(transactions: Transactions, unanswered: _Unanswered, now: float) -> bool:
    """Report the reply to the oldest message; return whether its transaction is certainly over.

    If its reply ends the connection, the relay's replies to the messages behind it still count.
    """
    message, expected, left = unanswered[0]
    replies = await transactions.protocol.read_replies(expected, FINAL_REPLY_TIMEOUT)
    unanswered.popleft()
    try:
        refusal = _refusal(transactions, message, replies)
    except (ConnectionLostError, RelayError):
        if "chunking" in transactions.trusted_offers:  # else it reads bodies as commands, and no reply can be matched
            await _read_rest(transactions, unanswered, trusted=not _ends(replies))
        raise
    transactions.report_reply(message, refusal or replies[-1], now - left)
    return refusal is None and not replies[-1].is_refusal


def _refusal(transactions: Transactions, message: Message, replies: list[Reply]) -> Reply | None:
    """Return the reply to MAIL or RCPT that refuses a message; raise ConnectionLostError if the replies end the connection."""
    *reset, mail, rcpt, final = replies
    refusal = transactions.find_refusal(message, [mail, rcpt, final])
    if any(reply.code != 250 for reply in reset):
        raise ConnectionLostError(f"RSET was answered with {reset[0].code}")
    if final.code in _UNKNOWN_COMMAND:
        raise transactions.withhold(message, "chunking", final)
    if any(300 <= reply.code < 400 for reply in replies):
        raise ConnectionLostError("the relay's replies do not match MAIL, RCPT and BDAT")
    return refusal


async def _read_rest(transactions: Transactions, unanswered: _Unanswered, *, trusted: bool) -> None:
    """Read the replies to the messages behind: taken, or not taken; for some, none comes.

    A relay that said it closes or does not know BDAT may be reading bodies as commands. Then a positive reply shows nothing.
    """
    with suppress(ConnectionLostError):
        for message, expected, _ in unanswered:
            *_, mail, rcpt, final = replies = await transactions.protocol.read_replies(expected, REMAINING_REPLIES_TIMEOUT)
            if mail.is_refusal or rcpt.is_refusal or final.is_refusal:
                transactions.mark_unsent(message)
            elif final.code < 300 and trusted:
                transactions.report_reply(message, final)
            trusted = trusted and not _ends(replies)


def _ends(replies: Sequence[Reply]) -> bool:
    return any(reply.code == 421 for reply in replies) or replies[-1].code in _UNKNOWN_COMMAND

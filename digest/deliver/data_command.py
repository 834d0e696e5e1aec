"""Sending with DATA, one body at a time. With PIPELINING (RFC 2920) the next envelope goes out in the same write.

That makes one round trip a message. If a recipient is refused after its DATA was sent, the body is a lone dot (section 3.1):
no part of a message goes to a refused recipient.
"""

import asyncio

from digest.deliver.protocol import ConnectionLostError, Reply, dot_stuff
from digest.deliver.transactions import COMMAND_TIMEOUT, FINAL_REPLY_TIMEOUT, Transactions
from digest.model import Message

_DOT, _RSET, _DATA = b".\r\n", b"RSET\r\n", b"DATA\r\n"


async def send_data(transactions: Transactions) -> None:
    """Send messages until no more come; raise ConnectionLostError if the connection ends before that."""
    pipelined, clock = "pipelining" in transactions.offers, asyncio.get_running_loop().time
    message, ahead = await transactions.take_next(), False
    while message:
        transactions.request_next()
        replies = await _exchange_envelope(transactions, message, pipelined=pipelined, ahead=ahead)
        refusal = _refusal(transactions, message, replies)
        following = await transactions.take_next() if transactions.comes_soon() else None
        ending = _ending(message, replies, refusal)
        ahead = pipelined and following is not None
        if refusal is None:
            await transactions.wait_for_room()
        transactions.protocol.write(b"".join([*ending, *_commands(transactions, following)] if ahead and following else ending))
        if refusal is None:
            transactions.mark_in_flight(message)
        started = clock()
        final = (await transactions.protocol.read_replies(1, FINAL_REPLY_TIMEOUT))[0] if ending else replies[2]
        _report_reply(transactions, message, refusal, final, clock() - started)
        message = following or await transactions.take_next()


def _commands(transactions: Transactions, message: Message) -> list[bytes]:
    return [*transactions.envelope(message), _DATA]


async def _exchange_envelope(transactions: Transactions, message: Message, *, pipelined: bool, ahead: bool) -> list[Reply]:
    """Return the replies to MAIL, RCPT and DATA. A refusal is repeated for the commands not sent after it."""
    commands = _commands(transactions, message)
    if pipelined:
        if not ahead:
            transactions.protocol.write(b"".join(commands))
        return await transactions.protocol.read_replies(3, COMMAND_TIMEOUT)
    replies: list[Reply] = []
    for command in commands:
        transactions.protocol.write(command)
        replies += await transactions.protocol.read_replies(1, COMMAND_TIMEOUT)
        if replies[-1].is_refusal:
            break
    return [*replies, *[replies[-1]] * (3 - len(replies))]


def _refusal(transactions: Transactions, message: Message, replies: list[Reply]) -> Reply | None:
    """Return the reply that refuses the message before its body. Only 354 asks for a body, and only after DATA."""
    if any(not reply.is_refusal and (reply.code == 354) != (at == 2) for at, reply in enumerate(replies)):
        raise ConnectionLostError("the relay's replies do not match MAIL, RCPT and DATA")
    return transactions.find_refusal(message, replies) or (replies[2] if replies[2].is_refusal else None)


def _ending(message: Message, replies: list[Reply], refusal: Reply | None) -> list[bytes]:
    """Return what ends the transaction: the body, a dot in place of a body, or RSET if the relay asked for no body."""
    if refusal is None:
        return dot_stuff(message)
    if replies[2].code == 354:
        return [_DOT]
    return [] if refusal is replies[0] else [_RSET]


def _report_reply(transactions: Transactions, message: Message, refusal: Reply | None, final: Reply, latency: float) -> None:
    """Report the reply that decides; raise ConnectionLostError after a final 421 or 3yz: the connection is of no more use."""
    if final.code == 421:
        raise transactions.closing_error(message, f"421 {final.text}")
    transactions.report_reply(message, refusal or final, latency)
    if 300 <= final.code < 400:
        raise ConnectionLostError(f"unexpected reply {final.code} after the message body")

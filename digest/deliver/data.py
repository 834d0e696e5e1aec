"""Sending with DATA, one body at a time. With PIPELINING (RFC 2920) the next envelope goes out in the same write.

That makes one round trip a message. If a recipient is refused after its DATA was sent, the body is a lone dot (section 3.1):
no part of a message goes to a refused recipient.
"""

import asyncio

from digest.deliver.protocol import LostError, Reply, dot_stuffed
from digest.deliver.transaction import COMMAND_TIMEOUT, FINAL_REPLY_TIMEOUT, Transaction
from digest.model import Message

_DOT, _RSET, _DATA = b".\r\n", b"RSET\r\n", b"DATA\r\n"


async def send_data(transaction: Transaction) -> None:
    """Send messages until no more come; raise LostError if the connection ends before that."""
    pipelined, clock = "pipelining" in transaction.offers, asyncio.get_running_loop().time
    message, ahead = await transaction.taken(), False
    while message:
        transaction.ask()
        replies = await _exchange_envelope(transaction, message, pipelined=pipelined, ahead=ahead)
        refusal = _refusal(transaction, message, replies)
        following = await transaction.taken() if transaction.soon() else None
        ending = _ending(message, replies, refusal)
        ahead = pipelined and following is not None
        if refusal is None:
            await transaction.roomy()
        transaction.wire.write(b"".join([*ending, *_commands(transaction, following)] if ahead and following else ending))
        if refusal is None:
            transaction.leaves(message)
        started = clock()
        final = (await transaction.wire.replies(1, FINAL_REPLY_TIMEOUT))[0] if ending else None
        _report_reply(transaction, message, refusal, final, clock() - started)
        message = following or await transaction.taken()


def _commands(transaction: Transaction, message: Message) -> list[bytes]:
    return [*transaction.envelope(message), _DATA]


async def _exchange_envelope(transaction: Transaction, message: Message, *, pipelined: bool, ahead: bool) -> list[Reply]:
    """Return the replies to MAIL, RCPT and DATA. A refusal is repeated for the commands not sent after it."""
    commands = _commands(transaction, message)
    if pipelined:
        if not ahead:
            transaction.wire.write(b"".join(commands))
        return await transaction.wire.replies(3, COMMAND_TIMEOUT)
    replies: list[Reply] = []
    for command in commands:
        transaction.wire.write(command)
        replies += await transaction.wire.replies(1, COMMAND_TIMEOUT)
        if replies[-1].refusal:
            break
    return [*replies, *[replies[-1]] * (3 - len(replies))]


def _refusal(transaction: Transaction, message: Message, replies: list[Reply]) -> Reply | None:
    """Return the reply that refuses the message before its body. Only 354 asks for a body, and only after DATA."""
    if any(not reply.refusal and (reply.code == 354) != (at == 2) for at, reply in enumerate(replies)):
        raise LostError("the relay's replies do not match MAIL, RCPT and DATA")
    return transaction.refusal(message, replies) or (replies[2] if replies[2].refusal else None)


def _ending(message: Message, replies: list[Reply], refusal: Reply | None) -> list[bytes]:
    """Return what ends the transaction: the body, a dot in place of a body, or RSET if the relay asked for no body."""
    if refusal is None:
        return dot_stuffed(message)
    if replies[2].code == 354:
        return [_DOT]
    return [] if refusal is replies[0] else [_RSET]


def _report_reply(transaction: Transaction, message: Message, refusal: Reply | None, final: Reply | None, waited: float) -> None:
    """Report the final reply; raise LostError after a 421, a 3yz or no reply: the connection is of no more use."""
    reply = refusal or final
    if reply is None:
        raise LostError("the relay did not reply")
    if final is not None and final.code == 421:
        raise transaction.ended_by(message, f"421 {final.text}")
    transaction.answer_for(message, reply, waited)
    if final is not None and 300 <= final.code < 400:
        raise LostError(f"unexpected reply {final.code} after the message body")

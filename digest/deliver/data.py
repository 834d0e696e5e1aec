"""Handing over with DATA: one body at a time; with PIPELINING (RFC 2920) the next envelope goes out in the same write.

One round trip a message then. A recipient that is refused after its DATA was sent gets a lone dot for a body (section 3.1):
nothing of a message goes to somebody who was refused.
"""

import asyncio

from digest.deliver.protocol import LostError, Reply, dot_stuffed
from digest.deliver.transaction import COMMAND_TIMEOUT, FINAL_REPLY_TIMEOUT, Transaction
from digest.model import Message

_DOT, _RSET, _DATA = b".\r\n", b"RSET\r\n", b"DATA\r\n"


async def send_data(transaction: Transaction) -> None:
    """Send what comes until nothing does; LostError where the connection ends before."""
    pipelined, clock = "pipelining" in transaction.offers, asyncio.get_running_loop().time
    message, ahead = await transaction.taken(), False
    while message:
        transaction.ask()
        replies = await _envelope(transaction, message, pipelined=pipelined, ahead=ahead)
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
        _last_word(transaction, message, refusal, final, clock() - started)
        message = following or await transaction.taken()


def _commands(transaction: Transaction, message: Message) -> list[bytes]:
    return [*transaction.envelope(message), _DATA]


async def _envelope(transaction: Transaction, message: Message, *, pipelined: bool, ahead: bool) -> list[Reply]:
    """The replies to MAIL, RCPT and DATA; to as many as were sent where one is refused on the way."""
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
    """What refuses the message before its body; only 354 asks for a body, and only after DATA."""
    if any(not reply.refusal and (reply.code == 354) != (at == 2) for at, reply in enumerate(replies)):
        raise LostError("the relay's replies do not match MAIL, RCPT and DATA")
    return transaction.refusal(message, replies) or (replies[2] if replies[2].refusal else None)


def _ending(message: Message, replies: list[Reply], refusal: Reply | None) -> list[bytes]:
    """What ends the transaction: the body, a dot for a body that must not go, or RSET for one that was not asked for."""
    if refusal is None:
        return dot_stuffed(message)
    if replies[2].code == 354:
        return [_DOT]
    return [] if refusal is replies[0] else [_RSET]


def _last_word(transaction: Transaction, message: Message, refusal: Reply | None, final: Reply | None, waited: float) -> None:
    """The receipt; after a 421, or an answer that is none, the connection is of no more use."""
    word = refusal or final
    if word is None:
        raise LostError("the relay did not reply")
    if final is not None and final.code == 421:
        raise transaction.ended_by(message, f"421 {final.text}")
    transaction.answer_for(message, word, waited)
    if final is not None and 300 <= final.code < 400:
        raise LostError(f"unexpected reply {final.code} after the message body")

"""The wire against a server that says anything, cut anywhere, and hangs up whenever it likes."""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from digest.config import Smtp
from digest.deliver import Extensions, Session
from digest.deliver.connect import OpenConnection
from digest.deliver.protocol import ConnectionLostError, Reply, SmtpProtocol, dot_stuff
from digest.errors import RelayError
from digest.model import Message, Outcome, Receipt, Recipient
from tests.deliver.test_deliver import messages

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)
GIBBERISH = 0


@dataclass
class Fate:
    """What the server has in mind: a code for each command, or None to hang up; how its replies are cut and folded."""

    codes: deque[int | None]
    cuts: list[int]
    lines: int
    unread: bool = False  # what comes now is the body of a BDAT that it does not know
    taken: set[str] = field(default_factory=set)
    bodies: list[tuple[bool, bytes]] = field(default_factory=list)  # whether RCPT had been taken, and what came

    def code(self, good: int) -> int | None:
        """The next code; `good` where the script has run out."""
        return self.codes.popleft() if self.codes else good


class Server(asyncio.Transport):
    """An SMTP server in memory that follows its fate and remembers what it was given."""

    def __init__(self, fate: Fate) -> None:
        super().__init__()
        self._fate = fate
        self._protocol: asyncio.Protocol | None = None
        self._buffer = b""
        self._data = self._closed = False
        self._chunk: int | None = None
        self._sender = False
        self._recipient: str | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = cast(asyncio.Protocol, protocol)

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._buffer += bytes(data)
        while not self._closed and self._step():
            pass

    def _step(self) -> bool:
        if self._chunk is not None:
            return self._chunked(self._chunk)
        end = b"\r\n.\r\n" if self._data else b"\r\n"
        if self._data and self._buffer.startswith(b".\r\n"):
            body, self._buffer = b"", self._buffer[3:]
        elif end in self._buffer:
            body, _, self._buffer = self._buffer.partition(end)
        else:
            return False
        self._body(body) if self._data else self._command(body.decode())
        return True

    def _command(self, line: str) -> None:
        verb = line.split(" ", maxsplit=1)[0]
        assert verb in {"MAIL", "RCPT", "DATA", "BDAT", "RSET", "QUIT"} or self._fate.unread, f"a body was sent as commands: {line}"
        if verb == "BDAT" and self._fate.codes and self._fate.codes[0] in {421, 500, None}:
            self._fate.unread = True  # a relay that does not know BDAT reads on; so the connection must be given up
        elif verb == "BDAT":
            self._chunk = int(line.split()[1])
            return
        code = self._fate.code(354 if verb == "DATA" else 250)
        if verb == "RSET":  # whatever it answers
            self._sender, self._recipient = False, None
        if verb == "MAIL":
            code = 503 if self._sender else code
            self._sender = self._sender or code == 250
            self._recipient = None if code == 250 else self._recipient
        if verb == "RCPT" and not self._sender:
            code = code if code is None or code > 399 else 503
        if verb == "RCPT" and code == 250:
            self._recipient = line
        self._data = verb == "DATA" and code == 354
        self._say(code)

    def _chunked(self, size: int) -> bool:
        if len(self._buffer) < size:
            return False
        body, self._buffer, self._chunk = self._buffer[:size], self._buffer[size:], None
        code = self._fate.code(250) if self._recipient else 554
        if code == 250 and self._recipient:
            self._fate.taken.add(self._recipient[len("RCPT TO:<") : -1])
            self._sender, self._recipient = False, None
        assert body.startswith(b"From:")
        self._say(code)
        return True

    def _body(self, body: bytes) -> None:
        self._data = self._sender = False
        self._fate.bodies.append((self._recipient is not None, body))
        code = self._fate.code(250)
        if code == 250 and self._recipient and body:
            self._fate.taken.add(self._recipient[len("RCPT TO:<") : -1])
        self._recipient = None
        self._say(code)

    def _say(self, code: int | None) -> None:
        loop, protocol = asyncio.get_running_loop(), self._protocol
        assert protocol is not None
        if code is None:
            self._closed = True
            loop.call_soon(protocol.connection_lost, None)
            return
        if code == GIBBERISH:
            loop.call_soon(protocol.data_received, b"gibberish\r\n")
            return
        text = b"".join(b"%d-more\r\n" % code for _ in range(self._fate.lines)) + b"%d done\r\n" % code
        at = 0
        for cut in [*self._fate.cuts, len(text)]:
            piece, at = text[at : at + cut], at + cut
            if piece:
                loop.call_soon(protocol.data_received, piece)
        loop.call_soon(protocol.data_received, text[at:])


FATES = st.builds(
    Fate,
    codes=st.lists(
        st.sampled_from([250, 250, 250, 354, 354, 421, 450, 451, 500, 502, 503, 550, 552, 554, GIBBERISH, None]), max_size=24
    ).map(deque),
    cuts=st.lists(st.integers(1, 9), max_size=4),
    lines=st.integers(0, 3),
)


class Plate:
    """So many messages, given one after the other at once, over as many connections as it takes."""

    def __init__(self, rows: Iterator[Message]) -> None:
        self.rows = rows
        self.again: list[Message] = []
        self.receipts: list[Receipt] = []
        self.tries = 0

    def next_message(self) -> asyncio.Future[Message | None]:
        future: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()
        future.set_result(self.again.pop(0) if self.again else next(self.rows, None))
        return future

    def comes_soon(self) -> bool:
        return True

    def report(self, receipt: Receipt, latency: float, on_recorded: Callable[[], None]) -> None:
        self.receipts.append(receipt)
        asyncio.get_running_loop().call_soon(on_recorded)

    def postpone(self, message: Message, receipt: Receipt) -> bool:
        return False

    def give_back(self, message: Message, why: str, *, blame: bool) -> None:
        self.again.append(message)


async def conversation(fate: Fate, offers: frozenset[str], count: int) -> tuple[list[Receipt], RelayError | None]:
    """So many messages over one session, made anew while the server's script lasts."""
    session, plate = (
        Session(Smtp(url="smtp://127.0.0.1:1", window=3), "daily@gazette.example", lambda: NOW, Extensions()),
        Plate(messages(count)),
    )

    async def dial(relay: Smtp, extensions: Extensions) -> OpenConnection:
        fate.unread = False
        return OpenConnection(SmtpProtocol(Server(fate)), offers - extensions.withheld, extensions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("digest.deliver.session.open_connection", dial)
        for _ in range(60):
            await session.connect()
            try:
                lost = await asyncio.wait_for(session.send_from(plate), 5)
            except RelayError as error:
                return plate.receipts, error
            if lost is None:
                await session.close()
                return plate.receipts, None
    raise AssertionError("it never ends")


AFTER_421 = Fate(codes=deque([250, 354, 250, 250, 250, 421, *[250] * 6, None]), cuts=[], lines=0)


@example(AFTER_421, frozenset({"pipelining", "chunking"}), 3)  # a yes to a line of a body is no yes to a message
@settings(max_examples=600)
@given(FATES, st.sampled_from([frozenset(), frozenset({"pipelining"}), frozenset({"pipelining", "chunking"})]), st.integers(1, 8))
def test_whatever_the_server_says(fate: Fate, offers: frozenset[str], count: int) -> None:
    fate = deepcopy(fate)
    receipts, error = asyncio.run(conversation(fate, offers, count))
    reported = [receipt.recipient.email for receipt in receipts]
    assert len(set(reported)) == len(reported)
    assert error is not None or len(reported) == count
    for receipt in receipts:
        email = receipt.recipient.email
        assert (receipt.outcome is Outcome.SENT) <= (email in fate.taken), receipt
        assert (email in fate.taken) <= (receipt.outcome in {Outcome.SENT, Outcome.UNKNOWN}), receipt
    assert all(body == b"" for had_recipient, body in fate.bodies if not had_recipient)


async def test_what_was_said_before_a_reset_is_heard() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            connection.recv(10)
            connection.sendall(b"250 2.0.0 taken\r\n421 4.3.2 bye\r\n")
            connection.close()  # with bytes unread: that is a reset

        server = threading.Thread(target=serve)
        server.start()
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, *listening.getsockname())
        wire = SmtpProtocol(transport)
        wire.write(b"x" * 1_000)
        server.join()  # the event loop does not run meanwhile, so answers and reset are there before anything is read
        wire.write(b"the next message")
        assert [reply.code for reply in await wire.read_replies(2, 5)] == [250, 421]
        assert not wire.is_open


async def test_a_connection_that_breaks_with_nothing_to_read_says_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, *listening.getsockname())
        wire = SmtpProtocol(transport)
        wire.connection_lost(OSError("No buffer space available"))  # as asyncio says it when the network takes nothing more
        with pytest.raises(ConnectionLostError, match="No buffer space available"):
            await wire.read_replies(1, 5)
        assert not wire.is_open


async def test_a_session_without_a_connection_takes_no_message() -> None:
    session, plate = Session(Smtp(), "daily@gazette.example", lambda: NOW, Extensions()), Plate(messages(2))
    assert str(await session.send_from(plate)) == "not connected"
    assert len(list(plate.rows)) == 2


def test_a_message_that_begins_no_line_with_a_dot_goes_out_as_it_is() -> None:
    raw = b"Subject: s\r\n\r\n=2Edot\r\n"
    message = Message(recipient=Recipient(id=1, email="ada@readers.example"), message_id="<1>", raw=raw, dots=False)
    assert dot_stuff(message) == [raw, b".\r\n"]


def test_dots_at_the_beginning_of_lines() -> None:
    someone = Recipient(id=1, email="ada@readers.example")
    for raw, sent in {b".a\r\n..b\r\nc": b"..a\r\n...b\r\nc\r\n.\r\n", b"a\r\n": b"a\r\n.\r\n"}.items():
        assert b"".join(dot_stuff(Message(recipient=someone, message_id="<1>", raw=raw))) == sent


@settings(max_examples=200)
@given(st.lists(st.integers(1, 30), max_size=30))
def test_replies_do_not_depend_on_where_they_are_cut(cuts: list[int]) -> None:
    text = b"250-one\r\n250 two\r\n354 go on\r\n550-5.1.1 no\r\n550-such\r\n550 user\r\n"

    async def read() -> list[Reply]:
        wire = SmtpProtocol(Server(Fate(deque(), [], 0)))
        at = 0
        for cut in [*cuts, len(text)]:
            wire.data_received(text[at : at + cut])
            at += cut
        return await wire.read_replies(3, 1)

    assert asyncio.run(read()) == [Reply(250, "one two"), Reply(354, "go on"), Reply(550, "5.1.1 no such user")]


@pytest.mark.parametrize(
    "garbage", [b"hello\r\n", b"2x0 ok\r\n", b"999 ok\r\n", b"x" * 10_000, b"250-a\r\n" * 500, b"\r\n", b"250\xa0x\r\n"]
)
async def test_what_is_no_smtp_ends_the_connection(garbage: bytes) -> None:
    wire = SmtpProtocol(Server(Fate(deque(), [], 0)))
    wire.data_received(garbage)
    with pytest.raises(ConnectionLostError):
        await wire.read_replies(1, 1)
    assert not wire.is_open


async def test_silence_ends() -> None:
    wire = SmtpProtocol(Server(Fate(deque(), [], 0)))
    with pytest.raises(ConnectionLostError, match="did not answer in time"):
        await wire.read_replies(1, 0.01)

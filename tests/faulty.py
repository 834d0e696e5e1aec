"""A real SMTP server on loopback with every bad habit that relays have, one switch each; also the benchmarks' sink.

    python -m tests.faulty --delay 0.02 --chunking

It speaks PIPELINING (RFC 2920), CHUNKING (RFC 3030), STARTTLS and AUTH, and counts what it takes. `delay` is a round trip: each
answer leaves so much later than the bytes it answers came in.
"""

import argparse
import asyncio
import base64
import json
import socket
import ssl
import struct
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast


def never(address: str) -> bool:
    """Nobody."""
    return False


@dataclass
class Faulty:
    """What it took, by address, and its manners; those that take an address get the recipient's."""

    port: int = 0
    taken: Counter[str] = field(default_factory=Counter)
    bodies: dict[str, bytes] = field(default_factory=dict)
    keep: bool = True  # the last body of each address
    connections: int = 0
    most_open: int = 0
    pipelining: bool = True
    chunking: bool = False
    smtputf8: bool = True
    size: int = 50_000_000
    greeting: str = "220 faulty.example ESMTP"  # it hangs up after another one, or after none
    ehlo: str = ""  # its answer to every EHLO, in place of what it offers
    helo: str = "250 faulty.example"
    auth: str = ""  # the ways to log in that it offers
    login: Callable[[str], str] = lambda words: "235 2.7.0 welcome"  # its answer to what a login says; none: it hangs up
    explains: bool = False  # gives its reasons before it refuses a token (RFC 7628, section 3.2.2)
    delay: float = 0.0
    greylists: bool = False  # each address is refused once
    mail: str = ""  # its answer to every MAIL
    rcpt: Callable[[str], str | None] = lambda address: None
    answer: Callable[[str], str | None] = lambda address: None  # to the whole message
    slow: Callable[[str], float] = lambda address: 0.0  # seconds before the answer to the whole message
    drops_before: Callable[[str], bool] = never  # hangs up instead of taking the message
    drops_after: Callable[[str], bool] = never  # takes the message, and hangs up instead of saying so
    resets: bool = False  # hangs up with a reset, as a machine that crashes does
    most: int = 0  # messages a connection, then 421
    limits: int = 0  # connections at once, then 421
    silent: bool = False  # says nothing after its greeting
    drips: bool = False  # begins the answer to a whole message, line by line, and never ends it
    byte_by_byte: bool = False
    folds: int = 0  # lines before the last one of each answer
    rset: str = "250 2.0.0 ok"  # its answer to every RSET
    asks_anyway: bool = False  # for the body, although it has refused the recipient (RFC 2920, section 3.1)
    refuses_bdat: bool = False  # after offering CHUNKING
    refuses_size: bool = False  # after offering SIZE
    refuses_pipelining: bool = False  # after offering it: forgets what came along with a command
    tls: ssl.SSLContext | None = None
    takes: Callable[[str, bytes], None] = lambda address, body: None  # is shown what it takes
    grey: set[str] = field(default_factory=set)
    cut: Counter[str] = field(default_factory=Counter)  # taken, and the answer lost when it hung up
    open: int = 0
    clients: "set[Connection]" = field(default_factory=set)
    server: asyncio.Server | None = None
    log: list[str] = field(default_factory=list)  # commands, and `body N` for a body of N octets
    logins: list[str] = field(default_factory=list)  # how it was logged in to, and what the login said

    def shut(self) -> None:
        """Close every connection without a word."""
        for client in list(self.clients):
            if client.transport:
                client.transport.close()

    def stop_listening(self) -> str:
        """Take no new connections; an answer for those there are."""
        if self.server:
            self.server.close()
        return "421 4.3.2 going down"

    def offers(self, secure: bool) -> str:
        """The answer to EHLO."""
        names = ["faulty.example", "8BITMIME", "ENHANCEDSTATUSCODES"]
        names += ["SMTPUTF8"] if self.smtputf8 else []
        names += [f"AUTH {self.auth}"] if self.auth else []
        names += [f"SIZE {self.size}"] if self.size else []
        names += ["PIPELINING"] if self.pipelining else []
        names += ["CHUNKING"] if self.chunking else []
        names += ["STARTTLS"] if self.tls and not secure else []
        return "".join(f"250{'-' if at < len(names) - 1 else ' '}{name}\r\n" for at, name in enumerate(names))


class Connection(asyncio.Protocol):
    """One client."""

    def __init__(self, relay: Faulty, secure: bool = False) -> None:
        self.relay = relay
        self.secure = secure
        self.buffer = bytearray()
        self.mode = "command"  # or data, or bdat
        self.left = 0  # octets of a chunk still to come
        self.sender = False
        self.recipient = ""
        self.refused = ""
        self.verdict = ""  # on a login, once the client has heard the reasons
        self.count = 0
        self.said: list[str] = []
        self.closing = False
        self.took: list[str] = []
        self.answered = 0  # of these, the answer has gone onto the network
        self.last = 0.0  # when the last answer leaves
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self.transport = cast(asyncio.Transport, transport)
        relay = self.relay
        relay.clients.add(self)
        relay.open += 1
        relay.connections += 1
        relay.most_open = max(relay.most_open, relay.open)
        if relay.limits and relay.open > relay.limits:
            self.say("421 4.7.0 too many connections")
            self.closing = True
        else:
            self.said += [f"{relay.greeting}\r\n"] if relay.greeting else []
            self.closing = not relay.greeting.startswith("220")
        self.flush()

    def connection_lost(self, error: Exception | None) -> None:
        """One fewer."""
        self.relay.open -= 1
        self.relay.clients.discard(self)

    def say(self, text: str) -> None:
        """An answer, folded into several lines where that is its habit."""
        if self.relay.folds and not text.startswith(("220", "250-")):
            self.said.append(f"{text[:3]}-and so\r\n" * self.relay.folds)
        self.said.append(text if text.endswith("\r\n") else f"{text}\r\n")

    def flush(self, wait: float = 0.0) -> None:
        """Send what was said, a round trip later, and never before what was said earlier."""
        data, self.said = "".join(self.said).encode(), []
        loop = asyncio.get_running_loop()
        self.last = max(loop.time() + wait + self.relay.delay, self.last + 1e-6)
        count = len(self.took)
        if self.last - loop.time() < 1e-5 and not self.relay.byte_by_byte:
            self.deliver(data, self.closing, count)
        else:
            loop.call_at(self.last, self.deliver, data, self.closing, count)

    def deliver(self, data: bytes, closing: bool, count: int) -> None:
        """Onto the network, the answers to so many messages among it."""
        if self.transport is None or self.transport.is_closing():
            return
        self.answered = max(self.answered, count)
        if self.relay.byte_by_byte:
            for at in range(len(data)):
                self.transport.write(data[at : at + 1])
        elif data:
            self.transport.write(data)
        if closing:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Take what came."""
        if self.closing or self.relay.silent:
            return
        if self.mode == "bdat" and len(data) < self.left and not self.relay.keep:
            self.left -= len(data)
            return
        self.buffer += data
        while self.transport and self.buffer and self.step():
            pass
        if self.said or self.closing:
            self.flush()

    def step(self) -> bool:
        """One command or body; False where more bytes are needed."""
        if self.closing:
            return False
        if self.mode == "bdat":
            return self.chunk()
        if self.mode == "data":
            return self.dotted()
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end]).rstrip(b"\r").decode("utf-8", "replace")
        del self.buffer[: end + 1]
        self.command(line)
        if self.relay.refuses_pipelining and self.mode == "command":
            self.buffer.clear()
        return True

    def command(self, line: str) -> None:
        """Answer one command."""
        verb, _, rest = line.partition(" ")
        if self.relay.keep:
            self.relay.log.append(line)
        handler = getattr(self, f"on_{verb.lower()}", None)
        if self.verdict:
            self.say(self.verdict)
            self.verdict = ""
        elif handler is None:
            self.say("500 5.5.2 what?")
        else:
            handler(rest)

    def on_ehlo(self, rest: str) -> None:
        """Offer."""
        if self.relay.ehlo:
            self.say(self.relay.ehlo)
            self.closing = self.relay.ehlo.startswith("421")
        else:
            self.said.append(self.relay.offers(self.secure))

    def on_helo(self, rest: str) -> None:
        """The old greeting."""
        self.say(self.relay.helo)

    def on_auth(self, rest: str) -> None:
        """Let in, or not, whoever says all in one command."""
        way, _, words = rest.partition(" ")
        said = base64.b64decode(words).decode()
        self.relay.logins.append(f"{way} {said}")
        answer = self.relay.login(said)
        if not answer:
            self.hang_up()
        elif self.relay.explains and not answer.startswith("235"):
            self.say(f"334 {base64.b64encode(b'{}').decode()}")
            self.verdict = answer
        else:
            self.say(answer)

    def on_starttls(self, rest: str) -> None:
        """Begin TLS on this connection."""
        self.say("220 go on")
        self.flush()
        asyncio.get_running_loop().create_task(self.upgrade())

    async def upgrade(self) -> None:
        """Hand the connection to one that is secure."""
        assert self.relay.tls is not None
        secured = Connection(self.relay, secure=True)
        self.relay.open += 1
        assert self.transport is not None
        transport = await asyncio.get_running_loop().start_tls(self.transport, secured, self.relay.tls, server_side=True)
        secured.transport = cast(asyncio.Transport, transport)
        secured.data_received(b"")  # what came in the meantime

    def on_mail(self, rest: str) -> None:
        """Begin a transaction."""
        if self.relay.most and self.count >= self.relay.most:
            self.say("421 4.7.0 too many messages on this connection")
            self.closing = True
        elif self.relay.mail:
            self.say(self.relay.mail)
        elif self.sender:
            self.say("503 5.5.1 nested MAIL")
        elif self.relay.refuses_size and "SIZE=" in rest:
            self.say("555 5.5.4 unknown parameter SIZE")
        else:
            self.sender, self.recipient, self.refused = True, "", ""
            self.say("250 2.1.0 ok")

    def on_rcpt(self, rest: str) -> None:
        """Take a recipient, or not."""
        address = rest[rest.find("<") + 1 : rest.find(">")]
        answer = "503 5.5.1 MAIL first" if not self.sender else self.relay.rcpt(address)
        if not answer and self.relay.greylists and address not in self.relay.grey:
            self.relay.grey.add(address)
            answer = "451 4.7.1 greylisted, come back later"
        if answer:
            self.refused = address
            self.say(answer)
        else:
            self.recipient = address
            self.say("250 2.1.5 ok")

    def on_data(self, rest: str) -> None:
        """Ask for the body."""
        if not (self.recipient or self.relay.asks_anyway):
            self.say("554 5.5.1 no valid recipients")
        else:
            self.mode = "data"
            self.say("354 go on")

    def on_bdat(self, rest: str) -> None:
        """Take so many octets."""
        if not self.relay.chunking or self.relay.refuses_bdat:
            self.say("502 5.5.1 not implemented")
            return
        self.left, self.mode, self.chunks = int(rest.split(maxsplit=1)[0]), "bdat", bytearray()
        if not self.left:
            self.chunk()

    def on_rset(self, rest: str) -> None:
        """Forget the transaction."""
        self.sender, self.recipient = False, ""
        self.say(self.relay.rset)

    def on_noop(self, rest: str) -> None:
        """Nothing."""
        self.say("250 2.0.0 ok")

    def on_quit(self, rest: str) -> None:
        """Goodbye."""
        self.say("221 2.0.0 bye")
        self.closing = True

    def chunk(self) -> bool:
        """The rest of a chunk; always the last one."""
        size = min(self.left, len(self.buffer))
        if self.relay.keep:
            self.chunks += self.buffer[:size]
        del self.buffer[:size]
        self.left -= size
        if self.left:
            return False
        self.mode = "command"
        if self.recipient:
            self.whole(bytes(self.chunks))
        else:
            self.say("554 5.5.1 no valid recipients")
            self.sender = False
        return True

    def dotted(self) -> bool:
        """A body up to its lone dot."""
        if self.buffer.startswith(b".\r\n"):
            body, end = b"", 3
        else:
            at = self.buffer.find(b"\r\n.\r\n")
            if at < 0:
                return False
            body, end = bytes(self.buffer[: at + 2]) if self.relay.keep else b"", at + 5
        del self.buffer[:end]
        self.mode = "command"
        self.whole(
            body.replace(b"\r\n..", b"\r\n.").removeprefix(b".") if body.startswith(b"..") else body.replace(b"\r\n..", b"\r\n.")
        )
        return True

    def whole(self, body: bytes) -> None:
        """A message is complete."""
        relay, address = self.relay, self.recipient
        self.sender, self.recipient = False, ""
        if relay.keep:
            relay.log.append(f"body {len(body)}")
        if not address:
            self.say("554 5.5.1 no valid recipients")
            return
        if relay.drops_before(address):
            self.hang_up()
            return
        answer = relay.answer(address)
        if answer is None:
            relay.taken[address] += 1
            self.took.append(address)
            relay.takes(address, body)
            self.count += 1
            if relay.keep:
                relay.bodies[address] = body
        if relay.drops_after(address):
            self.hang_up()
            return
        if relay.drips:
            self.drip()
            return
        self.closing = self.closing or (answer or "").startswith("421")
        self.say(answer or "250 2.0.0 taken")
        if wait := relay.slow(address):
            self.flush(wait)

    def drip(self) -> None:
        """One more line."""
        if self.transport and not self.transport.is_closing():
            self.transport.write(b"250-still at it\r\n")
            asyncio.get_running_loop().call_later(0.05, self.drip)

    def hang_up(self) -> None:
        """Without a word."""
        self.relay.cut.update(self.took[self.answered :])
        self.closing, self.said = True, []
        if self.transport and self.relay.resets:
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif self.transport:
            self.transport.close()


@asynccontextmanager
async def running(relay: Faulty, *, implicit: bool = False) -> AsyncIterator[Faulty]:
    """The relay on its port, or a free one, while the block runs."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(relay, secure=implicit), "127.0.0.1", relay.port, ssl=relay.tls if implicit else None, backlog=200
    )
    relay.port, relay.server = int(server.sockets[0].getsockname()[1]), server
    try:
        yield relay
    finally:
        server.close()
        with suppress(TimeoutError):  # from Python 3.12 on it waits for connections, and some never tell that they are gone
            async with asyncio.timeout(1):
                await server.wait_closed()


async def main() -> None:
    """As a process of its own, until standard input ends; then it says what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--chunking", action="store_true")
    parser.add_argument("--certificate", type=Path)
    given = parser.parse_args()
    tls = None
    if given.certificate:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(given.certificate)
    relay = Faulty(delay=given.delay, chunking=given.chunking, keep=False, tls=tls)
    async with running(relay):
        sys.stdout.write(f"{relay.port}\n")
        sys.stdout.flush()
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), open(0))  # noqa: SIM115
        await reader.read()
    sys.stdout.write(json.dumps({"taken": relay.taken.total(), "people": len(relay.taken)}) + "\n")


if __name__ == "__main__":
    asyncio.run(main())

"""Signatures made by other processes, on the other cores: an RSA signature takes longer than all the rest of a message.

They are processes, not threads, because signing holds the interpreter lock. A process gets recipients and returns their
signatures, a kilobyte each; the messages are put together here. What is not signed in time is signed here as well. So no core
waits for another, and nothing is missing if a process dies. A process ends when its pipe closes, however this one ends.
"""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from multiprocessing.connection import Connection

from digest.compose.message import Composer, Sender
from digest.model import Message, Recipient, Rendered

ENOUGH = 1_000  # messages from which a process is worth its start of a third of a second
CHUNK = 64  # recipients sent to a process at once
AHEAD = 4  # chunks that a process may have
MAX_WORKERS = 4  # processes
CHUNK_TIMEOUT = 10.0  # seconds to wait for a chunk


@contextmanager
def compose_all(composer: Composer, recipients: Iterable[Recipient], count: int) -> Iterator[Iterator[Message]]:
    """Yield the messages to `count` recipients, made as they are asked for; not quite in their order."""
    helpers = _start_helpers(composer) if composer.signs and count >= ENOUGH else []
    try:
        yield _messages(composer, iter(recipients), helpers)
    finally:
        for helper in helpers:
            helper.close()


def _start_helpers(composer: Composer) -> "list[SigningWorker]":
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [SigningWorker.started(composer) for _ in range(min(cores - 1, MAX_WORKERS))]


def _messages(composer: Composer, recipients: Iterator[Recipient], helpers: "list[SigningWorker]") -> Iterator[Message]:
    """Yield what the helpers have signed, or else a message signed here; at the end, wait for what is still to come."""
    while True:
        for helper in helpers:
            yield from (composer.with_signatures(recipient, signatures) for recipient, signatures in helper.done())
            while helper.wants() and (chunk := list(islice(recipients, CHUNK))):
                helper.give(chunk)
        if any(helper.ready() for helper in helpers):
            continue
        recipient = next(recipients, None)
        if recipient is not None:
            yield composer(recipient)
        elif busy := [helper for helper in helpers if helper.given]:
            yield from map(composer, busy[0].finished())
        else:
            return


@dataclass
class SigningWorker:
    """One process that signs."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    given: deque[list[Recipient]] = field(default_factory=deque)
    alive: bool = True

    @classmethod
    def started(cls, composer: Composer) -> "SigningWorker":
        """Start a process; it first has to import what it needs."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_sign, args=(there, *composer.arguments), daemon=True, name="digest-signer")
        process.start()
        there.close()
        return cls(process, here)

    def wants(self) -> bool:
        """Return whether the process can take another chunk."""
        return self.alive and len(self.given) < AHEAD

    def give(self, chunk: list[Recipient]) -> None:
        """Send the process a chunk of recipients to sign for."""
        self.given.append(chunk)
        try:
            self.pipe.send(chunk)
        except OSError:
            self.alive = False

    def ready(self) -> bool:
        """Return whether signatures have come back."""
        return self.alive and bool(self.given) and self.pipe.poll()

    def done(self) -> Iterator[tuple[Recipient, bytes]]:
        """Yield the recipients signed for, each with the signatures."""
        while self.ready():
            try:
                signatures = self.pipe.recv()
            except (EOFError, OSError):
                self.alive = False
                return
            yield from zip(self.given.popleft(), signatures, strict=True)

    def finished(self) -> Iterator[Recipient]:
        """Wait for the next chunk; if the process has died or takes too long, yield the recipients left to it."""
        if self.alive and self.pipe.poll(CHUNK_TIMEOUT):
            return
        self.alive = False
        while self.given:
            yield from self.given.popleft()

    def close(self) -> None:
        """Close the pipe and end the process, after a second by force."""
        self.pipe.close()
        self.process.join(1)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _sign(
    pipe: Connection, sender: Sender, rendered: Rendered, key: str, at: datetime, variants: Mapping[str, Rendered] | None
) -> None:
    """Sign chunk after chunk until the pipe closes: all that a helper process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the parent process, which closes the pipe
    composer = Composer(sender, rendered, key, at, variants=variants)
    while True:
        try:
            chunk: list[Recipient] = pipe.recv()
            pipe.send([composer.signatures(recipient) for recipient in chunk])
        except (EOFError, OSError):
            return

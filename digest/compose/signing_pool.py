"""Signatures made aside, by the other cores: an RSA signature takes longer than everything else about a message.

Processes, not threads: signing holds the interpreter. A process gets readers and gives back their signatures, a kilobyte
each; the message around it is put together here. What is not signed in time is signed here as well, so that no core waits
for another, and if a process dies nothing is missing. A process ends when its pipe does, however this one ends.
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

ENOUGH = 1_000  # messages for which a process is worth its start of a third of a second
CHUNK = 64  # readers at once
AHEAD = 4  # chunks that a process has
MAX_WORKERS = 4  # processes
CHUNK_TIMEOUT = 10.0  # seconds for a chunk


@contextmanager
def compose_all(composer: Composer, recipients: Iterable[Recipient], count: int) -> Iterator[Iterator[Message]]:
    """The messages to so many recipients, as they are asked for; not quite in their order."""
    helpers = _helpers(composer) if composer.signs and count >= ENOUGH else []
    try:
        yield _messages(composer, iter(recipients), helpers)
    finally:
        for helper in helpers:
            helper.close()


def _helpers(composer: Composer) -> "list[SigningWorker]":
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [SigningWorker.started(composer) for _ in range(min(cores - 1, MAX_WORKERS))]


def _messages(composer: Composer, recipients: Iterator[Recipient], helpers: "list[SigningWorker]") -> Iterator[Message]:
    """Whatever a helper has signed, else one signed here; at the end, what is still to come."""
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
    """A process that signs."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    given: deque[list[Recipient]] = field(default_factory=deque)
    alive: bool = True

    @classmethod
    def started(cls, composer: Composer) -> "SigningWorker":
        """A new one, which has to import first what it needs."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_sign, args=(there, *composer.arguments), daemon=True, name="digest-signer")
        process.start()
        there.close()
        return cls(process, here)

    def wants(self) -> bool:
        """Whether it could do more."""
        return self.alive and len(self.given) < AHEAD

    def give(self, chunk: list[Recipient]) -> None:
        """Readers to sign for."""
        self.given.append(chunk)
        try:
            self.pipe.send(chunk)
        except OSError:
            self.alive = False

    def ready(self) -> bool:
        """Whether it has given something back."""
        return self.alive and bool(self.given) and self.pipe.poll()

    def done(self) -> Iterator[tuple[Recipient, bytes]]:
        """What it has signed."""
        while self.ready():
            try:
                signatures = self.pipe.recv()
            except (EOFError, OSError):
                self.alive = False
                return
            yield from zip(self.given.popleft(), signatures, strict=True)

    def finished(self) -> Iterator[Recipient]:
        """Wait for more of what it has; the readers it will never sign for, where it has died."""
        if self.alive and self.pipe.poll(CHUNK_TIMEOUT):
            return
        self.alive = False
        while self.given:
            yield from self.given.popleft()

    def close(self) -> None:
        """Let it go."""
        self.pipe.close()
        self.process.join(1)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _sign(
    pipe: Connection, sender: Sender, rendered: Rendered, key: str, at: datetime, variants: Mapping[str, Rendered] | None
) -> None:
    """A helper's whole life."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for the one who asked; its pipe will end
    composer = Composer(sender, rendered, key, at, variants=variants)
    while True:
        try:
            chunk: list[Recipient] = pipe.recv()
            pipe.send([composer.signatures(recipient) for recipient in chunk])
        except (EOFError, OSError):
            return

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

MIN_MESSAGES_FOR_WORKERS = 1_000  # messages from which a process is worth its start of a third of a second
BATCH_SIZE = 64  # recipients sent to a process at once
MAX_PENDING_BATCHES = 4  # batches that a process may have
MAX_WORKERS = 4  # processes
BATCH_TIMEOUT = 10.0  # seconds to wait for a batch


@contextmanager
def compose_all(composer: Composer, recipients: Iterable[Recipient], count: int) -> Iterator[Iterator[Message]]:
    """Yield the messages to `count` recipients, made as they are asked for; not quite in their order."""
    workers = _start_workers(composer) if composer.has_signers and count >= MIN_MESSAGES_FOR_WORKERS else []
    try:
        yield _messages(composer, iter(recipients), workers)
    finally:
        for worker in workers:
            worker.close()


def _start_workers(composer: Composer) -> "list[SigningWorker]":
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return [SigningWorker.start(composer) for _ in range(min(cores - 1, MAX_WORKERS))]


def _messages(composer: Composer, recipients: Iterator[Recipient], workers: "list[SigningWorker]") -> Iterator[Message]:
    """Yield what the workers have signed, or else a message signed here; at the end, wait for what is still to come."""
    while True:
        for worker in workers:
            yield from (composer.with_signatures(recipient, signatures) for recipient, signatures in worker.receive())
            while worker.can_take() and (batch := list(islice(recipients, BATCH_SIZE))):
                worker.send(batch)
        recipient = next(recipients, None)
        if recipient is not None:
            yield composer(recipient)
        elif busy := [worker for worker in workers if worker.pending]:
            yield from map(composer, busy[0].wait())
        else:
            return


@dataclass
class SigningWorker:
    """One process that signs."""

    process: multiprocessing.process.BaseProcess
    pipe: Connection
    pending: deque[list[Recipient]] = field(default_factory=deque)
    is_alive: bool = True

    @classmethod
    def start(cls, composer: Composer) -> "SigningWorker":
        """Start a process; it first has to import what it needs."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=_sign, args=(there, *composer.arguments), daemon=True, name="digest-signer")
        process.start()
        there.close()
        return cls(process, here)

    def can_take(self) -> bool:
        """Return whether the process can take another batch."""
        return self.is_alive and len(self.pending) < MAX_PENDING_BATCHES

    def send(self, batch: list[Recipient]) -> None:
        """Send the process a batch of recipients to sign for."""
        self.pending.append(batch)
        try:
            self.pipe.send(batch)
        except OSError:
            self.is_alive = False

    def has_signatures(self) -> bool:
        """Return whether signatures have come back."""
        return self.is_alive and bool(self.pending) and self.pipe.poll()

    def receive(self) -> Iterator[tuple[Recipient, bytes]]:
        """Yield the recipients signed for, each with the signatures."""
        while self.has_signatures():
            try:
                signatures = self.pipe.recv()
            except (EOFError, OSError):
                self.is_alive = False
                return
            yield from zip(self.pending.popleft(), signatures, strict=True)

    def wait(self) -> Iterator[Recipient]:
        """Wait for the next batch; if the process has died or takes too long, yield the recipients left to it."""
        if self.is_alive and self.pipe.poll(BATCH_TIMEOUT):
            return
        self.is_alive = False
        while self.pending:
            yield from self.pending.popleft()

    def close(self) -> None:
        """Close the pipe and end the process, after a second by force."""
        self.pipe.close()
        self.process.join(1)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def _sign(
    pipe: Connection,
    sender: Sender,
    rendered: Rendered,
    key: str,
    at: datetime,
    variants: Mapping[str, Rendered] | None,
    signed_at: datetime | None,
) -> None:
    """Sign batch after batch until the pipe closes: all that a signing process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is meant for the parent process, which closes the pipe
    composer = Composer(sender, rendered, key, at, variants=variants, signed_at=signed_at)
    while True:
        try:
            batch: list[Recipient] = pipe.recv()
            pipe.send([composer.signatures(recipient) for recipient in batch])
        except (EOFError, OSError):
            return

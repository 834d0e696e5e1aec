"""How fast an edition leaves, beside the relay's own limit: ratios of one run, medians of five.

    python benchmarks/send.py [--messages 2000]

Needs Postfix's smtp-sink and smtp-source (Debian: postfix). Composing is measured with an RSA-2048 signature.
"""

import argparse
import asyncio
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from digest.compose import Composer, Sender
from digest.config import Newsletter, Smtp
from digest.deliver import Run
from digest.links import ReaderLinks
from digest.marks import ReaderMarks
from digest.model import Edition, Message, Receipt, Recipient, Rendered, Slot, Subscriber, Window
from digest.sign import Signer
from digest.store import Journal, Store

ROUNDS = 5
AT = datetime(2026, 11, 24, 7, tzinfo=UTC)
MARKS = ReaderMarks()


def edition() -> Rendered:
    """A mail of 57 KB."""
    paragraph = "<p style='margin:0'>The night ferry comes back, and the town is counting berths.</p>\n"
    html = paragraph * 600 + f"<a href='{MARKS.unsubscribe_url}'>{MARKS.email}</a>"
    return Rendered(subject="The night ferry comes back", preheader="p", html=html, text="The night ferry comes back.\n" * 100)


def composer(*signers: Signer) -> Composer:
    """The real stage 4."""
    newsletter = Newsletter.model_validate({"name": "G", "from": "G <d@gazette.example>"})
    links = ReaderLinks(public_url="https://news.gazette.example", secret="s")
    return Composer(Sender(newsletter=newsletter, links=links, signers=signers), edition(), "weekday-2026-11-24", AT)


def recipients(count: int) -> list[Recipient]:
    return [Recipient(id=number, email=f"reader{number}@readers.example", name="A Reader") for number in range(count)]


@contextmanager
def sink() -> Iterator[int]:
    """smtp-sink on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{port}", "200"])
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def per_second(count: int, work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return count / (time.perf_counter() - started)


class Unrecorded:
    """A journal that keeps nothing."""

    async def begin(self, message: Message) -> bool:
        return True

    async def settle(self, receipt: Receipt) -> None:
        return None


def delivered(port: int, count: int) -> None:
    """Stage 5 alone, ten connections."""
    compose = composer()
    made = [compose(recipient) for recipient in recipients(count)]
    relay = Smtp(url=f"smtp://127.0.0.1:{port}")
    asyncio.run(Run(relay, "d@gazette.example", Unrecorded(), lambda: AT, lambda receipt: None).deliver(iter(made)))


def recorded(port: int, count: int) -> None:
    """Stages 4 and 5 with the ledger on disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open("sqlite:///d.db", Path(folder))
        slot = Slot(name="weekday", day=AT.date(), window=Window(start=AT, end=AT))
        made = Edition(newsletter="G", slot=slot, number=1, stories=(), left_out=(), frozen_at=AT)
        store.ledger.freeze(made, edition(), [Subscriber(email=row.email) for row in recipients(count)], str)

        async def run() -> None:
            async with Journal(store.deliveries, slot.key) as journal:
                relay = Smtp(url=f"smtp://127.0.0.1:{port}")
                line = Run(relay, "d@gazette.example", journal, lambda: AT, lambda receipt: None)
                await line.deliver(map(composer(), store.deliveries.to_send(slot.key, None)))

        asyncio.run(run())
        assert store.deliveries.counts(slot.key) == {"sent": count}
        store.close()


def sourced(port: int, count: int) -> None:
    """Postfix's own load generator, ten connections, 57 KB."""
    command = ["/usr/sbin/smtp-source", "-s", "10", "-m", str(count), "-l", "57000", "-d", "-f", "d@g.example", "-t", "r@g.example"]
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=1000)
    count = parser.parse_args().messages
    if not Path("/usr/sbin/smtp-sink").exists() and not shutil.which("smtp-sink"):
        raise SystemExit("smtp-sink is not installed; on Debian: apt-get install postfix")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signer = Signer("gazette.example", "s", key)
    bare = lambda: [key.sign(b"x" * 600, padding.PKCS1v15(), SHA256()) for _ in range(count)]  # noqa: E731
    signed, unsigned, people = composer(signer), composer(), recipients(count)
    rows: dict[str, Callable[[int], Callable[[], object]]] = {
        "RSA-2048 signature alone": lambda port: bare,
        "compose and sign": lambda port: lambda: deque(map(signed, people), maxlen=0),
        "compose unsigned": lambda port: lambda: deque(map(unsigned, people), maxlen=0),
        "smtp-source": lambda port: lambda: sourced(port, count),
        "deliver": lambda port: lambda: delivered(port, count),
        "compose, deliver, record": lambda port: lambda: recorded(port, count),
    }
    found = {}
    with sink() as port:
        for name, work in rows.items():
            found[name] = statistics.median(per_second(count, work(port)) for _ in range(ROUNDS))
    beside = {"compose and sign": "RSA-2048 signature alone", "deliver": "smtp-source", "compose, deliver, record": "smtp-source"}
    print(f"{count} messages of 57 KB, medians of {ROUNDS}")
    for name, speed in found.items():
        ratio = f"{speed / found[beside[name]]:.2f} × {beside[name]}" if name in beside else ""
        print(f"{name:28}{speed:10,.0f}/s  {ratio}")


if __name__ == "__main__":
    main()

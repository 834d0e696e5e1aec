"""How fast an edition leaves, beside peers in the same run: medians, and the ratios to hold.

    python benchmarks/send.py [--rounds 3] [--only near,far,tls,compose,chain]

    near     loopback to Postfix's smtp-sink, ten connections: smtp-source, nodemailer, aiosmtplib, smtplib
    far      a relay a round trip of 20 ms away (tests/faulty.py), ten and fifty connections
    tls      loopback over TLS, ten connections
    compose  a signed message: the bare RSA-2048 signature, and EmailMessage with dkimpy
    chain    compose, sign, deliver and record

Messages are of 58 KB. It needs Postfix's tools (Debian: postfix); nodemailer joins where node is, installed by npm for the run.
"""

import argparse
import asyncio
import os
import shutil
import smtplib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import aiosmtplib
import dkim
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

from digest.compose import Composer, Sender, compose_all
from digest.compose.dkim import Signer
from digest.compose.subscriber_links import SubscriberLinks
from digest.config import Newsletter, Smtp
from digest.deliver import NoDeliveryLog, Run
from digest.model import Edition, Message, Recipient, Rendered, Slot, Subscriber, Window
from digest.store import RecipientRules, Store, StoredDeliveryLog
from digest.text.placeholders import Placeholders

AT = datetime(2026, 11, 24, 7, tzinfo=UTC)
MARKS = Placeholders()
ROOT = Path(__file__).parent.parent
SINK, SOURCE = "/usr/sbin/smtp-sink", "/usr/sbin/smtp-source"
BYTES, DELAY = 58_500, 0.02
HTML = "<p style='margin:0'>The night ferry comes back, and the town is counting berths.</p>\n" * 600

Work = Callable[[], object]


def edition() -> Rendered:
    """A mail of 58 KB."""
    html = f"{HTML}<a href='{MARKS.unsubscribe_url}'>{MARKS.email}</a>"
    return Rendered(subject="The night ferry comes back", preheader="p", html=html, text="The night ferry comes back.\n" * 100)


def composer(*signers: Signer) -> Composer:
    """The real stage 4."""
    newsletter = Newsletter.model_validate({"name": "G", "from": "G <d@gazette.example>"})
    links = SubscriberLinks(public_url="https://news.gazette.example", secret="s")
    return Composer(Sender(newsletter=newsletter, links=links, signers=signers), edition(), "weekday-2026-11-24", AT)


def recipients(count: int) -> list[Recipient]:
    """Readers, numbered."""
    return [Recipient(id=number, email=f"reader{number}@readers.example", name="A Reader") for number in range(count)]


# — relays —


@contextmanager
def sink() -> Iterator[int]:
    """smtp-sink on a free port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([SINK, "-u", "nobody", f"127.0.0.1:{port}", "200"])
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


@contextmanager
def faulty(*options: str) -> Iterator[int]:
    """tests/faulty.py as a process of its own."""
    command = [sys.executable, "-m", "tests.faulty", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    try:
        yield int(process.stdout.readline())
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


def certificate(folder: Path) -> Path:
    """A certificate for localhost that signs itself, with its key."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(AT - timedelta(days=9)).not_valid_after(AT + timedelta(days=999))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    path = folder / "relay.pem"
    made = builder.sign(key, hashes.SHA256())
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem(key))
    return path


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """A key as a file has it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


# — who sends —


def ours(messages: list[Message], smtp: Smtp) -> None:
    """Stage 5 alone."""
    asyncio.run(Run(smtp, "d@gazette.example", NoDeliveryLog(), lambda: AT, lambda receipt: None).deliver(iter(messages)))


def chain(smtp: Smtp, count: int, signer: Signer) -> None:
    """Stages 4 and 5 with the database on disk."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open("sqlite:///d.db", Path(folder))
        slot = Slot(name="weekday", day=AT.date(), window=Window(start=AT, end=AT))
        made = Edition(newsletter="G", slot=slot, number=1, stories=(), left_out=(), frozen_at=AT)
        store.editions.freeze(
            made, edition(), [Subscriber(email=row.email) for row in recipients(count)], RecipientRules(token=str)
        )
        run = Run(smtp, "d@gazette.example", StoredDeliveryLog(store.deliveries, slot.key), lambda: AT, lambda receipt: None)
        with compose_all(composer(signer), store.deliveries.to_send(slot.key, None), count) as messages:
            asyncio.run(run.deliver(messages))
        assert store.deliveries.counts(slot.key) == {"sent": count}
        store.close()


def nodemailer(port: int, connections: int, count: int, *, key: Path | None = None, tls: bool = False) -> float:
    """Messages a second by nodemailer's pool, start-up not counted."""
    command = [
        "node",
        "benchmarks/nodemailer.mjs",
        str(port),
        str(connections),
        str(count),
        str(BYTES),
        *([str(key)] if key else []),
    ]
    environment = {**os.environ, "NODEMAILER_FROM": str(nodemailer_folder()), "NODEMAILER_TLS": str(int(tls))}
    return count / float(subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True).stdout)


def nodemailer_folder() -> Path:
    """Where npm has put nodemailer."""
    folder = Path(tempfile.gettempdir()) / "digest-benchmark"
    if not (folder / "node_modules" / "nodemailer").is_dir():
        subprocess.run(["npm", "install", "--silent", "--prefix", str(folder), "nodemailer"], check=True)
    return folder


async def by_aiosmtplib(port: int, raw: bytes, count: int, connections: int, context: ssl.SSLContext | None) -> None:
    """One client a connection, one message after the other."""

    async def one(share: int) -> None:
        async with aiosmtplib.SMTP(hostname="localhost", port=port, start_tls=bool(context), tls_context=context) as client:
            for _ in range(share):
                await client.sendmail("d@gazette.example", ["r@readers.example"], raw)

    await asyncio.gather(*(one(count // connections) for _ in range(connections)))


def by_smtplib(port: int, raw: bytes, count: int) -> None:
    """The standard library, one connection."""
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(count):
            client.sendmail("d@gazette.example", ["r@readers.example"], raw)


def by_source(port: int, count: int, connections: int) -> None:
    """Postfix's own load generator."""
    command = [SOURCE, "-s", str(connections), "-m", str(count), "-l", str(BYTES), "-d", "-f", "d@g.example", "-t", "r@g.example"]
    subprocess.run([*command, f"127.0.0.1:{port}"], check=True)


def plainly(recipient: Recipient, key: bytes) -> bytes:
    """What one writes first: EmailMessage, signed by dkimpy."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "d@gazette.example", recipient.email, "The night ferry comes back"
    message.set_content("The night ferry comes back.\n" * 100)
    message.add_alternative(f"{HTML}<a href='https://news.gazette.example/{recipient.id}'>{recipient.email}</a>", subtype="html")
    raw = message.as_bytes().replace(b"\n", b"\r\n")
    return bytes(dkim.sign(raw, b"s", b"gazette.example", key, canonicalize=(b"relaxed", b"relaxed"))) + raw


async def plain_chain(port: int, count: int, key: bytes) -> None:
    """EmailMessage, dkimpy and aiosmtplib, one by one."""
    async with aiosmtplib.SMTP(hostname="localhost", port=port, start_tls=False) as client:
        for recipient in recipients(count):
            await client.sendmail("d@gazette.example", [recipient.email], plainly(recipient, key))


# — measuring —


class Table:
    """Speeds by name, and their ratios to others."""

    def __init__(self, rounds: int) -> None:
        self._rounds = rounds
        self._found: dict[str, float] = {}

    def add(self, name: str, count: int, work: Work, *beside: str) -> None:
        """Measure; a work that returns a speed has measured itself."""
        speeds = []
        for _ in range(self._rounds):
            started = time.perf_counter()
            own = work()
            speeds.append(own if isinstance(own, float) else count / (time.perf_counter() - started))
        self._found[name] = speed = statistics.median(speeds)
        ratios = [f"{speed / self._found[other]:6.2f} × {other}" for other in beside if other in self._found]
        print(f"{name:44}{speed:9,.0f}/s  {'   '.join(ratios)}", flush=True)


def near(table: Table, _key: Path) -> None:
    """Loopback."""
    count, made = 4000, [composer()(recipient) for recipient in recipients(4000)]
    with sink() as port:
        table.add("near, 10: smtp-source", count, lambda: by_source(port, count, 10))
        if shutil.which("node"):
            table.add("near, 10: nodemailer", 2000, lambda: nodemailer(port, 10, 2000))
        table.add("near, 10: aiosmtplib", 1000, lambda: asyncio.run(by_aiosmtplib(port, made[0].raw, 1000, 10, None)))
        table.add("near, 1: smtplib", 500, lambda: by_smtplib(port, made[0].raw, 500))
        smtp = Smtp(url=f"smtp://127.0.0.1:{port}")
        table.add("near, 10: digest", count, lambda: ours(made, smtp), "near, 10: smtp-source", "near, 10: nodemailer")


def far(table: Table, _key: Path) -> None:
    """A round trip of 20 ms; the limit is what one bare socket takes, times the connections."""
    made = [composer()(recipient) for recipient in recipients(24_000)]
    with faulty("--delay", str(DELAY)) as port:
        trip = round_trip(port, made[0].raw)
        for connections in (10, 50):
            count, smtp = connections * 200, Smtp(url=f"smtp://127.0.0.1:{port}", connections=connections)
            peer, limit = f"far, {connections}: nodemailer", f"far, {connections}: one round trip a message"
            if shutil.which("node"):
                table.add(peer, count // 2, partial(nodemailer, port, connections, count // 2))
            table.add(f"far, {connections}: smtp-source", count // 4, partial(by_source, port, count // 4, connections))
            table.add(limit, 1, partial(float, connections / trip))
            table.add(f"far, {connections}: digest", count, partial(ours, made[:count], smtp), peer, limit)
    with faulty("--delay", str(DELAY), "--chunking") as port:
        rows = ((1, 8, 1500, "far, 10: nodemailer"), (50, 4, 24_000, "far, 50: nodemailer"))
        for connections, window, count, peer in rows:
            smtp = Smtp(url=f"smtp://127.0.0.1:{port}", connections=connections, window=window)
            table.add(f"far, {connections}: digest, BDAT, window {window}", count, partial(ours, made[:count], smtp), peer)


def round_trip(port: int, raw: bytes) -> float:
    """Seconds that a pipelined message takes at least over one connection."""
    envelope, taken = b"MAIL FROM:<d@g.example>\r\nRCPT TO:<r@g.example>\r\nDATA\r\n", []
    with socket.create_connection(("127.0.0.1", port)) as bare, bare.makefile("rb") as replies:
        replies.readline()
        bare.sendall(b"EHLO bare.example\r\n")
        while replies.readline()[3:4] == b"-":
            pass
        bare.sendall(envelope)
        for _ in range(20):
            started = time.perf_counter()
            for _ in range(4 if taken else 3):
                replies.readline()
            bare.sendall(raw + b".\r\n" + envelope)
            taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def tls(table: Table, _key: Path) -> None:
    """Loopback over TLS."""
    count, made = 3000, [composer()(recipient) for recipient in recipients(3000)]
    with tempfile.TemporaryDirectory() as folder:
        path = certificate(Path(folder))
        context = ssl.create_default_context(cafile=path)
        with faulty("--certificate", str(path)) as port:
            table.add("TLS, 10: aiosmtplib", 500, lambda: asyncio.run(by_aiosmtplib(port, made[0].raw, 500, 10, context)))
            if shutil.which("node"):
                table.add("TLS, 10: nodemailer", 1000, lambda: nodemailer(port, 10, 1000, tls=True))
            secure = Smtp(url=f"smtp+starttls://localhost:{port}", ca_file=path)
            table.add("TLS, 10: digest", count, lambda: ours(made, secure), "TLS, 10: aiosmtplib", "TLS, 10: nodemailer")
        with faulty() as port:
            table.add("the same relay without TLS: digest", count, lambda: ours(made, Smtp(url=f"smtp://localhost:{port}")))


def compose(table: Table, key: Path) -> None:
    """Composing and signing."""
    count = 3000
    loaded, people = serialization.load_pem_private_key(key.read_bytes(), None), recipients(3000)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    signed, unsigned = composer(Signer("gazette.example", "s", loaded)), composer()
    table.add(
        "RSA-2048 signature alone", count, lambda: [loaded.sign(b"x" * 600, padding.PKCS1v15(), hashes.SHA256()) for _ in people]
    )
    table.add("compose and sign", count, lambda: deque(map(signed, people), maxlen=0), "RSA-2048 signature alone")
    table.add("compose unsigned", count, lambda: deque(map(unsigned, people), maxlen=0))
    table.add("EmailMessage and dkimpy", 50, lambda: [plainly(one, key.read_bytes()) for one in people[:50]])


def whole(table: Table, key: Path) -> None:
    """The whole chain on loopback."""
    loaded = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey)
    signer = Signer("gazette.example", "s", loaded)
    with faulty() as port:  # smtp-sink alone would keep one of two cores busy
        table.add("chain: EmailMessage, dkimpy, aiosmtplib", 60, lambda: asyncio.run(plain_chain(port, 60, key.read_bytes())))
        if shutil.which("node"):
            table.add("chain, 10: nodemailer with DKIM", 1000, lambda: nodemailer(port, 10, 1000, key=key))
        peers = ("chain: EmailMessage, dkimpy, aiosmtplib", "chain, 10: nodemailer with DKIM")
        for window in (1, 2):
            smtp = Smtp(url=f"smtp://127.0.0.1:{port}", window=window)
            table.add(f"chain, 10: digest, window {window}", 16_000, partial(chain, smtp, 16_000, signer), *peers)


PARTS = {"near": near, "far": far, "tls": tls, "compose": compose, "chain": whole}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default=",".join(PARTS))
    given = parser.parse_args()
    if not Path(SINK).exists():
        raise SystemExit("smtp-sink is not installed; on Debian: apt-get install postfix")
    table = Table(given.rounds)
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "key.pem"
        key.write_bytes(pem(rsa.generate_private_key(public_exponent=65537, key_size=2048)))
        for name in given.only.split(","):
            PARTS[name](table, key)


if __name__ == "__main__":
    main()

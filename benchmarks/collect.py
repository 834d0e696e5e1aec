"""How fast 200 feeds are read, each of 15 KB, from 200 hosts that answer after 50 ms.

    python benchmarks/collect.py [--rounds 5]

The limit is what the wire costs: 50 ms for each wave of as many requests as the fetcher holds open at once. Printed beside it:
a bare client, fetching alone, fetching and parsing, and for how long the event loop stood still at most.
"""

import argparse
import asyncio
import multiprocessing
import select
import socket
import statistics
import time
from collections import deque
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from digest.collect.collector import collect
from digest.collect.fetch import MAX_CONNECTIONS, Fetcher
from digest.config import SourcePlan

FEEDS, SIZE, DELAY = 200, 15_000, 0.050
SINCE = datetime(2026, 11, 1, tzinfo=UTC)
ITEM = (
    "<item><guid>{0}-{1}</guid><link>https://g{0}.example/{1}</link><title>Story {1} of paper {0}</title>"
    "<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><description>{2}</description></item>"
)


def answer(number: int) -> bytes:
    """One feed of about the size, as it is sent."""
    words = "The harbour office has paid for a new cable and the lamps are lit again. " * 18
    items = "".join(ITEM.format(number, at, words) for at in range(SIZE // (len(words) + 200)))
    body = f'<?xml version="1.0"?><rss version="2.0"><channel><title>Paper {number}</title>{items}</channel></rss>'.encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml\r\nContent-Length: %d\r\n\r\n" % len(body) + body


def serve(pipe: Connection) -> None:
    """So many servers, each answering after a while, on bare sockets so that they are not what is measured; until stopped."""
    poll, due = select.epoll(), deque[tuple[float, int]]()
    listening, asking = dict[int, tuple[socket.socket, bytes]](), dict[int, tuple[socket.socket, bytes]]()
    for number in range(FEEDS):
        one = socket.create_server(("127.0.0.1", 0))
        listening[one.fileno()] = one, answer(number)
        poll.register(one, select.EPOLLIN)
    pipe.send([one.getsockname()[1] for one, _ in listening.values()])
    while True:
        for handle, _ in poll.poll(max(0.0, due[0][0] - time.monotonic()) if due else None):
            if handle in listening:
                connection, _ = listening[handle][0].accept()
                asking[connection.fileno()] = connection, listening[handle][1]
                poll.register(connection, select.EPOLLIN)
            elif asking[handle][0].recv(4_096):
                due.append((time.monotonic() + DELAY, handle))
            else:
                poll.unregister(handle)
                asking.pop(handle)[0].close()
        while due and due[0][0] <= time.monotonic():
            connection, body = asking[due.popleft()[1]]
            connection.sendall(body)


async def stalls(worst: list[float]) -> None:
    """How much later than asked a short sleep ends: for so long the loop stood still."""
    while True:
        before = time.perf_counter()
        await asyncio.sleep(0.001)
        worst.append(time.perf_counter() - before - 0.001)


LEAST = len(answer(0))  # bytes; no answer is shorter


class Bare(asyncio.Protocol):
    """A client that only asks and counts: what this machine and its event loop can do at best."""

    def __init__(self, done: "asyncio.Future[None]") -> None:
        self.done, self.got = done, 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"GET /feed HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")

    def data_received(self, data: bytes) -> None:
        self.got += len(data)
        if self.got >= LEAST and not self.done.done():
            self.transport.close()
            self.done.set_result(None)


async def bare(urls: list[str]) -> None:
    """The same answers by the bare client, as many at once."""
    loop, room = asyncio.get_running_loop(), asyncio.Semaphore(MAX_CONNECTIONS)

    async def one(port: int) -> None:
        async with room:
            done = loop.create_future()
            await loop.create_connection(lambda: Bare(done), "127.0.0.1", port)
            await done

    await asyncio.gather(*(one(urlsplit(url).port or 0) for url in urls))


async def fetched(urls: list[str]) -> None:
    """Fetching alone."""
    async with Fetcher() as fetcher:
        await asyncio.gather(*(fetcher.get(url, allow_private=True) for url in urls))


async def collected(urls: list[str]) -> None:
    """Fetching and parsing."""
    plans = [SourcePlan(kind="feed", url=url, allow_private=True) for url in urls]
    async with Fetcher() as fetcher:
        harvest = await collect(plans, fetcher, {plan.label: SINCE for plan in plans}, conditional=False)
    assert len({row.source for row in harvest.articles}) == FEEDS, harvest.failures[:3]


async def measured(urls: list[str], rounds: int) -> None:
    """The table."""
    limit = DELAY * -(-FEEDS // MAX_CONNECTIONS)
    print(f"the limit of the wire              {limit * 1000:7.0f} ms")
    for name, work in (("a bare client", bare), ("fetching", fetched), ("fetching and parsing", collected)):
        times, worst = [], list[float]()
        for _ in range(rounds):
            watch = asyncio.create_task(stalls(worst))
            started = time.perf_counter()
            await work(urls)
            times.append(time.perf_counter() - started)
            watch.cancel()
        took = statistics.median(times)
        print(
            f"{name:34} {took * 1000:7.0f} ms   {took / limit:5.2f} × the limit   loop still for {max(worst) * 1000:.0f} ms at most"
        )


def main() -> None:
    """Serve, measure, stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,), daemon=True)
    process.start()
    try:
        asyncio.run(measured([f"http://127.0.0.1:{port}/feed" for port in ours.recv()], given.rounds))
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()

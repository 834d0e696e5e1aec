"""A run ends, whatever fails: a relay, the database, the messages themselves; and what was answered by then is recorded."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from digest.config import Smtp
from digest.deliver import Run, deliver_unrecorded
from digest.errors import ConfigError, RelayError, StoreError
from digest.model import Message, Receipt
from tests.deliver.test_deliver import NOW, MemoryDeliveryLog, messages
from tests.faulty import Faulty, running


async def sent(
    delivery_log: MemoryDeliveryLog, rows: Iterator[Message], *relays: dict[str, Any], seconds: float = 20, **more: Any
) -> None:
    """Through one relay or several, on pain of a time-out."""
    smtp = Smtp.model_validate(relays[0] if len(relays) == 1 else {"relays": relays})
    run = Run(smtp, "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None, **more)
    await asyncio.wait_for(run.deliver(rows), seconds)


def at(relay: Faulty, **more: Any) -> dict[str, Any]:
    return {"name": f"p{relay.port}", "url": f"smtp://127.0.0.1:{relay.port}", "connections": 4, **more}


class Failing(MemoryDeliveryLog):
    """A database whose disk is full after so many commits."""

    def __init__(self, commits: int) -> None:
        super().__init__()
        self.commits = commits

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        self.commits -= 1
        await asyncio.sleep(0.01)
        if self.commits < 0:
            raise StoreError("disk full")
        return await super().record(begun, receipts)


@pytest.mark.parametrize("priority", [1, 2])
async def test_a_relay_that_cannot_be_reached_is_waited_for_by_nobody(monkeypatch: pytest.MonkeyPatch, priority: int) -> None:
    monkeypatch.setattr("digest.deliver.relay.RELAY_REST_DELAYS", (0.2,))
    delivery_log = MemoryDeliveryLog()
    async with running(Faulty(delay=0.02)) as good:
        await sent(delivery_log, messages(200), {"name": "a", "url": "smtp://127.0.0.1:9"}, at(good, priority=priority))
    assert set(delivery_log.outcomes().values()) == {"sent"}


@pytest.mark.parametrize("commits", [0, 1, 3, 8])
@pytest.mark.parametrize("priority", [0, 1, 2])
async def test_a_database_error_ends_the_run_and_is_raised(commits: int, priority: int) -> None:
    async with running(Faulty()) as one, running(Faulty()) as other:
        relays = [at(one)] if not priority else [at(one), at(other, priority=priority)]
        with pytest.raises(StoreError, match="disk full"):
            await sent(Failing(commits), messages(300), *relays)


async def test_a_database_error_at_the_very_end_is_raised_too() -> None:
    for commits in range(2, 8):
        async with running(Faulty()) as relay:
            with pytest.raises(StoreError, match="disk full"):
                await sent(Failing(commits), messages(40), at(relay, messages_per_connection=2, connections=1))


class Stuck(MemoryDeliveryLog):
    """A database that is busy until it may continue, and then has no room."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may_continue = asyncio.Event(), asyncio.Event()

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        self.is_asked.set()
        await self.may_continue.wait()
        raise StoreError("disk full")


async def test_a_database_error_is_raised_although_the_run_is_interrupted() -> None:
    delivery_log = Stuck()
    async with running(Faulty()) as relay:
        run = Run(Smtp.model_validate(at(relay)), "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None)
        delivering = asyncio.create_task(run.deliver(messages(20)))
        await asyncio.wait_for(delivery_log.is_asked.wait(), 10)
        delivering.cancel()
        await asyncio.sleep(0.05)  # by now its connections have ended, and nobody waits for the messages
        delivery_log.may_continue.set()
        with pytest.raises(StoreError, match="disk full"):
            await asyncio.wait_for(delivering, 10)
    assert not relay.taken


async def test_a_certificate_that_cannot_be_read_is_not_waited_for() -> None:
    async with running(Faulty()) as good:
        broken = {"name": "a", "url": "smtps://127.0.0.1:9", "ca_file": "/nowhere.pem"}
        with pytest.raises(ConfigError, match=r"nowhere\.pem"):
            await sent(MemoryDeliveryLog(), messages(50), broken, at(good, priority=2))


@pytest.mark.parametrize("made", [0, 1, 100])
@pytest.mark.parametrize("rate", ["1000/s", "20/s"])
async def test_messages_that_cannot_be_made_end_the_run_with_everything_recorded(made: int, rate: str) -> None:
    def rows() -> Iterator[Message]:
        yield from messages(min(made, 30) if rate == "20/s" else made)
        raise ValueError("no more")

    delivery_log = MemoryDeliveryLog()
    async with running(Faulty()) as relay:
        with pytest.raises(ValueError, match="no more"):
            await sent(delivery_log, rows(), at(relay, rate=rate))
    assert {email for email, outcome in delivery_log.outcomes().items() if outcome == "sent"} == set(relay.taken)
    assert {email for _, email in delivery_log.events} == set(delivery_log.receipts) | delivery_log.released


async def test_one_message_does_not_wait_for_the_pace_of_many_connections() -> None:
    async with running(Faulty()) as relay:
        await sent(MemoryDeliveryLog(), messages(1), at(relay, rate="1/m", connections=10), seconds=5)
    assert relay.taken == {"r0@readers.example": 1}


@pytest.mark.parametrize("chunking", [False, True])
async def test_a_connection_closed_while_it_idles_puts_nobody_in_doubt(*, chunking: bool) -> None:
    delivery_log, shutting = MemoryDeliveryLog(), list[asyncio.TimerHandle]()
    async with running(Faulty(chunking=chunking)) as relay:
        relay.takes = lambda address, body: shutting.append(asyncio.get_running_loop().call_later(0.05, relay.shut))
        await sent(delivery_log, messages(6), at(relay, rate="5/s", connections=1, window=3), seconds=10)
    assert delivery_log.doubted == set()
    assert set(relay.taken.values()) == {1}
    assert len(relay.taken) == 6


@pytest.mark.parametrize("answer", ["421 4.7.0 not you", "501 5.1.3 bad recipient address syntax", "503 5.5.1 what?"])
async def test_an_answer_to_one_says_nothing_of_those_behind_it(answer: str) -> None:
    delivery_log = MemoryDeliveryLog()
    async with running(Faulty(chunking=True)) as relay:
        relay.rcpt = lambda address: answer if address == "r0@readers.example" else None
        await sent(delivery_log, messages(30), at(relay, window=4, connections=2))
    assert set(relay.taken.values()) == {1}
    assert len(relay.taken) == 29


async def test_a_relay_that_goes_down_at_the_last_message_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.relay.RELAY_REST_DELAYS", (0.05, 0.1))
    delivery_log = MemoryDeliveryLog()
    async with running(Faulty(most=60)) as relay:
        relay.answer = lambda address: relay.stop_listening() if relay.taken.total() >= 58 else None
        with pytest.raises(RelayError, match="cannot connect"):
            await sent(delivery_log, messages(70), at(relay))
    assert set(relay.taken.values()) == {1}


async def test_drips_are_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.data_command.FINAL_REPLY_TIMEOUT", 0.3)
    delivery_log = MemoryDeliveryLog()
    async with running(Faulty()) as relay:
        relay.drips = True
        await sent(delivery_log, messages(1), at(relay, connections=1), seconds=5)
    assert set(delivery_log.outcomes().values()) == {"unknown"}


class Slow(MemoryDeliveryLog):
    """A database that takes its time."""

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        await asyncio.sleep(0.3)
        return await super().record(begun, receipts)


async def test_a_message_being_recorded_is_not_let_go_with_those_that_wait_for_the_pace() -> None:
    delivery_log = Slow()
    async with running(Faulty()) as relay:
        await sent(delivery_log, messages(3), at(relay, rate="10/s", connections=3))
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert len(relay.taken) == 3


@pytest.mark.parametrize("chunking", [False, True], ids=["DATA", "BDAT"])
@pytest.mark.parametrize("window", [1, 3])
async def test_no_more_is_in_doubt_than_the_window_allows(window: int, *, chunking: bool) -> None:
    """Taken by the relay and not yet in the database: what would come twice, were the run killed now."""
    recorded, doubts = set[str](), list[int]()

    class Slow(MemoryDeliveryLog):
        async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
            await asyncio.sleep(0.01)
            recorded.update(receipt.recipient.email for receipt in receipts)
            return await super().record(begun, receipts)

    relay = Faulty(chunking=chunking, takes=lambda address, body: doubts.append(relay.taken.total() - len(recorded)))
    async with running(relay):
        await sent(Slow(), messages(60), at(relay, connections=2, window=window))
    assert set(doubts) <= set(range(2 * window + 1))
    assert max(doubts) >= window


async def test_a_run_that_ends_in_the_moment_it_is_stopped_ends() -> None:
    """A helper that swallowed its cancellation kept a stopped service from ending."""
    async with running(Faulty()) as relay:
        run = Run(Smtp.model_validate(at(relay)), "daily@gazette.example", MemoryDeliveryLog(), lambda: NOW, lambda _: None)
        await run.deliver(messages(1))
        helper = asyncio.create_task(run._let_go())
        await asyncio.sleep(0.01)
        run.stop.set()
        helper.cancel()
        done, _ = await asyncio.wait([helper], timeout=5)
    assert done


@pytest.mark.parametrize("after", [0.0, 0.01, 0.03, 0.1, 0.4])
@pytest.mark.parametrize("options", [{}, {"rate": "1/m"}, {"messages_per_connection": 1}])
async def test_a_run_ends_when_everything_is_cancelled_at_once(after: float, options: dict[str, Any]) -> None:
    """The end of a program cancels every task, also the one that records: whoever waits for it waited for ever."""
    async with running(Faulty(delay=0.05)) as relay:
        before = asyncio.all_tasks()
        run = Run(Smtp.model_validate(at(relay, **options)), "d@gazette.example", MemoryDeliveryLog(), lambda: NOW, lambda _: None)
        delivering = asyncio.create_task(run.deliver(messages(50)))
        await asyncio.sleep(after)
        of_the_run = [task for task in asyncio.all_tasks() - before if not _belongs_to(relay, task)]
        for task in of_the_run:
            task.cancel()
        done, _ = await asyncio.wait(of_the_run, timeout=5)
    assert done == set(of_the_run)
    assert delivering.cancelled()


def _belongs_to(relay: Faulty, task: asyncio.Task[Any]) -> bool:
    return "faulty" in repr(task.get_coro())


async def test_copies_are_sent_without_a_database_and_reported_in_their_order() -> None:
    """Test copies and emails to one person have no number in a database: all may have the same."""
    copies = [replace(row, recipient=replace(row.recipient, id=0)) for row in messages(4)]
    async with running(Faulty(slow=lambda address: 0.1 if address.startswith("r0") else 0.0)) as relay:
        relay.rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("r2") else None
        receipts = await deliver_unrecorded(Smtp.model_validate(at(relay)), "d@gazette.example", lambda: NOW, copies)
    assert [receipt.recipient.email for receipt in receipts] == [f"r{number}@readers.example" for number in range(4)]
    assert [receipt.outcome.value for receipt in receipts] == ["sent", "sent", "refused", "sent"]

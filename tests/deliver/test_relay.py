"""Several relays: which one is used, which one replaces it, how fast; and domains with a pace of their own."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import Relay, RelayLimit, Smtp, WarmUp
from digest.deliver import Run, Session
from digest.deliver.domain_rate import MAX_DELAYED_MESSAGES, DomainQueue
from digest.deliver.relay import RelayState, should_carry
from digest.deliver.relay_rate import CUT_FACTOR, MIN_FACTOR, RelayRate
from digest.errors import RelayError
from digest.model import Message, Recipient
from tests.deliver.test_deliver import NOW, MemoryDeliveryLog, messages
from tests.faulty import Faulty, running


async def sent(relays: dict[str, Faulty], rows: Iterator[Message], settings: dict[str, Any], **more: Any) -> MemoryDeliveryLog:
    """Send through several relays, each with its settings."""
    delivery_log = MemoryDeliveryLog()
    async with AsyncExitStack() as stack:
        for relay in relays.values():
            await stack.enter_async_context(running(relay))
        plans = [
            {"name": name, "url": f"smtp://127.0.0.1:{relay.port}", "connections": 2, **settings.get(name, {})}
            for name, relay in relays.items()
        ]
        run = Run(
            Smtp.model_validate({"relays": plans}), "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None, **more
        )
        await asyncio.wait_for(run.deliver(rows), 40)
    return delivery_log


def carried(delivery_log: MemoryDeliveryLog) -> Counter[str]:
    return Counter(receipt.relay for receipt in delivery_log.receipts.values())


async def test_weights_share_the_work() -> None:
    delivery_log = await sent({"a": Faulty(), "b": Faulty(delay=0.001)}, messages(400), {"a": {"weight": 3}, "b": {"weight": 1}})
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert carried(delivery_log)["b"] == pytest.approx(100, abs=15)


async def test_a_relay_of_the_second_priority_is_not_used_while_the_first_is_up() -> None:
    standby = Faulty()
    delivery_log = await sent({"a": Faulty(), "b": standby}, messages(100), {"b": {"priority": 2}})
    assert carried(delivery_log) == {"a": 100}
    assert standby.connections == 0


async def test_another_relay_replaces_an_unreachable_one() -> None:
    delivery_log = await sent(
        {"a": Faulty(), "b": Faulty()}, messages(50), {"a": {"url": "smtp://127.0.0.1:9"}, "b": {"priority": 2}}
    )
    assert carried(delivery_log) == {"b": 50}


@pytest.mark.parametrize("chunking", [False, True])
async def test_another_relay_replaces_one_that_dies_half_way_and_nobody_gets_it_twice(*, chunking: bool) -> None:
    first, second = Faulty(chunking=chunking), Faulty()
    first.rcpt = lambda address: "421 4.3.2 going down" if first.taken.total() >= 40 else None
    delivery_log = await sent({"a": first, "b": second}, messages(200), {"a": {"window": 3}, "b": {"priority": 2}})
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert (first.taken + second.taken).total() == 200
    assert first.taken.total() >= 40
    assert not set(first.taken) & set(second.taken)


async def test_a_relay_that_refuses_everybody_is_out_and_its_refusals_are_taken_back() -> None:
    refusing, good = Faulty(rcpt=lambda address: "550 5.7.1 not from you"), Faulty()
    with pytest.raises(RelayError, match=r"a: the relay refused \d+ recipients in a row"):
        await sent({"a": refusing, "b": good}, messages(200), {"b": {"priority": 2}})
    assert good.taken.total() >= 180


@pytest.mark.parametrize("chunking", [False, True])
async def test_a_sender_that_one_relay_refuses_goes_by_the_others(*, chunking: bool) -> None:
    relays = {"a": Faulty(), "b": Faulty(), "c": Faulty(mail="553 5.7.1 not yours", chunking=chunking)}
    delivery_log = await sent(relays, messages(60), {"a": {"url": "smtp://127.0.0.1:9"}, "c": {"window": 3}})
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert carried(delivery_log) == {"b": 60}


async def test_a_warm_up_plan_holds_back_and_the_rest_goes_another_way() -> None:
    plan = {"warm_up": {"since": date(2026, 11, 23), "first": 20, "growth": 1.5}}
    delivery_log = await sent(
        {"new": Faulty(), "old": Faulty()}, messages(100), {"new": plan, "old": {"priority": 2}}, sent_today={"new": 5}
    )
    assert carried(delivery_log) == {"new": 25, "old": 75}


async def test_a_message_that_a_new_relay_sends_back_does_not_count_towards_its_day() -> None:
    plan = {"warm_up": {"since": date(2026, 11, 24), "first": 20}, "connections": 1}
    delivery_log = await sent({"new": Faulty(most=3), "old": Faulty()}, messages(60), {"new": plan, "old": {"priority": 2}})
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert carried(delivery_log) == {"new": 20, "old": 40}


async def test_a_warm_up_plan_alone_leaves_the_rest_queued() -> None:
    plan = {"warm_up": {"since": date(2026, 11, 24), "first": 20}}
    delivery_log = await sent({"new": Faulty()}, messages(100), {"new": plan})
    assert carried(delivery_log) == {"new": 20}
    assert len({email for kind, email in delivery_log.events if kind == "begin"} - delivery_log.released) == 20


def test_a_warm_up_plan_grows_until_it_is_outgrown() -> None:
    plan = WarmUp(since=date(2026, 11, 1), first=200, growth=1.5)
    assert [plan.allowance(date(2026, 11, day)) for day in (1, 2, 3)] == [200, 300, 450]
    assert plan.allowance(date(2026, 10, 1)) == 200
    assert plan.allowance(date(2027, 11, 1)) is None


# — pace —


def test_a_rate_leaves_even_gaps() -> None:
    pace = RelayRate(configured_rate=10)
    assert [round(pace.reserve(5.0), 3) for _ in range(4)] == [0, 0.1, 0.2, 0.3]
    assert pace.reserve(9.0) == 0


def test_without_a_rate_nothing_waits() -> None:
    assert {RelayRate().reserve(now / 10) for now in range(50)} == {0.0}


def test_a_relay_that_keeps_saying_too_fast_gets_longer_waits_and_never_a_higher_rate() -> None:
    pace = RelayRate()
    for step in range(20):
        pace.count_sent(step / 20)
    pace.slow_down(1.0)
    assert pace.learnt_rate == pytest.approx(0.9 * 20, abs=1)
    assert pace.reserve(1.0) == 1.0
    pace.slow_down(1.5)  # said of a message that left before the wait
    assert pace.learnt_rate == pytest.approx(0.9 * 20, abs=1)
    pace.slow_down(2.5)  # nothing was taken since
    assert pace.learnt_rate == pytest.approx(0.9 * 20 * MIN_FACTOR, abs=0.1)
    assert pace.reserve(2.5) == 2.0


def test_a_rate_learnt_this_morning_holds_from_the_first_message() -> None:
    lane = RelayState(Relay())
    lane.apply_limits(RelayLimit(rate=2.0))
    assert [lane.rate.reserve(0.0) for _ in range(3)] == [0.0, 0.5, 1.0]
    assert lane.learnt_limits == RelayLimit(rate=2.0)


def answers(
    pace: RelayRate, start: float, seconds: float, *, every: float = 0.01, crowded: bool = False, waited: float = 0.01
) -> float:
    """Answers at an even pace; returns when the last one came."""
    pace.reserve(start)
    for step in range(round(seconds / every)):
        pace.count_reply(start + (step + 1) * every, overloaded=crowded, latency=waited)
    return start + seconds


def test_a_crowded_relay_gets_half_and_a_little_more_each_second() -> None:
    pace = RelayRate()
    now = answers(pace, 0.0, 2.5)
    assert pace.learnt_rate is None
    now = answers(pace, now, 0.6, crowded=True)
    assert pace.learnt_rate == pytest.approx(100 * CUT_FACTOR, rel=0.1)
    speeds: list[float | None] = []
    for step in range(40):
        answers(pace, now + step * 1.1, 1.1)
        speeds.append(vars(pace)["learnt_rate"])
    assert 20 < speeds.index(None) < 40
    known = [speed for speed in speeds if speed is not None]
    assert known == sorted(known)


def test_answers_that_grow_slow_slow_down_too_and_there_is_a_least() -> None:
    pace = RelayRate()
    now = answers(pace, 0.0, 3.0)
    answers(pace, now, 30.0, every=0.1, waited=9.0)
    assert pace.learnt_rate == pytest.approx(pace._top * MIN_FACTOR)


def test_a_relay_that_is_always_slow_is_not_slowed_down() -> None:
    pace = RelayRate()
    answers(pace, 0.0, 60.0, every=0.6, waited=6.0)
    assert pace.learnt_rate is None


def test_one_deferral_among_many_is_no_complaint() -> None:
    pace = RelayRate()
    pace.reserve(0.0)
    for number in range(500):
        pace.count_reply(number / 100, overloaded=number % 20 == 0, latency=0.01)
    assert pace.learnt_rate is None


async def test_a_crowded_relay_is_fed_slower() -> None:
    relay, delivery_log = Faulty(answer=lambda address: "451 4.3.2 too busy", delay=0.02), MemoryDeliveryLog()
    async with running(relay):
        run = Run(Smtp(url=f"smtp://127.0.0.1:{relay.port}"), "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None)
        asyncio.get_running_loop().call_later(3, run.stop.set)
        await run.deliver(messages(100_000))
    learnt = run._relay_states[0].rate.learnt_rate
    assert learnt is not None
    assert learnt < 300  # it took some 480 a second
    assert set(delivery_log.outcomes().values()) == {"deferred"}


# — health —


def staffed(relay: Relay) -> RelayState:
    """A lane with a connection at work."""
    lane = RelayState(relay)
    lane.sessions.append(Session(relay, "d@gazette.example", lambda: NOW, lane.extensions))
    return lane


def test_a_relay_rests_longer_after_each_failure_and_is_lost_in_the_end() -> None:
    lane, now, rests = staffed(Relay()), 0.0, []
    lane.has_worked = True
    error = RelayError("down")
    for _ in range(6):
        lane.fail(error, now)
        start = now
        while not lane.can_carry(now) and now - start < 1000:
            now += 1
        rests.append(now - start)
    assert rests[:4] == [5, 20, 60, 180]
    assert lane.is_given_up
    fresh = staffed(Relay())
    fresh.fail(error, 0)
    assert fresh.is_given_up  # it has never worked


@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.integers(50, 400))
def test_shares_follow_weights_whatever_the_order(weights: list[int], count: int) -> None:
    lanes = [staffed(Relay(weight=weight, connections=1)) for weight in weights]
    for _ in range(count):
        for lane in lanes:
            if should_carry(lane, lanes, 1.0):
                lane.count_message()
    total = sum(lane.carried_count for lane in lanes)
    for lane in lanes:
        assert abs(lane.carried_count - total * lane.relay.weight / sum(weights)) <= 2 * max(weights)


# — domains —


def rows(*domains: str) -> Iterator[Message]:
    for number, domain in enumerate(domains):
        yield Message(recipient=Recipient(id=number, email=f"r{number}@{domain}"), message_id=f"<{number}>", raw=b"x")


def test_a_domain_with_a_pace_steps_aside() -> None:
    line = DomainQueue(rows("slow.example", "slow.example", "b.example", "slow.example", "c.example"), {"Slow.Example": 1.0})
    taken = [line.take(0.0) for _ in range(4)]
    assert [message.recipient.id if message else None for message in taken] == [0, 2, 4, None]
    assert line.delay(0.0) == 1.0
    assert not line.empty()
    later = [line.take(1.0), line.take(1.5), line.take(2.0)]
    assert [message.recipient.id if message else None for message in later] == [1, None, 3]
    assert line.empty()


def test_only_so_many_step_aside() -> None:
    line = DomainQueue(rows(*["slow.example"] * (MAX_DELAYED_MESSAGES * 3), "b.example"), {"slow.example": 1.0})
    assert line.take(0.0)
    assert line.take(0.0) is None
    assert sum(map(len, line._delayed.values())) == MAX_DELAYED_MESSAGES


async def test_a_domain_with_a_pace_holds_up_nobody_else() -> None:
    relay, delivery_log, order = Faulty(), MemoryDeliveryLog(), []
    relay.takes = lambda address, body: order.append(address.partition("@")[2])
    async with running(relay):
        smtp = Smtp(url=f"smtp://127.0.0.1:{relay.port}", domain_rates={"slow.example": "4/s"})  # type: ignore[dict-item]
        mixed = rows(*["slow.example", "quick.example"] * 5)
        await asyncio.wait_for(Run(smtp, "d@gazette.example", delivery_log, lambda: NOW, lambda _: None).deliver(mixed), 20)
    assert Counter(order) == {"slow.example": 5, "quick.example": 5}
    assert order[-3:] == ["slow.example"] * 3

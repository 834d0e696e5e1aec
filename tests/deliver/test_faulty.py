"""Every bad habit of a relay, one test each: whoever can get the mail gets it once, and everybody else is reported."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from digest.compose import Composer, Sender
from digest.compose.subscriber_links import SubscriberLinks
from digest.config import Newsletter, Smtp
from digest.deliver import Run
from digest.errors import RelayError
from digest.model import Message, Receipt, Recipient, Rendered
from digest.text.placeholders import Placeholders
from tests.deliver.test_deliver import NOW, MemoryDeliveryLog, context, messages
from tests.faulty import Faulty, running

MODES = [{"pipelining": False}, {}, {"chunking": True}]
LONG = 60


@pytest.fixture(params=MODES, ids=["step by step", "pipelining", "chunking"])
def relay(request: pytest.FixtureRequest) -> Faulty:
    """A relay of each kind."""
    return Faulty(**request.param)


async def sent(relay: Faulty, rows: Iterator[Message], passes: int = 1, **more: object) -> MemoryDeliveryLog:
    """Send over three connections, as often as asked."""
    delivery_log, kept = MemoryDeliveryLog(), list(rows)
    async with running(relay):
        url = f"smtp+starttls://localhost:{relay.port}" if relay.tls else f"smtp://127.0.0.1:{relay.port}"
        smtp = Smtp.model_validate({"url": url, "connections": 3, "window": 3, **more})
        for _ in range(passes):
            open_ = [
                row
                for row in kept
                if not delivery_log.receipts.get(row.recipient.email) or delivery_log.receipts[row.recipient.email].retry_at
            ]
            await asyncio.wait_for(
                Run(smtp, "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None).deliver(iter(open_)), 50
            )
    return delivery_log


def all_once(relay: Faulty, count: int) -> bool:
    return len(relay.taken) == count and set(relay.taken.values()) == {1}


async def test_none_at_all(relay: Faulty) -> None:
    delivery_log = await sent(relay, messages(LONG))
    assert all_once(relay, LONG)
    assert set(delivery_log.outcomes().values()) == {"sent"}
    body = relay.bodies["r3@readers.example"]
    assert body.endswith(b"\r\n\r\n.leading dot\r\nbody\r\n")
    assert ("BDAT" in " ".join(relay.log)) == relay.chunking


async def test_a_text_with_dots_arrives_to_the_last_octet(relay: Faulty) -> None:
    """A line of two dots once ended its message there, and the lines behind it were taken for commands."""
    text = "They said\n..\nRCPT TO:<eve@evil.example>\n...and so on\n" + "x" * 75 + "." + Placeholders().email
    links = SubscriberLinks(public_url="", secret="s")
    newsletter = Newsletter.model_validate({"name": "Gazette", "from": "Gazette <daily@gazette.example>"})
    rendered = Rendered(subject="s", preheader="p", html=f"<p>{text}</p>", text=text)
    composer = Composer(Sender(newsletter=newsletter, links=links), rendered, "weekday-2026-11-24", NOW)
    composed = [composer(message.recipient) for message in messages(4)]
    delivery_log = await sent(relay, iter(composed))
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert relay.bodies == {message.recipient.email: message.raw for message in composed}


async def test_it_greylists(relay: Faulty) -> None:
    relay.greylists = True
    delivery_log = await sent(relay, messages(LONG), passes=2)
    assert all_once(relay, LONG)
    assert set(delivery_log.outcomes().values()) == {"sent"}


async def test_it_has_enough_after_a_few_messages(relay: Faulty) -> None:
    relay.most = 4
    delivery_log = await sent(relay, messages(LONG))
    assert all_once(relay, LONG)
    assert set(delivery_log.outcomes().values()) == {"sent"}


async def test_it_learns_how_many_messages_a_connection_may_carry(relay: Faulty) -> None:
    relay.most = 5
    await sent(relay, messages(LONG), connections=1)
    assert all_once(relay, LONG)
    refused = [line for line in relay.log if line.startswith("MAIL")]
    assert len(refused) <= LONG + 3 * 3  # three connections are lost, each with its window; then it is known


async def test_a_limit_that_is_known_costs_nothing(relay: Faulty) -> None:
    relay.most = 5
    await sent(relay, messages(LONG), messages_per_connection=5)
    assert all_once(relay, LONG)
    assert sum(line.startswith("MAIL") for line in relay.log) == LONG
    assert relay.connections >= LONG / 5


async def test_it_hangs_up_before_it_takes_a_message(relay: Faulty) -> None:
    dropped: set[str] = set()

    def once(address: str) -> bool:
        fresh = address[1:2] == "1" and address not in dropped
        dropped.add(address)
        return fresh

    relay.drops_before = once
    delivery_log = await sent(relay, messages(LONG), passes=5)
    assert len(relay.taken) == LONG
    assert {address for address, count in relay.taken.items() if count > 1} <= delivery_log.doubted
    assert relay.chunking or all_once(relay, LONG)
    assert set(delivery_log.outcomes().values()) == {"sent"}


async def test_it_hangs_up_after_it_has_taken_a_message(relay: Faulty) -> None:
    relay.drops_after = lambda address: address == "r7@readers.example"
    delivery_log = await sent(relay, messages(LONG))
    unknown = {email for email, outcome in delivery_log.outcomes().items() if outcome == "unknown"}
    assert "r7@readers.example" in unknown
    assert set(relay.taken) | unknown == {message.recipient.email for message in messages(LONG)}
    assert len(unknown) <= 3  # and what else was on its way over that connection
    assert all(delivery_log.receipts[email].retry_at for email in unknown)


@pytest.mark.parametrize("secret", [False, True], ids=["plain", "TLS"])
async def test_it_crashes_under_a_message(relay: Faulty, authority: Path, *, secret: bool) -> None:
    relay.resets, relay.drops_after = True, lambda address: address == "r7@readers.example"
    relay.tls = context(authority) if secret else None
    delivery_log = await sent(relay, messages(20), ca_file=authority)
    unknown = {email for email, outcome in delivery_log.outcomes().items() if outcome == "unknown"}
    assert "r7@readers.example" in unknown
    assert len(unknown) <= 3  # and what else was on its way over that connection
    assert set(relay.taken) | unknown == {message.recipient.email for message in messages(20)}
    assert set(relay.taken.values()) == {1}


async def test_it_knows_only_addresses_in_ascii(relay: Faulty) -> None:
    relay.smtputf8 = False
    wide = Message(recipient=Recipient(id=90, email="zoë@readers.example"), message_id="<90>", raw=b"Subject: s\r\n\r\nx\r\n")
    delivery_log = await sent(relay, iter([wide, *messages(10)]))
    receipt = delivery_log.receipts.pop("zoë@readers.example")
    assert (receipt.outcome.value, receipt.code) == ("refused", 0)  # 0: it was not asked
    assert receipt.reply == "the relay does not support non-ASCII addresses (SMTPUTF8)"
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert all_once(relay, 10)


async def test_many_addresses_that_it_was_not_asked_about_do_not_stop_the_run() -> None:
    relay = Faulty(smtputf8=False)
    wide = [
        Message(
            recipient=Recipient(id=100 + number, email=f"zoë{number}@readers.example"), message_id=f"<{100 + number}>", raw=b"x"
        )
        for number in range(40)
    ]
    delivery_log = await sent(relay, iter([*wide, *messages(10)]))
    assert all_once(relay, 10)
    assert list(delivery_log.outcomes().values()).count("refused") == 40


async def test_what_is_in_doubt_can_be_held(relay: Faulty) -> None:
    relay.drops_after = lambda address: address == "r7@readers.example"
    delivery_log = await sent(relay, messages(20), passes=3, in_doubt="hold", window=1)
    assert delivery_log.outcomes()["r7@readers.example"] == "unknown"
    assert all_once(relay, 20)


async def test_what_stays_in_doubt_is_left_alone_in_the_end() -> None:
    relay = Faulty(drops_after=lambda address: True)
    message = next(messages(1))
    for attempts in range(8):
        recipient = type(message.recipient)(id=0, email="r0@readers.example", attempts=attempts)
        delivery_log = await sent(relay, iter([Message(recipient=recipient, message_id="<0>", raw=message.raw)]), connections=1)
        assert bool(delivery_log.receipts["r0@readers.example"].retry_at) == (attempts < 4)


async def test_it_refuses_some(relay: Faulty) -> None:
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address[1:2] == "2" else None
    relay.answer = lambda address: "554 5.6.0 not like this" if address[1:2] == "3" else None
    delivery_log = await sent(relay, messages(LONG))
    refused = {email for email, outcome in delivery_log.outcomes().items() if outcome == "refused"}
    assert refused == {message.recipient.email for message in messages(LONG) if message.recipient.email[1:2] in "23"}
    assert all_once(relay, LONG - len(refused))
    assert delivery_log.receipts["r2@readers.example"].status == "5.1.1"


async def test_it_is_slow_now_and_then(relay: Faulty) -> None:
    relay.slow = lambda address: 0.2 if address[1:2] == "5" else 0.0
    await sent(relay, messages(LONG))
    assert all_once(relay, LONG)


async def test_it_answers_byte_by_byte_and_in_many_lines(relay: Faulty) -> None:
    relay.byte_by_byte, relay.folds, relay.delay = True, 3, 0.001
    await sent(relay, messages(LONG))
    assert all_once(relay, LONG)


async def test_it_is_far_away(relay: Faulty) -> None:
    relay.delay = 0.02
    await sent(relay, messages(LONG))
    assert all_once(relay, LONG)


async def test_it_allows_two_connections(relay: Faulty) -> None:
    relay.limits = 2
    delivery_log = await sent(relay, messages(LONG), connections=8)
    assert all_once(relay, LONG)
    assert set(delivery_log.outcomes().values()) == {"sent"}


async def test_it_offers_chunking_and_does_not_know_bdat() -> None:
    relay = Faulty(chunking=True, refuses_bdat=True)
    delivery_log = await sent(relay, messages(LONG))
    assert all_once(relay, LONG)
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert sum(line.startswith("BDAT") for line in relay.log) <= 9
    assert not any(line.startswith(("MAIL FROM:<spoof", "body 0")) for line in relay.log)


async def test_it_offers_size_and_does_not_know_it(relay: Faulty) -> None:
    relay.refuses_size = True
    await sent(relay, messages(LONG))
    assert all_once(relay, LONG)


async def test_it_offers_pipelining_and_forgets_what_comes_along(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.data_command.COMMAND_TIMEOUT", 0.2)
    relay = Faulty(refuses_pipelining=True)
    await sent(relay, messages(LONG))
    assert all_once(relay, LONG)


async def test_it_offers_pipelining_and_loses_its_place() -> None:
    relay = Faulty()
    relay.rcpt = lambda address: "503 5.5.1 MAIL first" if relay.connections == 1 else None
    delivery_log = await sent(relay, messages(10), connections=1)
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert all_once(relay, 10)


async def test_it_asks_for_more_after_a_whole_message(relay: Faulty) -> None:
    relay.answer = lambda address: "354 go on" if address == "r3@readers.example" else None
    relay.delay = 0.02
    delivery_log = await sent(relay, messages(10), connections=1)
    outcomes = delivery_log.outcomes()
    assert outcomes.pop("r3@readers.example") == "unknown"
    assert set(outcomes.values()) == {"sent"}  # also what was behind it: the relay has said that it took that
    assert all_once(relay, 9)


async def test_it_answers_what_it_was_not_asked(relay: Faulty) -> None:
    relay.rcpt = lambda address: "354 go on" if address == "r3@readers.example" else None
    delivery_log = await sent(relay, messages(10), connections=1)
    outcomes = delivery_log.outcomes()
    assert outcomes.pop("r3@readers.example") == ("unknown" if relay.chunking else "deferred")  # BDAT sends the body along
    assert "the relay's replies do not match" in delivery_log.receipts["r3@readers.example"].reply
    assert set(outcomes.values()) == {"sent"}
    assert all_once(relay, 9)


async def test_it_cannot_forget_a_message_that_it_has_refused(relay: Faulty) -> None:
    relay.rset = "451 4.3.0 not now"
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address == "r3@readers.example" else None
    delivery_log = await sent(relay, messages(10), connections=1, window=1)
    outcomes = delivery_log.outcomes()
    assert outcomes.pop("r3@readers.example") == "refused"
    assert all_once(relay, 9)
    assert delivery_log.doubted == ({"r4@readers.example"} if relay.chunking else set())  # it came in one write with the RSET
    assert {outcomes[email] for email in outcomes.keys() - delivery_log.doubted} == {"sent"}


@pytest.mark.parametrize("pipelining", [False, True])
async def test_it_refuses_a_recipient_and_asks_for_the_body_all_the_same(*, pipelining: bool) -> None:
    relay = Faulty(pipelining=pipelining, asks_anyway=True)
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address == "r3@readers.example" else None
    delivery_log = await sent(relay, messages(10))
    outcomes = delivery_log.outcomes()
    assert outcomes.pop("r3@readers.example") == "refused"
    assert set(outcomes.values()) == {"sent"}
    assert all_once(relay, 9)
    assert ("body 0" in relay.log) == pipelining  # nothing of a message goes to whom the relay has refused


async def test_it_says_nothing_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.connect.STEP_TIMEOUT", 0.2)
    with pytest.raises(RelayError, match="timed out"):
        await sent(Faulty(silent=True), messages(3))


async def test_a_message_too_large_is_refused_alone(relay: Faulty) -> None:
    relay.answer = lambda address: "552 5.3.4 too large" if address == "r1@readers.example" else None
    delivery_log = await sent(relay, messages(10))
    assert delivery_log.outcomes()["r1@readers.example"] == "refused"
    assert all_once(relay, 9)


async def test_a_relay_that_hangs_up_on_everybody_is_given_up(relay: Faulty) -> None:
    relay.drops_before = lambda address: True
    with pytest.raises(RelayError, match="closes every connection"):
        await sent(relay, messages(200), in_doubt="hold")
    assert not relay.taken


def test_receipts_know_what_their_relay_is_called() -> None:
    relay = Faulty()
    delivery_log = asyncio.run(sent(relay, messages(2), name="main"))
    assert {receipt.relay for receipt in delivery_log.receipts.values()} == {"main"}
    assert isinstance(next(iter(delivery_log.receipts.values())), Receipt)

"""Delivery to a real SMTP server on loopback."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from digest.config import Smtp
from digest.deliver import MAX_POLICY_REFUSALS, MAX_REFUSALS_IN_A_ROW, Run
from digest.errors import RelayError
from digest.model import Message, Outcome, Receipt, Recipient
from tests.relay import Relay, running

NOW = datetime(2026, 11, 24, 7, tzinfo=UTC)


class MemoryDeliveryLog:
    """A delivery log in memory that remembers the order of events."""

    def __init__(self, *, not_to: frozenset[str] = frozenset()) -> None:
        self.events: list[tuple[str, str]] = []
        self.receipts: dict[str, Receipt] = {}
        self.not_to = not_to
        self.released: set[str] = set()
        self.doubted: set[str] = set()

    async def record(self, begun: Sequence[Message], receipts: Sequence[Receipt]) -> set[int]:
        for receipt in receipts:
            self.events.append(("settle", receipt.recipient.email))
            self.receipts[receipt.recipient.email] = receipt
            self.doubted |= {receipt.recipient.email} if receipt.outcome is Outcome.UNKNOWN else set()
        self.events += [("begin", message.recipient.email) for message in begun]
        return {message.recipient.id for message in begun if message.recipient.email not in self.not_to}

    async def release(self, messages: Sequence[Message]) -> None:
        self.released |= {message.recipient.email for message in messages}

    def outcomes(self) -> dict[str, str]:
        return {email: receipt.outcome.value for email, receipt in self.receipts.items()}


def messages(count: int = 5, prefix: str = "r") -> Iterator[Message]:
    for number in range(count):
        email = f"{prefix}{number}@readers.example"
        raw = f"From: d@g.example\r\nTo: {email}\r\nSubject: s\r\n\r\n.leading dot\r\nbody\r\n".encode()
        yield Message(recipient=Recipient(id=number, email=email), message_id=f"<{number}@g>", raw=raw)


async def deliver(
    relay: Relay, delivery_log: MemoryDeliveryLog, rows: Iterator[Message], smtp: Smtp | None = None, **more: object
) -> list[Receipt]:
    seen: list[Receipt] = []
    settings = smtp or Smtp(url=f"smtp://127.0.0.1:{relay.port}", connections=3)
    await Run(settings, "daily@gazette.example", delivery_log, lambda: NOW, seen.append, **more).deliver(rows)  # type: ignore[arg-type]
    return seen


async def test_everybody_gets_one_over_reused_connections(relay: Relay) -> None:
    delivery_log = MemoryDeliveryLog()
    seen = await deliver(relay, delivery_log, messages(40))
    assert set(relay.counts.values()) == {1}
    assert len(relay.taken) == len(seen) == 40
    assert relay.connections <= 3
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert relay.taken[0][1].endswith(b"\r\n\r\n.leading dot\r\nbody\r\n")
    for email in delivery_log.receipts:
        assert delivery_log.events.index(("begin", email)) < delivery_log.events.index(("settle", email))


async def test_refusals_and_deferrals_are_distinguished(relay: Relay) -> None:
    answers = {"r0": "550 5.1.1 nobody here", "r1": "451 4.7.1 come back later"}
    relay.rcpt = lambda address: answers.get(address.split("@")[0])
    relay.data = lambda address: {"r2": "552 5.3.4 too big", "r3": "452 4.2.2 full"}.get(address.split("@")[0])
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(6))
    got = {
        email.split("@")[0]: (receipt.outcome, receipt.code, bool(receipt.retry_at))
        for email, receipt in delivery_log.receipts.items()
    }
    assert got["r0"] == (Outcome.REFUSED, 550, False)
    assert got["r1"] == (Outcome.DEFERRED, 451, True)
    assert got["r2"] == (Outcome.REFUSED, 552, False)
    assert got["r3"] == (Outcome.DEFERRED, 452, True)
    assert got["r4"] == got["r5"] == (Outcome.SENT, 250, False)
    assert delivery_log.receipts["r0@readers.example"].reply == "5.1.1 nobody here"


async def test_a_connection_lost_after_the_dot_is_unknown_and_not_sent_again(relay: Relay) -> None:
    relay.dropping = lambda address: address.startswith("r2")
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(5))
    assert delivery_log.outcomes()["r2@readers.example"] == "unknown"
    assert sum(outcome == "sent" for outcome in delivery_log.outcomes().values()) == 4
    assert relay.counts["r2@readers.example"] == 1


async def test_a_connection_closed_between_messages_costs_nothing(relay: Relay) -> None:
    relay.most = 2
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(20))
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert set(relay.counts.values()) == {1}


async def test_who_opted_out_meanwhile_is_not_written_to(relay: Relay) -> None:
    delivery_log = MemoryDeliveryLog(not_to=frozenset({"r1@readers.example"}))
    await deliver(relay, delivery_log, messages(3))
    assert sorted(relay.counts) == ["r0@readers.example", "r2@readers.example"]
    assert "r1@readers.example" not in delivery_log.receipts


async def test_a_sender_that_the_relay_refuses_stops_the_run_and_harms_nobody(relay: Relay) -> None:
    relay.mail = lambda sender: "553 5.7.1 not yours"
    delivery_log = MemoryDeliveryLog()
    with pytest.raises(RelayError, match=r"refused the sender.*newsletter\.from"):
        await deliver(relay, delivery_log, messages(30))
    assert delivery_log.receipts == {}
    assert delivery_log.released == {email for _, email in delivery_log.events}


@pytest.mark.parametrize(
    ("answer", "row"), [("554 5.7.1 relay access denied", MAX_POLICY_REFUSALS), ("550 5.1.1 no such user", MAX_REFUSALS_IN_A_ROW)]
)
async def test_a_relay_that_refuses_everybody_stops_the_run_and_costs_nobody(relay: Relay, answer: str, row: int) -> None:
    relay.rcpt = lambda address: answer
    delivery_log = MemoryDeliveryLog()
    with pytest.raises(RelayError, match="in a row"):
        await deliver(relay, delivery_log, messages(200))
    assert row <= len(delivery_log.receipts) <= row + 2 * 3
    outcomes = list(delivery_log.outcomes().values())
    assert outcomes.count("deferred") >= row
    assert outcomes.count("refused") <= 3


async def test_a_few_refusals_for_policy_speak_of_us_and_are_tried_again(relay: Relay) -> None:
    relay.rcpt = lambda address: "550 5.7.1 blocked by its owner" if address[1] in "2468" else None
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(9))
    assert list(delivery_log.outcomes().values()).count("deferred") == 4
    assert all(receipt.retry_at for receipt in delivery_log.receipts.values() if receipt.code == 550)


@pytest.mark.parametrize("words", ["550 5.1.1 no such user", "504 5.5.2 Helo command rejected: need fully-qualified hostname"])
async def test_where_everybody_is_refused_and_nobody_taken_nothing_is_final(relay: Relay, words: str) -> None:
    relay.rcpt = lambda address: words
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(5))
    assert set(delivery_log.outcomes().values()) == {"deferred"}


async def test_a_single_recipient_may_be_refused_for_good(relay: Relay) -> None:
    relay.rcpt = lambda address: "550 5.1.1 no such user"
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(1))
    assert list(delivery_log.outcomes().values()) == ["refused"]


async def test_a_relay_is_greeted_by_a_full_name(relay: Relay) -> None:
    smtp = Smtp(url=f"smtp://127.0.0.1:{relay.port}", helo="gazette.example", connections=1)
    await deliver(relay, MemoryDeliveryLog(), messages(1), smtp)
    assert relay.names == ["gazette.example"]


async def test_a_relay_of_few_a_second_gets_few_a_second_and_loses_nobody(relay: Relay) -> None:
    times: list[float] = []

    def throttling(sender: str) -> str | None:
        now = asyncio.get_running_loop().time()
        if sum(at > now - 1 for at in times) >= 5:
            return "454 4.7.0 Throttling failure: Maximum sending rate exceeded."
        times.append(now)
        return None

    relay.mail = throttling
    delivery_log = MemoryDeliveryLog()
    run = Run(Smtp(url=f"smtp://127.0.0.1:{relay.port}"), "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None)
    await run.deliver(messages(20))
    assert list(delivery_log.outcomes().values()) == ["sent"] * 20
    assert 1 <= run.learnt_limits()["127.0.0.1"].rate <= 10


async def test_a_relay_of_few_connections_gets_few_and_that_is_remembered(relay: Relay) -> None:
    relay.data = lambda _: "432 4.3.2 sender thread limit exceeded" if relay.open > 3 else None
    relay.delay = 0.02
    smtp = Smtp(url=f"smtp://127.0.0.1:{relay.port}", connections=8)
    delivery_log = MemoryDeliveryLog()
    run = Run(smtp, "daily@gazette.example", delivery_log, lambda: NOW, lambda _: None)
    await run.deliver(messages(60))
    assert list(delivery_log.outcomes().values()) == ["sent"] * 60
    limit = run.learnt_limits()["127.0.0.1"]
    assert 1 <= limit.connections <= 3
    relay.open = relay.most_open = 0
    again = Run(smtp, "daily@gazette.example", MemoryDeliveryLog(), lambda: NOW, lambda _: None, known_limits=run.learnt_limits())
    await again.deliver(messages(30))
    assert relay.most_open <= limit.connections


async def test_a_relay_whose_greeting_never_comes_holds_up_nobody(relay: Relay) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(mute, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        fleet = [
            {"name": "silent", "url": f"smtp://127.0.0.1:{port}"},
            {"name": "well", "url": f"smtp://127.0.0.1:{relay.port}"},
        ]
        delivery_log = MemoryDeliveryLog()
        async with asyncio.timeout(20):
            await deliver(relay, delivery_log, messages(10), Smtp.model_validate({"relays": fleet}))
    assert list(delivery_log.outcomes().values()) == ["sent"] * 10


async def test_nobody_listening_is_said_before_anything_is_begun() -> None:
    delivery_log = MemoryDeliveryLog()
    with pytest.raises(RelayError, match=r"127\.0\.0\.1:9: cannot connect.*smtp\.url"):
        await deliver(Relay(port=9), delivery_log, messages(3))
    assert delivery_log.events == []


async def test_stopping_settles_what_is_in_flight(relay: Relay) -> None:
    relay.delay = 0.02
    stop, delivery_log = asyncio.Event(), MemoryDeliveryLog()
    asyncio.get_running_loop().call_later(0.1, stop.set)
    await deliver(relay, delivery_log, messages(500), stop=stop)
    assert 0 < len(delivery_log.receipts) < 500
    assert {email for kind, email in delivery_log.events if kind == "begin"} == set(delivery_log.receipts) | delivery_log.released
    assert not set(delivery_log.receipts) & delivery_log.released


async def test_a_relay_that_allows_two_connections_gets_all_in_one_pass(relay: Relay) -> None:
    relay.allowed = 2
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(40), Smtp(url=f"smtp://127.0.0.1:{relay.port}", connections=8))
    assert set(delivery_log.outcomes().values()) == {"sent"}
    assert len(delivery_log.receipts) == 40


async def test_a_refused_data_command_leaves_the_connection_usable(relay: Relay) -> None:
    relay.before_data = lambda address: "451 4.3.0 not now" if address.startswith("r1") else None
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(6), Smtp(url=f"smtp://127.0.0.1:{relay.port}", connections=1))
    assert delivery_log.outcomes()["r1@readers.example"] == "deferred"
    assert sum(outcome == "sent" for outcome in delivery_log.outcomes().values()) == 5


async def test_an_answer_that_is_no_smtp_is_nobodys_death(relay: Relay) -> None:
    relay.rcpt = lambda address: "gibberish" if address.startswith("r1") else None
    relay.data = lambda address: "gibberish" if address.startswith("r2") else None
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(6))
    assert delivery_log.outcomes()["r1@readers.example"] == "deferred"
    assert delivery_log.outcomes()["r2@readers.example"] == "unknown"
    assert sum(outcome == "sent" for outcome in delivery_log.outcomes().values()) == 4


async def test_addresses_outside_ascii_need_smtputf8(relay: Relay) -> None:
    delivery_log = MemoryDeliveryLog()
    raw = b"Subject: s\r\n\r\nx\r\n"
    await deliver(
        relay, delivery_log, iter([Message(recipient=Recipient(id=1, email="zoë@readers.example"), message_id="<1>", raw=raw)])
    )
    assert delivery_log.outcomes() == {"zoë@readers.example": "sent"}
    assert "SMTPUTF8" in relay.options


def context(path: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path)
    return made


@pytest.fixture(params=["starttls", "implicit"])
async def guarded(request: pytest.FixtureRequest, authority: Path) -> AsyncIterator[tuple[Relay, str]]:
    """A relay with TLS and a password, and its URL."""
    relay = Relay(password="open sesame")
    implicit = request.param == "implicit"
    async with running(relay, tls=context(authority), implicit=implicit):
        yield relay, f"{'smtps' if implicit else 'smtp+starttls'}://daily@localhost:{relay.port}"


async def test_tls_and_login(guarded: tuple[Relay, str], authority: Path) -> None:
    relay, url = guarded
    delivery_log = MemoryDeliveryLog()
    await deliver(relay, delivery_log, messages(4), Smtp(url=url, ca_file=authority, password="open sesame"))
    assert set(delivery_log.outcomes().values()) == {"sent"}


async def test_a_wrong_password_is_said(guarded: tuple[Relay, str], authority: Path) -> None:
    relay, url = guarded
    with pytest.raises(RelayError, match=r"refuses the login of 'daily'.*DIGEST_SMTP_PASSWORD"):
        await deliver(relay, MemoryDeliveryLog(), messages(1), Smtp(url=url, ca_file=authority, password="wrong"))
    assert relay.taken == []


async def test_a_certificate_nobody_vouches_for_is_refused(guarded: tuple[Relay, str]) -> None:
    relay, url = guarded
    with pytest.raises(RelayError, match=r"certificate is not trusted.*smtp\.ca_file"):
        await deliver(relay, MemoryDeliveryLog(), messages(1), Smtp(url=url, password="open sesame"))
    assert relay.taken == []


async def test_no_login_without_tls(relay: Relay) -> None:
    with pytest.raises(RelayError):
        await deliver(
            relay, MemoryDeliveryLog(), messages(1), Smtp(url=f"smtp+starttls://daily@127.0.0.1:{relay.port}", password="p")
        )
    assert relay.taken == []


async def test_a_relay_that_wants_a_login_says_nothing_of_our_address(relay: Relay) -> None:
    relay.mail = lambda sender: "530 5.7.0 Authentication required"
    with pytest.raises(RelayError, match=r"the relay wants a login: 530.*Write the user into smtp\.url"):
        await deliver(relay, MemoryDeliveryLog(), messages(1))

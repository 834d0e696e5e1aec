"""Opening a connection: whom a relay lets in, and what the editor reads if it does not."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from digest.config import Smtp
from digest.deliver import Extensions, Run, Session
from digest.deliver.connect import open_connection
from digest.errors import RelayError
from tests.deliver.test_deliver import NOW, MemoryDeliveryLog, context, messages
from tests.faulty import Faulty, running

XOAUTH2 = "XOAUTH2 user=daily\x01auth=Bearer {}\x01\x01"
BEARER = "OAUTHBEARER n,a=daily,\x01host=127.0.0.1\x01port={}\x01auth=Bearer {}\x01\x01"


async def sent(relay: Faulty, *, scheme: str = "smtp", user: str = "", host: str = "127.0.0.1", **more: Any) -> MemoryDeliveryLog:
    """Send three messages over one connection."""
    delivery_log = MemoryDeliveryLog()
    url = f"{scheme}://{f'{user}@' if user else ''}{host}:{relay.port}"
    run = Run(
        Smtp.model_validate({"url": url, "connections": 1, **more}), "d@gazette.example", delivery_log, lambda: NOW, lambda _: None
    )
    await asyncio.wait_for(run.deliver(messages(3)), 20)
    return delivery_log


async def refused(relay: Faulty, words: str, **more: Any) -> None:
    """Nothing is sent, and the error has these words."""
    async with running(relay):
        with pytest.raises(RelayError, match=words):
            await sent(relay, **more)
    assert not relay.taken


def took_three(relay: Faulty, delivery_log: MemoryDeliveryLog) -> bool:
    return set(delivery_log.outcomes().values()) == {"sent"} and sorted(relay.taken.values()) == [1, 1, 1]


# — logging in —


async def test_a_password_is_not_sent_to_a_relay_that_wants_a_token() -> None:
    relay = Faulty(auth="XOAUTH2 OAUTHBEARER")
    await refused(relay, r"wants OAuth .* takes no password\. Set smtp\.token_command", user="daily", password="open sesame")
    assert relay.logins == []


async def test_a_user_without_a_password_is_an_error_that_says_where_to_put_it() -> None:
    relay = Faulty(auth="PLAIN LOGIN")
    await refused(relay, r"no password for user 'daily'\. Set DIGEST_SMTP_PASSWORD", user="daily")
    assert relay.logins == []


async def test_a_relay_that_takes_no_login_is_distinguished_from_one_that_refuses_it() -> None:
    relay = Faulty()
    await refused(relay, r"does not accept a login on this connection\. Use smtp\+starttls://", user="daily", password="p")


@pytest.mark.parametrize("offered", ["XOAUTH2", "OAUTHBEARER XOAUTH2", "PLAIN XOAUTH2"])
async def test_a_token_opens_a_relay_that_knows_xoauth2(offered: str, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    async with running(Faulty(auth=offered)) as relay:
        delivery_log = await sent(relay, user="daily", token_file=token)
    assert relay.logins == [XOAUTH2.format("secret")]
    assert took_three(relay, delivery_log)


async def test_a_token_opens_a_relay_that_knows_only_the_standard_way() -> None:
    async with running(Faulty(auth="PLAIN OAUTHBEARER")) as relay:
        delivery_log = await sent(relay, user="daily", token_command="echo secret # standard")
    assert relay.logins == [BEARER.format(relay.port, "secret")]
    assert took_three(relay, delivery_log)


@pytest.mark.parametrize("explains", [False, True])
@pytest.mark.parametrize("way", ["XOAUTH2", "OAUTHBEARER"])
async def test_a_token_that_is_refused_is_not_used_again(way: str, tmp_path: Path, *, explains: bool) -> None:
    stale = "535 5.7.8 the token has expired"
    relay = Faulty(auth=way, explains=explains, login=lambda said: stale if "Bearer 1" in said else "235 2.7.0 welcome")
    command = f"echo x >> {tmp_path}/asked; wc -l < {tmp_path}/asked"
    advice = r"refuses the login of 'daily': 535 5\.7\.8 the token has expired\. Check the user .* and smtp\.token_command"
    await refused(relay, advice, user="daily", token_command=command)
    assert (relay.log[-1] in {"", "AQ=="}) == explains  # the client hears the reasons out, and says so
    async with running(relay):
        delivery_log = await sent(relay, user="daily", token_command=command)
    assert took_three(relay, delivery_log)


async def test_a_login_that_is_put_off_is_tried_again(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr("digest.deliver.relay.RELAY_REST_DELAYS", (0.05, 0.05))
    answers = iter(["454 4.7.0 Temporary authentication failure", "235 2.7.0 welcome"])
    async with running(Faulty(auth="PLAIN", login=lambda said: next(answers))) as relay:
        delivery_log = await sent(relay, user="daily", password="p")
    assert took_three(relay, delivery_log)
    assert "puts off the login of 'daily': 454 4.7.0 Temporary authentication failure. That is temporary" in caplog.text


async def test_a_login_that_is_always_put_off_is_reported_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.relay.RELAY_REST_DELAYS", (0.05,))
    relay = Faulty(auth="PLAIN", login=lambda said: "454 4.7.0 not now")
    await refused(relay, "puts off the login of 'daily': 454 4.7.0 not now", user="daily", password="p")
    assert len(relay.logins) == 2


async def test_a_relay_that_hangs_up_on_a_login_is_no_wrong_password() -> None:
    relay = Faulty(auth="PLAIN", login=lambda said: "")
    await refused(relay, r"127\.0\.0\.1:\d+: cannot connect: .*Check that the relay is running", user="daily", password="p")
    assert relay.logins == ["PLAIN \0daily\0p"]


# — the greeting —


async def test_a_relay_that_knows_only_helo_gets_everything() -> None:
    async with running(Faulty(ehlo="502 5.5.1 what?", chunking=True)) as relay:
        delivery_log = await sent(relay)
    assert took_three(relay, delivery_log)
    assert [line.split()[0] for line in relay.log if not line.startswith("body")] == [
        "EHLO", "HELO", *["MAIL", "RCPT", "DATA"] * 3, "QUIT",
    ]  # fmt: skip


async def test_a_relay_that_refuses_our_name_has_a_remedy_of_its_own() -> None:
    words = "504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname"
    await refused(Faulty(ehlo=words, helo=words), r"refuses our greeting: 504 5\.5\.2 <localhost>.*Set smtp\.helo")


async def test_what_a_relay_says_as_it_turns_us_away_is_reported() -> None:
    await refused(
        Faulty(greeting="554 5.7.1 no mail from your network"), r"cannot connect: 554 5\.7\.1 no mail from your network\. "
    )


async def test_a_relay_that_closes_without_a_greeting_is_reported() -> None:
    await refused(Faulty(greeting=""), r"127\.0\.0\.1:\d+: cannot connect: (?!.*port None)[\w ]+\. Check that the relay is running")


async def test_a_server_that_is_no_relay_is_quoted() -> None:
    await refused(Faulty(greeting="* OK IMAP4rev1 ready"), r"cannot connect: [^-\d]*: \* OK IMAP4rev1 ready\. ")


async def test_what_a_relay_says_as_it_closes_after_ehlo_is_reported() -> None:
    relay = Faulty(ehlo="421 4.7.0 try again from another address")
    await refused(relay, r"cannot connect: 421 4\.7\.0 try again from another address\. ")
    assert relay.log == ["EHLO localhost"]


# — where it is —


async def test_a_name_that_nobody_knows_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", unknown)  # the real one would ask the network
    with pytest.raises(RelayError, match=r"relay\.invalid:25: host not found\. Check smtp\.url"):
        await sent(Faulty(port=25), host="relay.invalid")


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: tuple[str, int]) -> None:
    """Let every name resolve to these addresses."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", address) for address in addresses]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: rows)


@asynccontextmanager
async def unanswering(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[tuple[str, int], asyncio.Event]]:
    """An address from which nothing comes back, as behind a firewall; and an event for when it is tried."""
    loop, tried = asyncio.get_running_loop(), asyncio.Event()
    real = loop.sock_connect

    async def connect(sock: socket.socket, address: tuple[str, int]) -> None:
        if address[1] != 9:
            await real(sock, address)
            return
        tried.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(loop, "sock_connect", connect)
    yield ("127.0.0.1", 9), tried


async def test_the_second_address_of_a_relay_is_used_if_the_first_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.connect.CONNECT_TIMEOUT", 0.1)
    async with running(Faulty()) as relay, unanswering(monkeypatch) as (dead, tried):
        resolve_to(monkeypatch, dead, ("127.0.0.1", relay.port))
        delivery_log = await sent(relay, host="localhost")
    assert tried.is_set()
    assert took_three(relay, delivery_log)


async def test_a_relay_that_answers_at_no_address_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("digest.deliver.connect.CONNECT_TIMEOUT", 0.1)
    async with unanswering(monkeypatch) as (dead, _):
        resolve_to(monkeypatch, dead, dead)
        with pytest.raises(RelayError, match=r"connection timed out\. Check .* no firewall blocks it"):
            await sent(Faulty(port=9))


async def test_a_connection_that_is_no_longer_wanted_leaves_no_socket(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[socket.socket] = []
    real = socket.socket

    def noted(*given: Any) -> socket.socket:
        opened.append(real(*given))
        return opened[-1]

    async with unanswering(monkeypatch) as (dead, tried):
        resolve_to(monkeypatch, dead)
        monkeypatch.setattr("digest.deliver.connect.socket.socket", noted)
        connecting = asyncio.create_task(open_connection(Smtp(url="smtp://127.0.0.1:9"), Extensions()))
        await asyncio.wait_for(tried.wait(), 10)
        connecting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await connecting
    assert [sock.fileno() for sock in opened] == [-1]


async def test_a_session_says_what_its_relay_offers_once_it_is_connected() -> None:
    async with running(Faulty(chunking=True)) as relay:
        session = Session(Smtp(url=f"smtp://127.0.0.1:{relay.port}"), "d@gazette.example", lambda: NOW, Extensions())
        before = session.offers
        await session.connect()
        assert before == ()
        assert session.offers == ("8bitmime", "chunking", "enhancedstatuscodes", "pipelining", "size", "smtputf8")
        await session.close()


# — TLS —


async def test_a_relay_elsewhere_without_tls_gets_everything_in_plain() -> None:
    async with running(Faulty()) as relay:
        delivery_log = await sent(relay, host="0.0.0.0")  # this machine, but not by a name that says so
    assert took_three(relay, delivery_log)
    assert "STARTTLS" not in relay.log


async def test_a_relay_elsewhere_that_offers_tls_is_spoken_to_in_secret(authority: Path) -> None:
    async with running(Faulty(tls=context(authority))) as relay:
        delivery_log = await sent(relay, host="0.0.0.0", ca_file=authority)
    assert took_three(relay, delivery_log)
    assert relay.log[:3] == ["EHLO localhost", "STARTTLS", "EHLO localhost"]


async def test_a_relay_elsewhere_that_nobody_vouches_for_gets_nothing(authority: Path) -> None:
    relay = Faulty(tls=context(authority))
    await refused(relay, "certificate is not trusted", host="0.0.0.0")
    assert relay.log == ["EHLO localhost", "STARTTLS"]


async def test_a_relay_without_the_starttls_that_was_asked_for_gets_nothing() -> None:
    await refused(Faulty(), r"does not offer STARTTLS\. Use smtps://", scheme="smtp+starttls")


async def test_smtps_at_a_port_that_begins_in_plain_is_reported_with_the_scheme_to_use() -> None:
    await refused(Faulty(), r"does not use TLS from the start\. Use smtp\+starttls://", scheme="smtps")


def serve_old_tls(listening: socket.socket, certificate: Path, scheme: str) -> None:
    """Take one connection, as a relay with the TLS of 2006 does; asyncio's TLS would hang up without the alert that says why."""
    old = context(certificate)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    client, _ = listening.accept()
    with client:
        for answer in (b"220 old.example ESMTP", b"250-old.example\r\n250 STARTTLS", b"220 go on") if scheme != "smtps" else ():
            client.sendall(answer + b"\r\n")
            if not answer.endswith(b"go on"):
                client.recv(1000)
        with pytest.raises(ssl.SSLError):
            old.wrap_socket(client, server_side=True)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_relay_that_speaks_only_old_tls_is_reported(authority: Path, scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        serving = asyncio.create_task(asyncio.to_thread(serve_old_tls, listening, authority, scheme))
        with pytest.raises(RelayError, match=r"a TLS that is too old to be safe\. It must speak TLS 1\.2 or newer"):
            await sent(Faulty(port=listening.getsockname()[1]), scheme=scheme, host="localhost", ca_file=authority)
        await asyncio.wait_for(serving, 10)

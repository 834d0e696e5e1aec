"""Alarms: each thing that is wrong is told once, by every way there is, and once more when it is over; else all is quiet."""

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address
from pathlib import Path

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from digest.app import App, open_newsletter
from digest.desk.acts import Act
from digest.desk.edition_view import Desk
from digest.desk.verbs import Verbs
from digest.service.alarms import Alarms
from digest.service.catch_up import CatchUp
from digest.service.checks import run_checks
from digest.service.troubles import certificate_trouble
from digest.store import HistoryEvent
from digest.web.pages import serve_http
from digest.web.reader_pages import ReaderPages
from tests.conftest import Furnish
from tests.desk.conftest import CUTOFF, KEY, days_material, moment
from tests.newsroom import Moment, RecordedSite
from tests.relay import Relay
from tests.service.conftest import Monitor

__all__ = ["moment"]  # the fixture
LATE = timedelta(minutes=16)


@pytest.fixture
def app(site: RecordedSite, relay: Relay, other: Relay, monitor: Monitor, furnish: Furnish, moment: Moment) -> Iterator[App]:
    ways = f"""
[alarms]
mail_to = ["Op Erator <ops@gazette.example>"]
webhook = "{monitor.base}/hook"
ping = "{monitor.base}/ping"
late_by = "15m"

[alarms.relay]
url = "smtp://127.0.0.1:{other.port}"

[desk]
editors = ["Ada Quill <ada@gazette.example>"]
"""
    with open_newsletter(furnish(site.base, relay.port, extra=ways), moment, retry_delays=()) as app:
        app.store.content.keep(days_material(), moment())
        yield app


async def looks(alarms: Alarms, moment: Moment, count: int = 2) -> None:
    """So many looks, half a minute apart."""
    for _ in range(count):
        await alarms.look()
        moment.now += timedelta(seconds=30)


def subjects(relay: Relay) -> list[str]:
    return [str(message_from_bytes(raw, policy=policy.default)["Subject"]) for _, raw in relay.taken]


async def test_a_good_morning_is_quiet_and_pinged_once(app: App, moment: Moment, monitor: Monitor, other: Relay) -> None:
    catch_up = CatchUp(app)
    alarms = Alarms(app, catch_up.said)
    await looks(alarms, moment, 3)
    moment.now = CUTOFF + timedelta(seconds=1)
    await catch_up.publish_due()
    await looks(alarms, moment, 20)
    assert (other.taken, monitor.told) == ([], [])
    assert monitor.pings == [("/ping", f"{KEY}: {{'sent': 2}}")]


async def test_an_edition_that_has_not_begun_is_told_once_and_when_it_has(
    app: App, moment: Moment, monitor: Monitor, other: Relay
) -> None:
    moment.now = CUTOFF + LATE
    await looks(Alarms(app, {}), moment, 4)
    await looks(Alarms(app, {}), moment, 4)  # the service was started again
    what = "The edition of Tue 24 Nov 2026 has not begun; it was due on"
    assert len(other.taken) == len(monitor.told) == 1
    assert subjects(other)[0].startswith(f"[The Harbour Gazette] {what}")
    assert monitor.told[0]["what"].startswith(what)
    assert monitor.told[0]["why"] == "Nothing has tried to make it."
    assert "digest send" in monitor.told[0]["remedy"]
    assert [path for path, _ in monitor.pings] == ["/ping/fail"]
    catch_up = CatchUp(app)
    await catch_up.publish_due()
    await looks(Alarms(app, catch_up.said), moment, 22)
    assert subjects(other)[1:] == [subjects(other)[0].replace("] ", "] Over: ")]
    assert monitor.told[1]["state"] == "over"
    assert [path for path, _ in monitor.pings] == ["/ping/fail", "/ping", "/ping"]  # it is over, and the edition has gone


@pytest.mark.parametrize(
    ("verb", "why"), [("hold", "is on hold by Ada: the lead is wrong"), ("skip", ""), ("send", "wants edition")]
)
async def test_what_an_editor_wants_is_the_reason_or_no_trouble(
    app: App, moment: Moment, monitor: Monitor, verb: str, why: str
) -> None:
    fields = {"reason": "the lead is wrong"} if verb != "send" else {"at": "08:30"}
    Verbs(Desk(app)).do(KEY, Act(verb=verb, fields=fields, by="Ada"))
    moment.now = CUTOFF + LATE
    await looks(Alarms(app, {}), moment)
    assert [why in row["why"] for row in monitor.told] == ([True] if why else [])


@pytest.mark.parametrize("answer", ["421 4.3.2 down for repair", "550 5.7.1 you are blocked"])
async def test_a_relay_that_is_down_is_told_by_another_within_two_minutes(
    app: App, moment: Moment, monitor: Monitor, relay: Relay, other: Relay, answer: str
) -> None:
    relay.mail = lambda _sender: answer
    moment.now = CUTOFF + timedelta(seconds=1)
    catch_up = CatchUp(app)
    alarms = Alarms(app, catch_up.said)
    await catch_up.publish_due()
    await looks(alarms, moment)
    assert moment.now - CUTOFF < timedelta(minutes=3)
    assert subjects(other) == ["[The Harbour Gazette] 2 readers of No. 1 wait"] * 2
    assert set(other.counts) == {"ops@gazette.example", "ada@gazette.example"}  # readers wait: the editors want to know
    assert answer[4:] in monitor.told[0]["why"]
    async with serve_http(ReaderPages(app).application(), "127.0.0.1", 0) as base, aiohttp.ClientSession() as client:
        async with client.get(f"{base}/health") as health:
            assert health.status == 503
            assert (await health.json())["troubles"][0]["what"] == "2 readers of No. 1 wait"
        async with client.get(f"{base}/health/live") as live:
            assert live.status == 200
        relay.mail = lambda _sender: None
        moment.now += timedelta(minutes=5)
        await catch_up.run()
        await looks(alarms, moment, 20)
        async with client.get(f"{base}/health") as health:
            assert health.status == 200
    assert subjects(other)[2:] == ["[The Harbour Gazette] Over: 2 readers of No. 1 wait"] * 2
    assert sorted(relay.counts.values()) == [1, 1]


async def test_what_no_way_took_is_told_the_next_time(app: App, moment: Moment, monitor: Monitor, other: Relay) -> None:
    moment.now = CUTOFF + LATE
    monitor.down, other.mail = True, lambda _sender: "550 5.7.1 no"
    alarms = Alarms(app, {})
    await looks(alarms, moment)
    assert app.store.alarms.told() == {}
    monitor.down = False
    await looks(alarms, moment, 3)
    assert len(monitor.told) == 1
    assert len(app.store.alarms.told()) == 1


async def test_what_comes_and_goes_within_a_minute_is_not_told(app: App, moment: Moment, monitor: Monitor) -> None:
    alarms = Alarms(app, {})
    moment.now = CUTOFF + LATE
    await looks(alarms, moment, 1)
    await CatchUp(app).publish_due()
    await looks(alarms, moment, 3)
    assert monitor.told == []


async def test_a_full_disk_silent_sources_and_bounces_are_told(
    app: App, moment: Moment, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    catch_up = CatchUp(app)
    moment.now = CUTOFF + timedelta(seconds=1)
    await catch_up.publish_due()
    alarms = Alarms(app, catch_up.said)
    usage = shutil.disk_usage(app.config.root)
    with monkeypatch.context() as full:
        full.setattr("shutil.disk_usage", lambda _path: usage._replace(free=1_000_000))
        await looks(alarms, moment)
    assert [row["key"] for row in monitor.told] == ["disk"]
    await looks(alarms, moment, 20)
    assert monitor.told[1]["text"] == "Over: The disk is nearly full."
    app.store.history.note([HistoryEvent(email=f"r{at}@x.example", at=moment.now, event="bounced") for at in range(30)])
    moment.now += timedelta(hours=27)
    await looks(alarms, moment)
    assert {row["key"].split()[0] for row in monitor.told[2:]} >= {"bounces", "source"}
    assert "30 of 2 subscribers bounced" in next(row["why"] for row in monitor.told if row["key"].startswith("bounces"))


async def test_a_newsletter_that_was_set_up_after_its_hour_has_missed_nothing(
    site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment
) -> None:
    moment.now = CUTOFF + LATE
    with open_newsletter(furnish(site.base, relay.port), moment, retry_delays=()) as app:
        alarms = Alarms(app, {})
        await looks(alarms, moment, 3)
        assert app.store.alarms.told() == {}


async def test_nothing_is_sent_where_nothing_is_configured_and_check_says_so(
    site: RecordedSite, relay: Relay, furnish: Furnish, moment: Moment
) -> None:
    with open_newsletter(furnish(site.base, relay.port), moment, retry_delays=()) as app:
        app.store.content.keep(days_material(), moment())
        moment.now = CUTOFF + LATE
        await looks(Alarms(app, {}), moment)
        assert len(app.store.alarms.told()) == 1  # `digest status` and /health say it
        found = [row.text for row in await run_checks(app) if row.area == "alarms"]
        assert found == ["nobody is told when an edition does not go: see [alarms]"]
    assert relay.taken == []


def certificate(folder: Path, days: int) -> Path:
    """A certificate of localhost that ends in so many days, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC)).not_valid_after(datetime.now(UTC) + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / f"{days}.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + pem)
    return path


@asynccontextmanager
async def served(pem: Path) -> AsyncIterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize(
    ("days", "trusted", "what"), [(60, True, ""), (5, True, "ends on"), (60, False, "is not valid"), (-1, True, "is not valid")]
)
async def test_a_certificate_that_ends_or_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, days: int, trusted: bool, what: str
) -> None:
    pem = certificate(tmp_path, days)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with served(pem) as url:
        found = await certificate_trouble(url, datetime.now(UTC))
    assert (found is not None) == bool(what)
    assert what in (found.what if found else "")


async def test_a_site_that_cannot_be_reached_is_no_matter_of_its_certificate() -> None:
    assert await certificate_trouble("https://127.0.0.1:9", datetime.now(UTC)) is None
    assert await certificate_trouble("http://127.0.0.1:9", datetime.now(UTC)) is None


async def test_readers_who_were_given_up_are_not_told_to_be_well(app: App, moment: Moment, monitor: Monitor, relay: Relay) -> None:
    relay.rcpt = lambda _address: "450 4.2.0 later"
    moment.now = CUTOFF + timedelta(seconds=1)
    catch_up = CatchUp(app)
    alarms = Alarms(app, catch_up.said)
    await catch_up.publish_due()
    await looks(alarms, moment)
    assert monitor.told[0]["why"] == "The relay puts most of them off."
    moment.now += timedelta(hours=11)
    await catch_up.run()  # too old: it is closed
    await looks(alarms, moment, 20)
    assert [row["what"] for row in monitor.told if row["key"].startswith("stuck")][1:] == [f"Given up: 2 readers did not get {KEY}"]


async def test_what_comes_and_goes_for_an_hour_is_told_once(
    app: App, moment: Moment, monitor: Monitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage, alarms = shutil.disk_usage(app.config.root), Alarms(app, {})
    for minute in range(60):
        free = 1_000_000 if minute // 4 % 2 else usage.free
        monkeypatch.setattr("shutil.disk_usage", lambda _path, free=free: usage._replace(free=free))
        await looks(alarms, moment, 1)
    assert [(row["key"], row["state"]) for row in monitor.told if row["key"] == "disk"] == [("disk", "trouble")]

"""What follows from mail that comes back."""

import asyncio
import logging
import mailbox
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from digest.app import App, open_newsletter
from digest.audience.bounce_handler import BounceHandler
from digest.bounces.mailboxes import count_new, read_new
from digest.compose.verp import parse_verp
from digest.errors import DigestError
from digest.publish import Unwatched, publish
from digest.store import Suppression
from digest.subscriber_statuses import Origin
from tests.conftest import Furnish
from tests.dovecot import dovecot
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

BOUNCES = '[bounces]\naddress = "bounces@gazette.example"\nsoft_limit = 3\n'
DSN = """\
From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
Message-ID: <{key}@mx.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

It did not arrive.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {who}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {why}

--b
Content-Type: text/rfc822-headers

Message-ID: {ours}

--b--
"""
DEAD, FULL = ("5.1.1", "no such user"), ("5.2.2", "mailbox full")


def dsn(to: str, who: str, fate: tuple[str, str] = DEAD, *, key: str = "1", ours: str = "<x@y.example>") -> bytes:
    return DSN.format(to=to, who=who, status=fate[0], why=fate[1], key=key, ours=ours).encode()


@pytest.fixture
def moment() -> list[datetime]:
    return [NOW]


@pytest.fixture
async def app(site: RecordedSite, relay: Relay, furnish: Furnish, moment: list[datetime]) -> Iterator[App]:  # type: ignore[misc]
    with open_newsletter(furnish(site.base, relay.port, extra=BOUNCES), lambda: moment[0], retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
        yield app


def envelope(relay: Relay, address: str) -> str:
    return next(sender for sender, to in relay.envelopes if to == address)


async def test_the_envelope_knows_its_reader(app: App, relay: Relay) -> None:
    senders = {to: sender for sender, to in relay.envelopes}
    assert len(set(senders.values())) == 2
    for address, sender in senders.items():
        assert sender.startswith("bounces+b")
        assert sender.endswith("@gazette.example")
        assert "readers" not in sender
        meant = parse_verp(app.links.secret, sender)
        assert meant is not None
        assert app.store.subscribers.email_of_id(meant[1]) == address
        assert parse_verp(app.links.secret, sender.upper()) == meant
        assert parse_verp(app.links.secret, sender.replace("+b", "+l")) is None
    assert "bounces+l" in relay.message("ada@readers.example")["List-Unsubscribe"]


@pytest.mark.parametrize("status", ["5.1.1", "5.1.10", "5.1.2"])
async def test_a_dead_address_is_written_to_no_more(app: App, relay: Relay, status: str) -> None:
    returns = BounceHandler(app)
    raw = dsn(envelope(relay, "ada@readers.example"), "someone.else@forwarded.example", (status, "no such user"))
    _, outcomes = returns.process_message(raw)
    assert [(outcome.email, outcome.event) for outcome in outcomes] == [("ada@readers.example", "bounced")]
    assert returns.process_message(raw)[1] == []
    assert app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "bounced"}
    assert "no such user" in app.store.history.of("ada@readers.example")[-1].detail


async def test_a_full_mailbox_is_one_that_stays_so(app: App, relay: Relay, moment: list[datetime]) -> None:
    returns, to = BounceHandler(app), envelope(relay, "ada@readers.example")
    events = []
    for day in range(3):
        moment[0] = NOW + timedelta(days=day)
        events += [outcome.event for outcome in returns.process_message(dsn(to, "ada@readers.example", FULL, key=str(day)))[1]]
    assert events == ["soft bounce", "soft bounce", "bounced"]


async def test_old_bounces_do_not_count(app: App, relay: Relay, moment: list[datetime]) -> None:
    returns, to = BounceHandler(app), envelope(relay, "ada@readers.example")
    for number, day in enumerate((0, 1, 40, 41)):
        moment[0] = NOW + timedelta(days=day)
        returns.process_message(dsn(to, "ada@readers.example", FULL, key=str(number)))
    assert app.store.suppressions.among(["ada@readers.example"]) == {}


async def test_a_stranger_cannot_take_a_reader_off_the_list(app: App, relay: Relay) -> None:
    forged = dsn("daily@gazette.example", "ada@readers.example")
    assert [outcome.event for outcome in BounceHandler(app).process_message(forged)[1]] == ["unproven"]
    turned = envelope(relay, "ada@readers.example").replace("@", "0@")
    assert [outcome.event for outcome in BounceHandler(app).process_message(dsn(turned, "bo@readers.example", key="2"))[1]] == [
        "unproven"
    ]
    assert app.store.suppressions.among(["ada@readers.example", "bo@readers.example"]) == {}
    for number in range(20):
        BounceHandler(app).process_message(dsn("daily@gazette.example", "ada@readers.example", FULL, key=f"again {number}"))
    assert app.store.suppressions.among(["ada@readers.example", "bo@readers.example"]) == {}
    assert [entry.event for entry in app.store.history.of("ada@readers.example")] == []
    assert BounceHandler(app).process_message(dsn("x@gazette.example", "stranger@nowhere.example"))[1] == []


async def test_our_own_message_id_vouches_for_a_bounce(app: App, relay: Relay) -> None:
    ours = str(relay.message("ada@readers.example")["Message-ID"])
    raw = dsn("daily@gazette.example", "ada@readers.example", ours=ours)
    assert [outcome.event for outcome in BounceHandler(app).process_message(raw)[1]] == ["bounced"]
    other = dsn("daily@gazette.example", "bo@readers.example", ours=ours, key="2")
    assert [outcome.event for outcome in BounceHandler(app).process_message(other)[1]] == ["unproven"]


COMPLAINT = """\
From: feedback@provider.example
To: abuse@gazette.example
Subject: Complaint
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="f"

--f
Content-Type: text/plain

This is an email abuse report.

--f
Content-Type: message/feedback-report

Feedback-Type: {kind}
User-Agent: Provider/1.0
Version: 1

--f
Content-Type: message/rfc822

{original}
--f--
"""


@pytest.mark.parametrize(("kind", "suppressed"), [("abuse", True), ("not-spam", False)])
async def test_a_complaint_is_known_by_the_link_in_our_mail(app: App, relay: Relay, kind: str, suppressed: bool) -> None:
    raw = next(raw for address, raw in relay.taken if address == "ada@readers.example").decode("latin-1")
    hidden = raw.replace("ada@readers.example", "redacted@provider.example").replace("\r\n", "\n")
    BounceHandler(app).process_message(COMPLAINT.format(kind=kind, original=hidden).encode("latin-1"))
    expected = {"ada@readers.example": "complained"} if suppressed else {}
    assert app.store.suppressions.among(["ada@readers.example", "bo@readers.example"]) == expected


async def test_a_mail_to_the_leaving_address_leaves(app: App, relay: Relay) -> None:
    to = relay.message("ada@readers.example")["List-Unsubscribe"].partition("mailto:")[2].partition("?")[0]
    answer = f"From: Ada <ada.home@elsewhere.example>\nTo: {to}\nSubject: unsubscribe\n\n\n".encode()
    auto = f"From: Ada <ada@readers.example>\nTo: {to}\nSubject: Out of office\nAuto-Submitted: auto-replied\n\nGone.\n".encode()
    assert BounceHandler(app).process_message(auto)[1] == []
    assert [outcome.event for outcome in BounceHandler(app).process_message(answer)[1]] == ["unsubscribed"]
    assert app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}


async def test_a_bounce_that_names_nobody_is_known_by_its_envelope(app: App, relay: Relay) -> None:
    raw = f"From: MAILER-DAEMON@x.example\nTo: {envelope(relay, 'bo@readers.example')}\nSubject: failure notice\n\nUser unknown.\n"
    assert [(outcome.email, outcome.event) for outcome in BounceHandler(app).process_message(raw.encode())[1]] == [
        ("bo@readers.example", "undelivered")
    ]


async def test_who_leaves_after_a_bounce_has_left(app: App, relay: Relay) -> None:
    BounceHandler(app).process_message(dsn(envelope(relay, "ada@readers.example"), "ada@readers.example"))
    app.store.suppressions.opt_out([(app.links.token("ada@readers.example"), "on the unsubscribe page")], NOW)
    assert app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}
    app.store.suppressions.adopt([Suppression(email="ada@readers.example", reason="bounced", since=NOW, origin=Origin.MAIL)])
    assert app.store.suppressions.among(["ada@readers.example"]) == {"ada@readers.example": "unsubscribed"}


def test_a_maildir_is_read_once(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "Maildir")
    for number in range(3):
        box.add(f"Subject: {number}\n\n".encode())
    taken: list[bytes] = []
    assert read_new("maildir:Maildir", tmp_path, "", taken.append) == 3
    box.add(b"Subject: 3\n\n")
    assert read_new("maildir:Maildir", tmp_path, "", taken.append) == 1
    assert read_new("maildir:Maildir", tmp_path, "", taken.append) == 0
    assert sorted(raw[:10] for raw in taken) == [f"Subject: {number}".encode() for number in range(4)]
    assert len(mailbox.Maildir(tmp_path / "Maildir")) == 4  # nothing is deleted


def test_an_mbox_is_read_once(tmp_path: Path) -> None:
    with closing(mailbox.mbox(tmp_path / "mbox")) as box:
        for number in range(3):
            box.add(f"Subject: {number}\n\nFrom here on\n".encode())
    taken: list[bytes] = []
    assert read_new("mbox:mbox", tmp_path, "", taken.append) == 3
    assert read_new("mbox:mbox", tmp_path, "", taken.append) == 0
    with closing(mailbox.mbox(tmp_path / "mbox")) as box:
        box.add(b"Subject: 3\n\n")
    assert read_new("mbox:mbox", tmp_path, "", taken.append) == 1
    assert len(taken) == 4


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
async def test_a_backlog_is_read_to_its_end_and_no_further(
    site: RecordedSite, relay: Relay, furnish: Furnish, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr("digest.bounces.mailboxes.MAX_MESSAGES", 3)
    monkeypatch.setattr("digest.audience.bounce_handler.MAX_MESSAGES", 3)
    root = furnish(site.base, relay.port, extra=f'{BOUNCES}mailbox = "{kind}:box"\n')
    box = (mailbox.Maildir if kind == "maildir" else mailbox.mbox)(root / "box")
    for number in range(11):
        box.add(dsn("daily@gazette.example", "ada@readers.example", key=str(number)))
    box.close()
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        app.store.subscribers.enrol("ada@readers.example", app.links.token("ada@readers.example"))
        count, outcomes = BounceHandler(app).read_mailbox()
        assert (count, len(outcomes)) == (11, 11)
        assert BounceHandler(app).read_mailbox() == (0, [])
        if kind == "maildir":  # an endless stream, and a service that stops
            handler = BounceHandler(app)
            take = handler.process_message
            monkeypatch.setattr(handler, "process_message", lambda raw: (box.add(b"Subject: one more\n\n"), take(raw))[1])
            for number in range(4):
                box.add(f"Subject: {number}\n\n".encode())
            assert 4 <= handler.read_mailbox()[0] <= 9
            app.stop.set()
            assert handler.read_mailbox()[0] == 3


def test_a_failure_in_the_middle_loses_no_message(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "Maildir")
    for number in range(3):
        box.add(f"Subject: {number}\n\n".encode())
    taken: list[bytes] = []

    def take(raw: bytes) -> None:
        if len(taken) == 1:
            raise DigestError("the disk is full")
        taken.append(raw)

    with pytest.raises(DigestError, match="full"):
        read_new("maildir:Maildir", tmp_path, "", take)
    assert read_new("maildir:Maildir", tmp_path, "", lambda raw: None) == 2


@pytest.mark.parametrize(
    ("place", "told"), [("maildir:none", "not a Maildir"), ("mbox:none", "not found"), ("imap://u@127.0.0.1:1/INBOX", "127.0.0.1")]
)
def test_a_mailbox_that_is_not_there_says_so(tmp_path: Path, place: str, told: str) -> None:
    with pytest.raises(DigestError, match=told):
        read_new(place, tmp_path, "secret", lambda raw: None)


async def test_an_imap_mailbox_is_watched(
    site: RecordedSite, relay: Relay, furnish: Furnish, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tempfile.TemporaryDirectory(prefix="dovecot-", dir="/tmp") as name, dovecot(Path(name)) as server:
        extra = f'{BOUNCES}mailbox = "imap://someone@127.0.0.1:{server.port}/INBOX"\npassword_file = "imap.txt"\n'
        root = furnish(site.base, relay.port, extra=extra)
        (root / "imap.txt").write_text("secret\n")
        with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
            plan = app.config.editions[0]
            await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
            server.deliver("first", dsn(envelope(relay, "ada@readers.example"), "ada@readers.example"))
            watching = asyncio.create_task(BounceHandler(app).watch())
            await arrived(app, "ada@readers.example")
            server.deliver("second", dsn(envelope(relay, "bo@readers.example"), "bo@readers.example", key="2"))
            await arrived(app, "bo@readers.example")  # by IDLE: the next look would be in five minutes
            app.stop.set()
            await asyncio.wait_for(watching, 15)
            server.deliver("third", b"Subject: hello\n\n")
            monkeypatch.setattr("digest.audience.bounce_handler.MAX_MESSAGES", 1)
            assert count_new(app.config.bounces.mailbox, root, app.config.bounces.password) == 1
            assert BounceHandler(app).read_mailbox() == (1, [])
        assert len(list((server.maildir / "cur").iterdir())) == 3
        assert all("S" in file.name.rpartition(":2,")[2] for file in (server.maildir / "cur").iterdir())


async def arrived(app: App, email: str) -> None:
    for _ in range(300):
        if app.store.suppressions.among([email]):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(email)


def test_a_bounce_about_nobody_of_ours_is_logged_and_that_is_all(furnish: Furnish, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "digest")
    root = furnish("http://127.0.0.1:9", 9, extra=f'{BOUNCES}mailbox = "maildir:box"\n')
    with closing(mailbox.Maildir(root / "box")) as box:
        box.add(dsn("daily@gazette.example", "stranger@nowhere.example"))
    with open_newsletter(root, lambda: NOW) as app:
        assert BounceHandler(app).read_mailbox() == (1, [])
    assert "ignored a hard report about unknown addresses: stranger@nowhere.example" in caplog.text


async def test_a_mailbox_that_is_away_is_tried_again_and_the_service_stops_all_the_same(
    site: RecordedSite, relay: Relay, furnish: Furnish, caplog: pytest.LogCaptureFixture
) -> None:
    root = furnish(site.base, relay.port, extra=f'{BOUNCES}mailbox = "maildir:box"\n')
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        watching = asyncio.create_task(BounceHandler(app).watch())
        async with asyncio.timeout(10):
            while "not a Maildir" not in caplog.text:
                await asyncio.sleep(0.01)
        assert not watching.done()
        app.stop.set()  # it does not wait for the minute to end
        await asyncio.wait_for(watching, 10)


async def test_a_mailbox_is_read_again_and_again(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra=f'{BOUNCES}mailbox = "maildir:box"\n')
    with closing(mailbox.Maildir(root / "box")) as box, open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        often = app.config.bounces.model_copy(update={"every": timedelta(milliseconds=50)})  # a file may say a minute at least
        app.config = app.config.model_copy(update={"bounces": often})
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
        box.add(dsn(envelope(relay, "ada@readers.example"), "ada@readers.example"))
        watching = asyncio.create_task(BounceHandler(app).watch())
        await arrived(app, "ada@readers.example")
        box.add(dsn(envelope(relay, "bo@readers.example"), "bo@readers.example", key="2"))
        await arrived(app, "bo@readers.example")
        app.stop.set()
        await asyncio.wait_for(watching, 10)


async def test_without_a_mailbox_nothing_is_watched_until_the_service_stops(app: App) -> None:
    watching = asyncio.create_task(BounceHandler(app).watch())
    await asyncio.sleep(0.1)
    assert not watching.done()  # a mailbox may be named while the service runs
    app.stop.set()
    await asyncio.wait_for(watching, 5)

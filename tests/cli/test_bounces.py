"""`digest bounces` reads the beginning of each message, however long it or its folder is, and says what follows."""

import json
import mailbox
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.app import open_newsletter
from digest.bounces.classify import MAX_MESSAGE_BYTES
from digest.cli import bounces, group
from digest.errors import ConfigError, UsageError
from digest.publish import Unwatched, publish
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

HEAD = b"From: MAILER-DAEMON@mx.readers.example\nTo: bounces@gazette.example\nSubject: Undelivered\n\n"
LONG = HEAD + b"x" * 70 + (b"\n" + b"y" * 70) * 6_000


def one_file(path: Path) -> Path:
    (path / "mail.eml").write_bytes(LONG)
    return path / "mail.eml"


def folder(path: Path) -> Path:
    (path / "one.eml").write_bytes(LONG)
    (path / "two.eml").write_bytes(LONG)
    (path / "inner").mkdir()
    return path


def maildir(path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (path / name).mkdir()
    (path / "new" / "1").write_bytes(LONG)
    (path / "cur" / "2").write_bytes(LONG)
    return path


def mbox(path: Path) -> Path:
    (path / "box").write_bytes(b"".join(b"From MAILER-DAEMON Tue Nov 24 07:00:00 2026\n" + LONG + b"\n\n" for _ in range(2)))
    return path / "box"


@pytest.mark.parametrize(("make", "count"), [(one_file, 1), (folder, 2), (maildir, 2), (mbox, 2)])
def test_no_more_than_the_beginning_of_a_message_is_read(tmp_path: Path, make: Callable[[Path], Path], count: int) -> None:
    assert len(LONG) > MAX_MESSAGE_BYTES
    messages = list(bounces._messages(str(make(tmp_path))))
    assert messages == [LONG[:MAX_MESSAGE_BYTES]] * count


def test_a_file_is_not_read_whole_to_look_at_its_first_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_bytes(path: Path) -> bytes:
        raise AssertionError(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert list(bounces._messages(str(one_file(tmp_path)))) == [LONG[:MAX_MESSAGE_BYTES]]


def test_a_folder_is_read_a_message_at_a_time(tmp_path: Path) -> None:
    messages = iter(bounces._messages(str(folder(tmp_path))))
    next(messages)
    (tmp_path / "two.eml").write_bytes(HEAD)
    assert next(messages) == HEAD


@pytest.mark.parametrize(("make", "count"), [(one_file, 1), (folder, 2), (maildir, 2), (mbox, 2)])
def test_each_message_has_a_row(tmp_path: Path, make: Callable[[Path], Path], count: int) -> None:
    done = CliRunner().invoke(bounces.command, [str(make(tmp_path)), "--dry-run", "--json"], catch_exceptions=False)
    report = json.loads(done.stdout)
    assert len(report.get("messages", [report])) == count


def test_a_message_that_is_moved_meanwhile_stops_nothing(tmp_path: Path) -> None:
    messages = bounces._messages(str(folder(tmp_path)))
    (tmp_path / "one.eml").rename(tmp_path.parent / "moved.eml")
    assert len(list(messages)) == 1


# — what the command does —

ADA, BO = "ada@readers.example", "bo@readers.example"
DSN = """\
From: MAILER-DAEMON@mx.example
To: {to}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example

Final-Recipient: rfc822; {who}
Action: failed
Status: {status}
Diagnostic-Code: smtp; 550 {status} {why}

--b--
"""


@dataclass
class Office:
    """A newsletter with an edition out, and the address to which each subscriber's bounces return."""

    root: Path
    returns: dict[str, str]

    def dsn(self, who: str, status: str = "5.1.1", why: str = "no such user", *, to: str = "") -> bytes:
        return DSN.format(to=to or self.returns[who], who=who, status=status, why=why).encode()

    def deliver(self, *messages: bytes) -> None:
        """Put messages into the configured mailbox."""
        with closing(mailbox.Maildir(self.root / "Bounces")) as box:
            for message in messages:
                box.add(message)

    def call(self, *words: str, given: bytes = b"") -> Result:
        words = ("-C", str(self.root), "bounces", *words)
        return CliRunner(env={"DIGEST_NOW": NOW.isoformat()}).invoke(group, words, input=given, catch_exceptions=False)

    def suppressed(self) -> dict[str, str]:
        with open_newsletter(self.root, lambda: NOW) as app:
            return dict(app.store.suppressions.among([ADA, BO]))


@pytest.fixture
async def office(site: RecordedSite, relay: Relay, furnish: Furnish) -> Office:
    extra = '[bounces]\naddress = "bounces@gazette.example"\nmailbox = "maildir:Bounces"\n'
    root = furnish(site.base, relay.port, extra=extra)
    (root / "subscribers.csv").write_text(f"email,status\n{ADA},active\n{BO},active\n")
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
    return Office(root, {to: sender for sender, to in relay.envelopes})


def test_the_configured_mailbox_is_read_and_what_follows_is_said(office: Office) -> None:
    office.deliver(office.dsn(ADA), office.dsn(BO, "5.2.2", "mailbox full"), b"Subject: hello\n\nHow are you?\n")
    done = office.call()
    assert done.exit_code == 0
    *outcomes, total = done.stdout.splitlines()
    assert sorted(outcomes) == [
        f"  {ADA}: suppressed (bounced)", f"  {BO}: recorded: the mailbox is full or disabled",
    ]  # fmt: skip
    assert total == "Read 3 new messages, 2 about subscribers."
    assert office.suppressed() == {ADA: "bounced"}
    assert (office.root / "subscribers.csv").read_text() == f"email,status\n{ADA},bounced\n{BO},active\n"


def test_the_configured_mailbox_is_read_once(office: Office) -> None:
    office.deliver(office.dsn(ADA))
    assert json.loads(office.call("--json").stdout) == {"read": 1, "outcomes": [{"email": ADA, "event": "bounced"}]}
    assert office.call().stdout == "Read 0 new messages, 0 about subscribers.\n"


def test_a_dry_run_without_a_message_reads_no_mailbox_and_changes_nothing(office: Office) -> None:
    office.deliver(office.dsn(ADA))
    with pytest.raises(UsageError, match="--dry-run needs a message"):
        office.call("--dry-run")
    assert office.suppressed() == {}
    assert office.call().stdout.endswith("Read 1 new message, 1 about subscribers.\n")


def test_without_a_mailbox_the_operator_is_told_of_both_ways(furnish: Furnish) -> None:
    office = Office(furnish("http://127.0.0.1:9", 9), {})
    with pytest.raises(ConfigError, match="mailbox is not set") as caught:
        office.call()
    assert "digest bounces FILE" in caught.value.remedy


def test_a_message_from_the_mail_server_takes_a_dead_address_off_the_list(office: Office) -> None:
    done = office.call("-", given=office.dsn(ADA))
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [f"dead address: {ADA} 5.1.1 smtp; 550 5.1.1 no such user", f"  {ADA}: suppressed (bounced)"]
    assert office.suppressed() == {ADA: "bounced"}
    assert (office.root / "subscribers.csv").read_text() == f"email,status\n{ADA},bounced\n{BO},active\n"


def test_a_dry_run_says_what_a_message_is_and_changes_nothing(office: Office) -> None:
    done = office.call("-", "--dry-run", given=office.dsn(ADA))
    assert done.stdout == f"dead address: {ADA} 5.1.1 smtp; 550 5.1.1 no such user\n"
    assert office.suppressed() == {}


def test_a_dry_run_needs_no_newsletter(tmp_path: Path) -> None:
    message = Office(tmp_path, {}).dsn(ADA, to="bounces@gazette.example")
    done = Office(tmp_path / "nowhere", {}).call("-", "--dry-run", "--json", given=message)
    found = json.loads(done.stdout)
    assert (found["kind"], found["bounce"], found["addresses"]) == ("hard", True, [ADA])
    assert (found["status"], found["outcomes"]) == ("5.1.1", [])


def test_a_bounce_that_proves_nothing_is_reported_and_the_mail_server_does_not_return_it(office: Office) -> None:
    done = office.call("-", given=office.dsn(ADA, to="daily@gazette.example"))
    assert done.exit_code == 0
    assert f"  {ADA}: ignored: cannot be traced to a message we sent" in done.stdout.splitlines()
    assert office.suppressed() == {}


def test_a_mail_that_is_no_report_is_ignored(office: Office) -> None:
    done = office.call("-", given=b"From: ada@readers.example\nTo: bounces@gazette.example\nSubject: hello\n\nHow are you?\n")
    assert (done.exit_code, done.stdout) == (0, "not a delivery report; ignored:\n")


def test_a_file_that_is_not_there_is_named(office: Office) -> None:
    with pytest.raises(UsageError, match="no such file") as caught:
        office.call("nowhere.eml")
    assert caught.value.thing == "nowhere.eml"

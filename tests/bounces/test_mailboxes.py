"""The mailbox that bounces arrive in: read once, counted without a trace, left to whoever holds it."""

import mailbox
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from digest.bounces import mailboxes
from digest.bounces.mailboxes import ImapMailbox, check_mailbox, count_new, read_new
from digest.errors import DigestError
from tests.dovecot import Dovecot, dovecot


def filled(folder: Path, kind: str, count: int = 3) -> str:
    """The place of a new mailbox with some messages."""
    with closing(mailbox.Maildir(folder / "box") if kind == "maildir" else mailbox.mbox(folder / "box")) as box:
        for number in range(count):
            box.add(f"Subject: {number}\n\nFrom here on\n".encode())
    return f"{kind}:box"


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_to_count_is_not_to_read(tmp_path: Path, kind: str) -> None:
    place = filled(tmp_path, kind)
    assert (count_new(place, tmp_path, ""), count_new(place, tmp_path, "")) == (3, 3)
    assert read_new(place, tmp_path, "", lambda raw: None) == 3
    assert count_new(place, tmp_path, "") == 0


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_what_is_read_at_a_time_has_a_limit_and_the_rest_stays_new(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "MAX_MESSAGES", 2)
    place, taken = filled(tmp_path, kind), list[bytes]()
    assert [read_new(place, tmp_path, "", taken.append) for _ in range(3)] == [2, 1, 0]
    assert sorted(raw[:10] for raw in taken) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]


@pytest.mark.parametrize("kind", ["maildir", "mbox"])
def test_a_mailbox_that_can_be_read_passes_the_check_and_one_that_cannot_is_named(tmp_path: Path, kind: str) -> None:
    check_mailbox(filled(tmp_path, kind), tmp_path, "")
    with pytest.raises(DigestError, match=r"none: not found.*Set bounces\.mailbox to a Maildir or an mbox file"):
        check_mailbox(f"{kind}:none", tmp_path, "")


@pytest.mark.parametrize(("kind", "message"), [("maildir", "cur, new and tmp"), ("mbox", "the file that the mail is delivered to")])
def test_a_mailbox_that_is_not_there_says_what_to_name(tmp_path: Path, kind: str, message: str) -> None:
    with pytest.raises(DigestError, match=message):
        read_new(f"{kind}:none", tmp_path, "", lambda raw: None)


def test_a_message_that_another_program_takes_away_meanwhile_is_passed_over(tmp_path: Path) -> None:
    place, taken = filled(tmp_path, "maildir"), list[bytes]()

    def take(raw: bytes) -> None:
        taken.append(raw)
        if len(taken) == 1:
            first, second, _third = sorted((tmp_path / "box" / "new").iterdir())
            for file in (first, second):  # the one in hand, and the next
                file.unlink()

    assert read_new(place, tmp_path, "", take) == 2
    assert len(taken) == 2


def test_a_message_keeps_the_flags_that_another_program_gave_it(tmp_path: Path) -> None:
    place = filled(tmp_path, "maildir", 1)
    (file,) = (tmp_path / "box" / "new").iterdir()
    file.rename(tmp_path / "box" / "cur" / f"{file.name}:2,F")
    assert read_new(place, tmp_path, "", lambda raw: None) == 1
    assert [path.name.rpartition(":2,")[2] for path in (tmp_path / "box" / "cur").iterdir()] == ["FS"]


def test_an_mbox_that_is_delivered_into_is_left_for_the_next_time(tmp_path: Path) -> None:
    place = filled(tmp_path, "mbox")
    lock = tmp_path / "box.lock"  # as every program that delivers makes one
    lock.touch()
    taken: list[bytes] = []
    with pytest.raises(DigestError, match=r"box: cannot be read.*Another program holds it; it is tried again"):
        read_new(place, tmp_path, "", taken.append)
    assert taken == []
    lock.unlink()
    assert read_new(place, tmp_path, "", taken.append) == 3


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    """A real IMAP server."""
    with tempfile.TemporaryDirectory(prefix="dovecot-", dir="/tmp") as name, dovecot(Path(name)) as running:
        yield running


def at(server: Dovecot, host: str = "127.0.0.1", folder: str = "INBOX") -> str:
    return f"imap://someone@{host}:{server.port}/{folder}"


def test_an_imap_mailbox_is_read_once_and_nothing_is_deleted(server: Dovecot, tmp_path: Path) -> None:
    server.deliver("one", b"Subject: one\n\nUnknown user\n")
    place, taken = at(server), list[bytes]()
    check_mailbox(place, tmp_path, "secret")
    assert count_new(place, tmp_path, "secret") == 1
    assert read_new(place, tmp_path, "secret", taken.append) == 1
    assert [b"Unknown user" in raw for raw in taken] == [True]
    assert count_new(place, tmp_path, "secret") == 0
    assert [file.name.partition(":")[0] for file in (server.maildir / "cur").iterdir()] == ["one"]


@pytest.mark.parametrize(("password", "folder"), [("wrong", "INBOX"), ("secret", "No such folder")])
def test_a_login_or_a_folder_that_is_wrong_says_what_to_check(server: Dovecot, tmp_path: Path, password: str, folder: str) -> None:
    with pytest.raises(DigestError, match=r"127\.0\.0\.1: cannot read the mailbox.*Check the address and DIGEST_IMAP_PASSWORD"):
        check_mailbox(at(server, folder=folder), tmp_path, password)


def test_no_password_goes_unencrypted_to_another_machine(server: Dovecot, tmp_path: Path) -> None:
    """By 0.0.0.0 one reaches this machine, but does not say so."""
    with pytest.raises(DigestError, match="STARTTLS"):
        check_mailbox(at(server, "0.0.0.0"), tmp_path, "secret")


class Stop:
    """A service that is stopped when it has been asked so many times."""

    def __init__(self, after: int) -> None:
        self.after = after

    def __call__(self) -> bool:
        self.after -= 1
        return self.after < 0


@pytest.mark.parametrize("idles", [True, False])
def test_to_wait_for_mail_ends_when_the_service_stops_and_the_connection_is_still_good(
    server: Dovecot, monkeypatch: pytest.MonkeyPatch, idles: bool
) -> None:
    slept: list[float] = []
    monkeypatch.setattr(mailboxes, "sleep", slept.append)
    with ImapMailbox.connect(at(server), "secret") as imap:
        if not idles:  # as some providers' servers
            monkeypatch.setattr(imap.client, "has_capability", lambda name: False)
        imap.wait(60, Stop(after=1))
        assert bool(slept) is not idles
        assert imap.read_new(lambda raw: None) == 0


@pytest.mark.parametrize("idles", [True, False])
def test_to_wait_for_mail_ends_with_its_time(server: Dovecot, monkeypatch: pytest.MonkeyPatch, idles: bool) -> None:
    with ImapMailbox.connect(at(server), "secret") as imap:
        monkeypatch.setattr(imap.client, "has_capability", lambda name: idles)
        imap.wait(0, Stop(after=1_000))
        assert imap.read_new(lambda raw: None) == 0


def test_what_arrives_is_not_waited_for(server: Dovecot) -> None:
    with ImapMailbox.connect(at(server), "secret") as imap:
        server.deliver("before", b"Subject: it came before the wait\n\n")
        imap.wait(60, Stop(after=0))
        assert imap.read_new(lambda raw: None) == 1


def test_what_arrives_meanwhile_ends_the_wait(server: Dovecot) -> None:
    def deliver() -> bool:
        if not list(server.maildir.glob("*/meanwhile*")):
            server.deliver("meanwhile", b"Subject: it came in between\n\n")
        return False

    with ImapMailbox.connect(at(server), "secret") as imap:
        imap.wait(60, deliver)
        assert imap.read_new(lambda raw: None) == 1

"""`digest bounces` reads the beginning of each message, however long it or its folder is."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.bounces.classify import MAX_MESSAGE_BYTES
from digest.cli import bounces

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

"""The list is replaced in one step or not at all, whoever holds it and whatever the disk says."""

import errno
import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from digest.errors import BusyError, SubscriberFileError
from digest.subscribers import add, backups, rewrite, set_status
from digest.subscribers.rewrite import FileEdit, NewRow
from tests.subscribers.test_subscriber_file import TODAY

BEFORE = "email,status\nada@r.example,active\n"


@pytest.fixture
def subscriber_file(tmp_path: Path) -> Path:
    path = tmp_path / "subscribers.csv"
    path.write_text(BEFORE)
    return path


def refused(number: int) -> Any:
    def refuse(*_given: object, **_named: object) -> None:
        raise OSError(number, os.strerror(number))

    return refuse


def test_a_disk_that_is_full_leaves_the_list_as_it_is(subscriber_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", refused(errno.ENOSPC))
    with pytest.raises(SubscriberFileError, match=r"subscribers\.csv: cannot write: No space left.*Check free disk space"):
        add(subscriber_file, "bo@r.example", today=TODAY)
    assert subscriber_file.read_text() == BEFORE
    assert sorted(file.name for file in subscriber_file.parent.iterdir()) == [".subscribers.csv.lock", "state", "subscribers.csv"]


def test_a_folder_that_may_not_be_written_to_is_named(subscriber_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "mkstemp", refused(errno.EACCES))
    with pytest.raises(SubscriberFileError, match=r"subscribers\.csv: cannot write to its folder: Permission denied"):
        add(subscriber_file, "bo@r.example", today=TODAY)
    assert subscriber_file.read_text() == BEFORE


def test_a_list_that_another_process_holds_is_left_to_it(subscriber_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_module("digest.subscribers.rewrite"), "LOCK_TIMEOUT", 0.05)
    with (
        FileLock(subscriber_file.with_name(".subscribers.csv.lock")),
        pytest.raises(BusyError, match=r"subscribers\.csv: locked by another"),
    ):
        add(subscriber_file, "bo@r.example", today=TODAY)
    assert subscriber_file.read_text() == BEFORE
    add(subscriber_file, "bo@r.example", today=TODAY)
    assert "bo@r.example" in subscriber_file.read_text()


def test_a_list_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(SubscriberFileError, match=r"none\.csv: cannot be read: No such file"):
        set_status(tmp_path / "none.csv", "ada@r.example", "paused")
    assert not (tmp_path / "none.csv").exists()


def test_nothing_to_change_changes_nothing(subscriber_file: Path) -> None:
    before = subscriber_file.stat()
    assert rewrite(subscriber_file, FileEdit()) == 0
    assert set_status(subscriber_file, "ada@r.example", "active")
    assert (subscriber_file.stat().st_ino, subscriber_file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_new_list_has_the_permissions_of_the_old_one(subscriber_file: Path) -> None:
    subscriber_file.chmod(0o640)
    add(subscriber_file, "bo@r.example", today=TODAY)
    assert subscriber_file.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a file away")
def test_a_list_of_another_user_stays_theirs(subscriber_file: Path) -> None:
    """The newsletter's own user must be able to read what root has changed."""
    os.chown(subscriber_file, 65_534, 65_534)
    add(subscriber_file, "bo@r.example", today=TODAY)
    assert (subscriber_file.stat().st_uid, subscriber_file.stat().st_gid) == (65_534, 65_534)
    assert "bo@r.example" in subscriber_file.read_text()


def test_a_row_is_appended_with_what_the_list_has_columns_for(subscriber_file: Path) -> None:
    row = NewRow(email="bo@r.example", name="Bo", values={"status": "pending", "town": "Hull"})
    rewrite(subscriber_file, FileEdit(rows=lambda: [row]))
    assert subscriber_file.read_text() == f"{BEFORE}bo@r.example,pending\n"


def test_a_private_list_is_backed_up_without_a_copy_and_an_open_one_is_closed(subscriber_file: Path) -> None:
    subscriber_file.chmod(0o600)
    backups.back_up(subscriber_file)
    (backup,) = backups.folder_of(subscriber_file).iterdir()
    assert backup.samefile(subscriber_file)
    backup.unlink()
    subscriber_file.chmod(0o644)
    backups.back_up(subscriber_file)
    (backup,) = backups.folder_of(subscriber_file).iterdir()
    assert not backup.samefile(subscriber_file)
    assert backup.stat().st_mode & 0o077 == 0
    assert backup.read_text() == BEFORE

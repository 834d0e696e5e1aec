"""Nobody else on the machine may read a newsletter's files, and what others may read is named and closed."""

import os
from pathlib import Path

import pytest

from digest.config.file_permissions import open_to_others, others_may_read, private_file, private_folder, tighten


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A newsletter whose store, log and backups were made with a careless umask."""
    (tmp_path / "state" / "backups").mkdir(parents=True)
    for name in ("state/digest.db", "state/backups/subscribers.csv", "sent.log", "digest.toml"):
        (tmp_path / name).write_text("ada@readers.example")
        (tmp_path / name).chmod(0o644)
    for name in ("state", "state/backups"):
        (tmp_path / name).chmod(0o755)
    return tmp_path


def test_what_others_may_read_is_named(root: Path) -> None:
    assert {str(path.relative_to(root)) for path in open_to_others(root)} == {
        "state", "state/backups", "state/backups/subscribers.csv", "state/digest.db", "sent.log",
    }  # fmt: skip


def test_what_others_may_read_is_closed_and_nothing_is_left_open(root: Path) -> None:
    assert len(tighten(root)) == 5
    assert list(open_to_others(root)) == []
    assert (root / "state" / "digest.db").read_text() == "ada@readers.example"
    assert tighten(root) == []


def test_a_link_is_left_alone_because_its_target_may_be_anybodys(root: Path) -> None:
    tighten(root)
    (root / "outside").write_text("theirs")
    (root / "outside").chmod(0o644)
    (root / "state" / "link").symlink_to(root / "outside")
    assert tighten(root) == []
    assert others_may_read(root / "outside")


def test_a_file_of_another_user_stays_named(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newsletter that was once run as root: its files cannot be closed by its own user."""

    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted", str(path))

    monkeypatch.setattr(Path, "chmod", refuse)
    assert tighten(root) == []
    assert len(list(open_to_others(root))) == 5


def test_a_newsletter_without_files_has_none_that_are_open(tmp_path: Path) -> None:
    assert list(open_to_others(tmp_path)) == []


def test_what_is_made_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private_folder(tmp_path / "state")
        private_file(tmp_path / "state" / "digest.db")
    finally:
        os.umask(before)
    assert not others_may_read(tmp_path / "state")
    assert not others_may_read(tmp_path / "state" / "digest.db")

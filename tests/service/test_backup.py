"""A backup made while the service runs, and a newsletter made from it: nothing lost, nobody mailed twice, every “no” kept."""

import io
import stat
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest

from digest.app import App, open_newsletter
from digest.errors import ConfigError, RestoredError, UsageError
from digest.publish import Permit, Unwatched, publish
from digest.service.backup import write_backup
from digest.service.backup_keys import lock_by_passphrase, lock_for, unlock_by_identity, unlock_by_passphrase
from digest.service.catch_up import CatchUp
from digest.service.restore import check_backup, restore
from tests.cli.test_edition import call
from tests.conftest import Furnish
from tests.desk.conftest import CUTOFF, KEY, days_material, moment
from tests.newsroom import Moment, RecordedSite
from tests.relay import Relay

__all__ = ["moment"]  # the fixture
READERS = 40
EXTRA = """
password_file = "relay-password"

[[dkim]]
domain = "gazette.example"
selector = "one"
key_file = "keys/dkim.pem"
"""


@pytest.fixture
def root(site: RecordedSite, relay: Relay, furnish: Furnish) -> Path:
    made = furnish(site.base, relay.port, emails=[f"r{number:02}@readers.example" for number in range(READERS)])
    (made / "templates").mkdir()
    (made / "templates" / "subject.txt.j2").write_text("{{ subject_line }}")
    (made / "editions").mkdir()
    (made / "editions" / "2026-11-24.md").write_text("Good morning.")
    (made / ".git").mkdir()
    (made / ".git" / "config").write_text("x")
    return made


@pytest.fixture
def app(root: Path, moment: Moment) -> Iterator[App]:
    with open_newsletter(root, moment, retry_delays=()) as app:
        app.store.content.keep(days_material(), moment())
        app.store.suppressions.add("r01@readers.example", "unsubscribed", moment())
        yield app


async def sent(app: App, permit: Permit | None = None) -> None:
    plan = app.config.editions[0]
    slot = app.slot(plan, app.calendar(plan).latest(app.clock()))
    await publish(app.pipeline, plan, slot, Unwatched(), permit or Permit())


async def test_what_was_is_there_again(app: App, root: Path, tmp_path: Path, moment: Moment, relay: Relay) -> None:
    moment.now = CUTOFF + timedelta(seconds=1)
    await sent(app)
    file = tmp_path / "backups" / "gazette.tar.gz"
    file.parent.mkdir()
    made = write_backup(app, file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    assert {"digest.toml", "subscribers.csv", "sent.log", "state/digest.db", "templates/subject.txt.j2"} <= set(made.files)
    assert not [name for name in made.files if ".git" in name]
    new = tmp_path / "new"
    again, held = restore(file, new, moment)
    assert (again, held) == (made, [])
    assert (new / "subscribers.csv").read_text() == (root / "subscribers.csv").read_text()
    with open_newsletter(new, moment, retry_delays=()) as restored:
        assert restored.store.deliveries.counts(KEY) == app.store.deliveries.counts(KEY)
        assert restored.store.secret("readers") == app.store.secret("readers")  # the links in old mails work
        await CatchUp(restored).publish_due()
        moment.now = CUTOFF + timedelta(days=1, seconds=1)
        restored.store.content.keep(days_material(), moment())
        await CatchUp(restored).publish_due()
    assert relay.counts["r01@readers.example"] == 0
    assert max(relay.counts.values()) <= 2  # two days
    assert not any(path.name.startswith(".restore") for path in tmp_path.iterdir())


async def test_what_went_out_after_the_backup_goes_to_nobody_twice(app: App, tmp_path: Path, moment: Moment, relay: Relay) -> None:
    write_backup(app, tmp_path / "night.tar.gz")
    moment.now = CUTOFF + timedelta(seconds=1)
    await sent(app)
    app.store.suppressions.add("r02@readers.example", "unsubscribed", moment())
    before = relay.counts.copy()
    moment.now += timedelta(minutes=30)
    _, held = restore(tmp_path / "night.tar.gz", tmp_path / "new", moment)
    assert held == [KEY]
    with open_newsletter(tmp_path / "new", moment, retry_delays=()) as restored:
        restored.store.content.keep(days_material(), moment())
        catch_up = CatchUp(restored)
        await catch_up.publish_due()
        assert "sent.log has 1 replies" in catch_up.said[KEY]
        with pytest.raises(RestoredError):
            await sent(restored)
        assert relay.counts == before
        await sent(restored, Permit(again=True))  # a person knows that it did not go
    assert relay.counts.total() > before.total()


async def test_a_newer_log_knows_who_has_left_and_what_went(
    app: App, root: Path, tmp_path: Path, moment: Moment, relay: Relay
) -> None:
    write_backup(app, tmp_path / "night.tar.gz")
    moment.now = CUTOFF + timedelta(seconds=1)
    await sent(app)
    app.store.suppressions.add("r02@readers.example", "unsubscribed", moment())
    moment.now = CUTOFF + timedelta(hours=3)
    restore(tmp_path / "night.tar.gz", tmp_path / "new", moment, root / "sent.log")
    relay.taken.clear()
    moment.now = CUTOFF + timedelta(days=1, seconds=1)
    with open_newsletter(tmp_path / "new", moment, retry_delays=()) as restored:
        await CatchUp(restored).publish_due()
    assert relay.counts["r02@readers.example"] == 0


async def test_a_backup_of_a_half_sent_edition_sends_nothing_by_itself(
    app: App, tmp_path: Path, moment: Moment, relay: Relay
) -> None:
    moment.now = CUTOFF + timedelta(seconds=1)
    relay.rcpt = lambda address: "450 4.2.0 later" if address > "r20" else None
    await sent(app)
    write_backup(app, tmp_path / "half.tar.gz")
    relay.rcpt = lambda _address: None
    moment.now += timedelta(minutes=20)
    await CatchUp(app).run()
    before = relay.counts.copy()
    _, held = restore(tmp_path / "half.tar.gz", tmp_path / "new", moment)
    assert held == [KEY]
    moment.now += timedelta(minutes=20)
    with open_newsletter(tmp_path / "new", moment, retry_delays=()) as restored:
        await CatchUp(restored).run()
    assert relay.counts == before
    assert set(relay.counts.values()) == {1}


def test_keys_stay_where_they_are(site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path, moment: Moment) -> None:
    root = furnish(site.base, relay.port, extra=EXTRA)
    (root / "relay-password").write_text("hunter2")
    (root / "keys").mkdir()
    (root / "keys" / "dkim.pem").write_text("a secret key")
    with open_newsletter(root, moment, retry_delays=()) as app:
        made = write_backup(app, tmp_path / "b.tar.gz")
    assert made.left_out == ("keys/dkim.pem", "relay-password")
    with tarfile.open(tmp_path / "b.tar.gz") as archive:
        contents = b"".join(archive.extractfile(entry).read() for entry in archive)  # type: ignore[union-attr]
    assert b"hunter2" not in contents
    assert b"a secret key" not in contents
    restore(tmp_path / "b.tar.gz", tmp_path / "new", moment)
    assert not (tmp_path / "new" / "relay-password").exists()
    with pytest.raises(ConfigError, match="relay-password"), open_newsletter(tmp_path / "new", moment):
        pass
    (tmp_path / "new" / "relay-password").write_text("hunter2")
    with open_newsletter(tmp_path / "new", moment) as app:
        assert app.config.smtp.password == "hunter2"


@pytest.mark.parametrize("how", ["passphrase", "identity"])
def test_keys_that_are_asked_for_are_encrypted_and_come_back(
    how: str, site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path, moment: Moment
) -> None:
    root, file = furnish(site.base, relay.port, extra=EXTRA), tmp_path / "b.tar.gz"
    (root / "relay-password").write_text("hunter2")
    (root / "keys").mkdir()
    (root / "keys" / "dkim.pem").write_text("a secret key")
    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(f"# made by age-keygen\n{identity}\n")
    lock = lock_for(str(identity.to_public())) if how == "identity" else lock_by_passphrase("correct horse")
    unlock = unlock_by_identity(tmp_path / "identity") if how == "identity" else unlock_by_passphrase("correct horse")
    with open_newsletter(root, moment, retry_delays=()) as app:
        assert write_backup(app, file, lock).has_keys
    with tarfile.open(file) as archive:
        contents = {entry.name: archive.extractfile(entry).read() for entry in archive}  # type: ignore[union-attr]
    assert contents[".keys.age"].startswith(b"age-encryption.org/v1\n")
    assert not any(word in content for content in contents.values() for word in (b"hunter2", b"a secret key", b"correct horse"))
    made, _ = restore(file, tmp_path / "without", moment)
    assert made.left_out == ("keys/dkim.pem", "relay-password")
    assert not (tmp_path / "without" / ".keys.age").exists()
    wrong = unlock_by_passphrase("wrong")
    with pytest.raises(UsageError, match="cannot be decrypted"):
        restore(file, tmp_path / "wrong", moment, unlock=wrong)
    assert not (tmp_path / "wrong").exists()
    assert check_backup(file, moment, unlock).left_out == ()
    restore(file, tmp_path / "new", moment, unlock=unlock)
    assert (tmp_path / "new" / "keys" / "dkim.pem").read_text() == "a secret key"
    assert stat.S_IMODE((tmp_path / "new" / "relay-password").stat().st_mode) == 0o600
    with open_newsletter(tmp_path / "new", moment) as app:
        assert app.config.smtp.password == "hunter2"


def test_a_key_that_is_kept_elsewhere_stays_there(
    site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path, moment: Moment
) -> None:
    elsewhere = tmp_path / "secrets" / "relay"
    elsewhere.parent.mkdir()
    elsewhere.write_text("hunter2")
    root, file = furnish(site.base, relay.port, extra=f'password_file = "{elsewhere}"\n'), tmp_path / "b.tar.gz"
    (root / "keys.age").write_text("one of ours")
    with open_newsletter(root, moment, retry_delays=()) as app:
        write_backup(app, file, lock_by_passphrase("correct horse"))
    made, _ = restore(file, tmp_path / "new", moment, unlock=unlock_by_passphrase("correct horse"))
    assert made.left_out == (str(elsewhere),)
    assert (tmp_path / "new" / "keys.age").read_text() == "one of ours"


@pytest.mark.parametrize("words", [["--keys"], ["--recipient", "age1nobody"]])
def test_keys_that_cannot_be_encrypted_are_not_written(words: list[str], root: Path, app: App, tmp_path: Path) -> None:
    file = tmp_path / "b.tar.gz"
    done = call(root, "backup", *words, str(file))
    assert done.exit_code != 0
    assert not file.exists()


def damaged(file: Path, how: str) -> None:
    data = bytearray(file.read_bytes())
    if how == "cut":
        file.write_bytes(bytes(data[: len(data) // 2]))
    elif how == "no archive":
        file.write_bytes(b"hello")
    elif how == "empty":
        file.write_bytes(b"")
    else:
        with tarfile.open(file) as archive:
            entries = [(entry, archive.extractfile(entry).read()) for entry in archive]  # type: ignore[union-attr]
        with tarfile.open(file, "w:gz") as archive:
            for entry, content in entries:
                changed = content.replace(b"email", b"evil!") if how == "changed" and entry.name == "subscribers.csv" else content
                archive.addfile(entry, io.BytesIO(changed))
            if how in {"../outside", "/outside", "extra"}:
                more = tarfile.TarInfo(how)
                more.size = 1
                archive.addfile(more, io.BytesIO(b"x"))
            if how == "link":
                more = tarfile.TarInfo("state/link")
                more.type, more.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(more)


@pytest.mark.parametrize("how", ["cut", "no archive", "empty", "changed", "../outside", "/outside", "extra", "link"])
def test_a_damaged_or_hostile_backup_changes_nothing(app: App, tmp_path: Path, moment: Moment, how: str) -> None:
    file = tmp_path / "b.tar.gz"
    write_backup(app, file)
    damaged(file, how)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"cannot be read as a backup|is damaged"):
        restore(file, tmp_path / "new", moment)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_with_something_in_it_is_left_alone(app: App, root: Path, tmp_path: Path, moment: Moment) -> None:
    write_backup(app, tmp_path / "b.tar.gz")
    with pytest.raises(UsageError, match="is not empty"):
        restore(tmp_path / "b.tar.gz", root, moment)
    with pytest.raises(UsageError, match="would be in the next backup"):
        write_backup(app, root / "b.tar.gz")
    (tmp_path / "new").mkdir()
    restore(tmp_path / "b.tar.gz", tmp_path / "new", moment)


def test_a_rehearsal_leaves_nothing(app: App, tmp_path: Path, moment: Moment) -> None:
    write_backup(app, tmp_path / "b.tar.gz")
    before = sorted(tmp_path.iterdir())
    assert check_backup(tmp_path / "b.tar.gz", moment).newsletter == "The Harbour Gazette"
    assert sorted(tmp_path.iterdir()) == before


def test_a_backup_that_fails_leaves_the_last_one(app: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "b.tar.gz"
    write_backup(app, file)
    whole = file.read_bytes()
    monkeypatch.setattr("os.fsync", lambda _file: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(OSError, match="No space"):
        write_backup(app, file)
    assert file.read_bytes() == whole
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.tar.gz", "paper"]


def test_the_commands_say_what_they_did(root: Path, app: App, tmp_path: Path) -> None:
    assert app.config.root == root
    done = call(root, "backup", str(tmp_path / "b.tar.gz"))
    assert "files in" in done.stdout
    assert "can be restored." in call(tmp_path / "new", "restore", "--check", str(tmp_path / "b.tar.gz")).stdout
    assert (
        "The Harbour Gazette, as it was on Tue 24 Nov 2026 at 06:40 UTC: is restored."
        in call(tmp_path / "new", "restore", str(tmp_path / "b.tar.gz")).stdout
    )
    assert "No edition" not in call(tmp_path / "new", "status").stdout


@pytest.mark.parametrize(("made_at", "restored_at", "held"), [
    (timedelta(minutes=-60), timedelta(minutes=-20), [KEY]),  # an editor may have sent it at 06:30
    (timedelta(seconds=5), timedelta(minutes=90), [KEY]),  # the backup was made between its hour and its freeze
    (timedelta(hours=-9), timedelta(hours=-8), []),  # nobody sends at eleven in the evening
])  # fmt: skip
def test_whatever_may_have_gone_is_held(
    site: RecordedSite,
    relay: Relay,
    furnish: Furnish,
    tmp_path: Path,
    moment: Moment,
    made_at: timedelta,
    restored_at: timedelta,
    held: list[str],
) -> None:
    root = furnish(site.base, relay.port, extra='[desk]\neditors = ["Ada <ada@gazette.example>"]\n')
    moment.now = CUTOFF + made_at
    with open_newsletter(root, moment, retry_delays=()) as app:
        app.store.content.keep(days_material(), moment())
        yesterday = app.slot(app.config.editions[0], CUTOFF.date() - timedelta(days=1))
        app.store.editions.skip(yesterday, "for the test", moment())
        write_backup(app, tmp_path / "b.tar.gz")
    moment.now = CUTOFF + restored_at
    assert restore(tmp_path / "b.tar.gz", tmp_path / "new", moment)[1] == held

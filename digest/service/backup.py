"""Backups: a newsletter's folder and its database in one file, made while the service runs, and made good again from it.

Keys and passwords are not in it. What went out after the backup is not known to it, so nothing that may have gone is sent again
until a person says so.
"""

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import IO, cast

from digest import __version__
from digest.app import App, open_newsletter
from digest.clock import Clock
from digest.config import EditionPlan
from digest.config.file_permissions import FOLDER, PRIVATE
from digest.edition.sent_log import LOG_FILE, SentLog
from digest.errors import UsageError
from digest.model import Slot

FORMAT = 1
MANIFEST = "manifest.json"
MAX_MANIFEST_BYTES = 10_000_000
SENT_EARLY = timedelta(hours=4)  # so long before its hour an edition may have been sent by an editor
_NOT_COPIED = frozenset({"state", "__pycache__", LOG_FILE})  # the database and the log are copied by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup says of itself: whose it is, when it was made, its files with their SHA-256, and what is not in it."""

    newsletter: str
    made: datetime
    files: dict[str, str]
    left_out: tuple[str, ...]


def write_backup(app: App, file: Path) -> Backup:
    """Write a backup of a newsletter, as it is at one moment of its database. Only the owner may read the file.

    Raises UsageError if the store is not SQLite: PostgreSQL has backups of its own.
    """
    database, root = _database(app), app.config.root
    if file.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            "is in the newsletter's folder, and would be in the next backup", thing=str(file), remedy="Write it elsewhere."
        )
    partial = file.with_name(f"{file.name}.part")
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=".backup-") as folder:
        snapshot = Path(folder) / "digest.db"
        app.store.copy_to(snapshot)
        secret = _secret_files(app)
        paths = {path.relative_to(root).as_posix(): path for path in _files(root, {file, partial}) if path.resolve() not in secret}
        paths[database.relative_to(root.resolve()).as_posix()] = snapshot
        if (root / LOG_FILE).exists():  # after the database: what it proves, the database may lack, and not the other way round
            paths[LOG_FILE] = root / LOG_FILE
        left_out = tuple(sorted(_relative(path, root.resolve()) for path in secret))
        made = Backup(newsletter=app.config.newsletter.name, made=app.clock(), files={}, left_out=left_out)
        try:
            made = _write(partial, paths, made)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    return made


def _database(app: App) -> Path:
    path = app.store.file
    if path is None:
        raise UsageError("only a SQLite store is backed up", remedy="Use pg_dump, and copy the folder and sent.log.")
    if not path.is_relative_to(app.config.root.resolve()):
        raise UsageError("the database is outside the newsletter's folder", thing=str(path), remedy="Back it up by itself.")
    return path


def _secret_files(app: App) -> set[Path]:
    """Return the files that hold keys, passwords and tokens."""
    config = app.config
    relays = [*config.smtp.fleet, *([config.alarms.relay] if config.alarms.relay else [])]
    named = [*(key.key_file for key in config.dkim), config.bounces.password_file]
    named += [path for relay in relays for path in (relay.password_file, relay.token_file)]
    named += [path for hook in config.bounces.webhooks.values() for path in (hook.key_file, hook.password_file)]
    return {(config.root / path).resolve() for path in named if path}


def _relative(path: Path, root: Path) -> str:
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)


def _files(root: Path, own: set[Path]) -> Iterator[Path]:
    """Yield the files of a newsletter's folder, without what is hidden, linked, made anew, or the backup itself."""
    for path in sorted(root.rglob("*")):
        parts = path.relative_to(root).parts
        if parts[0] in _NOT_COPIED or any(part.startswith(".") or part == "__pycache__" for part in parts):
            continue
        if path.is_file() and not path.is_symlink() and path not in own and not path.name.endswith(".part"):
            yield path


def _write(partial: Path, paths: dict[str, Path], made: Backup) -> Backup:
    """Write the files and what they are; return that."""
    hashes: dict[str, str] = {}
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE), "wb") as raw:
        with tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as archive:
            for name, path in paths.items():
                with path.open("rb") as file:
                    hashes[name] = _add(archive, name, file, os.fstat(file.fileno()).st_size)
            made = replace(made, files=hashes)
            plain = json.dumps(_plain(made)).encode()
            _add(archive, MANIFEST, io.BytesIO(plain), len(plain))
        raw.flush()
        os.fsync(raw.fileno())
    return made


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        data = self._file.read(size)
        self.hash.update(data)
        return data


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> str:
    """Add so many bytes of a file; return their SHA-256."""
    entry, hashing = tarfile.TarInfo(name), _Hashing(file)
    entry.size, entry.mode = size, PRIVATE
    archive.addfile(entry, cast(IO[bytes], hashing))
    return hashing.hash.hexdigest()


def _plain(made: Backup) -> dict[str, object]:
    return {
        "format": FORMAT, "digest": __version__, "newsletter": made.newsletter, "made": made.made.isoformat(),
        "files": made.files, "left_out": list(made.left_out),
    }  # fmt: skip


# — restoring —


def read_backup(file: Path, folder: Path) -> Backup:
    """Write the files of a backup into a folder; raise UsageError if it is none, is damaged, or holds what it does not name."""
    found: dict[str, str] = {}
    try:
        with tarfile.open(file, mode="r:gz") as archive:
            made: Backup | None = None
            for entry in archive:
                stream = _stream(archive, entry)
                if entry.name == MANIFEST:
                    made = _parse(stream.read(MAX_MANIFEST_BYTES))
                else:
                    found[entry.name] = _place(folder, entry.name, stream)
    except FileNotFoundError as error:
        raise UsageError("there is no such file", thing=str(file)) from error
    except (tarfile.TarError, zlib.error, OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"cannot be read as a backup: {error}", thing=str(file), remedy="Take another one.") from error
    if made is None or made.files != found:
        raise UsageError("is damaged: its files are not those it was made with", thing=str(file), remedy="Take another one.")
    return made


def _stream(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    stream = archive.extractfile(entry) if entry.isfile() else None
    if stream is None:
        raise ValueError(f"{entry.name!r} is no file")
    return stream


def _place(folder: Path, name: str, stream: IO[bytes]) -> str:
    """Write a file below a folder; return its SHA-256."""
    parts = PurePosixPath(name).parts
    if not parts or PurePosixPath(name).is_absolute() or ".." in parts or "\\" in name or ":" in parts[0]:
        raise ValueError(f"{name!r} is no name within a folder")
    path, hashing = folder.joinpath(*parts), _Hashing(stream)
    path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE), "wb") as file:
        shutil.copyfileobj(cast(IO[bytes], hashing), file)
    return hashing.hash.hexdigest()


def _parse(data: bytes) -> Backup:
    plain = json.loads(data)
    if plain["format"] != FORMAT:
        raise ValueError(f"it was made by digest {plain['digest']}, in another format")
    files = {str(name): str(value) for name, value in plain["files"].items()}
    made = datetime.fromisoformat(plain["made"])
    return Backup(newsletter=str(plain["newsletter"]), made=made, files=files, left_out=tuple(map(str, plain["left_out"])))


def restore(file: Path, root: Path, clock: Clock, sent_log: Path | None = None) -> tuple[Backup, list[str]]:
    """Make a newsletter's folder from a backup; return the backup, and the editions that are held until a person says more.

    `sent_log` is a newer log than the backup's, if it was saved: it knows who has left since. Raises UsageError if the folder has
    something in it; nothing is changed then.
    """
    if root.exists() and any(root.iterdir()):
        raise UsageError("is not empty", thing=str(root), remedy="Restore into a new folder, or move this one away first.")
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".restore-") as holder:
        folder = Path(holder) / "newsletter"
        folder.mkdir(mode=FOLDER)
        made = read_backup(file, folder)
        if sent_log is not None:
            shutil.copyfile(sent_log, folder / LOG_FILE)
            (folder / LOG_FILE).chmod(PRIVATE)
        with _stand_ins(folder, made.left_out):
            held = _fence(folder, clock)
        if root.exists():
            root.rmdir()
        folder.replace(root)
    return made, held


def check_backup(file: Path, clock: Clock) -> Backup:
    """Rehearse a restore in a folder that is deleted again; raise DigestError if it would fail."""
    with tempfile.TemporaryDirectory(prefix="digest-check-") as holder:
        made, _ = restore(file, Path(holder) / "newsletter", clock)
    return made


@contextmanager
def _stand_ins(folder: Path, left_out: tuple[str, ...]) -> Iterator[None]:
    """Put something where keys and passwords are wanted, until the folder has been looked at."""
    made = [folder / name for name in left_out if not Path(name).is_absolute() and not (folder / name).exists()]
    for path in made:
        path.parent.mkdir(parents=True, exist_ok=True, mode=FOLDER)
        path.write_text("not in the backup\n")
    try:
        yield
    finally:
        for path in made:
            path.unlink()


def _fence(folder: Path, clock: Clock) -> list[str]:
    """Hold every edition that may have gone since the backup was made: `sent.log` then has more answers than the database."""
    log = SentLog(folder / LOG_FILE)
    with open_newsletter(folder, clock) as app:
        held = []
        for frozen in app.store.editions.unfinished():
            log.add_answers(frozen.key, app.store.deliveries.answers(frozen.key) + 1, clock())
            held.append(frozen.key)
        for slot in (slot for plan in app.config.editions for slot in _doubtful(app, plan, clock())):
            if not app.store.editions.has_slot(slot.key):
                log.add_answers(slot.key, 1, clock())
                held.append(slot.key)
        return held


def _doubtful(app: App, plan: EditionPlan, now: datetime) -> Iterator[Slot]:
    """Yield the slots whose edition may have gone, and the backup does not know: the last, and one that was perhaps sent early."""
    calendar = app.calendar(plan)
    yield app.slot(plan, calendar.latest(now))
    coming = app.slot(plan, next(calendar.upcoming(now)))
    if app.config.desk.editors and coming.window.end - now <= SENT_EARLY:
        yield coming

"""Backups: a newsletter's folder and its database in one file, made while the service runs.

Keys and passwords are not in it, unless they are asked for, and then they are encrypted.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from digest.app import App
from digest.edition.sent_log import LOG_FILE
from digest.errors import UsageError
from digest.service.backup_file import KEYS, Backup, clear_leftovers, write_archive
from digest.service.backup_keys import Lock, sealed

_NOT_COPIED = frozenset({"state", "__pycache__", LOG_FILE})  # the database and the log are copied by themselves


def write_backup(app: App, file: Path, lock: Lock | None = None) -> Backup:
    """Write a backup of a newsletter, as it is at one moment of its database. Only the owner may read the file.

    With a lock, keys and passwords are in it, encrypted. Raises UsageError if the store is not SQLite: PostgreSQL has backups of
    its own.
    """
    database, root = _database(app), app.config.root
    if file.resolve().is_relative_to(root.resolve()):
        raise UsageError(
            "is in the newsletter's folder, and would be in the next backup", thing=str(file), remedy="Write it elsewhere."
        )
    clear_leftovers(file.parent, ".backup-")
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
        if lock is not None:
            here = [path for path in secret if path.is_file() and path.is_relative_to(root.resolve())]
            inside = {_relative(path, root.resolve()): path for path in here}
            (keys := Path(folder) / KEYS).write_bytes(sealed(inside, lock))
            paths[KEYS] = keys
        made = Backup(newsletter=app.config.newsletter.name, made=app.clock(), files={}, left_out=left_out)
        try:
            made = write_archive(partial, paths, made)
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

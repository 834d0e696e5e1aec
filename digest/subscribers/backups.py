"""The last versions of the subscriber list, in case a change was not the one that was meant."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.config.file_modes import OTHERS, private_file, private_folder

MAX_BACKUPS = 10
BACKUP_INTERVAL = timedelta(minutes=10)  # a hundred readers who leave in one morning are not worth a hundred copies


def folder_of(path: Path) -> Path:
    """Where the versions of a file are."""
    return path.parent / "state" / "backups"


def keep(path: Path, *, apart: timedelta = BACKUP_INTERVAL) -> None:
    """Keep a file as it is now, before it is replaced, unless one of late is kept; the oldest beyond ten are dropped.

    A second name for the same bytes costs nothing, since a change writes a new file; where others may read the file itself, the
    version is a copy, which they may not.
    """
    folder, now = folder_of(path), datetime.now(UTC)
    private_folder(folder.parent)
    private_folder(folder)
    kept = sorted(folder.glob(f"{path.stem}-*{path.suffix}"))
    if kept and now - datetime.fromtimestamp(kept[-1].stat().st_ctime, UTC) < apart:
        return
    version = folder / f"{path.stem}-{now:%Y%m%dT%H%M%S%f}{path.suffix}"
    try:
        if path.stat().st_mode & OTHERS:
            raise PermissionError
        os.link(path, version)
    except OSError:  # or a file system without hard links
        private_file(version)
        shutil.copyfile(path, version)
    for old in kept[: max(0, len(kept) + 1 - MAX_BACKUPS)]:
        old.unlink(missing_ok=True)

"""The last versions of the subscriber list, in case a change was not the intended one."""

import os
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from digest.config.file_permissions import OTHERS, private_file, private_folder

MAX_BACKUPS = 10
BACKUP_INTERVAL = timedelta(minutes=10)  # a hundred subscribers who leave in one morning do not need a hundred copies


def folder_of(path: Path) -> Path:
    """Return the folder with the backups of a file."""
    return path.parent / "state" / "backups"


def back_up(path: Path, *, min_interval: timedelta = BACKUP_INTERVAL) -> None:
    """Back a file up before it is replaced, unless the newest backup is younger than `min_interval`; delete the oldest beyond ten.

    A second name for the same bytes costs nothing, because a change writes a new file. If others may read the file itself, the
    backup is a copy, which they may not read.
    """
    folder, now = folder_of(path), datetime.now(UTC)
    private_folder(folder.parent)
    private_folder(folder)
    backups = sorted(folder.glob(f"{path.stem}-*{path.suffix}"))
    if backups and now - datetime.fromtimestamp(backups[-1].stat().st_ctime, UTC) < min_interval:
        return
    backup = folder / f"{path.stem}-{now:%Y%m%dT%H%M%S%f}{path.suffix}"
    try:
        if path.stat().st_mode & OTHERS:
            raise PermissionError
        os.link(path, backup)
    except OSError:  # others may read the file, or the file system has no hard links
        private_file(backup)
        shutil.copyfile(path, backup)
    for old in backups[: max(0, len(backups) + 1 - MAX_BACKUPS)]:
        old.unlink(missing_ok=True)

"""Making a newsletter good again from a backup.

What went out after the backup is not known to it, so nothing that may have gone is sent again until a person says so.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from digest.app import App, open_newsletter
from digest.clock import Clock
from digest.config import EditionPlan
from digest.config.file_permissions import FOLDER, PRIVATE
from digest.edition.sent_log import LOG_FILE, SentLog
from digest.errors import UsageError
from digest.model import Slot
from digest.service.backup_file import KEYS, Backup, clear_leftovers, place, read_backup
from digest.service.backup_keys import Unlock, unsealed

SENT_EARLY = timedelta(hours=4)  # so long before its hour an edition may have been sent by an editor


def restore(
    file: Path, root: Path, clock: Clock, sent_log: Path | None = None, unlock: Unlock | None = None
) -> tuple[Backup, list[str]]:
    """Make a newsletter's folder from a backup; return the backup, and the editions that are held until a person says more.

    `sent_log` is a newer log than the backup's, if it was saved: it knows who has left since. `unlock` decrypts the keys, if there
    are any. Raises UsageError if the folder has something in it; nothing is changed then.
    """
    if root.exists() and any(root.iterdir()):
        raise UsageError("is not empty", thing=str(root), remedy="Restore into a new folder, or move this one away first.")
    root.parent.mkdir(parents=True, exist_ok=True)
    clear_leftovers(root.parent, ".restore-")
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".restore-") as holder:
        folder = Path(holder) / "newsletter"
        folder.mkdir(mode=FOLDER)
        made = read_backup(file, folder)
        made = _place_keys(folder, made, unlock)
        if sent_log is not None:
            shutil.copyfile(sent_log, folder / LOG_FILE)
            (folder / LOG_FILE).chmod(PRIVATE)
        with _stand_ins(folder, made.left_out):
            held = _fence(folder, clock)
        if root.exists():
            root.rmdir()
        folder.replace(root)
    return made, held


def check_backup(file: Path, clock: Clock, unlock: Unlock | None = None) -> Backup:
    """Rehearse a restore in a folder that is deleted again; raise DigestError if it would fail."""
    with tempfile.TemporaryDirectory(prefix="digest-check-") as holder:
        made, _ = restore(file, Path(holder) / "newsletter", clock, unlock=unlock)
    return made


def _place_keys(folder: Path, made: Backup, unlock: Unlock | None) -> Backup:
    """Put the keys of a backup where they belong, if they can be decrypted; return the backup with what is missing."""
    locked = folder / KEYS
    if not locked.exists():
        return made
    data = locked.read_bytes()
    locked.unlink()
    keys = unsealed(data, unlock) if unlock is not None else {}
    for name, content in keys.items():
        if name not in made.left_out or Path(name).is_absolute():
            raise UsageError(f"is damaged: {name!r} is no key of this newsletter", thing=KEYS)
        place(folder, name, io.BytesIO(content))
    return replace(made, left_out=tuple(name for name in made.left_out if name not in keys))


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

"""Who may read a newsletter's files: its own user alone, whatever the umask. The store holds every address and the secret of all
readers' links.
"""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PRIVATE, FOLDER = 0o600, 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_folder(path: Path) -> None:
    """Make a folder that nobody else may look into."""
    path.mkdir(parents=True, exist_ok=True, mode=FOLDER)


def private_file(path: Path) -> None:
    """Make an empty file that nobody else may read, unless it is there."""
    path.touch(PRIVATE, exist_ok=True)


def others_may_read(path: Path) -> bool:
    """Whether its modes say so; OSError where no such file."""
    return bool(path.stat().st_mode & OTHERS)


def open_to_others(root: Path) -> Iterator[Path]:
    """The files of a newsletter's `state` and its log that others on this machine may read."""
    state = root / "state"
    for path in (state, *sorted(state.rglob("*")), root / "sent.log"):
        with suppress(OSError):
            if not path.is_symlink() and others_may_read(path):
                yield path


def tightened(root: Path) -> list[Path]:
    """Close them; returns those that were open and are closed now."""
    closed = []
    for path in open_to_others(root):
        with suppress(PermissionError):  # another user's; `digest check` names it
            path.chmod(FOLDER if path.is_dir() else PRIVATE)
            closed.append(path)
    return closed

"""File modes: only a newsletter's own user may read its files, whatever the umask. The store holds every address and the secret of
all reader links.
"""

import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PRIVATE, FOLDER = 0o600, 0o700
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def private_folder(path: Path) -> None:
    """Create a folder that nobody else may read, unless it exists."""
    path.mkdir(parents=True, exist_ok=True, mode=FOLDER)


def private_file(path: Path) -> None:
    """Create an empty file that nobody else may read, unless it exists."""
    path.touch(PRIVATE, exist_ok=True)


def others_may_read(path: Path) -> bool:
    """Return whether a file's mode gives other users any access; raise OSError if there is no such file."""
    return bool(path.stat().st_mode & OTHERS)


def open_to_others(root: Path) -> Iterator[Path]:
    """Yield `state`, the files in it and the newsletter's log, if others on this machine may read them."""
    state = root / "state"
    for path in (state, *sorted(state.rglob("*")), root / "sent.log"):
        with suppress(OSError):
            if not path.is_symlink() and others_may_read(path):
                yield path


def tighten(root: Path) -> list[Path]:
    """Close the files that are open to others, and return those that are now closed."""
    closed = []
    for path in open_to_others(root):
        with suppress(PermissionError):  # it belongs to another user; `digest check` names it
            path.chmod(FOLDER if path.is_dir() else PRIVATE)
            closed.append(path)
    return closed

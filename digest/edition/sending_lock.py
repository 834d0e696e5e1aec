"""The lock under which messages are sent: one process at a time, for each newsletter."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from digest.config.file_permissions import PRIVATE, private_folder
from digest.errors import BusyError


@contextmanager
def sending(root: Path, wait: float = 0) -> Iterator[None]:
    """Hold the sending lock, or raise BusyError after some seconds; the system frees it when a process dies."""
    folder = root / "state"
    private_folder(folder)
    try:
        with FileLock(folder / "sending.lock", timeout=wait, mode=PRIVATE):
            yield
    except Timeout as error:
        raise BusyError(
            "another digest process is sending",
            thing=str(root),
            remedy="Wait for it to finish. See `digest status` for progress.",
        ) from error

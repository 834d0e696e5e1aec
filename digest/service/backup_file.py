"""The file of a backup: a compressed archive, and in it a list of what it holds with the SHA-256 of each."""

import hashlib
import io
import json
import os
import shutil
import tarfile
import time
import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, cast

from digest import __version__
from digest.config.file_permissions import FOLDER, PRIVATE
from digest.errors import UsageError

FORMAT = 1
MANIFEST = "manifest.json"
LEFT_OVER = 86_400.0  # seconds
MAX_MANIFEST_BYTES = 10_000_000
KEYS = ".keys.age"  # see `backup_keys`; no file of a newsletter has that name, because hidden ones are not copied


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What a backup says of itself: whose it is, when it was made, its files with their SHA-256, and the files with keys and
    passwords, which are not in it, or in it encrypted. Once it is restored, `left_out` are those that are not there.
    """

    newsletter: str
    made: datetime
    files: dict[str, str]
    left_out: tuple[str, ...]

    @property
    def has_keys(self) -> bool:
        """Whether the keys are in it."""
        return KEYS in self.files


def write_archive(partial: Path, paths: dict[str, Path], made: Backup) -> Backup:
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
                    found[entry.name] = place(folder, entry.name, stream)
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


def place(folder: Path, name: str, stream: IO[bytes]) -> str:
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


def clear_leftovers(folder: Path, prefix: str) -> None:
    """Delete what runs that were killed a day ago or earlier have left in a folder."""
    for path in folder.glob(f"{prefix}*"):
        if path.is_dir() and time.time() - path.stat().st_mtime > LEFT_OVER:
            shutil.rmtree(path, ignore_errors=True)

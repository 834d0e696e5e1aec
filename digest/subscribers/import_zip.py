"""Lists that come in a ZIP, as from Mailchimp: one CSV of those who get mail, and others of those who no longer do."""

import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from digest.errors import SubscriberFileError

MAX_LIST_BYTES = 2_000_000_000  # bytes of all lists of a ZIP, unpacked
_ZIP_SIGNATURE = b"PK\x03\x04"


# The status of a list among several, by a word in its name; the first that fits counts. None: the list says it itself.
_STATUS_BY_NAME = (("nonsubscribed", "pending"), ("unsubscribed", "unsubscribed"), ("cleaned", "bounced"), ("bounced", "bounced"),
          ("complained", "complained"), ("pending", "pending"), ("subscribed", None))  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportFile:
    """One list, and the status of all its subscribers, whatever it says; None if the list says it itself."""

    path: Path
    status: str | None


@contextmanager
def unpack_lists(file: Path) -> Iterator[list[ImportFile]]:
    """Yield the file itself, or the lists in it, which exist as long as the block lasts.

    Raises SubscriberFileError if the ZIP is damaged, without a list, or too large, or the names of several lists do not say what
    their subscribers are. A workbook is a ZIP too; it is yielded as it is, so that whoever reads it reports what it is.
    """
    if not _detect_zip(file):
        yield [ImportFile(file, None)]
        return
    with zipfile.ZipFile(file) as bundle, tempfile.TemporaryDirectory(prefix="digest-import-") as folder:
        lists = [row for row in bundle.infolist() if _is_list(row)]
        statuses = [_status(row.filename) for row in lists] if len(lists) > 1 else [_status(row.filename) or None for row in lists]
        if not lists or "" in statuses:
            names = ", ".join(row.filename for row in lists)[:300] or "no CSV"
            raise SubscriberFileError(
                f"holds {names}", thing=file.name, remedy="Unpack it and import one list after the other, who left first."
            )
        if sum(row.file_size for row in lists) > MAX_LIST_BYTES:
            raise SubscriberFileError("holds lists that are too large", thing=file.name)
        yield [
            ImportFile(_extract(bundle, row, Path(folder) / f"{number}-{PurePosixPath(row.filename).name}"), status)
            for number, (row, status) in enumerate(zip(lists, statuses, strict=True), start=1)
        ]


def _is_list(row: zipfile.ZipInfo) -> bool:
    """Return whether a member is a CSV, and not what macOS writes beside each (`__MACOSX/._list.csv`)."""
    path = PurePosixPath(row.filename)
    return path.suffix.lower() == ".csv" and not row.is_dir() and not path.name.startswith("._") and "__MACOSX" not in path.parts


def _status(name: str) -> str | None:
    """Return the status of the subscribers of one list among several; an empty string if its name does not say it."""
    plain = PurePosixPath(name).name.casefold().replace("-", "").replace("_", "").replace(" ", "")
    return next((status for word, status in _STATUS_BY_NAME if word in plain), "")


def _extract(bundle: zipfile.ZipFile, row: zipfile.ZipInfo, target: Path) -> Path:
    try:
        with bundle.open(row) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        RuntimeError,
    ) as error:  # a RuntimeError: it has a password, or a newer packing
        raise SubscriberFileError(
            f"cannot be unpacked: {error}", thing=str(bundle.filename), remedy="Unpack it yourself, and import the lists in it."
        ) from error
    return target


def _detect_zip(file: Path) -> bool:
    """Return whether a file is a ZIP and not a workbook; raise SubscriberFileError if it is damaged."""
    with file.open("rb") as start:
        if start.read(4) != _ZIP_SIGNATURE:
            return False
    if not zipfile.is_zipfile(file):
        raise SubscriberFileError("is a ZIP that is damaged or cut off", thing=file.name, remedy="Download it again.")
    with zipfile.ZipFile(file) as bundle:
        return "[Content_Types].xml" not in bundle.namelist()  # a workbook

"""A list that comes in a ZIP, as Mailchimp's does: one CSV of those who get mail, and others of those who do not any more."""

import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from digest.errors import RollError

LARGEST = 2_000_000_000  # bytes of one list, unpacked
_MARK = b"PK\x03\x04"


@contextmanager
def unpacked(file: Path) -> Iterator[Path]:
    """The file itself, or the list that is in it for as long as the block; RollError where there is none, or more than one.

    A workbook is a ZIP too, and is left to be told of as what it is.
    """
    if not _is_zip(file):
        yield file
        return
    with zipfile.ZipFile(file) as bundle, tempfile.TemporaryDirectory(prefix="digest-import-") as folder:
        lists = [row for row in bundle.infolist() if PurePosixPath(row.filename).suffix.lower() == ".csv" and not row.is_dir()]
        if len(lists) != 1:
            names = ", ".join(row.filename for row in lists)[:300] or "no CSV"
            raise RollError(
                f"holds {names}", thing=file.name, remedy="Unpack it and import one list after the other, who left first."
            )
        if lists[0].file_size > LARGEST:
            raise RollError("holds a list that is too large", thing=file.name)
        target = Path(folder) / PurePosixPath(lists[0].filename).name
        with bundle.open(lists[0]) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy)
        yield target


def _is_zip(file: Path) -> bool:
    with file.open("rb") as start:
        if start.read(4) != _MARK:
            return False
    if not zipfile.is_zipfile(file):
        return False
    with zipfile.ZipFile(file) as bundle:
        return "[Content_Types].xml" not in bundle.namelist()  # a workbook

"""Lists of any length, some rows at a time."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_Row = TypeVar("_Row")


def batched(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Rows by the thousand: a transaction stays short, and an IN list below the 32,766 parameters that SQLite takes."""
    waiting = iter(rows)
    while batch := list(islice(waiting, 1_000)):
        yield batch

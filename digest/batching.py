"""Any number of rows, in batches."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

_Row = TypeVar("_Row")


def batched(rows: Iterable[_Row]) -> Iterator[list[_Row]]:
    """Yield rows by the thousand: transactions stay short, and IN lists below the 32,766 parameters that SQLite takes."""
    waiting = iter(rows)
    while batch := list(islice(waiting, 1_000)):
        yield batch

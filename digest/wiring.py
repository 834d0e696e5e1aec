"""Builds the concrete parts of one newsletter and closes them again: the one place where they meet."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from digest import config
from digest.clock import Clock
from digest.store import Store
from digest.store.archive import ResponseCache
from digest.works import Works


@contextmanager
def opened(root: Path, clock: Clock, *, patience: Sequence[float] = (15.0, 60.0)) -> Iterator[Works]:
    """The newsletter in a folder; closed again whatever happens."""
    settings = config.load(root)
    store = Store.open(settings.store.url, root)
    try:
        yield Works(settings, store, clock, ResponseCache(store.engine, clock), patience)
    finally:
        store.close()

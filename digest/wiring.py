"""Builds the concrete parts of one newsletter and closes them again: the one place where they meet."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from digest import config
from digest.clock import Clock
from digest.errors import ConfigError, DigestError
from digest.modes import tightened
from digest.store import Store
from digest.store.archive import ResponseCache
from digest.witness import FILE, Witness
from digest.works import Works

log = logging.getLogger("digest")


@contextmanager
def opened(root: Path, clock: Clock, *, patience: Sequence[float] = (15.0, 60.0)) -> Iterator[Works]:
    """The newsletter in a folder; closed again whatever happens."""
    settings = config.load(root)
    store = Store.open(settings.store.url, root)
    try:
        _check_owner(store, settings)
        if closed := tightened(root):
            names = ", ".join(str(path.relative_to(root)) for path in closed[:3]) + (", …" if len(closed) > 3 else "")
            log.warning("others on this machine could read %s; now only you can", names)
        witness = Witness(root / FILE)
        store.suppressions.listen(gone=lambda rows: witness.gone(rows, clock()), back=lambda email: witness.back(email, clock()))
        yield Works(settings, store, clock, ResponseCache(store.engine, clock), patience)
    finally:
        store.close()


def _check_owner(store: Store, settings: config.Config) -> None:
    """ConfigError where the store belongs to the newsletter in another folder: two on one store would send each other's mail.

    A folder that has moved, or was restored elsewhere, takes its store along.
    """
    here = str(settings.root.resolve())
    owner = store.owner(here)
    if owner == here:
        return
    try:
        other = config.load(Path(owner))
    except DigestError:  # nobody lives there any more
        other = None
    if other is not None and _place(other) == _place(settings):
        raise ConfigError(
            f"the store belongs to {other.newsletter.name}, in {owner}",
            thing="digest.toml: store.url",
            remedy="Give each newsletter a store of its own.",
        )
    store.take_over(here)


def _place(settings: config.Config) -> str:
    """What a store's URL names, whichever folder it is written in."""
    scheme, _, path = settings.store.url.partition(":///")
    return f"{scheme}:///{(settings.root / path).resolve()}" if scheme == "sqlite" else settings.store.url

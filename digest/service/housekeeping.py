"""Housekeeping: what is older than the newsletter keeps it is folded or deleted, while the service runs."""

import logging
from dataclasses import dataclass

from digest.app import App

log = logging.getLogger("digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What was done: editions and deliveries folded, events of histories deleted."""

    editions: int = 0
    deliveries: int = 0
    events: int = 0


def tidy(app: App) -> Tidied:
    """Fold and delete what `[retention]` says, each edition in a commit of its own; nothing while an edition is being sent."""
    store, plan, now = app.store, app.config.retention, app.clock()
    if store.editions.unfinished():
        return Tidied()
    due = store.folding.due(now, plan.receipts)
    deliveries = sum(map(store.folding.fold, due))
    events = store.history.forget(now - plan.history) if plan.history else 0
    if deliveries or events:
        store.shrink()
        log.info("folded %d deliveries of %d editions, and deleted %d events of histories", deliveries, len(due), events)
    return Tidied(editions=len(due), deliveries=deliveries, events=events)

"""Housekeeping: what is older than the newsletter keeps it is folded or deleted, while the service runs."""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime

from digest.app import App
from digest.subscribers.backups import folder_of

log = logging.getLogger("digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tidied:
    """What was done: deliveries folded, events of histories deleted."""

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
    _delete_old_copies(app)
    if deliveries or events:
        store.repair.shrink()
        log.info("folded %d deliveries of %d editions, and deleted %d events of histories", deliveries, len(due), events)
    return Tidied(deliveries=deliveries, events=events)


def _delete_old_copies(app: App) -> None:
    """Delete copies of the list and of the database that are older than receipts are kept: who had their data deleted is in them.

    They are as old as the machine's clock says, and the newest copy of the list stays.
    """
    lists = sorted(folder_of(app.subscriber_path).glob(f"{app.subscriber_path.stem}-*{app.subscriber_path.suffix}"))[:-1]
    databases = app.store.file.parent.glob(f"{app.store.file.name}.before-[0-9][0-9][0-9][0-9]") if app.store.file else ()
    before = datetime.now(UTC) - app.config.retention.receipts
    for path in (*lists, *databases):
        if datetime.fromtimestamp(path.stat().st_ctime, UTC) < before:
            path.unlink(missing_ok=True)
            log.info("deleted %s, an old copy", path.name)

"""The doctor: looks into a newsletter's database, list and folder, and mends what can be mended without a question.

It changes nothing that a person wrote, deletes no delivery and no “no”, and never decides that something was or was not sent.
"""

import shutil
from collections.abc import Callable, Iterator

from digest.app import App
from digest.audience.csv_sync import write_suppressions
from digest.edition.preflight import adopt_sent_log, suppress_opted_out
from digest.errors import BusyError, DigestError
from digest.service.finding import Finding
from digest.service.housekeeping import Tidied, tidy
from digest.subscriber_statuses import FINAL_STATUSES
from digest.text.prose import counted

MUCH_ROOM = 10_000_000  # bytes
LEFTOVERS = ("state/good.new", "state/good.old", "state/*.part")  # and nothing that a person may have made


def examine(app: App, *, mend: bool) -> list[Finding]:
    """Return what is wrong, and with `mend` what was done about it; each row that is not `ok` says what a person has to do."""
    found: list[Finding] = []
    try:
        with app.sending():
            for look in (_database, _room, _interrupted, _suppressions, _sent_log, _leftovers):
                found += _safely(look, app, mend=mend)
    except BusyError:
        return [Finding("doctor", "error", "an edition is being sent. Wait until it is through.")]
    return found


def _safely(look: Callable[..., Iterator[Finding]], app: App, *, mend: bool) -> list[Finding]:
    try:
        return list(look(app, mend=mend))
    except DigestError as error:
        return [Finding(look.__name__.strip("_").replace("_", " "), "error", str(error))]


def _database(app: App, *, mend: bool) -> Iterator[Finding]:
    """Look for damage: an index that disagrees with its table is made anew, anything else needs the backup."""
    damage = app.store.repair.damage()
    if damage and mend and all("index" in line for line in damage):
        app.store.repair.rebuild_indexes()
        left = app.store.repair.damage()
        if not left:
            yield Finding("database", "warning", f"mended: indexes lacked {counted(len(damage), 'row')}, and were made anew")
            return
        damage = left
    if damage:
        yield Finding("database", "error", f"{damage[0]}. Restore your backup: `digest restore`, with this folder's sent.log.")
    else:
        yield Finding("database", "ok", "whole")


def _room(app: App, *, mend: bool) -> Iterator[Finding]:
    """Fold and delete what is old, and give free room back to the disk."""
    done = tidy(app) if mend else Tidied()
    free = app.store.repair.free_bytes()
    if mend and free > MUCH_ROOM:
        app.store.repair.compact()
    if mend and (done.deliveries or done.events or free > MUCH_ROOM):
        given = f", {free // 1_000_000} MB given back to the disk" if free > MUCH_ROOM else ""
        yield Finding("room", "warning", f"mended: {counted(done.deliveries, 'delivery', 'deliveries')} folded{given}")
    elif free > MUCH_ROOM:
        yield Finding("room", "warning", f"{free // 1_000_000} MB of the database are free; `digest doctor` gives them back")
    else:
        yield Finding("room", "ok", "no room wasted")


def _interrupted(app: App, *, mend: bool) -> Iterator[Finding]:
    """Tell which editions wait, and which messages a kill has left in doubt: the next run deals with them."""
    waiting = app.unfinished() if mend else app.store.editions.unfinished()
    for frozen in waiting:
        rest, doubtful = app.store.deliveries.waiting(frozen.key, None), app.store.deliveries.in_flight(frozen.key)
        doubt = f", {doubtful} of them in doubt" if doubtful else ""
        yield Finding(
            "editions", "warning", f"{frozen.key}: {counted(rest + doubtful, 'reader')} to come{doubt}. `digest send` goes on."
        )
    if not waiting:
        yield Finding("editions", "ok", "none is interrupted")


def _suppressions(app: App, *, mend: bool) -> Iterator[Finding]:
    """Have the list and the database agree on who has left: a “no” in either counts in both."""
    left = [row for row in app.subscriber_file() if row.status in FINAL_STATUSES]
    known = app.store.suppressions.among(row.email for row in left)
    missing = [row for row in left if row.email not in known]
    what = counted(len(missing) + len(_unmarked(app)), "opt-out")
    if what.startswith("0 "):
        yield Finding("subscribers", "ok", "list and database agree on who has left")
    elif mend:
        suppress_opted_out(app.pipeline, missing)
        write_suppressions(app.store, app.subscriber_file())
        yield Finding("subscribers", "warning", f"mended: {what} known to the list or the database only")
    else:
        yield Finding("subscribers", "warning", f"{what} known to the list or the database only; `digest doctor` tells the other")


def _unmarked(app: App) -> list[str]:
    """Return the addresses that are suppressed and read as active in the list."""
    active = [row.email for row in app.subscriber_file().active()]
    return sorted(app.store.suppressions.among(active))


def _sent_log(app: App, *, mend: bool) -> Iterator[Finding]:
    """Have the database know what `sent.log` proves."""
    before = {row.key for row in app.pipeline.sent_log.editions() if not app.store.editions.has_slot(row.key)}
    if before and mend:
        adopt_sent_log(app.pipeline)
        yield Finding("sent.log", "warning", f"mended: {counted(len(before), 'edition')} taken over from it")
    elif before:
        yield Finding("sent.log", "warning", f"{counted(len(before), 'edition')} in it and not in the database")
    else:
        yield Finding("sent.log", "ok", "the database knows all that it proves")


def _leftovers(app: App, *, mend: bool) -> Iterator[Finding]:
    """Delete what was left by commands that were killed."""
    root = app.config.root
    found = sorted({path for pattern in LEFTOVERS for path in root.glob(pattern)})
    for path in found if mend else ():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    if found:
        names = ", ".join(str(path.relative_to(root)) for path in found[:3])
        yield Finding("folder", "warning", f"{'mended: deleted' if mend else 'left by a command that was killed:'} {names}")
    else:
        yield Finding("folder", "ok", "nothing left over")

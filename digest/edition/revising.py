"""The next revision of an edition that was stopped: what editors have changed since goes to everybody who still waits for it."""

from digest.edition.mending import mended, mends, pending
from digest.edition.pipeline import Pipeline
from digest.edition.size_limit import fit_size
from digest.errors import UsageError
from digest.model import Decision, Edition, Rendered
from digest.render.renderer import Design
from digest.render.variants import IN, variant_edition
from digest.store import DecidedSinceError, FrozenEdition


def revise(pipeline: Pipeline, key: str) -> FrozenEdition:
    """Make the next revision of a frozen edition if changes wait for it, again if an editor decides meanwhile; return the edition.

    The caller must hold the sending lock. Raises UsageError if no story would be left.
    """
    store = pipeline.store
    while True:
        decided, frozen = store.decisions.count(key), store.editions.frozen(key)
        if frozen is None:
            raise UsageError("it was never made", thing=key)
        store.deliveries.reclaim(key, hold=pipeline.smtp.in_doubt == "hold")  # what was in flight when a run was killed
        log = store.decisions.log(key)
        if not pending(log, frozen.revision):
            return frozen
        first, rows, design = store.revisions.first(frozen), mends(log, frozen.revision + 1), pipeline.design()
        edition = mended(first, rows)
        if not edition.stories:
            raise UsageError("no story would be left in it", thing=key, remedy="Undo one of the changes, or give up the rest.")
        whole = fit_size(edition, design)
        variants = {name: _variant(first, rows, name, design) for name in frozen.variants}
        try:
            now = pipeline.clock()
            store.revisions.revise(whole, frozen.revision + 1, design.render(whole), variants, now, decided=decided)
        except DecidedSinceError:
            continue


def _variant(first: Edition, rows: list[Decision], name: str, design: Design) -> Rendered | None:
    """Return a variant after the changes, rendered; None if it has no story any more."""
    edition = mended(variant_edition(first, name), rows)
    return design.render(fit_size(edition, design), name.partition(IN)[2]) if edition.stories else None

"""How a run ended, for a person and for a machine."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from digest.model import Failure, LeftOut, Outcome, Slot

COUNTED = (*Outcome, "skipped")
Status = Literal["sent", "unfinished", "nothing", "skipped", "failed"]


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """One run over one edition: `counts` are this run's, `total` the edition's since it was frozen.

    `sent` and `unfinished` (some messages are deferred or still queued) had something to send; `nothing` had not. `skipped` is
    a slot with too few articles. `failed` is one with too few articles after a source failed; it may still be made.
    """

    status: Status
    slot: Slot
    note: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    total: dict[str, int] = field(default_factory=dict)
    resumed: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    without_room: tuple[LeftOut, ...] = ()  # left out because mail programs would cut the edition off
    bad_rows: int = 0
    bounced: int = 0  # addresses that the run showed to be dead; they get no more mail
    waiting: int = 0  # still to send, now or later
    waves: int = 0  # and these at the edition's hour where they are
    next_wave: datetime | None = None

    @property
    def exit_code(self) -> int:
        """0: done; 1: failed; 3: done, except for some recipients."""
        if self.status == "failed":
            return 1
        undelivered = (Outcome.REFUSED, Outcome.DEFERRED, Outcome.UNKNOWN)
        return 3 if self.waiting or any(self.counts.get(state) for state in undelivered) else 0

    def as_json(self) -> dict[str, Any]:
        """Return what `digest send --json` prints."""
        return {
            "edition": self.slot.key,
            "status": self.status,
            "note": self.note,
            **{state: self.counts.get(state, 0) for state in COUNTED},
            "total": {state: self.total.get(state, 0) for state in (*COUNTED, "queued")},
            "resumed": list(self.resumed),
            "bad_rows": self.bad_rows,
            "bounced": self.bounced,
            "waiting": self.waiting,
            "waves": self.waves,
            "next_wave": self.next_wave,
            "without_room": [{"kind": row.kind, "label": row.label, "url": row.url} for row in self.without_room],
            "failures": [{"source": failure.source, "reason": failure.reason} for failure in self.failures],
        }


def difference(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """Return what a run added to each outcome; a message that was deferred before and is sent now counts as sent."""
    return {state: max(0, after.get(state, 0) - before.get(state, 0)) for state in COUNTED}

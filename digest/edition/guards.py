"""What holds an edition until a person has looked: a sudden change of the list, or of bounces and complaints."""

from collections.abc import Callable

from digest.bounces.refusals import Cause, cause
from digest.config import Guards
from digest.errors import HeldError
from digest.model import Outcome, Receipt
from digest.store import PreviousEdition, Store

MIN_BOUNCES = 20  # fewer bounces may be chance
MIN_COMPLAINTS = 3  # fewer complaints may be chance
REMEDY = "Check subscribers.csv and `digest status`. If the change is right, run `digest send --anyway`."


def list_size_check(guards: Guards, before: int | None) -> Callable[[int], None]:
    """Return a check that raises HeldError if the list has shrunk or grown by more than a share from `before`, its last size."""

    def check(now: int) -> None:
        if before is None or abs(now - before) < guards.few:
            return
        if now < before * (1 - guards.shrink):
            raise HeldError(f"the subscriber list has shrunk from {before} to {now} since the last edition", remedy=REMEDY)
        if now > before * (1 + guards.grow):
            raise HeldError(f"the subscriber list has grown from {before} to {now} since the last edition", remedy=REMEDY)

    return check


def check_bounce_rate(guards: Guards, store: Store, last: PreviousEdition) -> None:
    """Raise HeldError if bounces or complaints since the last edition are more than a share of its recipients."""
    for event, share, few in (("bounced", guards.bounced, MIN_BOUNCES), ("complained", guards.complained, MIN_COMPLAINTS)):
        count = store.history.count(event, last.frozen_at)
        if count >= few and count > share * last.recipients:
            message = f"{count} of {last.recipients} subscribers {event} since the last edition (limit {share:.1%})"
            raise HeldError(message, remedy=REMEDY)


def would_hold(guards: Guards, store: Store, name: str, recipients: int) -> HeldError | None:
    """Return what would hold a series' next edition if it were sent now to so many recipients, or None."""
    last = store.editions.last(name)
    try:
        if last is not None:
            check_bounce_rate(guards, store, last)
            list_size_check(guards, last.recipients)(recipients)
    except HeldError as error:
        return error
    return None


class DeadAddresses:
    """The count of dead addresses in one run; `too_many` once it is more than the allowed share of the answers."""

    def __init__(self, guards: Guards, dead: int = 0, answered: int = 0, *, off: bool = False) -> None:
        self._share = guards.bounced
        self._off = off
        self.dead = dead
        self.answered = answered

    def count(self, receipt: Receipt) -> None:
        """Count an answer; a recipient who was tried before is already among the answered."""
        self.answered += receipt.recipient.attempts == 0
        self.dead += receipt.outcome is Outcome.REFUSED and cause(receipt.status, receipt.reply) is Cause.GONE

    @property
    def too_many(self) -> bool:
        """Whether the run must stop because too many addresses are dead."""
        return not self._off and self.dead >= MIN_BOUNCES and self.dead > self._share * self.answered

    def check(self) -> None:
        """Raise HeldError if too many addresses are dead."""
        if self.too_many:
            message = f"{self.dead} of the first {self.answered} addresses bounced (limit {self._share:.1%})"
            raise HeldError(message, remedy=f"The remaining messages stay queued. {REMEDY}")

"""What holds an edition back until somebody has looked: a list that is suddenly another, mailboxes that are suddenly gone."""

from collections.abc import Callable

from digest.bounces.refusals import Cause, cause
from digest.config import Guards
from digest.errors import HeldError
from digest.model import Outcome, Receipt
from digest.store import PreviousEdition, Store

MIN_BOUNCES = 20  # bounces, and
MIN_COMPLAINTS = 3  # complaints that may be chance
REMEDY = "Check subscribers.csv and `digest status`. If the change is right, run `digest send --anyway`."


def list_size_check(guards: Guards, before: int | None) -> Callable[[int], None]:
    """Raises HeldError for a list that has shrunk or grown by more than a share since the last edition; `before` was its size."""

    def check(now: int) -> None:
        if before is None or abs(now - before) < guards.few:
            return
        if now < before * (1 - guards.shrink):
            raise HeldError(f"the subscriber list has shrunk from {before} to {now} since the last edition", remedy=REMEDY)
        if now > before * (1 + guards.grow):
            raise HeldError(f"the subscriber list has grown from {before} to {now} since the last edition", remedy=REMEDY)

    return check


def check_bounce_rate(guards: Guards, store: Store, last: PreviousEdition) -> None:
    """Raises HeldError where bounces or complaints have risen since the last edition."""
    for event, share, few in (("bounced", guards.bounced, MIN_BOUNCES), ("complained", guards.complained, MIN_COMPLAINTS)):
        count = store.history.count(event, last.frozen_at)
        if count >= few and count > share * last.readers:
            told = f"{count} of {last.readers} subscribers {event} since the last edition (limit {share:.1%})"
            raise HeldError(told, remedy=REMEDY)


def would_hold(guards: Guards, store: Store, name: str, readers: int) -> HeldError | None:
    """What would hold back the next edition of a name if it came out now, for so many readers."""
    last = store.editions.last(name)
    try:
        if last is not None:
            check_bounce_rate(guards, store, last)
            list_size_check(guards, last.readers)(readers)
    except HeldError as error:
        return error
    return None


class DeadAddresses:
    """Dead addresses of one run; `too_many` once they are more than the share that is allowed."""

    def __init__(self, guards: Guards, dead: int = 0, answered: int = 0, *, off: bool = False) -> None:
        self._share = guards.bounced
        self._off = off
        self.dead = dead
        self.answered = answered

    def count(self, receipt: Receipt) -> None:
        """One more answer; one that was tried before is counted already."""
        self.answered += receipt.recipient.attempts == 0
        self.dead += receipt.outcome is Outcome.REFUSED and cause(receipt.status, receipt.reply) is Cause.GONE

    @property
    def too_many(self) -> bool:
        """Whether to stop."""
        return not self._off and self.dead >= MIN_BOUNCES and self.dead > self._share * self.answered

    def check(self) -> None:
        """Raises HeldError where it is time to stop."""
        if self.too_many:
            told = f"{self.dead} of the first {self.answered} addresses bounced (limit {self._share:.1%})"
            raise HeldError(told, remedy=f"The remaining messages stay queued. {REMEDY}")

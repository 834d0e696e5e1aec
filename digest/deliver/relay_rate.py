"""The rate at which one relay is fed: its configured rate, and what its answers teach.

Additive increase, multiplicative decrease (Chiu and Jain 1989), as in TCP. A relay that defers messages or answers slowly gets
half of what it last took, then a little more each second. A relay that has shown no limit has none.
"""

from collections import deque
from dataclasses import dataclass, field

CUT_FACTOR = 0.5
RECOVERY_STEP = 0.05  # of the speed at the first cut, added for each second without complaint
FORGET_ABOVE = 2.0  # times that speed: above it the limit is forgotten
MIN_FACTOR = 1 / 16  # of that speed: going slower does not help
DEFERRAL_SHARE = 0.1  # of the answers in a span: a smaller share of complaints is ignored
REPLY_PATIENCE = 5.0  # seconds: an answer is a complaint if it takes longer than this
GROWTH = 3.0  # and than this many times the quickest so far: then the relay has too much to do, and is not just slow
MEASURED_SPAN = 1.0  # seconds over which the speed is measured
HOLD, LONGEST_HOLD = (
    1.0,
    30.0,
)  # seconds without a message after a relay says that it has too much; doubled each time while it goes on saying so
BELOW = 0.9  # of what it took in the last second: what it is given from then on


@dataclass
class RelayRate:
    """The schedule for one relay's next message; times are seconds of one monotonic clock."""

    rate: float | None = None  # messages a second, as configured
    learnt: float | None = None
    _next: float = 0.0
    _since: float | None = None
    _count: int = 0
    _complaints: int = 0
    _quickest: float = float("inf")
    _top: float = 0.0
    _taken: deque[float] = field(default_factory=deque)
    _held_until: float = 0.0
    _hold: float = HOLD

    @property
    def limited(self) -> bool:
        """Whether the relay has a rate that it must not exceed."""
        return self.rate is not None or self.learnt is not None

    def reserve(self, now: float) -> float:
        """Reserve the place of one more message; return how many seconds it must wait."""
        self._since = now if self._since is None else self._since
        limit = min((rate for rate in (self.rate, self.learnt) if rate is not None), default=None)
        if limit is None:
            return 0.0
        at = max(now, self._next)
        self._next = at + 1 / limit
        return at - now

    def took(self, now: float) -> None:
        """Count one message that the relay has accepted."""
        self._taken.append(now)
        self._hold = HOLD
        while self._taken[0] < now - MEASURED_SPAN:
            self._taken.popleft()

    def throttled(self, now: float) -> None:
        """Rest, then go a little slower than the relay has just accepted, because it said that it has too much."""
        if now < self._held_until:
            return  # an answer to a message sent before the rest
        speed = max(1.0, BELOW * sum(at > now - MEASURED_SPAN for at in self._taken))
        if self.learnt is None:
            self._top = speed
        self.learnt = speed if self.learnt is None else max(MIN_FACTOR * self._top, min(self.learnt, speed))
        self._held_until = now + self._hold
        self._next = max(self._next, self._held_until)
        self._hold = min(2 * self._hold, LONGEST_HOLD)

    def remember(self, learnt: float) -> None:
        """Start with the rate learnt earlier this morning."""
        self.learnt = self._top = learnt

    def felt(self, now: float, *, crowded: bool, waited: float) -> None:
        """Count an answer: whether it says that the relay is crowded, and how many seconds it took."""
        since = now if self._since is None else self._since
        self._count += 1
        self._complaints += crowded or waited > max(REPLY_PATIENCE, GROWTH * self._quickest)
        self._quickest = min(self._quickest, waited or self._quickest)
        if now - since < MEASURED_SPAN:
            return
        speed, share = self._count / (now - since), self._complaints / self._count
        self._since, self._count, self._complaints = now, 0, 0
        self._slow_down(now, speed) if share > DEFERRAL_SHARE else self._recover()

    def _recover(self) -> None:
        if self.learnt is not None:
            self.learnt += RECOVERY_STEP * self._top
            if self.learnt > FORGET_ABOVE * self._top:
                self.learnt = None

    def _slow_down(self, now: float, speed: float) -> None:
        if self.learnt is None:
            self._top = speed
        self.learnt = max(MIN_FACTOR * self._top, CUT_FACTOR * min(speed, self.learnt or speed))
        self._next = max(self._next, now)

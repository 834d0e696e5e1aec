"""How fast one relay is fed: its configured rate, and what its answers teach.

Additive increase, multiplicative decrease (Chiu and Jain 1989), as TCP has it: a relay that defers, or takes its time, gets
half of what it last took; then a little more each second. One that has shown no limit has none.
"""

from collections import deque
from dataclasses import dataclass, field

CUT_FACTOR = 0.5
RECOVERY_STEP = 0.05  # of the speed at the first cut, for each second without complaint
FORGET_ABOVE = 2.0  # times that speed: the limit is forgotten
MIN_FACTOR = 1 / 16  # of that speed: slower does not help
DEFERRAL_SHARE = 0.1  # of the answers in a span: fewer deferrals are no complaint
REPLY_PATIENCE = 5.0  # seconds for an answer,
GROWTH = 3.0  # and times the quickest one so far: beyond both, a relay has more to do than it can; a slow one is just slow
MEASURED_SPAN = 1.0  # seconds over which is measured
HOLD, LONGEST_HOLD = (
    1.0,
    30.0,
)  # seconds without a message once a relay has said that it is too much; twice as long while it stays so
BELOW = 0.9  # of what it has just taken in a second is what it is given from then on


@dataclass
class RelayRate:
    """When the next message may go; times are seconds of one monotonic clock."""

    rate: float | None = None  # messages a second; as configured
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
        """Whether there is a speed it must not pass."""
        return self.rate is not None or self.learnt is not None

    def reserve(self, now: float) -> float:
        """How long to wait before one more message, in seconds; its place is taken with that."""
        self._since = now if self._since is None else self._since
        limit = min((rate for rate in (self.rate, self.learnt) if rate is not None), default=None)
        if limit is None:
            return 0.0
        at = max(now, self._next)
        self._next = at + 1 / limit
        return at - now

    def took(self, now: float) -> None:
        """The relay has taken one."""
        self._taken.append(now)
        self._hold = HOLD
        while self._taken[0] < now - MEASURED_SPAN:
            self._taken.popleft()

    def throttled(self, now: float) -> None:
        """The relay has said that this is more than it takes: a little less than it has just taken, after a rest."""
        if now < self._held_until:
            return  # an answer to what was on its way before
        speed = max(1.0, BELOW * sum(at > now - MEASURED_SPAN for at in self._taken))
        if self.learnt is None:
            self._top = speed
        self.learnt = speed if self.learnt is None else max(MIN_FACTOR * self._top, min(self.learnt, speed))
        self._held_until = now + self._hold
        self._next = max(self._next, self._held_until)
        self._hold = min(2 * self._hold, LONGEST_HOLD)

    def remember(self, learnt: float) -> None:
        """What was learnt of the relay this morning."""
        self.learnt = self._top = learnt

    def felt(self, now: float, *, crowded: bool, waited: float) -> None:
        """An answer has come: whether the relay is crowded by its own word, and how long it took."""
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

"""The rate at which one relay is fed: its configured rate, and what its replies teach.

Additive increase, multiplicative decrease (Chiu and Jain 1989), as in TCP. A relay that defers messages or replies slowly gets
half of what it last took, then a little more each second. A relay that has shown no limit has none.
"""

from collections import deque
from dataclasses import dataclass, field

CUT_FACTOR = 0.5
RECOVERY_STEP = 0.05  # of the speed at the first cut, added for each second without overload
FORGET_FACTOR = 2.0  # times that speed: above it the limit is forgotten
MIN_FACTOR = 1 / 16  # of that speed: going slower does not help
OVERLOAD_SHARE = 0.1  # of the replies in a span: a smaller share of overloads is ignored
SLOW_REPLY = 5.0  # seconds: a reply is a sign of overload if it takes longer than this
SLOW_REPLY_FACTOR = 3.0  # and than this many times the quickest so far: then the relay has too much to do, and is not just slow
MEASURED_SPAN = 1.0  # seconds over which the speed is measured
THROTTLE_BACKOFF = 1.0  # seconds without a message after a relay says that it has too much; doubled while it goes on saying so
MAX_THROTTLE_BACKOFF = 30.0  # seconds
THROTTLED_FACTOR = 0.9  # of what it took in the last second: what it is given from then on


@dataclass
class RelayRate:
    """The schedule for one relay's next message; times are seconds of one monotonic clock."""

    configured_rate: float | None = None  # messages a second, as configured
    learnt_rate: float | None = None
    _next: float = 0.0
    _since: float | None = None
    _count: int = 0
    _overloads: int = 0
    _quickest: float = float("inf")
    _top: float = 0.0
    _taken: deque[float] = field(default_factory=deque)
    _backoff_until: float = 0.0
    _backoff: float = THROTTLE_BACKOFF

    @property
    def is_limited(self) -> bool:
        """Whether the relay has a rate that it must not exceed."""
        return self.configured_rate is not None or self.learnt_rate is not None

    def reserve(self, now: float) -> float:
        """Reserve the place of one more message; return how many seconds it must wait."""
        self._since = now if self._since is None else self._since
        limit = min((rate for rate in (self.configured_rate, self.learnt_rate) if rate is not None), default=None)
        if limit is None:
            return 0.0
        at = max(now, self._next)
        self._next = at + 1 / limit
        return at - now

    def count_sent(self, now: float) -> None:
        """Count one message that the relay has accepted."""
        self._taken.append(now)
        self._backoff = THROTTLE_BACKOFF
        while self._taken[0] < now - MEASURED_SPAN:
            self._taken.popleft()

    def slow_down(self, now: float) -> None:
        """Wait, then go a little slower than the relay has just accepted, because it said that it has too much."""
        if now < self._backoff_until:
            return  # a reply to a message sent before the wait
        speed = max(1.0, THROTTLED_FACTOR * sum(at > now - MEASURED_SPAN for at in self._taken))
        if self.learnt_rate is None:
            self._top = speed
        self.learnt_rate = speed if self.learnt_rate is None else max(MIN_FACTOR * self._top, min(self.learnt_rate, speed))
        self._backoff_until = now + self._backoff
        self._next = max(self._next, self._backoff_until)
        self._backoff = min(2 * self._backoff, MAX_THROTTLE_BACKOFF)

    def start_at(self, rate: float) -> None:
        """Start with the rate learnt earlier this morning."""
        self.learnt_rate = self._top = rate

    def count_reply(self, now: float, *, overloaded: bool, latency: float) -> None:
        """Count a final reply: whether it says that the relay is overloaded, and how many seconds it took."""
        since = now if self._since is None else self._since
        self._count += 1
        self._overloads += overloaded or latency > max(SLOW_REPLY, SLOW_REPLY_FACTOR * self._quickest)
        self._quickest = min(self._quickest, latency or self._quickest)
        if now - since < MEASURED_SPAN:
            return
        speed, share = self._count / (now - since), self._overloads / self._count
        self._since, self._count, self._overloads = now, 0, 0
        self._cut(now, speed) if share > OVERLOAD_SHARE else self._recover()

    def _recover(self) -> None:
        if self.learnt_rate is not None:
            self.learnt_rate += RECOVERY_STEP * self._top
            if self.learnt_rate > FORGET_FACTOR * self._top:
                self.learnt_rate = None

    def _cut(self, now: float, speed: float) -> None:
        if self.learnt_rate is None:
            self._top = speed
        self.learnt_rate = max(MIN_FACTOR * self._top, CUT_FACTOR * min(speed, self.learnt_rate or speed))
        self._next = max(self._next, now)

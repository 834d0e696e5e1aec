"""How fast one relay is fed: its configured rate, and what its answers teach.

Additive increase, multiplicative decrease (Chiu and Jain 1989), as TCP has it: a relay that defers, or takes its time, gets
half of what it last took; then a little more each second. One that has shown no limit has none.
"""

from dataclasses import dataclass

CUT = 0.5
STEP = 0.05  # of the speed at the first cut, for each second without complaint
FREE = 2.0  # times that speed: the limit is forgotten
LEAST = 1 / 16  # of that speed: slower does not help
PATIENCE = 5.0  # seconds for an answer, beyond which a relay has too much to do
_SPAN = 1.0  # seconds over which a speed is measured, and in which one cut is enough
_SHORTEST = 0.1


@dataclass
class Pace:
    """When the next message may go; times are seconds of one monotonic clock."""

    rate: float | None = None  # messages a second; as configured
    learnt: float | None = None
    _next: float = 0.0
    _since: float | None = None
    _count: int = 0
    _speed: float = 0.0
    _top: float = 0.0
    _cut_at: float = float("-inf")

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

    def felt(self, now: float, *, crowded: bool, waited: float) -> None:
        """An answer has come: whether the relay is crowded by its own word, and how long it took."""
        self._count += 1
        since = now if self._since is None else self._since
        if now - since >= _SPAN:
            self._speed, self._since, self._count = self._count / (now - since), now, 0
            self._recover(now)
        if crowded or waited > PATIENCE:
            self._slow_down(now, self._speed or self._count / max(now - since, _SHORTEST))

    def _recover(self, now: float) -> None:
        if self.learnt is None or now - self._cut_at < _SPAN:
            return
        self.learnt += STEP * self._top
        if self.learnt > FREE * self._top:
            self.learnt = None

    def _slow_down(self, now: float, speed: float) -> None:
        if now - self._cut_at < _SPAN:
            return
        self._cut_at = now
        if self.learnt is None:
            self._top = speed
        self.learnt = max(LEAST * self._top, CUT * min(speed, self.learnt or speed))

"""A limit on how often each client may ask for something costly: a bucket of tokens for each, filled at a steady rate."""

import time
from collections import OrderedDict
from collections.abc import Callable

MAX_CLIENTS = 20_000  # clients whose bucket is remembered


class RateLimiter:
    """A limit for each client: `burst` requests at once, then one more every `seconds` seconds."""

    def __init__(self, burst: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._rate = 1 / seconds
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def allow(self, client: str) -> bool:
        """Return whether one more request is allowed; if so, count it."""
        now = self._clock()
        left, at = self._buckets.pop(client, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left >= 1
        self._buckets[client] = (left - allowed, now)
        if len(self._buckets) > MAX_CLIENTS:
            self._buckets.popitem(last=False)
        return allowed

    def refund(self, client: str) -> None:
        """Take back the count of a request that was allowed and then cost nothing."""
        if client in self._buckets:
            left, at = self._buckets[client]
            self._buckets[client] = (min(self._burst, left + 1), at)

"""How often a visitor may ask for something that costs: a bucket of tokens for each address, filled at a steady rate."""

import time
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web

MANY = 20_000  # visitors remembered


class Limit:
    """So many at once, and one more each so many seconds; `among_all` is the same for all visitors together."""

    def __init__(self, burst: int, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._rate = 1 / seconds
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def takes(self, visitor: str) -> bool:
        """Whether one more is allowed; if so, it is counted."""
        now = self._clock()
        left, at = self._buckets.pop(visitor, (float(self._burst), now))
        left = min(self._burst, left + (now - at) * self._rate)
        allowed = left >= 1
        self._buckets[visitor] = (left - allowed, now)
        if len(self._buckets) > MANY:
            self._buckets.popitem(last=False)
        return allowed


def visitor(request: web.Request, proxies: int) -> str:
    """A visitor's address: the last that a reverse proxy of ours has seen (X-Forwarded-For is a stranger's word before that).

    Of IPv6 the /64, which is one household.
    """
    seen = [part.strip() for part in ",".join(request.headers.getall("X-Forwarded-For", [])).split(",") if part.strip()]
    address = seen[-proxies] if proxies and len(seen) >= proxies else request.remote or ""
    return ":".join(address.split(":")[:4]) if address.count(":") > 1 else address

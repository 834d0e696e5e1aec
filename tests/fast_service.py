"""`digest` on a clock that runs fast: `python -m tests.fast_service SPEED run -C DIR`. The event loop, the scheduler and the clock
of the service run SPEED times as fast as the machine's; everything else is as it is.
"""

import asyncio
import selectors
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

import apscheduler.schedulers.base

from digest import clock
from digest.cli import group
from digest.service import scheduler

SPEED = float(sys.argv[1])
BEGAN, BEGAN_AT = time.monotonic(), datetime.now(UTC)


def passed() -> float:
    """How many seconds have passed on the fast clock."""
    return (time.monotonic() - BEGAN) * SPEED


class FastSelector(selectors.DefaultSelector):
    """A selector that waits as long as the fast clock says."""

    def select(self, timeout: float | None = None) -> Any:
        """Wait."""
        return super().select(timeout if timeout is None else timeout / SPEED)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop on the fast clock."""

    def __init__(self) -> None:
        super().__init__(FastSelector())

    def time(self) -> float:
        """The time of the loop."""
        return BEGAN + passed()


class FastDatetime(datetime):
    """What the scheduler takes for the time."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> Any:
        """The time on the fast clock."""
        return (BEGAN_AT + timedelta(seconds=passed())).astimezone(tz)


class FastLoops(asyncio.DefaultEventLoopPolicy):
    """Makes such loops."""

    _loop_factory = FastLoop


def fast_clock() -> Callable[[], datetime]:
    """The clock of a service, from DIGEST_NOW on."""
    start = clock.digest_now() or BEGAN_AT
    return lambda: start + timedelta(seconds=passed())


if __name__ == "__main__":
    asyncio.set_event_loop_policy(FastLoops())
    apscheduler.schedulers.base.datetime = FastDatetime
    scheduler.datetime = FastDatetime  # type: ignore[attr-defined]  # it compares the two clocks
    clock.service_clock = fast_clock
    group(sys.argv[2:])

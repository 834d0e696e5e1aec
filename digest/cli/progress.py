"""What a person sees while an edition goes out: a bar on a terminal, one line a pause elsewhere; or events for a machine."""

import json
import sys
import time
from collections import Counter
from types import TracebackType
from typing import Any, Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from digest.model import Outcome, Receipt

EVERY = 1.0  # seconds between two events


class SendTally:
    """Answers so far, and how fast they come."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.waiting = 0
        self._started = time.monotonic()
        self._answered = 0

    def start(self, waiting: int) -> None:
        """A new pass over so many messages."""
        self.waiting, self._started, self._answered = waiting, time.monotonic(), 0

    def add(self, receipt: Receipt) -> None:
        """One more answer."""
        self.counts[receipt.outcome] += 1
        self._answered += 1

    @property
    def rate(self) -> float:
        """Answers a second in this pass."""
        return self._answered / max(time.monotonic() - self._started, 1e-3)

    @property
    def left(self) -> int:
        """Messages of this pass without an answer."""
        return max(0, self.waiting - self._answered)

    def amiss(self) -> str:
        """What was not taken, in words."""
        kinds = (Outcome.DEFERRED, Outcome.REFUSED, Outcome.UNKNOWN)
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in kinds if self.counts[kind])


class Bar:
    """Progress on standard error, where that is a terminal."""

    def __init__(self) -> None:
        self._tally = SendTally()
        columns = (
            TextColumn("Sending"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[amiss]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._task = self._bar.add_task("send", total=0, amiss="", rate="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def started(self, waiting: int) -> None:
        """A new pass over so many messages."""
        self._tally.start(waiting)
        self._bar.update(self._task, completed=0, total=waiting)

    def answered(self, receipt: Receipt) -> None:
        """One more."""
        self._tally.add(receipt)
        if not self._bar.disable:
            self._bar.update(self._task, advance=1, amiss=self._tally.amiss(), rate=f"{self._tally.rate:,.0f}/s")

    def pausing(self, seconds: float, waiting: int) -> None:
        """Say why nothing moves."""
        click.echo(f"{waiting} messages deferred. Trying again in {seconds:.0f} seconds; it is safe to stop.", err=True)


class Events:
    """Progress as JSON objects, one a line on standard error, once a second at most."""

    def __init__(self) -> None:
        self._tally = SendTally()
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._tally.waiting:
            self._say("finished")

    def _say(self, event: str, **more: Any) -> None:
        tally = self._tally
        counts = {outcome.value: tally.counts[outcome] for outcome in Outcome}
        seconds = round(tally.left / tally.rate) if tally.rate else None
        row = {"event": event, **counts, "left": tally.left, "rate": round(tally.rate, 1), "seconds_left": seconds, **more}
        click.echo(json.dumps(row), err=True)

    def started(self, waiting: int) -> None:
        """A new pass over so many messages."""
        self._tally.start(waiting)
        self._next = time.monotonic() + EVERY
        self._say("started")

    def answered(self, receipt: Receipt) -> None:
        """One more."""
        self._tally.add(receipt)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            self._say("progress")

    def pausing(self, seconds: float, waiting: int) -> None:
        """Some were not taken, and are tried again after a pause."""
        self._say("pausing", waiting=waiting, seconds=seconds)

"""Progress while an edition is sent: a bar on a terminal and a line for each pause, or JSON events."""

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
from digest.text.prose import counted

EVENT_INTERVAL = 1.0  # seconds at least between two `progress` events


class SendTally:
    """The replies so far, and their rate."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.waiting = 0
        self._started = time.monotonic()
        self._answered = 0

    def start(self, waiting: int) -> None:
        """Begin a pass over `waiting` messages."""
        self.waiting, self._started, self._answered = waiting, time.monotonic(), 0

    def add(self, receipt: Receipt) -> None:
        """Count one more reply."""
        self.counts[receipt.outcome] += 1
        self._answered += 1

    @property
    def rate(self) -> float:
        """Replies per second in this pass."""
        return self._answered / max(time.monotonic() - self._started, 1e-3)

    @property
    def left(self) -> int:
        """Messages of this pass without a reply."""
        return max(0, self.waiting - self._answered)

    def problems(self) -> str:
        """Return the counts of deferred, refused and unconfirmed messages as text."""
        kinds = (Outcome.DEFERRED, Outcome.REFUSED, Outcome.UNKNOWN)
        return ", ".join(f"{self.counts[kind]} {kind}" for kind in kinds if self.counts[kind])


class ProgressBar:
    """Progress on standard error; the bar is shown only if that is a terminal."""

    def __init__(self) -> None:
        self._tally = SendTally()
        columns = (
            TextColumn("Sending"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[problems]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty(), transient=True)
        self._task = self._bar.add_task("send", total=0, problems="", rate="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def started(self, waiting: int) -> None:
        """Begin a pass over `waiting` messages."""
        self._tally.start(waiting)
        self._bar.update(self._task, completed=0, total=waiting)

    def answered(self, receipt: Receipt) -> None:
        """Count one more reply and show it."""
        self._tally.add(receipt)
        if not self._bar.disable:
            self._bar.update(self._task, advance=1, problems=self._tally.problems(), rate=f"{self._tally.rate:,.0f}/s")

    def pausing(self, seconds: float, waiting: int) -> None:
        """Print why nothing is sent at the moment."""
        click.echo(f"{counted(waiting, 'message')} deferred. Trying again in {seconds:.0f} seconds; it is safe to stop.", err=True)


class ProgressEvents:
    """Progress as JSON objects, one a line on standard error; `progress` comes once a second at most."""

    def __init__(self) -> None:
        self._tally = SendTally()
        self._next = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._tally.waiting:
            self._print_event("finished")

    def _print_event(self, event: str, **more: Any) -> None:
        tally = self._tally
        counts = {outcome.value: tally.counts[outcome] for outcome in Outcome}
        seconds = round(tally.left / tally.rate) if tally.rate else None
        row = {"event": event, **counts, "left": tally.left, "rate": round(tally.rate, 1), "seconds_left": seconds, **more}
        click.echo(json.dumps(row), err=True)

    def started(self, waiting: int) -> None:
        """Begin a pass over `waiting` messages."""
        self._tally.start(waiting)
        self._next = time.monotonic() + EVENT_INTERVAL
        self._print_event("started")

    def answered(self, receipt: Receipt) -> None:
        """Count one more reply; print an event if one is due."""
        self._tally.add(receipt)
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVENT_INTERVAL
            self._print_event("progress")

    def pausing(self, seconds: float, waiting: int) -> None:
        """Print that deferred messages are tried again after a pause."""
        self._print_event("pausing", waiting=waiting, seconds=seconds)

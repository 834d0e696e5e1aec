"""What a person sees while an edition goes out: a bar on a terminal, one line a pause elsewhere."""

import sys
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from digest.model import Outcome, Receipt


class Bar:
    """Progress on standard error, where that is a terminal."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._amiss = 0
        columns = (
            TextColumn("Sending"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[amiss]}"),
            TimeRemainingColumn(),
        )
        self._bar = Progress(*columns, console=Console(stderr=True), disable=quiet or not sys.stderr.isatty(), transient=True)
        self._task = self._bar.add_task("send", total=0, amiss="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._bar.stop()

    def started(self, waiting: int) -> None:
        """A new pass over so many messages."""
        self._bar.update(self._task, completed=0, total=waiting)

    def answered(self, receipt: Receipt) -> None:
        """One more."""
        self._amiss += receipt.outcome is not Outcome.SENT
        self._bar.update(self._task, advance=1, amiss=f"{self._amiss} not taken" if self._amiss else "")

    def pausing(self, seconds: float, waiting: int) -> None:
        """Say why nothing moves."""
        if not self._quiet:
            click.echo(f"{waiting} not taken for now; trying again in {seconds:.0f} s. Stopping is safe.", err=True)

"""A judge that is a function of another package, from the entry point `digest.judges`: `judge(threads) -> verdicts`.

It runs in a thread. A thread cannot be ended, so one that takes too long is left to itself and does not hold up the program's end.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from importlib.metadata import entry_points
from threading import Thread
from typing import Any

from digest.curate.questions import JudgeError, Question, as_thread, verdict_lines

GROUP = "digest.judges"
Judge = Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
log = logging.getLogger("digest")


async def call_function(name: str, asked: Sequence[Question]) -> bytes:
    """Return what the function of this entry point answers; raise JudgeError if there is none, or it fails."""
    answer: Future[bytes] = Future()
    answer.set_running_or_notify_cancel()
    Thread(target=_work, args=(answer, name, asked), name=f"digest judge {name}", daemon=True).start()
    return await asyncio.wrap_future(answer)


def _work(answer: Future[bytes], name: str, asked: Sequence[Question]) -> None:
    try:
        answer.set_result(verdict_lines(_load(name)([as_thread(row) for row in asked])))
    except JudgeError as error:
        answer.set_exception(error)
    except (Exception, SystemExit) as error:  # another package's, whatever it is, must not cost the edition
        log.warning("the second opinion of %s failed", name, exc_info=error)
        answer.set_exception(JudgeError(f"raised {type(error).__name__}: {error}"))


def _load(name: str) -> Judge:
    """Return the function of an entry point; nothing but its own package is imported."""
    points = entry_points(group=GROUP)
    for point in points:
        if point.name == name:
            judge: Judge = point.load()
            return judge
    known = ", ".join(sorted(point.name for point in points)) or "none"
    raise JudgeError(f"not found: no package has an entry point {name!r} in {GROUP} (known: {known})")

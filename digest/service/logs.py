"""The log of the service: one line for each event, and a count for lines that repeat.

A person at a terminal gets text, a program one JSON object a line. Each line that belongs to a run says to which edition, and no
line above DEBUG has a reader's address: logs are kept longer than lists, and read by more people.
"""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from digest.errors import UsageError

REPEAT_INTERVAL = 60.0  # seconds in which the same line is counted instead of written
MAX_REMEMBERED_LINES = 200  # different lines whose repeats are counted
FORM = "DIGEST_LOG"  # text or json; by default text on a terminal
_ADDRESS = re.compile(r"([^\s@<>()\[\],;:\"]{1,64})@(\w[\w.-]{0,252})")
_edition: ContextVar[str] = ContextVar("edition", default="")


@contextmanager
def logged_edition(key: str) -> Iterator[None]:
    """Have every line that is logged within the block, and by what it starts, say that it is about an edition."""
    token = _edition.set(key)
    try:
        yield
    finally:
        _edition.reset(token)


class TextFormatter(logging.Formatter):
    """Lines for a person."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without readers' addresses."""
        return _masked(super().format(record), record)


class JsonFormatter(logging.Formatter):
    """Lines for a program: `at` (UTC), `level`, `logger`, `message`, and if there are any, `edition` and `error` (a traceback)."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, without readers' addresses."""
        fields = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _masked(record.getMessage(), record),
        }
        if edition := _edition.get():
            fields["edition"] = edition
        if record.exc_info:
            fields["error"] = _masked(self.formatException(record.exc_info), record)
        return json.dumps(fields, ensure_ascii=False)


def _masked(text: str, record: logging.LogRecord) -> str:
    """Return a line with the first letter and the domain of each address only, unless it is for debugging."""
    if record.levelno <= logging.DEBUG:
        return text
    return _ADDRESS.sub(lambda found: f"{found[1][:1]}…@{found[2]}", text)


class RepeatFilter(logging.Filter):
    """A filter that passes a line once a minute, with a count of its repeats.

    A stranger's malformed request becomes one line without a traceback.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to write the record; shorten a record of aiohttp or asyncio to one line."""
        if record.name.startswith(("aiohttp", "asyncio")):
            error = repr(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
            first_line = next(iter(record.getMessage().splitlines()), "")
            record.msg, record.args = ": ".join(filter(None, (first_line, error)))[:300], ()
            record.exc_info = record.exc_text = None
        key, now = (record.name, record.getMessage()[:120]), time.monotonic()
        at, count = self._seen.pop(key, (-REPEAT_INTERVAL, 0))
        if now - at < REPEAT_INTERVAL:
            self._seen[key] = (at, count + 1)
            return False
        self._seen[key] = (now, 0)
        if len(self._seen) > MAX_REMEMBERED_LINES:
            self._seen.pop(next(iter(self._seen)))
        if count:
            record.msg, record.args = f"{record.getMessage()} (and {count} times more within a minute before)", ()
        return True


def configure_logging() -> None:
    """Set up the log of the service, on standard error; raise UsageError if DIGEST_LOG asks for no form that there is."""
    form = os.environ.get(FORM) or ("text" if sys.stderr.isatty() else "json")
    if form not in {"text", "json"}:
        raise UsageError(f"no form named {form!r}", thing=FORM, remedy='Use "text" or "json".')
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter() if form == "text" else JsonFormatter())
    handler.addFilter(RepeatFilter())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # its warning that a pass takes longer than a minute is no news

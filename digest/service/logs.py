"""The log of the service: one line for each event, and a count for lines that repeat."""

import logging
import time

REPEAT_INTERVAL = 60.0  # seconds in which the same line is counted instead of written
MAX_REMEMBERED_LINES = 200  # different lines whose repeats are counted


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
    """Set up the log of the service, on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # its warning that a pass takes longer than a minute is no news

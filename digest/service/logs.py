"""What a service writes down of itself: one line for one thing, and a count for what repeats."""

import logging
import time

REPEAT_WINDOW = 60.0  # seconds in which the same words are counted instead
MAX_LINES_REMEMBERED = 200  # different lines of which it is remembered


class RepeatFilter(logging.Filter):
    """Lets a line through once a minute, with how often it has come since; a stranger's malformed request is one line, and no
    traceback of ours.
    """

    def __init__(self) -> None:
        super().__init__()
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether it is written."""
        if record.name.startswith(("aiohttp", "asyncio")):
            told = repr(record.exc_info[1]) if record.exc_info and record.exc_info[1] else ""
            record.msg, record.args = f"{record.getMessage().splitlines()[0]}{': ' if told else ''}{told}"[:300], ()
            record.exc_info = record.exc_text = None
        key, now = (record.name, record.getMessage()[:120]), time.monotonic()
        at, count = self._seen.pop(key, (-REPEAT_WINDOW, 0))
        if now - at < REPEAT_WINDOW:
            self._seen[key] = (at, count + 1)
            return False
        self._seen[key] = (now, 0)
        if len(self._seen) > MAX_LINES_REMEMBERED:
            self._seen.pop(next(iter(self._seen)))
        if count:
            record.msg, record.args = f"{record.getMessage()} (and {count} times more within a minute before)", ()
        return True


def configure() -> None:
    """The service's log, on standard error."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(message)s", force=True)
    for handler in logging.getLogger().handlers:
        handler.addFilter(RepeatFilter())
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # that a pass takes longer than a minute is no news

"""Time zones as lists have them: IANA names, and offsets such as `GMT+2` or `UTC-03:30`."""

import re
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

_OFFSET = re.compile(r"(?:GMT|UTC)? ?([+-])(\d{1,2})(?::?([0-5]\d))?", re.IGNORECASE)
MAX_OFFSET = timedelta(hours=14)


@lru_cache(maxsize=4_096)
def known_zone(name: str) -> tzinfo | None:
    """Return a time zone by its name or its offset from UTC; None if there is none."""
    name = name.strip()
    if offset := _OFFSET.fullmatch(name):
        span = timedelta(hours=int(offset[2]), minutes=int(offset[3] or 0))
        return timezone(span if offset[1] == "+" else -span) if span <= MAX_OFFSET else None
    found = _names().get(name.replace(" ", "_").casefold())
    return ZoneInfo(found) if found else None


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}

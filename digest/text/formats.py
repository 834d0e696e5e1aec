"""How days, instants and JSON are written: one form in the terminal and in messages, ISO 8601 for programs."""

import json
from datetime import date, datetime, tzinfo
from typing import Any


def day_text(day: date) -> str:
    """Return a day as people read it: `Tue 24 Nov 2026`."""
    return f"{day:%a %-d %b %Y}"


def instant_text(at: datetime, zone: tzinfo) -> str:
    """Return an instant with its zone as people read it: `Tue 24 Nov 2026 07:00 GMT`."""
    return f"{at.astimezone(zone):%a %-d %b %Y %H:%M %Z}"


def json_text(value: Any, indent: int | None = None) -> str:
    """Return JSON that is safe inside HTML as well: every `<`, which may be a stranger's, is written as an escape."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_iso).replace("<", "\\u003c")


def _iso(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)

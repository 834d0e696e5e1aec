"""Reads a calendar in a process of its own: `python -m digest.collect.calendar_reader FIRST LAST ZONE < calendar.ics`.

A calendar can hold a rule that takes a library hours to expand, so `calendar_events` gives this process a few seconds, and ends it.
It prints one JSON object with its events in their order, or with the error.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

MAX_EVENTS = 200  # that are printed
_YEARS = (1970, 2200)
_TIMES = ("DTSTART", "DTEND", "DURATION", "RRULE", "RDATE", "EXDATE", "RECURRENCE-ID")
_TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}  # no event of a town


def events(data: bytes, first: date, last: date, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    """Yield the events from one day to another, both included, in their order; ValueError if the bytes are no calendar.

    A time without a zone is one of the newsletter's. Events that are cancelled or private are left out, and so are those that
    cannot be read. What begins on a day comes before what has been on for longer.
    """
    calendar = icalendar.Calendar.from_ical(data.decode("utf-8-sig", "replace"))
    calendar.subcomponents = [row for row in calendar.subcomponents if row.name != "VEVENT" or _is_usable(row)]
    for row in calendar.walk("VEVENT"):
        rule = row.get("RRULE")
        if isinstance(rule, icalendar.vRecur) and _TOO_OFTEN & {str(word).upper() for word in rule.get("FREQ", [])}:
            del row["RRULE"]
    start, end = datetime.combine(first, time.min, zone), datetime.combine(last + timedelta(days=1), time.min, zone)
    found = [_event(row, start, zone) for row in recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)]
    shown = [row for row in found if row["status"] != "CANCELLED" and row["class"] in {"", "PUBLIC"}]
    yield from sorted(shown, key=lambda row: (str(row["begins"])[:10], row["goes_on"], row["begins"], row["title"]))[:MAX_EVENTS]


def _is_usable(row: icalendar.Component) -> bool:
    """Return whether an event has one beginning in a year that there may be; drop the times that cannot be read."""
    for name in _TIMES:
        if isinstance(row.get(name), str):  # what the library cannot read it leaves as text
            del row[name]
    begins = getattr(row.get("DTSTART"), "dt", None)
    return isinstance(begins, date) and _YEARS[0] <= begins.year <= _YEARS[1]


def _event(row: Any, start: datetime, zone: ZoneInfo) -> dict[str, object]:
    begins = row["DTSTART"].dt
    at = _instant(begins, zone)
    words = {name: _first(row, name) for name in ("SUMMARY", "LOCATION", "URL", "STATUS", "CLASS")}
    return {
        "title": words["SUMMARY"],
        "place": words["LOCATION"],
        "url": words["URL"],
        "status": words["STATUS"].upper(),
        "class": words["CLASS"].upper(),
        "begins": max(at, start).isoformat(),
        "goes_on": at < start,
        "whole_day": not isinstance(begins, datetime),
    }


def _first(row: icalendar.Component, name: str) -> str:
    """Return a value as text; the first, if somebody wrote several."""
    value = row.get(name, "")
    return str(value[0] if isinstance(value, list) and value else value)


def _instant(value: date, zone: ZoneInfo) -> datetime:
    if not isinstance(value, datetime):
        return datetime.combine(value, time.min, zone)
    return value.replace(tzinfo=zone) if value.tzinfo is None else value.astimezone(zone)


def main() -> None:
    """Read a calendar from standard input."""
    first, last, zone = date.fromisoformat(sys.argv[1]), date.fromisoformat(sys.argv[2]), ZoneInfo(sys.argv[3])
    try:
        answer: dict[str, object] = {"events": list(events(sys.stdin.buffer.read(), first, last, zone))}
    except Exception as error:  # noqa: BLE001  a stranger's bytes, and two libraries that raise whatever they run into
        answer = {"error": f"{type(error).__name__}: {error}"[:200]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()

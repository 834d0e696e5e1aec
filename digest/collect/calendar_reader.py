"""Reads a calendar in a process of its own: `python -m digest.collect.calendar_reader FIRST LAST ZONE < calendar.ics`.

A calendar can hold a rule that takes a library hours to expand, so `calendar_events` gives this process a few seconds, and ends it.
It prints one JSON object with its events in their order, or with the error.
"""

import json
import sys
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events

MAX_EVENTS = 200  # that are printed
_TOO_OFTEN = {"SECONDLY", "MINUTELY", "HOURLY"}  # no event of a town


def events(data: bytes, first: date, last: date, zone: ZoneInfo) -> Iterator[dict[str, object]]:
    """Yield the events from one day to another, both included, in their order; ValueError if the bytes are no calendar.

    A time without a zone is one of the newsletter's. Events that are cancelled or private are left out.
    """
    calendar = icalendar.Calendar.from_ical(data.decode("utf-8-sig", "replace"))
    for row in calendar.walk("VEVENT"):
        rule = row.get("RRULE")
        if isinstance(rule, icalendar.vRecur) and _TOO_OFTEN & {str(word).upper() for word in rule.get("FREQ", [])}:
            del row["RRULE"]
    start, end = datetime.combine(first, time.min, zone), datetime.combine(last + timedelta(days=1), time.min, zone)
    found = recurring_ical_events.of(calendar, skip_bad_series=True).between(start, end)
    shown = [row for row in found if str(row.get("STATUS", "")) != "CANCELLED" and str(row.get("CLASS", "PUBLIC")) == "PUBLIC"]
    for row in sorted(shown, key=lambda row: (_instant(row["DTSTART"].dt, zone), str(row.get("SUMMARY", ""))))[:MAX_EVENTS]:
        begins = row["DTSTART"].dt
        whole_day = not isinstance(begins, datetime)
        yield {
            "title": str(row.get("SUMMARY", "")),
            "place": str(row.get("LOCATION", "")),
            "url": str(row.get("URL", "")),
            "begins": _instant(max(begins, first) if whole_day else begins, zone).isoformat(),
            "whole_day": whole_day,
        }


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

"""The editions to come as a file for a calendar program (RFC 5545)."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from icalendar import Calendar, Event

from digest.config import Newsletter
from digest.service.timetable import ScheduledEdition

LENGTH = timedelta(minutes=15)  # of an edition in a calendar program, so that it can be seen there


def as_icalendar(newsletter: Newsletter, editions: Iterable[ScheduledEdition], now: datetime) -> bytes:
    """Return editions as a calendar (RFC 5545), each at the time when it goes."""
    calendar = Calendar()
    calendar.add("prodid", "-//newsroom-digest//digest//EN")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", newsletter.name)
    for row in editions:
        event = Event()
        event.add("uid", f"{row.slot.key}@{newsletter.domain}")
        event.add("dtstamp", now)
        event.add("dtstart", row.due)
        event.add("dtend", row.due + LENGTH)
        event.add("summary", f"{newsletter.name}: {row.plan.title or row.plan.name}")
        event.add("transp", "TRANSPARENT")
        if newsletter.public_url:
            event.add("url", newsletter.public_url)
        calendar.add_component(event)
    return bytes(calendar.to_ical())

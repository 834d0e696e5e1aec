"""The next events of a calendar (iCalendar, RFC 5545), read within a few seconds or not at all."""

import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from digest.child_process import answer_of
from digest.collect.fetch import Fetcher
from digest.config import EventsPlan
from digest.errors import FetchError, SourceError
from digest.model import Event
from digest.text.markup import inline, link
from digest.text.prose import shorten

MAX_CALENDAR_BYTES = 2_000_000
READ_TIMEOUT = 10.0  # seconds for the process that reads a calendar
MAX_TITLE_CHARS = 120
MAX_PLACE_CHARS = 60


async def calendar_events(plan: EventsPlan, root: Path, day: date, zone: ZoneInfo, fetcher: Fetcher) -> tuple[Event, ...]:
    """Return the events of a day and those that follow, at most `plan.most`. Raise FetchError if the calendar cannot be read."""
    name = plan.url or str(plan.file)
    data = await _bytes_of(plan, root, fetcher)
    if len(data) > MAX_CALENDAR_BYTES:
        raise SourceError(f"the calendar is larger than {MAX_CALENDAR_BYTES // 10**6} MB", thing=name)
    rows = await _read(data, day, day + timedelta(days=plan.days - 1), zone, name)
    made = [_event(row, plan.url or "") for row in rows]
    return tuple(event for event in made if event.title)[: plan.most]


async def _bytes_of(plan: EventsPlan, root: Path, fetcher: Fetcher) -> bytes:
    if plan.file is not None:
        try:
            return await asyncio.to_thread((root / plan.file).read_bytes)
        except OSError as error:
            raise FetchError(f"cannot be read: {error.strerror}", thing=str(plan.file)) from error
    response = await fetcher.get(plan.url or "", allow_private=plan.allow_private)
    if not response.ok:
        raise FetchError(response.reason, thing=plan.url or "")
    return response.body


async def _read(data: bytes, first: date, last: date, zone: ZoneInfo, name: str) -> Sequence[dict[str, object]]:
    command = [sys.executable, "-m", "digest.collect.calendar_reader", first.isoformat(), last.isoformat(), zone.key]
    try:
        out = await answer_of(command, data, READ_TIMEOUT)
    except TimeoutError as error:
        raise SourceError(f"the calendar could not be read within {READ_TIMEOUT:.0f} seconds", thing=name) from error
    answer = json.loads(out or b"{}")
    if "events" not in answer:
        raise SourceError(f"no calendar that can be read ({answer.get('error', 'its reader ended')})", thing=name)
    rows: Sequence[dict[str, object]] = answer["events"]
    return rows


def _event(row: dict[str, object], base: str) -> Event:
    return Event(
        title=shorten(inline(str(row["title"])), MAX_TITLE_CHARS),
        place=shorten(inline(str(row["place"])), MAX_PLACE_CHARS),
        url=link(str(row["url"]), base) if row["url"] else "",
        begins=datetime.fromisoformat(str(row["begins"])),
        whole_day=bool(row["whole_day"]),
    )

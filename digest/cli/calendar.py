"""`digest calendar`: the coming editions, and the days that have none."""

import sys
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.formats import day_text, instant_text

if TYPE_CHECKING:
    from digest.service.timetable import ScheduledEdition


@click.command("calendar")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1, 400), help="How many.")
@click.option("--ics", is_flag=True, help="Print them as a calendar file (RFC 5545), for a calendar program.")
@common_options
def command(root: Path, as_json: bool, count: int, ics: bool) -> int:
    """List the next editions and their windows, and the days off between them.

    `digest run` has the same calendar on the web, at /calendar.ics.
    """
    from digest.service.timetable import days_off, scheduled_editions

    with running_app(root) as app:
        rows = list(islice(scheduled_editions(app), count))
        if ics:
            from digest.service.calendar_file import as_icalendar

            sys.stdout.buffer.write(as_icalendar(app.config.newsletter, rows, app.clock()))
            return 0
        zone = app.config.newsletter.timezone
        off = list(days_off(app, rows[-1].slot.day))
    if as_json:
        print_json({"editions": [_as_json(row) for row in rows], "days_off": [row._asdict() for row in off]})
        return 0
    for row in rows:
        slot = row.slot
        goes = f", goes at {row.due.astimezone(zone):%H:%M}" if row.due != slot.window.end else ""
        click.echo(f"{slot.key:22} {instant_text(slot.window.start, zone)} to {instant_text(slot.window.end, zone)}{goes}")
    for day in off:
        click.echo(f"{day.edition:22} {day_text(day.day)}: none ({day.why})")
    return 0


def _as_json(row: "ScheduledEdition") -> dict[str, Any]:
    return {"edition": row.slot.key, "start": row.slot.window.start, "end": row.slot.window.end, "goes": row.due}

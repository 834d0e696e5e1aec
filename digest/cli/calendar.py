"""`digest calendar`: the coming editions."""

from itertools import islice
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.formats import instant_text


@click.command("calendar")
@click.option("--count", default=5, show_default=True, type=click.IntRange(1, 400), help="How many.")
@common_options
def command(root: Path, as_json: bool, count: int) -> int:
    """List the next editions and their windows."""
    with running_app(root) as app:
        zone = app.config.newsletter.timezone
        rows = []
        for plan in app.config.editions:
            calendar = app.calendar(plan)
            start = None
            for day in islice(calendar.upcoming(app.clock()), count):
                slot = app.slot(plan, day) if start is None else calendar.slot(day, start)
                rows.append(slot)
                start = slot.window.end
    rows = sorted(rows, key=lambda slot: slot.window.end)[:count]
    if as_json:
        print_json({"editions": [{"edition": slot.key, "start": slot.window.start, "end": slot.window.end} for slot in rows]})
        return 0
    for slot in rows:
        click.echo(f"{slot.key:22} {instant_text(slot.window.start, zone)} to {instant_text(slot.window.end, zone)}")
    return 0

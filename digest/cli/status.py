"""`digest status`: recent and coming editions, and messages that are not sent."""

from collections.abc import Sequence
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import common_options, print_json, running_app
from digest.cli.output import reason_line, reason_table, undelivered_table
from digest.text.formats import instant_text
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.app import App
    from digest.store.edition_values import EditionEntry


@click.command("status")
@click.option("--count", default=5, show_default=True, help="Number of past editions to show.")
@common_options
def command(root: Path, as_json: bool, count: int) -> int:
    """Show recent editions, the next ones, and messages that are not sent."""
    with running_app(root) as app:
        entries = app.store.editions.recent(count)
        found = _collect_status(app, entries)
        local = app.config.newsletter.timezone
    if as_json:
        print_json(found)
        return 0
    _print_state(found, entries, local)
    for row in found["next"]:
        click.echo(f"  Next edition: {row['edition']}, {instant_text(row['at'], local)}")
        if row["held"]:
            click.echo(f"    A guard would hold it: {row['held']}")
    for row in found["stuck"]:
        click.echo(f"  {row['state']}: {row['email']} {row['code'] or ''} {row['reply']}")
    return 0


def _print_state(found: dict[str, Any], entries: "list[EditionEntry]", local: tzinfo) -> None:
    """Print what is wrong, the last editions, and what is due or still on its way."""
    for row in found["troubles"]:
        click.echo(f"  trouble since {instant_text(row['since'], local)}: {row['what']}. {row['why']} {row['remedy']}")
    click.echo(f"{counted(found['subscribers'], 'active subscriber')}.")
    for entry in entries:
        click.echo(f"  {entry.key:22} {_line(entry, local)}")
    for row in found["relays"] if any(row["state"] != "sent" for row in found["relays"]) else []:
        click.echo(f"    {reason_line(row)}")
    for row in found["due"]:
        click.echo(f"  due: {row['edition']} since {instant_text(row['at'], local)}")
        if row["held"]:
            click.echo(f"    held: {row['held']}")
    for row in found["waves"]:
        readers = counted(row["readers"], "reader")
        click.echo(f"  {row['edition']}: {readers} to come at their own hour, the next at {instant_text(row['next'], local)}")


def _collect_status(app: "App", entries: "list[EditionEntry]") -> dict[str, Any]:
    """Return what `--json` prints; `relays` is about the last edition that was made."""
    from digest.edition.readership import count_recipients

    last = next((entry.key for entry in entries if entry.number is not None), None)
    who = [*(app.readership(plan).gets for plan in app.config.editions), lambda *_choice: True]
    *recipients, everybody = count_recipients(app.store, app.subscriber_file(), app.clock().date(), who)
    told = app.store.alarms.told().values()
    return {
        "troubles": [{"what": row.what, "why": row.why, "remedy": row.remedy, "since": since} for row, since in told],
        "subscribers": everybody,
        "editions": [_entry(entry) for entry in entries],
        "due": _due_editions(app, recipients),
        "waves": _waves(app, entries),
        "next": _next_editions(app, recipients),
        "stuck": [row for entry in entries if entry.finished_at is None for row in _stuck_messages(app, entry.key)],
        "relays": reason_table(app, last) if last else [],
    }


def _due_editions(app: "App", readers: Sequence[int]) -> list[dict[str, Any]]:
    """Return the editions whose cut-off was today and that are neither made nor skipped, each with what holds it."""
    from digest.edition.editors_word import check_released
    from digest.edition.guards import would_hold
    from digest.edition.preflight import check_may_send
    from digest.errors import DigestError
    from digest.publish import Permit

    found = []
    for plan, recipients in zip(app.config.editions, readers, strict=True):
        slot = app.slot(plan, app.calendar(plan).latest_due(app.clock()))
        local = app.clock().astimezone(app.config.newsletter.timezone)
        if app.store.editions.has_slot(slot.key) or slot.day != local.date():
            continue
        held: object = would_hold(app.config.guards, app.store, slot.name, recipients)
        try:
            check_may_send(app.pipeline, plan, slot, None, Permit())
            check_released(app.store, plan, slot, app.clock())
        except DigestError as error:
            held = error
        found.append({"edition": slot.key, "at": plan.due(slot), "held": held and str(held)})
    return found


def _waves(app: "App", entries: "list[EditionEntry]") -> list[dict[str, Any]]:
    """Return the editions that readers wait for until its hour comes where they are."""
    found = []
    for entry in entries:
        readers, following, last = app.store.deliveries.waves(entry.key, app.clock())
        if readers and entry.finished_at is None:
            found.append({"edition": entry.key, "readers": readers, "next": following, "last": last})
    return found


def _next_editions(app: "App", readers: Sequence[int]) -> list[dict[str, Any]]:
    """Return the next edition of each plan, with the reason why a guard would hold it if it came out now."""
    from digest.edition.guards import would_hold

    found = []
    for plan, recipients in zip(app.config.editions, readers, strict=True):
        calendar, series = app.calendar(plan), app.series[plan.name]
        day, held = next(calendar.upcoming(app.clock() - plan.lead)), would_hold(app.config.guards, app.store, series, recipients)
        found.append({"edition": f"{series}-{day}", "at": calendar.due(day), "held": held and str(held)})
    return found


def _stuck_messages(app: "App", key: str) -> list[dict[str, Any]]:
    return [{"edition": key, **row} for row in undelivered_table(app, key, limit=20) if row["state"] != "sent"]


def _entry(entry: "EditionEntry") -> dict[str, Any]:
    return {
        "edition": entry.key,
        "number": entry.number,
        "closed": entry.window_end,
        "finished": entry.finished_at,
        "note": entry.note,
        "counts": entry.counts,
    }


def _line(entry: "EditionEntry", local: tzinfo) -> str:
    if entry.number is None:
        return f"No edition: {entry.note}"
    counts = ", ".join(f"{count} {state}" for state, count in sorted(entry.counts.items())) or "no recipients"
    return f"No. {entry.number}: {counts}; {_describe_finish(entry, local)}"


def _describe_finish(entry: "EditionEntry", local: tzinfo) -> str:
    if entry.finished_at is None:
        return "not finished. Run `digest send` to continue"
    lost = entry.counts.get("queued", 0)
    return f"finished {instant_text(entry.finished_at, local)}{f', too late for {lost}' if lost else ''}"

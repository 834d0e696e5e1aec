"""`digest subscribers import`, `undo`, `export`."""

import csv
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.options import common_options, csv_output, print_json, running_app
from digest.subscriber_statuses import STATUSES
from digest.text.prose import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest.audience.importer import ImportPlan
    from digest.subscribers.import_batch import ImportBatch, ImportFate

ACTION_SYMBOLS: dict["ImportFate", str] = {"new": "+", "changed": "~", "gone": "-", "kept out": "x"}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "apply", is_flag=True, help="Apply the import. Without it, only show the changes.")
@click.option("--consent", default="", help="How these subscribers consented; kept in each one's history.")
@click.option(
    "--status", type=click.Choice(STATUSES), default=None, help="Give every subscriber this status, whatever the file says."
)
@click.option(
    "--columns", "columns", multiple=True, metavar="NAME=MEANING",
    help='What a column of FILE means: "Email Opt Out=unsubscribed", "TAGS=topics", "Score=ignore"; may be repeated.',
)  # fmt: skip
@common_options
def import_list(
    root: Path, as_json: bool, file: Path, apply: bool, consent: str, status: str | None, columns: tuple[str, ...]
) -> int:
    """Import subscribers from another program's CSV.

    Shows the changes; with --apply, makes them. New subscribers are added; existing ones are updated in the columns that
    subscribers.csv has. People who unsubscribed, bounced or complained are never added back, and people marked so in
    FILE are suppressed.
    """
    from digest.audience.importer import Importer
    from digest.subscribers.columns import parse_meanings
    from digest.subscribers.import_batch import open_batch
    from digest.subscribers.import_zip import ImportFile, unpack_lists

    with running_app(root) as app, unpack_lists(file) as files, open_batch() as batch:
        importer = Importer(app.store, app.subscriber_path, app.links.token, app.clock(), batch)
        plan = importer.plan(
            [ImportFile(list_file.path, status or list_file.status) for list_file in files], parse_meanings(columns)
        )
        if apply and not plan.is_empty:
            importer.apply(file.name, consent)
        if as_json:
            print_json({"applied": apply, **_counts(plan), "examples": _rows(batch)})
            return 0
        for line in _describe(plan, batch, file.name):
            click.echo(line)
    click.echo(_result(plan, apply))
    return 0


def _result(plan: "ImportPlan", apply: bool) -> str:
    if plan.is_empty:
        return "No changes to make."
    if apply:
        return "Import applied. To reverse it, run `digest subscribers undo`."
    return "No changes made. To apply them, add --apply."


def _counts(plan: "ImportPlan") -> "dict[str, object]":
    fates = {fate.replace(" ", "_"): plan.counts.get(fate, 0) for fate in ("new", "changed", "unchanged", "gone", "kept out")}
    return {"refused": plan.invalid, "doubles": plan.duplicates, "unknown_columns": plan.unknown_columns, **fates}


def _rows(batch: "ImportBatch") -> dict[str, list[dict[str, object]]]:
    from itertools import islice

    from digest.audience.importer import MAX_EXAMPLES

    return {
        fate.replace(" ", "_"): [
            {"email": row.email, "line": row.line, "why": row.why} for row in islice(batch.of(fate), MAX_EXAMPLES)
        ]
        for fate in ACTION_SYMBOLS
    }


def _describe(plan: "ImportPlan", batch: "ImportBatch", name: str) -> "Iterator[str]":
    """Yield the changes that an import makes, as lines for a person."""
    for (fate, symbol), rows in zip(ACTION_SYMBOLS.items(), _rows(batch).values(), strict=True):
        for row in rows:
            why = f"  ({row['why']})" if row["why"] else ""
            yield f"{symbol} {row['email']}{why}"
        if (more := plan.counts.get(fate, 0) - len(rows)) > 0:
            yield f"{symbol} … and {more} more"
    for problem in plan.problems:
        yield f"! {name}:{problem.line}: {problem.what}"
    if plan.unknown_columns:
        columns = ", ".join(plan.unknown_columns)
        yield f"Columns not imported: {columns}. To keep one, add its name to the first line of subscribers.csv."
    counts = _counts(plan)
    yield (
        f"{counts['new']} new, {counts['changed']} changed, {counts['unchanged']} unchanged, {counts['gone']} suppressed, "
        f"{counts['kept_out']} left out, {counted(plan.duplicates, 'duplicate')}, {plan.invalid} invalid."
    )


@click.command("undo")
@common_options
def undo(root: Path, as_json: bool) -> int:
    """Undo the last import. Its new rows are removed, its changes reversed and its suppressions lifted."""
    from digest.audience.import_undo import undo_import

    with running_app(root) as app:
        done = undo_import(app.store, app.subscriber_path, app.clock())
    if as_json:
        print_json({"taken_out": done.removed, "put_back": done.restored, "released": done.released, "kept": done.skipped})
        return 0
    summary = f"{counted(done.removed, 'row')} removed, {counted(done.restored, 'row')} restored"
    click.echo(f"{summary}, {counted(done.released, 'suppression')} lifted.")
    if done.skipped:
        click.echo(f"{counted(done.skipped, 'row')} left alone, because changed since the import.")
    return 0


@click.command("export")
@click.option(
    "--status",
    "statuses",
    multiple=True,
    type=click.Choice([*STATUSES, "suppressed"]),
    help="Export only this status. Repeatable.",
)
@click.option("--topic", default=None, help="Export only subscribers with this topic.")
@click.option("--domain", default=None, help="Export only addresses at this domain.")
@click.option(
    "--joined-since",
    type=click.DateTime(["%Y-%m-%d"]),
    default=None,
    metavar="DAY",
    help="Export only subscribers who joined on or after this day (2026-01-31).",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    show_default="standard output",
    help="Write to this file.",
)
@common_options
def export(
    root: Path,
    as_json: bool,
    statuses: tuple[str, ...],
    topic: str | None,
    domain: str | None,
    joined_since: datetime | None,
    output: Path | None,
) -> int:
    """Export the subscriber list as CSV. UTF-8, one row per address, with suppressions applied."""
    from digest.audience.exporter import SubscriberFilter, export_rows

    since = joined_since.date().isoformat() if joined_since else None
    wanted = SubscriberFilter(statuses=statuses, topic=topic, domain=domain, joined_since=since)
    with running_app(root) as app:
        rows = export_rows(app.store, app.subscriber_file(), wanted)
        header = next(rows)  # a list that cannot be read fails here, before a file is written
        if as_json:
            print_json({"subscribers": [dict(zip(header, row, strict=True)) for row in rows]})
            return 0
        with csv_output(app, output) as file:
            csv.writer(file, lineterminator="\n").writerows(chain([header], rows))
    return 0

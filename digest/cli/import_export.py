"""`digest subscribers import`, `undo`, `export`."""

import csv
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from digest.cli.options import common_options, print_json, running_app
from digest.statuses import STATUSES
from digest.text.prose import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from digest.app import App
    from digest.audience.exporter import Filter
    from digest.audience.importer import ImportPlan
    from digest.subscribers.import_batch import ImportAction, ImportBatch

MARKS: dict["ImportAction", str] = {"new": "+", "changed": "~", "gone": "-", "kept out": "x"}


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--apply", "really", is_flag=True, help="Do it; without this only tell what would be done.")
@click.option("--consent", default="", help="Where these readers' consent comes from, kept in each one's history.")
@click.option("--status", type=click.Choice(STATUSES), default=None, help="What all of them are, whatever the file says.")
@click.option(
    "--columns", "columns", multiple=True, metavar="NAME=MEANING",
    help='What a column of FILE means: "Email Opt Out=unsubscribed", "TAGS=topics", "Score=ignore"; may be repeated.',
)  # fmt: skip
@common_options
def import_list(
    root: Path, as_json: bool, file: Path, really: bool, consent: str, status: str | None, columns: tuple[str, ...]
) -> int:
    """Take in the subscribers of FILE, a CSV of any program; first as a rehearsal, with --apply in earnest.

    New readers are appended, known ones get the values that the file has and the roll has a column for. Nobody is
    brought back who left, bounced or complained; who is marked so in FILE goes on the suppression list.
    """
    from digest.audience.importer import Import
    from digest.subscribers.columns import parse_meanings
    from digest.subscribers.import_batch import open_batch
    from digest.subscribers.zip_archive import Part, unpack_lists

    with running_app(root) as app, unpack_lists(file) as parts, open_batch() as batch:
        way = Import(app.store, app.subscriber_path, app.links.token, app.clock(), batch)
        plan = way.plan([Part(part.file, status or part.status) for part in parts], parse_meanings(columns))
        if really and not plan.empty:
            way.apply(file.name, consent)
        if as_json:
            print_json(
                {
                    "applied": really,
                    "refused": plan.refused,
                    "doubles": plan.doubles,
                    "unknown_columns": plan.unknown,
                    **_counts(plan),
                    "examples": _rows(batch),
                }
            )
            return 0
        for line in _told(plan, batch, file.name):
            click.echo(line)
    if plan.empty:
        click.echo("There is nothing to do.")
    elif really:
        click.echo("Done; `digest subscribers undo` takes it back, the imports before it one by one.")
    else:
        click.echo("Nothing was changed: --apply does it.")
    return 0


def _counts(plan: "ImportPlan") -> dict[str, int]:
    return {fate.replace(" ", "_"): plan.counts.get(fate, 0) for fate in ("new", "changed", "unchanged", "gone", "kept out")}


def _rows(batch: "ImportBatch") -> dict[str, list[dict[str, object]]]:
    from itertools import islice

    from digest.audience.importer import MAX_EXAMPLES

    return {
        fate.replace(" ", "_"): [
            {"email": row.email, "line": row.line, "why": row.why} for row in islice(batch.of(fate), MAX_EXAMPLES)
        ]
        for fate in MARKS
    }


def _told(plan: "ImportPlan", batch: "ImportBatch", name: str) -> "Iterator[str]":
    """The difference that it makes, for a person."""
    for (fate, mark), rows in zip(MARKS.items(), _rows(batch).values(), strict=True):
        for row in rows:
            why = f"  ({row['why']})" if row["why"] else ""
            yield f"{mark} {row['email']}{why}"
        if (more := plan.counts.get(fate, 0) - len(rows)) > 0:
            yield f"{mark} … and {more} more"
    for problem in plan.problems:
        yield f"! {name}:{problem.line}: {problem.what}"
    if plan.unknown:
        columns = ", ".join(plan.unknown)
        yield f"Not kept, since subscribers.csv has no column of that name: {columns}. Add it to its first line to keep it."
    counts = _counts(plan)
    yield (
        f"{counts['new']} new, {counts['changed']} changed, {counts['unchanged']} unchanged, {plan.refused} refused, "
        f"{plan.doubles} double, {counts['kept_out']} opted out and kept out, {counts['gone']} gone by the file."
    )


@click.command("undo")
@common_options
def undo(root: Path, as_json: bool) -> int:
    """Take the last import back: its new rows go, its changes are reversed, its suppressions are lifted."""
    from digest.audience.importer import undo

    with running_app(root) as app:
        done = undo(app.store, app.subscriber_path, app.clock())
    if as_json:
        print_json({"taken_out": done.taken_out, "put_back": done.put_back, "released": done.released, "kept": done.kept})
        return 0
    click.echo(f"{done.taken_out} taken out, {done.put_back} put back, {done.released} suppressions lifted.")
    if done.kept:
        click.echo(f"Left as they are, since they have changed: {counted(done.kept, 'row')}.")
    return 0


@click.command("export")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only those of this status; may be repeated."
)
@click.option("--topic", default=None, help="Only those with this topic.")
@click.option("--domain", default=None, help="Only addresses of this domain.")
@click.option("--joined-since", default=None, help="Only those who joined on this day or later (2026-01-31).")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="A file instead of the screen.")
@common_options
def export(
    root: Path,
    as_json: bool,
    statuses: tuple[str, ...],
    topic: str | None,
    domain: str | None,
    joined_since: str | None,
    output: Path | None,
) -> int:
    """The subscribers as CSV (UTF-8), each address once, with the status that counts."""
    from digest.audience.exporter import Filter, export_rows

    wanted = Filter(statuses=statuses, topic=topic, domain=domain, joined_since=joined_since)
    with running_app(root) as app:
        if as_json:
            header, *found = export_rows(app.store, app.subscriber_file(), wanted)
            print_json({"subscribers": [dict(zip(header, row, strict=True)) for row in found]})
            return 0
        if output is None:
            _write(app, wanted, sys.stdout)
        else:
            with output.open("w", encoding="utf-8", newline="") as file:
                _write(app, wanted, file)
    return 0


def _write(app: "App", wanted: "Filter", file: IO[str]) -> None:
    from digest.audience.exporter import export_rows

    csv.writer(file, lineterminator="\n").writerows(export_rows(app.store, app.subscriber_file(), wanted))

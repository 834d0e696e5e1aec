"""What the commands share: the folder, `--json`, and the choice of an edition."""

import functools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from digest.errors import UsageError
from digest.text.formats import day_text, json_text
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.app import App
    from digest.config import EditionPlan
    from digest.model import Slot

Command = Callable[..., Any]


def common_options(function: Command) -> Command:
    """Add -C DIR and --json; the command gets `root` and `as_json`."""

    @click.option(
        "-C", "root", type=click.Path(file_okay=False), default=None, show_default="current folder", help="The newsletter's folder."
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
    @click.pass_context
    @functools.wraps(function)
    def wrapped(ctx: click.Context, /, root: str | None, as_json: bool, **given: Any) -> Any:
        code = function(root=Path(root or ctx.obj or "."), as_json=as_json, **given)
        if code:
            ctx.exit(code)

    return wrapped


def edition_options(function: Command) -> Command:
    """Add --edition and --date."""
    function = click.option(
        "--date", "day", type=click.DateTime(["%Y-%m-%d"]), metavar="YYYY-MM-DD", help="The edition of this day."
    )(function)
    return click.option(
        "--edition", default=None, metavar="N", help="The edition's number (see `digest status`), or its name in digest.toml."
    )(function)


@contextmanager
def running_app(root: Path, *, service: bool = False) -> Iterator["App"]:
    """Yield the newsletter in a folder, ready to run, with the clock of a command or of a service."""
    from digest.app import open_newsletter
    from digest.clock import command_clock, service_clock
    from digest.deliver.retry import RUN_RETRY_DELAYS

    with open_newsletter(
        root, service_clock() if service else command_clock(), retry_delays=() if service else RUN_RETRY_DELAYS
    ) as app:
        yield app


def chosen_edition(app: "App", edition: str | None, day: Any) -> tuple["EditionPlan", "Slot"]:
    """Return the plan and slot of the edition chosen by number, name or day; without a choice, of the one that is due now."""
    if edition and edition.isdigit():
        return _find_by_number(app, int(edition))
    plan = app.config.edition(edition)
    return plan, app.slot(plan, day.date() if day else app.calendar(plan).latest_due(app.clock()))


def coming_edition(app: "App", edition: str | None, day: Any) -> tuple["EditionPlan", "Slot"]:
    """Return the chosen edition. Without a choice, return the due one, or the next if that one is made, skipped or too late."""
    if edition or day:
        return chosen_edition(app, edition, day)
    plan = app.config.edition(None)
    return plan, app.coming_slot(plan)


def edition_summary(app: "App", slot: "Slot", stories: int) -> str:
    """Return the day and size of an edition, and when it closes: `Tue 24 Nov 2026, so far: 5 stories; it closes at 07:00 GMT`."""
    closes, zone = slot.window.end, app.config.newsletter.timezone
    open_ = closes > app.clock()
    summary = f"{day_text(slot.day)}{', so far' if open_ else ''}: {counted(stories, 'story', 'stories')}"
    return f"{summary}; it closes at {closes.astimezone(zone):%H:%M %Z}" if open_ else summary


def _find_by_number(app: "App", number: int) -> tuple["EditionPlan", "Slot"]:
    key = app.store.editions.key_of(number)
    frozen = app.store.editions.frozen(key) if key else None
    if frozen is None:
        raise UsageError(f"no edition has number {number}", remedy="See `digest status` for recent editions.")
    return app.plan_of(frozen.edition.slot.name) or app.config.editions[0], frozen.edition.slot


@contextmanager
def csv_output(app: "App", path: Path | None) -> Iterator[IO[str]]:
    """Yield a file to write CSV to, standard output if there is no path; raise UsageError if it is the subscriber list itself."""
    if path is None:
        yield sys.stdout
        return
    if path.exists() and app.subscriber_path.exists() and path.samefile(app.subscriber_path):
        raise UsageError("this is the subscriber list itself", thing=str(path), remedy="Name another file.")
    with path.open("w", encoding="utf-8", newline="") as file:
        yield file


def print_json(value: dict[str, Any]) -> None:
    """Print one JSON object on standard output."""
    click.echo(json_text(value, indent=2 if sys.stdout.isatty() else None))


def print_json_rows(name: str, rows: Iterable[Mapping[str, Any]], **head: Any) -> None:
    """Print one JSON object on standard output that contains a list of any length, row by row."""
    before = "".join(f"{json_text(key)}: {json_text(value)}, " for key, value in head.items())
    click.echo(f"{{{before}{json_text(name)}: [", nl=False)
    for number, row in enumerate(rows):
        click.echo(f"{',' if number else ''}{json_text(row)}", nl=False)
    click.echo("]}")

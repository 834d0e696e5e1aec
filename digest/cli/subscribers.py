"""`digest subscribers`: the subscriber list."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.import_export import export, import_list, undo
from digest.cli.options import common_options, print_json, print_json_rows, running_app
from digest.cli.suppression import restore, suppress, suppression_list
from digest.errors import UsageError
from digest.subscriber_statuses import STATUSES, described_status
from digest.text.prose import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from digest.app import App
    from digest.model import Subscriber
    from digest.subscribers import Problem


MAX_PROBLEMS = 200  # problems listed without --all


@click.group("subscribers")
def command() -> None:
    """Manage the subscriber list, subscribers.csv.

    The file needs a column `email`. Optional columns: name, status, topics, timezone, language, frequency, joined,
    paused_until and your own. Edit it with any program; these commands change only the rows they name. Unsubscribes,
    bounces and complaints are also kept on the suppression list, which editing the file does not undo.
    """


for _command in (import_list, undo, export, suppress, restore, suppression_list):
    command.add_command(_command)


@command.command("list")
@click.option(
    "--status", type=click.Choice([*STATUSES, "suppressed"]), default=None, help="List only subscribers with this status."
)
@common_options
def list_subscribers(root: Path, as_json: bool, status: str | None) -> int:
    """List every subscriber with their status."""
    with running_app(root) as app:
        rows = ((subscriber, state) for subscriber, state in _states(app) if status in {None, state})
        if as_json:
            print_json_rows("subscribers", ({**_row(subscriber), "status": state} for subscriber, state in rows))
            return 0
        count = 0
        for count, (subscriber, state) in enumerate(rows, 1):  # noqa: B007  used after the loop
            click.echo(f"{subscriber.email}  {described_status(state)}{f'  {subscriber.name}' if subscriber.name else ''}")
    click.echo(f"{counted(count, 'subscriber')}.", err=True)
    return 0


def _states(app: "App") -> "Iterator[tuple[Subscriber, str]]":
    """Yield every subscriber with the status that counts: the suppression list's before the file's."""
    from digest.batching import batched

    for subscribers in batched(app.subscriber_file().distinct()):
        suppressed = app.store.suppressions.among(row.email for row in subscribers)
        yield from ((row, suppressed.get(row.email, row.status)) for row in subscribers)


def _row(subscriber: "Subscriber") -> dict[str, Any]:
    return {"email": subscriber.email, "name": subscriber.name, "line": subscriber.line}


@command.command("add")
@click.argument("email")
@click.option("--name", default="", help="Name for the To header.")
@click.option("--consent", default="", help="How the subscriber consented; kept in their history.")
@common_options
def add(root: Path, as_json: bool, email: str, name: str, consent: str) -> int:
    """Add EMAIL to the subscriber list."""
    from digest.audience.consent import consent_detail
    from digest.store import HistoryEvent
    from digest.subscribers import add, normalise

    with running_app(root) as app:
        address, now = normalise(email), app.clock()
        name = name or (email.rpartition("<")[0].strip(' "') if email.endswith(">") else "")
        if reason := app.store.suppressions.among([address]).get(address):
            raise UsageError(
                f"cannot be added: it is on the suppression list ({reason})",
                thing=address,
                remedy=f"If the subscriber asked to come back, run `digest subscribers restore {address} --reason TEXT`.",
            )
        add(app.subscriber_path, address, name=name, today=now.date())
        detail = consent_detail("by hand", consent)
        app.store.history.note([HistoryEvent(email=address, at=now, event="added", detail=detail)])
    print_json({"added": address}) if as_json else click.echo(f"Added {address} to subscribers.csv.")
    return 0


@command.command("remove")
@click.argument("email")
@common_options
def remove(root: Path, as_json: bool, email: str) -> int:
    """Remove EMAIL from the subscriber list. An import can add it back; to stop all mail for good, use `suppress`."""
    from digest.store import HistoryEvent
    from digest.subscribers import normalise, remove

    with running_app(root) as app:
        address = normalise(email)
        count = remove(app.subscriber_path, address)
        app.store.history.note([HistoryEvent(email=address, at=app.clock(), event="removed", detail="by hand")])
    print_json({"removed": address, "rows": count}) if as_json else click.echo(f"Removed {address} from subscribers.csv.")
    return 0


@command.command("check")
@click.option("--all", "show_all", is_flag=True, help="List every problem, not only the first 200.")
@common_options
def check(root: Path, as_json: bool, show_all: bool) -> int:
    """List the rows with problems, by line.

    A bad row is skipped; the others are sent. Exits with 2 if there are no active subscribers.
    """
    from itertools import islice

    from digest.subscribers import SUBSCRIBERS_FILE, SubscriberFile

    path = root / SUBSCRIBERS_FILE  # not the whole newsletter: a million rows leave little memory
    subscriber_file = SubscriberFile(path, frequency_remark=_frequency_remark(root))
    summary = subscriber_file.summarise()
    skipped = summary.skipped + summary.duplicates
    problems = islice(
        subscriber_file.problems() if skipped or summary.remarks else iter(()), None if show_all or as_json else MAX_PROBLEMS
    )
    if as_json:
        head = {"subscribers": summary.subscribers, "active": summary.active, "counts": summary.counts, "manner": summary.format}
        print_json_rows("problems", ({"line": row.line, "what": row.what, "skipped": row.skipped} for row in problems), **head)
        return 0 if summary.active else 2
    for row in problems:
        click.echo(_line(subscriber_file.path, row))
    if not show_all and skipped + summary.remarks > MAX_PROBLEMS:
        click.echo("More problems not shown. Use --all to list them.")
    for line in _wordless_languages(root, summary.languages):
        click.echo(line)
    click.echo(f"{subscriber_file.path.name}: {summary.format}.")
    click.echo(f"{counted(summary.subscribers, 'subscriber')} ({summary.active} active), {counted(skipped, 'row')} skipped.")
    return 0 if summary.active else 2


def _frequency_remark(root: Path) -> "Callable[[str], str]":
    """Return what says which frequencies of the list mean nothing to the newsletter's editions."""
    from functools import partial

    from digest.config import FILE, load
    from digest.edition.readership import frequency_remark

    return partial(frequency_remark, plans=load(root).editions) if (root / FILE).exists() else lambda _frequency: ""


def _wordless_languages(root: Path, languages: dict[str, int]) -> "Iterator[str]":
    """Yield a remark for each language of subscribers that has no words, here or in the newsletter's folder."""
    from digest.render.languages import known_languages, named_language

    known = known_languages((root / "locale",))
    for name, count in sorted(languages.items()):
        if name and not named_language(name, known):
            yield f"language {name[:40]!r} of {counted(count, 'subscriber')} has no words: they get the newsletter's own language."


def _line(path: Path, row: "Problem") -> str:
    return f"{path.name}:{row.line}: {row.what}{' (skipped)' if row.skipped else ''}"


@command.command("show")
@click.argument("email")
@common_options
def show(root: Path, as_json: bool, email: str) -> int:
    """Show everything recorded about EMAIL. That is: row, suppression, preferences, history, editions sent."""
    from digest.audience.subscriber_record import record_of
    from digest.subscribers import normalise

    with running_app(root) as app:
        found = record_of(app, normalise(email))
    if as_json:
        print_json(found.as_json())
        return 0
    click.echo(found.text())
    return 0 if found.is_known else 1

"""`digest subscribers`: the roll."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import shared, show, working
from digest.errors import UsageError

if TYPE_CHECKING:
    from digest.model import Subscriber
    from digest.subscribers import Problem


@click.group("subscribers")
def command() -> None:
    """List, add, remove and check the subscribers.

    They are in subscribers.csv: one column `email`, and if you like name, status, topics, timezone, language,
    frequency, joined and columns of your own. Edit it with anything; these commands change one row and no other byte.
    """


@command.command("list")
@click.option("--status", default=None, help="Only those of this status.")
@shared
def listed(root: Path, as_json: bool, status: str | None) -> int:
    """Everyone on the roll."""
    with working(root) as works:
        roll = works.roll()
        gone = works.store.optouts.among(reader.email for reader in roll.subscribers)
    rows = [(reader, gone.get(reader.email, reader.status)) for reader in roll.subscribers]
    rows = [(reader, state) for reader, state in rows if status in {None, state}]
    if as_json:
        show({"subscribers": [_row(reader, state) for reader, state in rows]})
        return 0
    for reader, state in rows:
        click.echo(f"{reader.email}  {state}{f'  {reader.name}' if reader.name else ''}")
    click.echo(f"{len(rows)} subscriber(s).", err=True)
    return 0


def _row(reader: "Subscriber", state: str) -> dict[str, Any]:
    return {"email": reader.email, "name": reader.name, "status": state, "line": reader.line}


@command.command("add")
@click.argument("email")
@click.option("--name", default="", help="As it stands in the To line.")
@click.option("--again", is_flag=True, help="The reader had opted out and asks to be written to again.")
@shared
def added(root: Path, as_json: bool, email: str, name: str, again: bool) -> int:
    """Append EMAIL to the roll; with --again, make one active again who had opted out."""
    from digest.subscribers import add, mark, normal

    with working(root) as works:
        address = normal(email)
        if reason := works.store.optouts.among([address]).get(address):
            if not again:
                raise UsageError(
                    f"is {reason} and not written to", thing=address, remedy="Where the reader asks for it, add --again."
                )
            works.store.optouts.remove(address)
        if not (again and mark(works.roll_path, address, "active")):
            add(works.roll_path, address, name=name, today=works.clock().date())
    show({"added": address}) if as_json else click.echo(f"Added {address}.")
    return 0


@command.command("remove")
@click.argument("email")
@shared
def removed(root: Path, as_json: bool, email: str) -> int:
    """Take EMAIL off the roll."""
    from digest.subscribers import remove

    with working(root) as works:
        count = remove(works.roll_path, email)
    show({"removed": email, "rows": count}) if as_json else click.echo(f"Removed {email}.")
    return 0


@command.command("check")
@shared
def checked(root: Path, as_json: bool) -> int:
    """Name every row with a problem, by its line, and what to do.

    A bad row keeps only its own reader from the mail. The exit code is 2 where nobody could be sent anything.
    """
    with working(root) as works:
        roll = works.roll()
    active = len(roll.active)
    if as_json:
        show({
            "subscribers": len(roll.subscribers),
            "active": active,
            "problems": [{"line": row.line, "what": row.what, "skipped": row.skipped} for row in roll.problems],
        })  # fmt: skip
    else:
        for row in roll.problems:
            click.echo(_line(roll.path, row))
        click.echo(f"{len(roll.subscribers)} subscribers, {active} active, {len(roll.problems)} problem(s).")
    return 0 if active else 2


def _line(path: Path, row: "Problem") -> str:
    return f"{path.name}:{row.line}: {row.what}{'; skipped' if row.skipped else ''}"

"""`digest stats`: the numbers of the last editions."""

from collections import Counter
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.formats import day_text

COLUMNS = {
    "sent": "Sent",
    "refused": "Refused",
    "in_doubt": "In doubt",
    "bounced": "Bounced",
    "came": "Came",
    "left": "Left",
    "stories": "Stories",
    "comments": "Comments",
}


@click.command("stats")
@click.option("--count", default=20, show_default=True, metavar="N", help="How many editions.")
@common_options
def command(root: Path, as_json: bool, count: int) -> int:
    """Show the numbers of the last editions: what went out, who came and left, what was printed."""
    from digest.desk.numbers import edition_numbers

    with running_app(root) as app:
        rows = edition_numbers(app, count)
    if as_json:
        print_json({"editions": [row.as_json() for row in rows]})
        return 0
    if not rows:
        click.echo("Numbers begin with the first edition.")
        return 0
    click.echo(f"{'Edition':<18}{''.join(f'{title:>10}' for title in COLUMNS.values())}")
    for row in rows:
        numbers = "".join(f"{getattr(row, name):>10,}" for name in COLUMNS)
        click.echo(f"{day_text(row.day):<18}{f'  {row.note}' if row.note and not row.recipients else numbers}")
    sources = sum((Counter(row.came_from) for row in rows), Counter[str]())
    if named := [f"{source or 'elsewhere'} {count:,}" for source, count in sources.most_common() if source or len(sources) > 1]:
        click.echo(f"Came by the form from: {', '.join(named)}.")
    return 0

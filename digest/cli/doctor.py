"""`digest doctor`: look into the database, the list and the folder, and mend what can be mended."""

from collections import Counter
from pathlib import Path

import click

from digest.cli.check import LEVEL_SYMBOLS
from digest.cli.options import common_options, print_json, running_app


@click.command("doctor")
@click.option("--dry-run", is_flag=True, help="Only look.")
@common_options
def command(root: Path, as_json: bool, dry_run: bool) -> int:
    """Look into the database, the subscriber list and the folder, and mend what can be mended, saying what.

    It changes nothing that you wrote, and loses no opt-out. ✓ well, ! mended or harmless, ✗ you have to do something: it says what.
    Exits with 1 if there is such a thing. Nothing is sent.
    """
    from digest.service.doctor import examine

    with running_app(root) as app:
        found = examine(app, mend=not dry_run)
    bad = bool(Counter(row.level for row in found)["error"])
    if as_json:
        print_json({"ok": not bad, "findings": [{"area": row.area, "level": row.level, "text": row.text} for row in found]})
        return int(bad)
    for row in found:
        click.echo(f"{LEVEL_SYMBOLS[row.level]} {row.area:12} {row.text}")
    return int(bad)

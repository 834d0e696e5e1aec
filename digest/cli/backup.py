"""`digest backup`: the newsletter's folder and database in one file, while the service runs."""

from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.prose import counted


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@common_options
def command(root: Path, as_json: bool, file: Path) -> int:
    """Write a backup of the newsletter to FILE: its folder, database and sent.log. The service may run meanwhile.

    Keys and password files are not in it: keep them elsewhere. Copy FILE to another machine.
    """
    from digest.service.backup import write_backup

    with running_app(root) as app:
        made = write_backup(app, file.absolute())
    if as_json:
        print_json({"file": str(file), "made": made.made, "files": sorted(made.files), "left_out": list(made.left_out)})
        return 0
    click.echo(f"{counted(len(made.files), 'file')} in {file} ({file.stat().st_size / 1_000_000:.1f} MB).")
    if made.left_out:
        click.echo(f"Not in it: {', '.join(made.left_out)}. Keep these elsewhere.")
    return 0

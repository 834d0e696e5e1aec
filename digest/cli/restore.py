"""`digest restore`: a newsletter's folder from a backup."""

from pathlib import Path

import click

from digest.cli.options import common_options, print_json


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--sent-log",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    default=None,
    metavar="LOG",
    help="A newer sent.log than the backup's, if it was saved: it knows who has left since.",
)
@click.option("--check", is_flag=True, help="Only try whether FILE can be restored; change nothing.")
@common_options
def command(root: Path, as_json: bool, file: Path, sent_log: Path | None, check: bool) -> int:
    """Make a newsletter's folder (-C, new or empty) from the backup FILE.

    What went out after the backup is not known to it. So an edition that may have gone since is held; `digest send --again` sends
    it, if you know that it did not go.
    """
    from digest.clock import command_clock
    from digest.service.backup import check_backup, restore

    held: list[str] = []
    if check:
        made = check_backup(file, command_clock())
    else:
        made, held = restore(file, root.absolute(), command_clock(), sent_log)
    if as_json:
        print_json(
            {"newsletter": made.newsletter, "made": made.made, "restored": not check, "left_out": list(made.left_out), "held": held}
        )
        return 0
    click.echo(f"{made.newsletter}, as it was on {made.made:%a %d %b %Y at %H:%M %Z}: {'can be' if check else 'is'} restored.")
    for key in held:
        click.echo(f"Held, because it may have gone already: {key}. If it did not go, run `digest send --again`.")
    if made.left_out:
        click.echo(f"Not in the backup; put them back: {', '.join(made.left_out)}.")
    return 0

"""`digest restore`: a newsletter's folder from a backup."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.backup import PASSPHRASE
from digest.cli.options import common_options, print_json

if TYPE_CHECKING:
    from digest.service.backup_keys import Unlock

_FILE = click.Path(dir_okay=False, exists=True, path_type=Path)


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option(
    "--sent-log",
    type=_FILE,
    default=None,
    metavar="LOG",
    help="A newer sent.log than the backup's, if it was saved: it knows who has left since.",
)
@click.option("--keys", is_flag=True, help=f"With its keys; the passphrase is {PASSPHRASE}, or asked for.")
@click.option("--identity", type=_FILE, default=None, metavar="KEYFILE", help="With its keys, by this identity of age.")
@click.option("--check", is_flag=True, help="Only try whether FILE can be restored; change nothing.")
@common_options
def command(root: Path, as_json: bool, file: Path, sent_log: Path | None, keys: bool, identity: Path | None, check: bool) -> int:
    """Make a newsletter's folder (-C, new or empty) from the backup FILE.

    What went out after the backup is not known to it. So an edition that may have gone since is held; `digest send --again` sends
    it, if you know that it did not go.
    """
    from digest.clock import command_clock
    from digest.service.restore import check_backup, restore

    held, unlock = list[str](), _unlock(keys, identity)
    if check:
        made = check_backup(file, command_clock(), unlock)
    else:
        made, held = restore(file, root.absolute(), command_clock(), sent_log, unlock)
    if as_json:
        print_json(
            {"newsletter": made.newsletter, "made": made.made, "restored": not check, "left_out": list(made.left_out), "held": held}
        )
        return 0
    click.echo(f"{made.newsletter}, as it was on {made.made:%a %d %b %Y at %H:%M %Z}: {'can be' if check else 'is'} restored.")
    for key in held:
        click.echo(f"Held, because it may have gone already: {key}. If it did not go, run `digest send --again`.")
    if made.left_out:
        where = "Its keys are encrypted in it: add --keys or --identity, or put them back"
        click.echo(f"{where if made.has_keys else 'Not in the backup; put them back'}: {', '.join(made.left_out)}.")
    return 0


def _unlock(keys: bool, identity: Path | None) -> "Unlock | None":
    """Return what decrypts the keys; None if they stay in the backup."""
    if not (keys or identity):
        return None
    from digest.service.backup_keys import unlock_by_identity, unlock_by_passphrase

    if identity:
        return unlock_by_identity(identity)
    return unlock_by_passphrase(os.environ.get(PASSPHRASE) or click.prompt("Passphrase", hide_input=True, err=True))

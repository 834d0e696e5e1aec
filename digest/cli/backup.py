"""`digest backup`: the newsletter's folder and database in one file, while the service runs."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.options import common_options, print_json, running_app
from digest.errors import UsageError
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.service.backup_keys import Lock

PASSPHRASE = "DIGEST_BACKUP_PASSPHRASE"  # noqa: S105  the variable's name


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE")
@click.option("--keys", is_flag=True, help=f"With the keys and passwords, encrypted by a passphrase ({PASSPHRASE}, or asked for).")
@click.option(
    "--recipient", default=None, metavar="AGE1…", help="With the keys, encrypted for the owner of this public key of age."
)
@common_options
def command(root: Path, as_json: bool, file: Path, keys: bool, recipient: str | None) -> int:
    """Write a backup of the newsletter to FILE: its folder, database and sent.log. The service may run meanwhile.

    Keys and password files are not in it unless you ask for them. Copy FILE to another machine.
    """
    from digest.service.backup import write_backup

    lock = _lock(keys, recipient)
    with running_app(root) as app:
        made = write_backup(app, file.absolute(), lock)
    left_out = () if made.has_keys else made.left_out
    if as_json:
        print_json({"file": str(file), "made": made.made, "files": sorted(made.files), "left_out": list(left_out)})
        return 0
    click.echo(f"{counted(len(made.files), 'file')} in {file} ({file.stat().st_size / 1_000_000:.1f} MB).")
    if made.has_keys:
        inside = [name for name in made.left_out if not Path(name).is_absolute()]
        names = ", ".join(inside) or "no keys, because there are none"
        click.echo(f"In it, encrypted: {names}. Passwords from the environment are not in it.")
        if outside := [name for name in made.left_out if name not in inside]:
            click.echo(f"Not in it, because they are elsewhere: {', '.join(outside)}.")
    elif left_out:
        click.echo(f"Not in it: {', '.join(left_out)}. Keep these elsewhere, or add --keys.")
    return 0


def _lock(keys: bool, recipient: str | None) -> "Lock | None":
    """Return what encrypts the keys; None if they stay where they are."""
    if not (keys or recipient):
        return None
    from digest.service.backup_keys import lock_by_passphrase, lock_for

    if recipient:
        return lock_for(recipient)
    if not os.environ.get(PASSPHRASE) and not sys.stdin.isatty():
        raise UsageError("a passphrase is needed for the keys", remedy=f"Set {PASSPHRASE}, or give --recipient.")
    return lock_by_passphrase(
        os.environ.get(PASSPHRASE) or click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)
    )

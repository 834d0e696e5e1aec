"""`digest subscribers suppress`, `restore`, `suppressed`: the list of those who must not be written to."""

import csv
import sys
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.errors import UsageError


@click.command("suppress")
@click.argument("email")
@click.option("--reason", required=True, help="Why, kept in the history.")
@common_options
def suppress(root: Path, as_json: bool, email: str, reason: str) -> int:
    """Never write to EMAIL again, whatever the roll or an import says."""
    from digest.subscribers import normalise, set_status

    with running_app(root) as app:
        address = normalise(email)
        new = app.store.suppressions.add(address, "suppressed", app.clock(), f"by hand: {reason}")
        set_status(app.subscriber_path, address, "unsubscribed")
    told = f"{address} is not written to any more." if new else f"{address} was on the suppression list already."
    print_json({"suppressed": address, "new": new}) if as_json else click.echo(told)
    return 0


@click.command("restore")
@click.argument("email")
@click.option(
    "--reason", required=True, help="Why it may be written to again, kept in the history: the reader asked, on which day."
)
@common_options
def restore(root: Path, as_json: bool, email: str, reason: str) -> int:
    """Take EMAIL off the suppression list, because its reader asked; its row in the roll is active again."""
    from digest.statuses import GONE
    from digest.store import HistoryEvent
    from digest.subscribers import normalise, set_status

    with running_app(root) as app:
        address = normalise(email)
        now, row = app.clock(), app.subscriber_file().find(address)
        was = app.store.suppressions.release(address, reason, now)
        if was is None and (row is None or row.status not in GONE):
            raise UsageError("is not on the suppression list", thing=address, remedy=f"See: digest subscribers show {address}")
        if was is None and row is not None:  # only the file says so as yet
            was = row.status
            app.store.history.note(
                [HistoryEvent(email=address, at=now, event="restored", detail=f"was {was} in the roll: {reason}")]
            )
        on_roll = set_status(app.subscriber_path, address, "active") or row is not None
    hint = "" if on_roll else f" It is not on the roll: digest subscribers add {address}"
    print_json({"restored": address, "was": was}) if as_json else click.echo(
        f"{address} was {was} and may be written to again.{hint}"
    )
    return 0


@click.command("suppressed")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="A file instead of the screen.")
@common_options
def suppression_list(root: Path, as_json: bool, output: Path | None) -> int:
    """The suppression list as CSV: address, reason, since when, and how it came there."""
    from digest.audience.exporter import neutralised

    with running_app(root) as app:
        rows = app.store.suppressions.all()
        if as_json:
            print_json(
                {
                    "suppressed": [
                        {"email": row.email, "reason": row.reason, "since": row.since, "detail": row.detail} for row in rows
                    ]
                }
            )
            return 0
        target = output.open("w", encoding="utf-8", newline="") if output else sys.stdout
        try:
            writer = csv.writer(target, lineterminator="\n")
            writer.writerow(["email", "reason", "since", "detail"])
            writer.writerows(map(neutralised, (row.email, row.reason, row.since.isoformat(), row.detail)) for row in rows)
        finally:
            if output:
                target.close()
    return 0

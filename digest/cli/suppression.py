"""`digest subscribers suppress`, `restore`, `suppressed`: the suppression list."""

import csv
from pathlib import Path

import click

from digest.cli.options import common_options, csv_output, print_json, running_app
from digest.errors import UsageError


@click.command("suppress")
@click.argument("email")
@click.option("--reason", required=True, help="The reason; kept in the subscriber's history.")
@common_options
def suppress(root: Path, as_json: bool, email: str, reason: str) -> int:
    """Stop sending to EMAIL for good. No import or edit of subscribers.csv reverses it."""
    from digest.subscribers import normalise, set_status

    with running_app(root) as app:
        address = normalise(email)
        new = app.store.suppressions.add(address, "suppressed", app.clock(), f"by hand: {reason}")
        set_status(app.subscriber_path, address, "unsubscribed")
    message = f"{address} is suppressed and will get no more mail." if new else f"{address} is already on the suppression list."
    print_json({"suppressed": address, "new": new}) if as_json else click.echo(message)
    return 0


@click.command("restore")
@click.argument("email")
@click.option("--reason", required=True, help="Why you may send again (for example, who asked and when); kept in the history.")
@common_options
def restore(root: Path, as_json: bool, email: str, reason: str) -> int:
    """Take EMAIL off the suppression list. Only at the subscriber's request; their row becomes active again."""
    from digest.store import HistoryEvent
    from digest.subscriber_statuses import FINAL_STATUSES
    from digest.subscribers import normalise, set_status

    with running_app(root) as app:
        address = normalise(email)
        now, row = app.clock(), app.subscriber_file().find(address)
        was = app.store.suppressions.release(address, reason, now)
        if was is None and (row is None or row.status not in FINAL_STATUSES):
            raise UsageError(
                "is not on the suppression list",
                thing=address,
                remedy=f"Run `digest subscribers show {address}` to see its record.",
            )
        if was is None and row is not None:  # only subscribers.csv marks them
            was = row.status
            app.store.history.note(
                [HistoryEvent(email=address, at=now, event="restored", detail=f"was {was} in the subscriber list: {reason}")]
            )
        on_list = set_status(app.subscriber_path, address, "active") or row is not None
    hint = "" if on_list else f" It is not on the subscriber list; to add it, run `digest subscribers add {address}`."
    print_json({"restored": address, "was": was}) if as_json else click.echo(f"{address} can get mail again (it was {was}).{hint}")
    return 0


@click.command("suppressed")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Write to this file.  [default: standard output]",
)
@common_options
def suppression_list(root: Path, as_json: bool, output: Path | None) -> int:
    """Export the suppression list as CSV. Columns: email, reason, since, detail."""
    from digest.audience.exporter import neutralise_formula

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
        with csv_output(app, output) as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["email", "reason", "since", "detail"])
            writer.writerows(map(neutralise_formula, (row.email, row.reason, row.since.isoformat(), row.detail)) for row in rows)
    return 0

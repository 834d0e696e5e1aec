"""`digest send`: make the edition that is due, and send the messages that have not been sent."""

import asyncio
import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import (
    chosen_edition,
    coming_edition,
    common_options,
    edition_options,
    edition_summary,
    print_json,
    running_app,
)
from digest.cli.output import print_report, report_summary
from digest.errors import DigestError, HeldError, RestoredError
from digest.text.formats import day_text

if TYPE_CHECKING:
    from digest.app import App
    from digest.config import EditionPlan
    from digest.edition.report import RunReport
    from digest.model import Slot
    from digest.publish import Permit


@click.command("send")
@edition_options
@click.option("--dry-run", is_flag=True, help="Build the edition and count the recipients. Send and freeze nothing.")
@click.option(
    "--test-to",
    multiple=True,
    metavar="EMAIL",
    help="Send to this address only, with [TEST] in the subject. Freeze nothing. Repeatable.",
)
@click.option("--late", is_flag=True, help="Send even if the edition is too old (see late_after).")
@click.option(
    "--again",
    is_flag=True,
    help="Send even if sent.log records more messages than the database. Some subscribers may get it twice.",
)
@click.option(
    "--anyway", is_flag=True, help="Send even if a guard holds the edition (large list change, many bounces or complaints)."
)
@common_options
def command(  # noqa: PLR0917  each is an option of the command
    root: Path,
    as_json: bool,
    edition: str | None,
    day: Any,
    dry_run: bool,
    test_to: Sequence[str],
    late: bool,
    again: bool,
    anyway: bool,
) -> int:
    """Build the edition that is due and send it to every active subscriber.

    The edition is frozen before the first message leaves. It is safe to run `digest send` again at any time: it sends
    only the messages that have not been sent.

    \b
    digest send                       the edition that is due
    digest send --date 2026-05-26     the edition of that day
    digest send --test-to me@home.example
    """
    with running_app(root) as app:
        if dry_run or test_to:
            return asyncio.run(_dry_run(app, *coming_edition(app, edition, day), test_to, as_json))
        plan, slot = chosen_edition(app, edition, day)
        if plan.due(slot) > app.clock():
            raise DigestError(
                f"the edition of {day_text(slot.day)} cannot be sent before {_local_hour(app, plan, slot):%H:%M %Z}",
                remedy="Use `digest preview` to see it, or --test-to to send yourself a copy.",
            )
        from digest.publish import Permit

        report = asyncio.run(_publish(app, plan, slot, Permit(late=late, again=again, anyway=anyway), as_json))
        print_report(app, report, as_json)
        return report.exit_code


def _local_hour(app: "App", plan: "EditionPlan", slot: "Slot") -> datetime:
    return plan.due(slot).astimezone(app.config.newsletter.timezone)


async def _publish(app: "App", plan: "EditionPlan", slot: "Slot", permit: "Permit", as_json: bool) -> "RunReport":
    """Make the edition and send it; the first SIGINT or SIGTERM lets the messages in flight finish."""
    from digest.audience.csv_sync import write_suppressions
    from digest.cli.progress import ProgressBar, ProgressEvents
    from digest.desk.correcting import carry_out_all
    from digest.edition.preflight import respect_the_list
    from digest.publish import publish, send

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, app.stop.set)
    carry_out_all(app)
    with app.sending(), ProgressEvents() if as_json else ProgressBar() as bar:
        for frozen in app.unfinished():  # first the rest of yesterday's, unless it is too old
            if frozen.key != slot.key:
                respect_the_list(app.pipeline, app.subscriber_file(), frozen)
                if permit.again:
                    app.pipeline.sent_log.disregard_answers(frozen.key, app.clock())
                try:
                    click.echo(report_summary(await send(app.pipeline, frozen, bar, permit)), err=True)
                except (HeldError, RestoredError) as error:  # it holds up no other edition
                    click.echo(f"warning: {frozen.key}: {error}", err=True)
        report = await publish(app.pipeline, plan, slot, bar, permit)
    write_suppressions(app.store, app.subscriber_file())
    return report


async def _dry_run(app: "App", plan: "EditionPlan", slot: "Slot", test_to: Sequence[str], as_json: bool) -> int:
    """Do what --dry-run and --test-to ask: take the real path as far as the relay, without the database."""
    from digest.service.dry_run import dry_run

    outcome = await dry_run(app, plan, slot, test_to)
    if as_json:
        print_json(outcome.as_json())
    else:
        click.echo(f"{edition_summary(app, slot, len(outcome.edition.stories))}.")
        click.echo(outcome.text())
    return outcome.exit_code

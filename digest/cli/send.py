"""`digest send`: make the edition that is due, and send what of it is not sent."""

import asyncio
import signal
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import choosing, chosen, shared, show, working
from digest.errors import DigestError

if TYPE_CHECKING:
    from digest.config import EditionPlan
    from digest.model import Slot
    from digest.report import Report
    from digest.works import Works


@click.command("send")
@choosing
@click.option("--dry-run", is_flag=True, help="Make the edition and say how many would get it; send and freeze nothing.")
@click.option("--test-to", multiple=True, metavar="EMAIL", help="Send it to this address only, marked [TEST]; freeze nothing.")
@shared
def command(root: Path, as_json: bool, edition: str | None, day: Any, dry_run: bool, test_to: Sequence[str]) -> int:
    """Make the edition that is due now and send it to every active subscriber.

    An edition is frozen before its first message leaves. Call `send` again after anything at all, and it sends only
    what has no receipt: nobody is lost and nobody gets it twice.

    \b
    digest send                       the edition whose hour was the last to pass
    digest send --date 2026-05-26     the edition of a day
    digest send --test-to me@home.example
    """
    with working(root) as works:
        plan, slot = chosen(works, edition, day)
        if dry_run or test_to:
            return asyncio.run(_rehearse(works, plan, slot, test_to, as_json))
        if slot.window.end > works.clock():
            raise DigestError(
                f"the edition of {slot.day:%A %d %B %Y} is not complete before {_local(works, slot):%H:%M}",
                remedy="Look at it with `digest preview`, or send it to yourself with --test-to.",
            )
        report = asyncio.run(_publish(works, plan, slot, as_json))
        _tell(works, report, as_json)
        return report.exit_code


def _local(works: "Works", slot: "Slot") -> datetime:
    return slot.window.end.astimezone(works.config.newsletter.timezone)


async def _publish(works: "Works", plan: "EditionPlan", slot: "Slot", quiet: bool) -> "Report":
    """The real thing; the first SIGINT or SIGTERM lets what is in flight finish."""
    from digest.cli.progress import Bar
    from digest.publish import publish, send

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, works.stop.set)
    with works.sending(), Bar(quiet=quiet) as bar:
        for frozen in works.unfinished():  # yesterday's rest first, where it is not too old
            if frozen.key != slot.key:
                rest = await send(works.line, frozen, works.roll(), bar)
                click.echo(_sentence(rest), err=True)
        return await publish(works.line, plan, slot, bar)


async def _rehearse(works: "Works", plan: "EditionPlan", slot: "Slot", test_to: Sequence[str], as_json: bool) -> int:
    """--dry-run and --test-to: the real path up to the relay, without the ledger."""
    from digest.rehearse import rehearse

    outcome = await rehearse(works, plan, slot, test_to)
    if as_json:
        show(outcome.as_json())
    else:
        click.echo(outcome.text())
    return outcome.exit_code


def _tell(works: "Works", report: "Report", as_json: bool) -> None:
    if as_json:
        show({**report.as_json(), "troubles": _troubles(works, report)})
        return
    click.echo(_sentence(report))
    troubles = _troubles(works, report)
    for row in troubles:
        if row["state"] != "sent":
            click.echo(f"  {row['state']:9} {row['email']}: {row['code'] or ''} {row['reply']}".rstrip())
    if report.status != "nothing" and (cut := [row["email"] for row in troubles if row["interrupted"]]):
        named = ", ".join(cut[:10]) + (", …" if len(cut) > 10 else "")
        click.echo(f"  {len(cut)} were in flight when a run was cut off and may have it twice: {named}")
    for failure in report.failures:
        click.echo(f"digest: {failure}", err=True)
    if report.bad_rows:
        click.echo(f"{report.bad_rows} row(s) of subscribers.csv were skipped; `digest subscribers check` names them.", err=True)


def _sentence(report: "Report") -> str:
    if report.status in {"nothing", "skipped", "failed"}:
        word = {"nothing": "Nothing to send", "skipped": "No edition", "failed": "No edition yet"}[report.status]
        return f"{word}: {report.note}."
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count or state == "sent")
    rest = sum(report.total.get(state, 0) for state in ("queued", "sending"))
    return f"Edition {report.slot.key}: {counts}." + (f" {rest} still to send: run `digest send` again." if rest else "")


def _troubles(works: "Works", report: "Report") -> list[dict[str, Any]]:
    rows = works.store.deliveries.troubles(report.slot.key)
    return [
        {"email": row.email, "state": row.state, "code": row.code, "reply": row.reply, "interrupted": row.interrupted}
        for row in rows
    ]

"""The result of a run, printed for a person or as JSON."""

from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import print_json
from digest.text.prose import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.app import App
    from digest.edition.report import RunReport
    from digest.model import LeftOut

MAX_PRINTED_RECIPIENTS = 20  # recipients listed one by one on a terminal
MAX_JSON_RECIPIENTS = 20_000  # recipients listed in JSON


def print_report(app: "App", report: "RunReport", as_json: bool) -> None:
    """Print the whole report of a run, as text or as JSON."""
    key = report.slot.key
    if as_json:
        print_json(
            {**report.as_json(), "relays": reason_table(app, key), "troubles": undelivered_table(app, key, MAX_JSON_RECIPIENTS)}
        )
        return
    click.echo(report_summary(report))
    if report.status in {"sent", "unfinished"}:
        _print_undelivered(app, key)
    if report.bounced:
        click.echo(
            f"  {counted(report.bounced, 'address', 'addresses')} bounced and will get no more mail (now on the suppression list)."
        )
    if report.without_room:
        click.echo(left_out_line(report.without_room), err=True)
    for failure in report.failures:
        click.echo(f"warning: {failure}", err=True)
    if report.bad_rows:
        click.echo(
            f"warning: skipped {counted(report.bad_rows, 'row')} of subscribers.csv. Run `digest subscribers check` to see them.",
            err=True,
        )


def _print_undelivered(app: "App", key: str) -> None:
    rows = undelivered_table(app, key, MAX_JSON_RECIPIENTS)
    undelivered = [row for row in rows if row["state"] != "sent"]
    for row in undelivered[:MAX_PRINTED_RECIPIENTS]:
        click.echo(f"  {row['state']:9} {row['email']}: {row['code'] or ''} {row['reply']}".rstrip())
    if len(undelivered) > MAX_PRINTED_RECIPIENTS:
        click.echo(f"  … and {len(undelivered) - MAX_PRINTED_RECIPIENTS} more:")
    if len(undelivered) > MAX_PRINTED_RECIPIENTS or len({row["relay"] for row in reason_table(app, key) if row["relay"]}) > 1:
        for row in reason_table(app, key):
            click.echo(f"  {reason_line(row)}")
    if interrupted := [row["email"] for row in rows if row["interrupted"]]:
        named = ", ".join(interrupted[:10]) + (", …" if len(interrupted) > 10 else "")
        fate = "may not have got this edition" if app.config.smtp.in_doubt == "hold" else "may have got this edition twice"
        message = f"{counted(len(interrupted), 'subscriber')} {fate}, because a run or connection was interrupted"
        click.echo(f"  {message}: {named}")


def left_out_line(rows: "Sequence[LeftOut]") -> str:
    """Return a warning in one line about what was left out because there was no room."""
    stories = sum(row.kind == "article" for row in rows)
    comments = len(rows) - stories
    parts = [counted(stories, "story", "stories")] * bool(stories) + [counted(comments, "comment")] * bool(comments)
    return (
        f"warning: {' and '.join(parts)} left out for want of room: mail programs cut off a mail of more than 102 KB. "
        "Fewer articles, comments_per_article or share links make room."
    )


def report_summary(report: "RunReport") -> str:
    """Return a summary of the run in one line."""
    if report.status in {"nothing", "skipped", "failed"}:
        word = {"nothing": "Nothing to send", "skipped": "No edition", "failed": "Edition not made yet"}[report.status]
        return f"{word}: {report.note}."
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count or state == "sent")
    rest = f" {report.waiting} still to send. Run `digest send` again." if report.waiting else ""
    waves = f" {counted(report.waves, 'reader')} to come at their own hour; `digest run` or the next `digest send` sends it."
    return f"Edition {report.slot.key}: {counts}.{rest}{waves if report.waves else ''}"


def reason_line(row: dict[str, Any]) -> str:
    """Return one row of `reason_table` as a line of text."""
    example = f": {row['example']}" if row["state"] != "sent" and row["example"] else ""
    code = f" {row['code']}" if row["code"] and row["state"] != "sent" else ""
    return f"{row['count']:6} {row['state']} by {row['relay'] or 'no relay'}{code}{example}"


def reason_table(app: "App", key: str) -> list[dict[str, Any]]:
    """Return the number of an edition's messages by relay, state and reply code, with an example of each reply."""
    rows = app.store.delivery_reports.reasons(key)
    names = ("relay", "state", "code", "status", "count", "example")
    return [{name: getattr(row, name) for name in names} for row in rows]


def undelivered_table(app: "App", key: str, limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` recipients whose message is neither sent nor queued, or was interrupted."""
    names = ("email", "state", "code", "reply", "interrupted")
    return [{name: getattr(row, name) for name in names} for row in app.store.delivery_reports.undelivered(key, limit)]

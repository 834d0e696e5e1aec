"""How a run went, told to a person or to a machine."""

from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import print_json
from digest.text.prose import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from digest.app import App
    from digest.edition.report import RunReport
    from digest.model import LeftOut

MAX_NAMED = 20  # recipients named one by one on a terminal
MAX_IN_JSON = 20_000  # and in JSON


def print_report(app: "App", report: "RunReport", as_json: bool) -> None:
    """The whole report of a run."""
    key = report.slot.key
    if as_json:
        print_json({**report.as_json(), "relays": reason_table(app, key), "troubles": undelivered_table(app, key, MAX_IN_JSON)})
        return
    click.echo(summary(report))
    if report.status in {"sent", "unfinished"}:
        _tell_troubles(app, key)
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


def _tell_troubles(app: "App", key: str) -> None:
    rows = undelivered_table(app, key, MAX_IN_JSON)
    amiss = [row for row in rows if row["state"] != "sent"]
    for row in amiss[:MAX_NAMED]:
        click.echo(f"  {row['state']:9} {row['email']}: {row['code'] or ''} {row['reply']}".rstrip())
    if len(amiss) > MAX_NAMED:
        click.echo(f"  … and {len(amiss) - MAX_NAMED} more:")
    if len(amiss) > MAX_NAMED or len({row["relay"] for row in reason_table(app, key) if row["relay"]}) > 1:
        for row in reason_table(app, key):
            click.echo(f"  {reason_line(row)}")
    if cut := [row["email"] for row in rows if row["interrupted"]]:
        named = ", ".join(cut[:10]) + (", …" if len(cut) > 10 else "")
        fate = "may not have got this edition" if app.config.smtp.in_doubt == "hold" else "may have got this edition twice"
        told = f"{counted(len(cut), 'subscriber')} {fate}, because a run or connection was interrupted"
        click.echo(f"  {told}: {named}")


def left_out_line(rows: "Sequence[LeftOut]") -> str:
    """What was left out for want of room, in one line."""
    stories = sum(row.kind == "article" for row in rows)
    comments = len(rows) - stories
    said = [counted(stories, "story", "stories")] * bool(stories) + [counted(comments, "comment")] * bool(comments)
    return (
        f"warning: {' and '.join(said)} left out for want of room: mail programs cut off a mail of more than 102 KB. "
        "Fewer articles, comments_per_article or share links make room."
    )


def summary(report: "RunReport") -> str:
    """The run in one sentence."""
    if report.status in {"nothing", "skipped", "failed"}:
        word = {"nothing": "Nothing to send", "skipped": "No edition", "failed": "Edition not made yet"}[report.status]
        return f"{word}: {report.note}."
    counts = ", ".join(f"{count} {state}" for state, count in report.counts.items() if count or state == "sent")
    rest = f" {report.waiting} still to send. Run `digest send` again." if report.waiting else ""
    return f"Edition {report.slot.key}: {counts}.{rest}"


def reason_line(row: dict[str, Any]) -> str:
    """One line of the table by relay and by reason."""
    said = f": {row['example']}" if row["state"] != "sent" and row["example"] else ""
    code = f" {row['code']}" if row["code"] and row["state"] != "sent" else ""
    return f"{row['count']:6} {row['state']} by {row['relay'] or 'no relay'}{code}{said}"


def reason_table(app: "App", key: str) -> list[dict[str, Any]]:
    """What became of an edition's messages, by relay and by what it said."""
    rows = app.store.deliveries.reasons(key)
    names = ("relay", "state", "code", "status", "count", "example")
    return [{name: getattr(row, name) for name in names} for row in rows]


def undelivered_table(app: "App", key: str, limit: int) -> list[dict[str, Any]]:
    """The recipients whose message did not simply arrive, one by one."""
    names = ("email", "state", "code", "reply", "interrupted")
    return [{name: getattr(row, name) for name in names} for row in app.store.deliveries.troubles(key, limit)]

"""`digest bounces`: process bounces and complaints."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import common_options, print_json, running_app
from digest.errors import ConfigError, UsageError
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.audience.bounce_handler import BounceOutcome
    from digest.bounces import BounceReport


KIND_TEXTS = {
    "hard": "dead address", "full": "the mailbox is full or disabled", "ours": "refused because of the sender: read what it says",
    "soft": "temporary failure", "delay": "delayed; still being tried", "complaint": "complaint", "leave": "unsubscribe request",
    "auto": "automatic reply; ignored", "other": "not a delivery report; ignored",
}  # fmt: skip
EVENT_TEXTS = {
    "bounced": "suppressed (bounced)", "complained": "suppressed (complained)", "unsubscribed": "unsubscribed",
    "soft bounce": "recorded: the mailbox is full or disabled",
    "undelivered": "recorded; does not count against them", "refused for our sake": "kept: the fault is the sender's, not theirs",
    "unproven": "ignored: cannot be traced to a message we sent",
}  # fmt: skip


@click.command("bounces")
@click.argument("source", required=False, metavar="[FILE|-]")
@click.option("--dry-run", is_flag=True, help="Show what the message says and change nothing. Works without a newsletter folder.")
@common_options
def command(root: Path, as_json: bool, source: str | None, dry_run: bool) -> int:
    """Process bounces and complaints.

    FILE is a message, a Maildir or an mbox, - standard input; without it, the configured mailbox is read. To pipe from
    your mail server: `digest -C DIR bounces -`. Dead addresses and complaints are suppressed at once, full mailboxes
    after repeated bounces, automatic replies and list mail never. A bounce that cannot be traced to a message of yours
    is reported but changes nothing. Exits with 0 whatever the message says, so that the mail server does not return it.
    """
    if source is None and dry_run:
        raise UsageError("--dry-run needs a message", remedy="Name one: `digest bounces FILE --dry-run`.")
    if source is None:
        return _read_mailbox(root, as_json)
    messages = _messages(source)
    if dry_run:
        from digest.bounces import classify

        _print_results([(classify(raw), []) for raw in messages], as_json)
        return 0
    from digest.audience.bounce_handler import BounceHandler
    from digest.audience.csv_sync import write_suppressions

    with running_app(root) as app:
        bounce_handler = BounceHandler(app)
        _print_results([bounce_handler.process_message(raw) for raw in messages], as_json)
        write_suppressions(app.store, app.subscriber_file())
    return 0


def _read_mailbox(root: Path, as_json: bool) -> int:
    from digest.audience.bounce_handler import BounceHandler

    with running_app(root) as app:
        if not app.config.bounces.mailbox:
            raise ConfigError(
                "bounces.mailbox is not set", thing="digest.toml", remedy="Set it, or name a message: `digest bounces FILE`."
            )
        count, outcomes = BounceHandler(app).read_mailbox()
    if as_json:
        print_json({"read": count, "outcomes": [{"email": row.email, "event": row.event} for row in outcomes]})
        return 0
    for outcome in outcomes:
        click.echo(f"  {outcome.email}: {EVENT_TEXTS[outcome.event]}")
    click.echo(f"Read {counted(count, 'new message')}, {len(outcomes)} about subscribers.")
    return 0


def _messages(source: str) -> Iterator[bytes]:
    """Return the messages of standard input, a file, a folder, a Maildir or an mbox, unchanged, of each as much as is classified.

    They are read one by one as they are taken. Raises UsageError at once if there is no such file.
    """
    import sys

    from digest.bounces.classify import MAX_MESSAGE_BYTES

    path = Path(source)
    if source == "-":
        return iter([sys.stdin.buffer.read(MAX_MESSAGE_BYTES)])
    if path.is_dir():
        folders = [path / "new", path / "cur"] if (path / "new").is_dir() else [path]
        files = [file for folder in folders for file in sorted(folder.iterdir()) if file.is_file()]
        return _files_still_there(files, MAX_MESSAGE_BYTES)
    if not path.is_file():
        raise UsageError("no such file", thing=source)
    if _read(path, 5) == b"From ":
        return _mbox_messages(path, MAX_MESSAGE_BYTES)
    return iter([_read(path, MAX_MESSAGE_BYTES)])


def _mbox_messages(path: Path, limit: int) -> Iterator[bytes]:
    import mailbox

    box = mailbox.mbox(path, create=False)
    try:
        for key in box.keys():  # noqa: SIM118  a mailbox is not a dictionary
            yield box.get_file(key).read(limit)
    finally:
        box.close()


def _files_still_there(files: Iterable[Path], limit: int) -> Iterator[bytes]:
    for file in files:
        with suppress(FileNotFoundError):  # a mail program has moved it meanwhile
            yield _read(file, limit)


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as file:
        return file.read(limit)


def _print_results(results: "list[tuple[BounceReport, list[BounceOutcome]]]", as_json: bool) -> None:
    if as_json:
        rows = [_row(report, outcomes) for report, outcomes in results]
        print_json(rows[0] if len(rows) == 1 else {"messages": rows})
        return
    for report, outcomes in results:
        click.echo(
            " ".join(filter(None, [f"{KIND_TEXTS[report.kind]}:", ", ".join(report.addresses), report.status, report.detail]))
        )
        for outcome in outcomes:
            click.echo(f"  {outcome.email}: {EVENT_TEXTS[outcome.event]}")


def _row(report: "BounceReport", outcomes: "list[BounceOutcome]") -> dict[str, Any]:
    from digest.bounces import FAILURE_KINDS

    return {
        "kind": report.kind,
        "bounce": report.kind in FAILURE_KINDS,
        "addresses": report.addresses,
        "status": report.status,
        "detail": report.detail,
        "outcomes": [{"email": outcome.email, "event": outcome.event} for outcome in outcomes],
    }

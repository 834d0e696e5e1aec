"""`digest preview`: show the next edition."""

import asyncio
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
from digest.errors import DigestError, UsageError
from digest.text.formats import day_text, instant_text, json_text

if TYPE_CHECKING:
    from digest.app import App
    from digest.config import EditionPlan
    from digest.model import Edition, Slot

FORMATS = ("html", "text", "eml", "json")
SUFFIXES = {"html": "html", "text": "txt", "eml": "eml", "json": "json"}


@click.command("preview")
@edition_options
@click.option(
    "--as",
    "email",
    default=None,
    metavar="EMAIL",
    show_default="the first active one",
    help="Show the edition as this subscriber gets it.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(FORMATS),
    default=None,
    show_default="all four",
    help="With --output, write only this format.",
)
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    default=None,
    help="Write to this folder, or with --format to this file, instead of opening the browser.",
)
@click.option("--theme", default=None, metavar="NAME", help="Show it in another theme: broadsheet, compact, letter or your own.")
@click.option("--port", default=8026, show_default=True, help="Port for the preview.")
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
@common_options
def command(  # noqa: PLR0917  each is an option of the command
    root: Path,
    as_json: bool,
    edition: str | None,
    day: Any,
    email: str | None,
    file_format: str | None,
    output: Path | None,
    theme: str | None,
    port: int,
    no_browser: bool,
) -> int:
    """Preview the next edition as any subscriber gets it.

    Opens in your browser with phone, desktop, dark, plain-text and source views, and the reasons for each story and
    comment. Reloads when a template or the editor's file changes. The printed link to the desk lets you steer the
    edition. With --output, writes the exact bytes that `digest send` would send.
    """
    if file_format and output is None:
        raise UsageError("--format needs --output", remedy="Add --output with a file or folder.")
    with running_app(root) as app:
        if theme:
            app.config = app.config.with_theme(theme)
        shown = asyncio.run(_edition_to_show(app, edition, day))
        if output is None:
            return asyncio.run(_serve_preview(app, shown, port, no_browser, as_json, anew=bool(theme)))
        files = _write_files(app, shown, email, file_format, output, anew=bool(theme))
    if as_json:
        print_json({"edition": shown.slot.key, "files": files})
    else:
        click.echo(f"Edition {shown.slot.key}: {', '.join(files)}")
    return 0


async def _edition_to_show(app: "App", edition: str | None, day: Any) -> "Edition":
    """Return the edition asked for, else the next one; if that has no story yet, return the last one if it was made."""
    plan, slot = coming_edition(app, edition, day)
    _, last = chosen_edition(app, edition, day)
    frozen = app.store.editions.frozen(last.key) if last.key != slot.key else None
    try:
        found = await _build_edition(app, plan, slot)
    except EmptyError:
        if frozen is None:
            raise
        return frozen.edition
    if slot.window.end > app.clock():
        click.echo(f"{edition_summary(app, slot, len(found.stories))}.", err=True)
    return found


class EmptyError(DigestError):
    """The edition has no story to show."""


async def _build_edition(app: "App", plan: "EditionPlan", slot: "Slot") -> "Edition":
    from digest.cli.output import left_out_line
    from digest.edition.size_limit import without_room
    from digest.service.dry_run import build_edition

    edition, failures = await build_edition(app, plan, slot)
    for failure in failures:
        click.echo(f"warning: {failure}", err=True)
    if left_out := without_room(edition):
        click.echo(left_out_line(left_out), err=True)
    if not edition.stories:
        raise EmptyError(
            f"no articles since {instant_text(slot.window.start, app.config.newsletter.timezone)}",
            thing=slot.key,
            remedy="Run `digest collect` to read the sources.",
        )
    return edition


async def _serve_preview(app: "App", edition: "Edition", port: int, no_browser: bool, as_json: bool, *, anew: bool) -> int:
    from digest.audience.transactional_emails import TransactionalEmails
    from digest.cli.browser import serve_until_stopped
    from digest.cli.comments import login_name
    from digest.desk.people import Person
    from digest.web.desk_pages import DeskPages
    from digest.web.message_viewer import Viewer
    from digest.web.preview import Preview

    title = f"{app.config.newsletter.name}: {day_text(edition.slot.day)}, No. {edition.number}"
    try:
        name = login_name(None)
    except UsageError:  # a container may run as a user without a name
        name = "editor"
    desk = DeskPages(app, TransactionalEmails(app), local=Person(email=f"{name}@localhost", name=name, role="editor"))
    application = Viewer(Preview(app, edition, title, anew=anew)).application()
    application.add_subapp("/desk", desk.application())
    await serve_until_stopped(application, port, browser=not no_browser, as_json=as_json, desk=desk.here_path())
    return 0


def _write_files(
    app: "App", edition: "Edition", email: str | None, file_format: str | None, output: Path, *, anew: bool
) -> list[str]:
    """Write the edition to files, as one subscriber gets it, and return their paths."""
    from digest.web.preview import Preview

    message = Preview(app, edition, "", anew=anew).message(_address(app, email))
    raw = message.raw
    if message.note:
        click.echo(f"warning: {message.note}", err=True)
    if file_format and (output.suffix or output.is_file()):
        output.parent.mkdir(parents=True, exist_ok=True)
        output.write_bytes(_in_format(file_format, raw, edition))
        return [str(output)]
    output.mkdir(parents=True, exist_ok=True)
    files = []
    for name in [file_format] if file_format else FORMATS:
        target = output / f"{edition.slot.key}.{SUFFIXES[name]}"
        target.write_bytes(_in_format(name, raw, edition))
        files.append(str(target))
    return files


def _address(app: "App", email: str | None) -> str:
    from digest.subscribers import normalise

    if email:
        address = normalise(email)
        if app.subscriber_file().find(address) is None:
            click.echo(f"warning: {address} is not on the subscriber list; shown as if it were", err=True)
        return address
    first = next(app.subscriber_file().active(), None)
    return first.email if first else f"reader@{app.config.newsletter.domain}"


def _in_format(file_format: str, raw: bytes, edition: "Edition") -> bytes:
    from digest.store.edition_rows import as_json
    from digest.text.raw_message import html_part, text_part

    if file_format == "json":
        return json_text(as_json(edition), indent=2).encode()
    return {"eml": raw, "html": html_part(raw).encode(), "text": text_part(raw).encode()}[file_format]

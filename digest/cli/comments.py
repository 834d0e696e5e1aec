"""`digest comments`: what waits for an editor's yes, and the editor's decisions."""

import getpass
import shlex
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli.options import common_options, csv_output, print_json, running_app
from digest.errors import UsageError
from digest.text.formats import day_text, instant_text, json_text
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.app import App
    from digest.curate.comment_decisions import Verb
    from digest.service.comment_desk import ComingEdition, Decided, ListedComment

by_option = click.option("--by", default=None, metavar="NAME", show_default="your login name", help="Who decides; kept in the log.")
seen_option = click.option(
    "--seen", default="", metavar="WORDS", help="Only if it still has the words that `digest comments list` showed."
)
SEEN_CHARS = 8  # of the fingerprint that is printed


@click.group("comments")
def command() -> None:
    """Print or refuse comments of the next edition.

    With comments = "approved" in [[editions]], no comment is printed before you say yes. Otherwise only those that are held
    wait for you. What you don't decide is not printed, and the edition goes at its hour all the same.
    """


@command.command("list")
@click.option("--all", "everything", is_flag=True, help="List every comment of the next editions, with where it stands.")
@common_options
def list_comments(root: Path, as_json: bool, everything: bool) -> int:
    """List the comments that wait for your yes.

    The best come first, then those that are held, with the reason.
    """
    from digest.service.comment_desk import WAITING, coming_editions, listed_comments

    with running_app(root) as app:
        listed = [(edition, listed_comments(edition)) for edition in coming_editions(app)]
        shown = [(edition, [row for row in rows if everything or row.state in WAITING]) for edition, rows in listed]
        if as_json:
            print_json({"comments": [row.as_json() for _, rows in shown for row in rows]})
            return 0
        click.echo("\n\n".join("\n\n".join([_head(app, edition, rows), *map(_entry, rows)]) for edition, rows in shown))
    return 0


def _head(app: "App", edition: "ComingEdition", rows: "list[ListedComment]") -> str:
    """Return what waits in one edition, in a sentence."""
    name, end = f"Edition {edition.slot.key}", edition.slot.window.end
    closes = f"It closes on {instant_text(end, app.config.newsletter.timezone)}" if end > app.clock() else "It is due now"
    if not edition.stories:
        since = instant_text(edition.slot.window.start, app.config.newsletter.timezone)
        return f"{name} has no article yet: it takes what is published after {since}. `digest collect` reads the sources."
    if edition.plan.comments == "none":
        return f'{name} prints no comments (comments = "none").'
    waiting, held = (sum(row.state == state for row in rows) for state in ("waiting", "held"))
    if not waiting + held:
        return f"{name}: nothing waits for you. {closes}."
    parts = [f"{counted(waiting, 'comment')} without a yes"] * bool(waiting) + [f"{held} held"] * bool(held)
    return f"{name}: {', '.join(parts)}. {closes}; what you don't decide is not printed."


def _entry(row: "ListedComment") -> str:
    """Return one comment as lines for a person; the first is what `print` and `refuse` need, quoted as for a shell."""
    answered = f", in reply to {row.answers.author}: {_quoted(row.answers.text, 80)}" if row.answers else ""
    text = textwrap.fill(" ".join(row.comment.text.split()), 100, initial_indent="    ", subsequent_indent="    ")
    why = f" ({row.why})" if row.why else ""
    score = f" · score {row.score:.2f}" if row.score else ""
    head = (
        f"{shlex.quote(row.comment.id)} --seen {row.wording[:SEEN_CHARS]}\n  {row.article.title}\n  {row.comment.author}{answered}"
    )
    return f"{head}\n{text}\n  {row.state.capitalize()}{why}{score}"


def _quoted(text: str, limit: int) -> str:
    from digest.text.prose import shorten

    return f"“{shorten(text, limit)}”"


@command.command("print")
@click.argument("comment_id", metavar="ID")
@click.option("--reason", default="", help="Why it is printed; kept in the log. Required for a comment that is blocked as abuse.")
@by_option
@seen_option
@common_options
def print_comment(root: Path, as_json: bool, comment_id: str, reason: str, by: str | None, seen: str) -> int:
    """Say yes to the comment ID.

    The next edition prints it, also if it was held.

    The yes is for the words as they are now. If the comment changes on your site, it needs another one.
    """
    return _decide(root, "print", comment_id, reason, by, seen, as_json)


@command.command("refuse")
@click.argument("comment_id", metavar="ID")
@click.option("--reason", default="", help="Why it is refused; kept in the log.")
@by_option
@seen_option
@common_options
def refuse_comment(root: Path, as_json: bool, comment_id: str, reason: str, by: str | None, seen: str) -> int:
    """Say no to the comment ID.

    It is not printed, and not quoted above a reply.
    """
    return _decide(root, "refuse", comment_id, reason, by, seen, as_json)


def _decide(root: Path, verb: "Verb", comment_id: str, reason: str, by: str | None, seen: str, as_json: bool) -> int:
    from digest.service.comment_desk import decide

    with running_app(root) as app:
        decided = decide(app, verb, comment_id, login_name(by), " ".join(reason.split()), seen)
    said = f"{'Printed' if verb == 'print' else 'Refused'} by {by or 'you'}"
    if verb == "print" and decided.printed_in is None:
        said = f"The yes of {by} is kept" if by else "Your yes is kept"
    _report(said, decided, as_json)
    return 0


@command.command("undo")
@click.argument("comment_id", metavar="ID")
@by_option
@common_options
def undo_decision(root: Path, as_json: bool, comment_id: str, by: str | None) -> int:
    """Take back the newest decision on the comment ID.

    The one before it counts again.
    """
    from digest.curate.editor_decisions import comment_decision
    from digest.service.comment_desk import undo

    with running_app(root) as app:
        decided = undo(app, comment_id, login_name(by))
    _report(f"Undone: {comment_decision(decided.decision).sentence}", decided, as_json)
    return 0


def _report(said: str, decided: "Decided", as_json: bool) -> None:
    if as_json:
        print_json(decided.as_json())
        return
    where = (
        f" in the edition of {day_text(decided.printed_in.day)}" if decided.printed_in and not decided.decision.undone_at else ""
    )
    click.echo(f"{said}{where}: {decided.writer or 'a comment that is gone'} ({decided.decision.thing_id}).")
    for note in decided.notes:
        click.echo(note)


def login_name(by: str | None) -> str:
    """Return who decides: the given name, else the name of the login."""
    if by and by.strip():
        return " ".join(by.split())
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:  # a container may run as a user without a name
        raise UsageError("this login has no name", thing="digest comments", remedy="Say who decides: --by NAME.") from error


@command.command("export")
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@common_options
def export(root: Path, as_json: bool, file: Path | None) -> int:
    """Export your decisions as labelled threads.

    Writes JSON Lines to FILE or standard output.

    `digest judge --score FILE` says how often digest would have decided as you did. A thread can be exported for 30 days.
    """
    from digest.service.comment_labels import labelled_threads

    with running_app(root) as app:
        found = labelled_threads(app)
        with csv_output(app, file) as output:
            output.writelines(f"{json_text(thread)}\n" for thread in found.threads)
    summary: dict[str, Any] = {"threads": len(found.threads), "labels": found.labels, "without_comment": found.without_comment}
    if file and as_json:
        print_json({"file": str(file), **summary})
        return 0
    click.echo(f"{counted(found.labels, 'label')} in {counted(len(found.threads), 'thread')}.", err=True)
    if found.without_comment:
        gone = counted(found.without_comment, "decision")
        click.echo(f"{gone} not exported: the comment has changed since, was deleted, or is older than 30 days.", err=True)
    return 0

"""`digest edition`: what an editor does with the next edition; the same verbs as at the desk."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from digest.cli import edition_comments, edition_stories
from digest.cli.comments import login_name
from digest.cli.edition_options import do_verb, opened, reason_option, report, verb_options
from digest.cli.options import common_options, edition_options, print_json, running_app
from digest.text.formats import day_text
from digest.text.prose import counted, shorten

if TYPE_CHECKING:
    from digest.desk.edition_view import DeskEdition
    from digest.model import Decision


@click.group("edition")
def command() -> None:
    """Steer the next edition: what is in, in which words, and when it goes.

    What you decide is laid over what digest makes, until the edition goes. Every decision can be undone by itself.

    \b
    digest edition show                     what is in, what is not, and why
    digest edition leave-out ID             the ids are those that `show` prints
    digest edition edit ID --headline TEXT
    digest edition hold --reason TEXT
    """


for module in (edition_stories, edition_comments):
    for found in vars(module).values():
        if isinstance(found, click.Command):
            command.add_command(found)


@command.command("show")
@edition_options
@common_options
def show(root: Path, as_json: bool, edition: str | None, day: Any) -> int:
    """Show an edition as it stands: what is in, what is not and why, and when it goes."""
    with running_app(root) as app:
        desk, _, key = opened(app, edition, day)
        found = desk.by_key(key)
        if as_json:
            print_json(_as_json(found))
            return 0
        for line in _shown(found, app.config.newsletter.timezone):
            click.echo(line)
    return 0


def _shown(edition: "DeskEdition", zone: Any) -> list[str]:
    """Return the lines of `show`."""
    from digest.desk.state import state_of

    lines = [f"{edition.key}, {day_text(edition.slot.day)}, No. {edition.edition.number}", state_of(edition, zone).sentence, ""]
    for number, story in enumerate(edition.edition.stories, 1):
        chosen = edition.threads.get(story.article.id)
        held = sum(bool(row.rejection and row.rejection.held) for row in chosen.thread.judged) if chosen else 0
        printed = sum(pick.comment.id in edition.printed for pick in story.picks)
        counts = f"{counted(printed, 'comment')} printed" + (f", {held} held" if held else "")
        lines += [f"{number:>3}. {story.article.title} ({counts})", f"     {story.article.id}"]
    if edition.left_out:
        lines += ["", "Left out:"]
        lines += [f"  - {shorten(row.label, 80)}: {row.reason}\n     {row.id}" for row in edition.left_out]
    return lines


def _as_json(edition: "DeskEdition") -> dict[str, Any]:
    """Return what `show --json` prints."""
    from digest.desk.acts import decision_json
    from digest.store.edition_rows import as_json

    return {
        "edition": edition.key,
        "goes_at": edition.goes_at,
        "on_hold": edition.word.hold is not None,
        "approved": edition.word.approved is not None,
        "made": edition.frozen is not None,
        "content": as_json(edition.edition),
        "decisions": [decision_json(row) for row in edition.log],
    }


@command.command("log")
@edition_options
@common_options
def log(root: Path, as_json: bool, edition: str | None, day: Any) -> int:
    """Show everything that was decided for an edition, newest first, with the numbers that `undo` takes."""
    from digest.desk.acts import decision_json

    with running_app(root) as app:
        desk, _, key = opened(app, edition, day)
        rows = list(reversed(desk.by_key(key).log))
        if as_json:
            print_json({"edition": key, "decisions": [decision_json(row) for row in rows]})
            return 0
        for row in rows:
            click.echo(_log_line(row, app.config.newsletter.timezone))
        if not rows:
            click.echo("Nobody has changed anything. This is the machine's own edition.")
    return 0


def _log_line(row: "Decision", zone: Any) -> str:
    from digest.desk.acts import sentence

    undone = f" – undone by {row.undone_by}" if row.undone_at else ""
    return f"{row.id:>5}  {row.made_at.astimezone(zone):%a %H:%M}  {row.made_by}: {sentence(row)}{undone}"


@command.command("edition-edit")
@click.option("--subject", default=None, metavar="TEXT", help="Another subject; empty for digest's own.")
@click.option("--preheader", default=None, metavar="TEXT", help="Another line below the subject; empty for digest's own.")
@click.option("--note", default=None, metavar="TEXT", help="Your note at the top, in Markdown; empty for none.")
@click.option("--without", default=None, metavar="BLOCKS", help="Blocks that this edition does without, such as “poll events”.")
@verb_options
def edition_edit(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, **fields: str) -> int:
    """Change the subject, the line below it, your note, or the blocks."""
    return do_verb(root, as_json, edition, day, by, "edition-edit", **fields)


@command.command("hold")
@reason_option
@verb_options
def hold(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, reason: str) -> int:
    """Hold the edition: nothing goes until somebody lets it go."""
    return do_verb(root, as_json, edition, day, by, "hold", reason=reason)


@command.command("let-go")
@verb_options
def let_go(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None) -> int:
    """Take the hold back: the edition goes at its hour, or at once if that has passed."""
    with running_app(root) as app:
        desk, verbs, key = opened(app, edition, day)
        report(verbs.let_go(key, login_name(by)), desk.by_key(key), as_json)
    return 0


@command.command("approve")
@verb_options
def approve(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None) -> int:
    """Approve the edition as it stands.

    What your site publishes from now on waits for the next edition; what it takes down still comes out.
    """
    return do_verb(root, as_json, edition, day, by, "approve")


@command.command("send")
@click.option("--at", default=None, metavar="HH:MM", help="At this time of today. Without it, now.")
@verb_options
def send(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, at: str | None) -> int:
    """Say when the edition goes, also if it was on hold; `digest run` sends it."""
    return do_verb(root, as_json, edition, day, by, "send", at=at)


@command.command("skip")
@reason_option
@verb_options
def skip(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, reason: str) -> int:
    """Have no edition this time; its stories go into the next one."""
    return do_verb(root, as_json, edition, day, by, "skip", reason=reason)


@command.command("undo")
@click.argument("number", required=False, type=int, metavar="NUMBER")
@verb_options
def undo(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, number: int | None) -> int:
    """Undo the decision NUMBER, or your newest. The others stand."""
    with running_app(root) as app:
        desk, verbs, key = opened(app, edition, day)
        report(verbs.undo(key, number, login_name(by)), desk.by_key(key), as_json)
    return 0


@command.command("redo")
@click.argument("number", type=int, metavar="NUMBER")
@verb_options
def redo(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, number: int) -> int:
    """Make the decision NUMBER again that was undone."""
    from digest.desk.acts import Act

    with running_app(root) as app:
        desk, verbs, key = opened(app, edition, day)
        report(verbs.redo(key, number, Act(verb="redo", by=login_name(by))), desk.by_key(key), as_json)
    return 0


@command.command("stop")
@verb_options
def stop(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None) -> int:
    """Stop an edition that is being sent: who has it keeps it, the others wait."""
    return _on_its_way(root, as_json, edition, day, by, "stop")


@command.command("continue")
@verb_options
def carry_on(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None) -> int:
    """Send a stopped edition to those who have not got it; `digest run` or `digest send` does it."""
    return _on_its_way(root, as_json, edition, day, by, "carry_on")


@command.command("give-up")
@verb_options
def give_up(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None) -> int:
    """Send nothing more of a stopped edition: who has not got it gets none."""
    return _on_its_way(root, as_json, edition, day, by, "give_up")


@command.command("correct")
@click.argument("text", metavar="TEXT")
@click.option("--web", is_flag=True, help="Say it on the edition's page, above it, with what was changed.")
@click.option("--mail", is_flag=True, help="Mail it to those who have the edition as it was.")
@click.option("--tomorrow", is_flag=True, help="Say it at the top of the next edition.")
@click.option("--everyone", is_flag=True, help="Mail it to those too who got the edition after it was changed.")
@click.option(
    "--subject", default="", metavar="TEXT", help="Another subject of the mail than “Correction: ” and the edition's own."
)
@verb_options
def correct(
    root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, text: str, subject: str, **where: bool
) -> int:
    """Correct an edition that has gone, in TEXT (Markdown): what was wrong, and what is right.

    The newest edition, or that of --edition or --date. What you change in it with `digest edition edit` and `leave-out` meanwhile
    goes on its page.
    """
    import hashlib

    from digest.cli.options import chosen_edition
    from digest.desk.acts import Act
    from digest.desk.edition_view import Desk
    from digest.desk.on_its_way import OnItsWay

    fields = {name: "1" for name, chosen in where.items() if chosen} | {"text": text, "subject": subject}
    with running_app(root) as app:
        desk, newest = Desk(app), app.store.editions.headlines(1)
        key = newest[0].key if newest and not (edition or day) else chosen_edition(app, edition, day)[1].key
        # run again after a kill, it is the same correction, and mails nobody twice
        once = hashlib.sha256(repr((key, sorted(fields.items()))).encode()).hexdigest()
        act = Act(verb="correct", fields=fields, by=login_name(by), once=once)
        report(OnItsWay(desk).correct(key, act), desk.by_key(key), as_json)
    return 0


def _on_its_way(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, verb: str) -> int:
    """Do a verb on the edition that is being sent, or on the chosen one."""
    from digest.cli.options import chosen_edition
    from digest.desk.edition_view import Desk
    from digest.desk.on_its_way import OnItsWay

    with running_app(root) as app:
        desk, under_way = Desk(app), [row for row in app.store.editions.unfinished() if not row.corrects]
        key = under_way[-1].key if under_way and not (edition or day) else chosen_edition(app, edition, day)[1].key
        report(getattr(OnItsWay(desk), verb)(key, login_name(by)), desk.by_key(key), as_json)
    return 0

"""What the commands of `digest edition` share: ids that a shell completes, who decides, and how a verb is done and reported."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from digest.cli.comments import by_option, login_name
from digest.cli.options import coming_edition, common_options, edition_options, print_json, running_app

if TYPE_CHECKING:
    from digest.desk.acts import Done
    from digest.desk.edition_view import Desk, DeskEdition

reason_option = click.option("--reason", default="", metavar="TEXT", help="Why; kept in the log.")


def complete_ids(kind: str) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """Return what completes an id in a shell: the stories, or the comments, of the next edition."""

    def complete(ctx: click.Context, _parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        from digest.desk.edition_view import Desk
        from digest.errors import DigestError

        try:
            with running_app(Path(ctx.params.get("root") or (ctx.find_root().obj or "."))) as app:
                edition = Desk(app).coming()
                if kind == "story":
                    found = [(story.article.id, story.article.title) for story in edition.edition.stories]
                    found += [(row.id, row.label) for row in edition.left_out]
                else:
                    found = [
                        (row.comment.id, row.comment.author) for story in edition.threads.values() for row in story.thread.judged
                    ]
        except DigestError:
            return []
        return [CompletionItem(key, help=name) for key, name in found if key.startswith(typed)]

    return complete


story_argument = click.argument("key", metavar="ID", shell_complete=complete_ids("story"))
comment_argument = click.argument("key", metavar="ID", shell_complete=complete_ids("comment"))


def verb_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every verb: which edition, who decides, -C and --json."""
    return edition_options(by_option(common_options(function)))


def do_verb(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, verb: str, **fields: str | None) -> int:
    """Do one verb, and print what it did; fields that are None are not given."""
    from digest.desk.acts import Act

    given = {name.replace("_", "-"): text for name, text in fields.items() if text is not None}
    with running_app(root) as app:
        desk, verbs, key = opened(app, edition, day)
        named = day or (edition or "").isdigit()
        if named and (made := app.store.editions.frozen(key)):  # whoever names one that was made means it
            given["revision"] = str(made.revision)
        done = verbs.do(key, Act(verb=verb, fields=given, by=login_name(by)))
        report(done, desk.by_key(key), as_json)
    return 0


def opened(app: Any, edition: str | None, day: Any) -> tuple["Desk", Any, str]:
    """Return the desk, its verbs, and the key of the chosen edition."""
    from digest.desk.edition_view import Desk
    from digest.desk.verbs import Verbs

    _, slot = coming_edition(app, edition, day)
    desk = Desk(app)
    return desk, Verbs(desk), slot.key


def report(done: "Done", edition: "DeskEdition", as_json: bool) -> None:
    """Print what was done."""
    if as_json:
        print_json({"edition": edition.key, **done.as_json()})
        return
    numbers = ", ".join(str(row.id) for row in done.decisions)
    click.echo(f"{done.said}.{f' (decision {numbers})' if numbers else ''}")

"""The verbs of `digest edition` on stories."""

import asyncio
from pathlib import Path
from typing import Any

import click

from digest.cli.comments import login_name
from digest.cli.edition_options import complete_ids, do_verb, opened, report, story_argument, verb_options
from digest.cli.options import running_app


@click.command("leave-out")
@story_argument
@verb_options
def leave_out(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str) -> int:
    """Leave the story ID out, for good."""
    return do_verb(root, as_json, edition, day, by, "leave-out", id=key)


@click.command("take-in")
@click.argument("key", metavar="ID-OR-URL", shell_complete=complete_ids("story"))
@verb_options
def take_in(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str) -> int:
    """Take in a story that was left out, or any story by its address."""
    if "://" not in key:
        return do_verb(root, as_json, edition, day, by, "take-in", id=key)
    from digest.desk.acts import Act

    with running_app(root) as app:
        desk, verbs, edition_key = opened(app, edition, day)
        article = asyncio.run(app.story_at(key))
        done = verbs.take_in_page(desk.by_key(edition_key), article, Act(verb="take-in", by=login_name(by)))
        report(done, desk.by_key(edition_key), as_json)
    return 0


@click.command("lead")
@story_argument
@verb_options
def lead(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str) -> int:
    """Move the story ID to the top."""
    return do_verb(root, as_json, edition, day, by, "lead", id=key)


@click.command("move")
@story_argument
@click.option("--place", default=None, metavar="N", help="Its number in the edition, from 1.")
@click.option("--before", default=None, metavar="ID", help="The story that it stands above.", shell_complete=complete_ids("story"))
@verb_options
def move(
    root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, place: str | None, before: str | None
) -> int:
    """Move the story ID to a place, or above another."""
    return do_verb(root, as_json, edition, day, by, "move", id=key, place=place, before=before)


@click.command("keep")
@story_argument
@verb_options
def keep(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str) -> int:
    """Keep the story ID for the next edition."""
    return do_verb(root, as_json, edition, day, by, "keep", id=key)


@click.command("edit")
@story_argument
@click.option("--headline", default=None, metavar="TEXT", help="Another headline.")
@click.option("--summary", default=None, metavar="TEXT", help="Another summary; empty for none.")
@click.option("--kicker", default=None, metavar="TEXT", help="What stands above the headline; empty for nothing.")
@click.option("--note", default=None, metavar="TEXT", help="Your note below the story, in Markdown.")
@click.option("--section", default=None, metavar="TITLE", help="The section that it stands in.")
@click.option("--no-picture", "no_picture", is_flag=True, help="Print it without its picture.")
@click.option("--reset", default=None, metavar="FIELD", help="Take a field from the site again, such as headline.")
@verb_options
def edit(
    root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, no_picture: bool, **fields: str
) -> int:
    """Change the words of the story ID. Your site is not changed."""
    picture = "none" if no_picture else None
    return do_verb(root, as_json, edition, day, by, "edit", id=key, picture=picture, **fields)

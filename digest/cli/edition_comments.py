"""The verbs of `digest edition` on comments."""

from pathlib import Path
from typing import Any

import click

from digest.cli.edition_options import comment_argument, complete_ids, do_verb, reason_option, verb_options

keep_help = "Only these sentences, counted from 1, such as 1,3; the others become […]."


@click.command("release")
@comment_argument
@click.option("--keep", default=None, metavar="N,N", help=keep_help)
@reason_option
@verb_options
def release(
    root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, keep: str | None, reason: str
) -> int:
    """Print the comment ID, also if it is held."""
    return do_verb(root, as_json, edition, day, by, "release", id=key, keep=keep, reason=reason)


@click.command("refuse")
@comment_argument
@reason_option
@verb_options
def refuse(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, reason: str) -> int:
    """Refuse the comment ID: it is not printed, and not quoted above an answer."""
    return do_verb(root, as_json, edition, day, by, "refuse", id=key, reason=reason)


@click.command("refuse-writer")
@comment_argument
@click.option("--for-good", is_flag=True, help="In every edition to come, not only in this one.")
@reason_option
@verb_options
def refuse_writer(
    root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, for_good: bool, reason: str
) -> int:
    """Refuse everything that the writer of the comment ID has written."""
    until = "good" if for_good else "edition"
    return do_verb(root, as_json, edition, day, by, "refuse-writer", id=key, until=until, reason=reason)


@click.command("comment-take")
@comment_argument
@click.option(
    "--instead-of", default=None, metavar="ID", help="The comment that makes room.", shell_complete=complete_ids("comment")
)
@verb_options
def comment_take(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, instead_of: str | None) -> int:
    """Print the comment ID, as well or instead of another."""
    return do_verb(root, as_json, edition, day, by, "comment-take", id=key, instead_of=instead_of)


@click.command("comment-leave-out")
@comment_argument
@verb_options
def comment_leave_out(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str) -> int:
    """Leave the comment ID out of this edition; the next best stands there."""
    return do_verb(root, as_json, edition, day, by, "comment-leave-out", id=key)


@click.command("comment-pin")
@comment_argument
@click.option("--place", default="1", show_default=True, metavar="N", help="Its number below the story, from 1.")
@verb_options
def comment_pin(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, place: str) -> int:
    """Print the comment ID at a place below its story."""
    return do_verb(root, as_json, edition, day, by, "comment-pin", id=key, place=place)


@click.command("comment-cut")
@comment_argument
@click.option("--keep", required=True, metavar="N,N", help=keep_help)
@verb_options
def comment_cut(root: Path, as_json: bool, edition: str | None, day: Any, by: str | None, key: str, keep: str) -> int:
    """Shorten the comment ID to some of its sentences."""
    return do_verb(root, as_json, edition, day, by, "comment-cut", id=key, keep=keep)

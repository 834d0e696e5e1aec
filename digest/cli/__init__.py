"""The `digest` command. A command's module is imported only when it is called, because `--help` must be instant."""

import difflib
import importlib
import re
import sys
from typing import NamedTuple

import click

from digest import __version__

COMMANDS = {
    "init": "Create a newsletter in a folder.",
    "demo": "Try digest with a sample newsroom and inbox.",
    "check": "Check everything the next edition needs.",
    "collect": "Fetch new articles and comments.",
    "preview": "Preview the next edition as any subscriber.",
    "send": "Build and send the edition that is due.",
    "run": "Run the service: collect, publish, serve pages.",
    "status": "Show recent and coming editions and problems.",
    "history": "Tell what happened to an article or an edition.",
    "stats": "Show the numbers of the last editions.",
    "subscribers": "Manage the subscriber list.",
    "bounces": "Process bounces and complaints.",
    "edition": "Steer the next edition: stories, words, comments, hour.",
    "comments": "Print or refuse comments of the next edition.",
    "judge": "Score the comments in a thread.",
    "doctor": "Mend what can be mended in database, list and folder.",
    "backup": "Write the newsletter into one file, while it runs.",
    "restore": "Make a newsletter from a backup.",
    "calendar": "List the next editions and their windows.",
}


class LazyGroup(click.Group):
    """The group of all commands; the command NAME is `digest.cli.NAME.command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None if there is no such command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"digest.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments name; for a typing error, fail and suggest the nearest one."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1) if args[0] not in COMMANDS else []
        if near and not ctx.resilient_parsing:
            ctx.fail(f"unknown command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-C", "root", type=click.Path(file_okay=False), default=None, show_default="current folder", help="The newsletter's folder."
)
@click.version_option(__version__, prog_name="digest")
@click.pass_context
def group(ctx: click.Context, root: str | None) -> None:
    """Send your newsroom's stories and best comments by email.

    Collects the articles published since the last edition, picks the best comments, and sends one email to every
    subscriber in subscribers.csv.

    \b
    First steps:
      digest demo               try it with sample data
      digest init my-paper      create a newsletter
      digest -C my-paper check  check that it is ready

    Exit codes: 0 success, 1 failed, 2 wrong usage or configuration, 3 finished, but some messages were refused or deferred.
    """
    ctx.obj = root


def main() -> None:
    """Run a command; print an expected failure in one line, or as JSON with `--json`."""
    from digest.errors import DigestError

    try:
        sys.exit(group.main(standalone_mode=False))
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        if not _print_json_error(JsonError("usage", error.format_message(), exit_code=error.exit_code)):
            click.echo(_usage(error), err=True)
        sys.exit(error.exit_code)
    except DigestError as error:
        _exit_with(JsonError(error_code(error), error.what, error.thing, error.remedy, error.exit_code), str(error))
    except (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        if error.filename is None:
            raise
        _exit_with(JsonError("file", error.strerror or "", str(error.filename)), f"{error.filename}: {error.strerror}")


class JsonError(NamedTuple):
    """An error as `--json` prints it, under `error`."""

    code: str  # the kind of error: usage, config, relay, held …
    message: str
    thing: str = ""
    remedy: str = ""
    exit_code: int = 1


def _usage(error: click.ClickException) -> str:
    """Return click's error in the form of our own errors."""
    context = getattr(error, "ctx", None)
    hint = f"{context.get_usage()}\nSee `{context.command_path} --help`.\n\n" if context is not None else ""
    return f"{hint}error: {error.format_message()}"


def error_code(error: Exception) -> str:
    """Return the `code` of an error in JSON: `subscriber_file` for a SubscriberFileError."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def _exit_with(error: JsonError, sentence: str) -> None:
    if not _print_json_error(error):
        click.echo(f"error: {sentence}", err=True)
    sys.exit(error.exit_code)


def _print_json_error(error: JsonError) -> bool:
    """Print an error as one JSON object on standard output if `--json` was given; return whether it was."""
    if "--json" not in sys.argv[1:]:
        return False
    from digest.text.formats import json_text

    click.echo(json_text({"error": error._asdict()}))
    return True

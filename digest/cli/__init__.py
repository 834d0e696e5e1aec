"""The `digest` command. `--help` must be instant: a command's module is imported when it is called, not before."""

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
    "subscribers": "Manage the subscriber list.",
    "bounces": "Process bounces and complaints.",
    "judge": "Score the comments in a thread.",
    "calendar": "List the next editions and their windows.",
}


class LazyGroup(click.Group):
    """Commands by name; each lives in `digest.cli.NAME` as `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"digest.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant; a typo is told what it is near to."""
        near = difflib.get_close_matches(args[0], COMMANDS, n=1) if args[0] not in COMMANDS else []
        if near and not ctx.resilient_parsing:
            ctx.fail(f"unknown command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
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
    """The entry point: runs a command, and tells an expected failure in one line."""
    from digest.errors import DigestError

    try:
        sys.exit(group.main(standalone_mode=False))
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        if not _for_machines(JsonError("usage", error.format_message(), exit_code=error.exit_code)):
            click.echo(_usage(error), err=True)
        sys.exit(error.exit_code)
    except DigestError as error:
        _tell(JsonError(_code(error), error.what, error.thing, error.remedy, error.exit_code), str(error))
    except (PermissionError, FileNotFoundError, FileExistsError, NotADirectoryError, IsADirectoryError) as error:
        if error.filename is None:
            raise
        _tell(JsonError("file", error.strerror or "", str(error.filename)), f"{error.filename}: {error.strerror}")


class JsonError(NamedTuple):
    """An error as `--json` prints it, under `error`."""

    code: str  # what kind it is: usage, config, relay, held …
    message: str
    thing: str = ""
    remedy: str = ""
    exit_code: int = 1


def _usage(error: click.ClickException) -> str:
    """What click says, as our own errors are said."""
    context = getattr(error, "ctx", None)
    hint = f"{context.get_usage()}\nSee `{context.command_path} --help`.\n\n" if context is not None else ""
    return f"{hint}error: {error.format_message()}"


def _code(error: Exception) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__.removesuffix("Error")).lower()


def _tell(told: JsonError, sentence: str) -> None:
    if not _for_machines(told):
        click.echo(f"error: {sentence}", err=True)
    sys.exit(told.exit_code)


def _for_machines(told: JsonError) -> bool:
    """One JSON object on standard output, where that is what was asked for."""
    if "--json" not in sys.argv[1:]:
        return False
    from digest.cli.options import json_text

    click.echo(json_text({"error": told._asdict()}))
    return True

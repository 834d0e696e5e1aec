"""The `digest` command. `--help` must be instant: a command's module is imported when it is called, not before."""

import difflib
import importlib
import sys
from typing import NamedTuple

import click

from digest import __version__

COMMANDS = {
    "init": "Make a new newsletter in a folder.",
    "demo": "A sample newsroom, an edition and an inbox, all on this machine.",
    "check": "Find everything that would break at 07:00.",
    "collect": "Read the sources now and keep what they say.",
    "preview": "Look at the coming edition, as any subscriber.",
    "send": "Make the edition that is due, and send what of it is not sent.",
    "run": "The service: collects during the day, publishes at its hour.",
    "status": "The last editions, the next ones, and what is stuck.",
    "subscribers": "List, add, import, check, suppress the subscribers.",
    "bounces": "What a message that came back says, and what follows from it.",
    "judge": "Which comments of a thread are worth reading, and why.",
    "calendar": "The next editions and the window of time each one covers.",
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
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-C", "root", type=click.Path(file_okay=False), default=None, help="The newsletter's folder.  [default: here]")
@click.version_option(__version__, prog_name="digest")
@click.pass_context
def group(ctx: click.Context, root: str | None) -> None:
    """A newsroom's weekday morning e-mail.

    Collects what the site published since the last edition, with the comments worth reading, and sends it to everyone
    in subscribers.csv.

    \b
    First steps:
      digest demo              see it work, on this machine alone
      digest init my-paper     make a newsletter of your own
      digest -C my-paper check what is still to do before 07:00

    Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 finished but some recipients were refused or deferred.
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
            error.show()
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


def _code(error: Exception) -> str:
    return type(error).__name__.removesuffix("Error").lower()


def _tell(told: JsonError, sentence: str) -> None:
    if not _for_machines(told):
        click.echo(f"digest: {sentence}", err=True)
    sys.exit(told.exit_code)


def _for_machines(told: JsonError) -> bool:
    """One JSON object on standard output, where that is what was asked for."""
    if "--json" not in sys.argv[1:]:
        return False
    from digest.cli.options import json_text

    click.echo(json_text({"error": told._asdict()}))
    return True

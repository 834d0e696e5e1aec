"""`digest demo`: try digest with a sample newsroom and inbox."""

import asyncio
import signal
import webbrowser
from typing import TYPE_CHECKING

import click

from digest.cli.options import print_json
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.demo.show import Show


@click.command("demo")
@click.option("--once", is_flag=True, help="Print a summary and exit, without opening the browser.")
@click.option("--port", default=8027, show_default=True, help="Port for the inbox.")
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_context
def command(ctx: click.Context, once: bool, port: int, no_browser: bool, as_json: bool) -> None:
    """Try digest with a sample newsroom and inbox.

    Starts an invented WordPress site (The Harbour Gazette) and a relay with an inbox on 127.0.0.1, sends an edition to 26
    sample subscribers and opens the inbox in your browser. Nothing leaves this machine, and all files are deleted at
    the end.
    """
    ctx.exit(asyncio.run(_demo(once, port, browser=not no_browser and not once, as_json=as_json)))


async def _demo(once: bool, port: int, *, browser: bool, as_json: bool) -> int:
    from digest.cli.progress import Bar, Events
    from digest.clock import command_clock
    from digest.demo.show import run_demo

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with Events() if as_json else Bar() as bar:
        async with run_demo(command_clock(), bar, 0 if once else port) as show:
            _print_summary(show, once, as_json)
            if browser:
                await asyncio.to_thread(webbrowser.open, show.address)
            if not once:
                await stop.wait()
    return 0 if show.report.counts.get("sent") else 1


def _print_summary(show: "Show", once: bool, as_json: bool) -> None:
    if as_json:
        print_json({**show.report.as_json(), "inbox": len(show.inbox), "url": show.address, "site": show.site})
        return
    counts = show.report.counts
    click.echo(f"The Harbour Gazette, edition {show.report.slot.key}:")
    click.echo(f"  {counted(len(show.inbox), 'message')} delivered to the inbox: “{show.inbox.rows()[0].detail}”")
    for problem in show.problems:
        click.echo(f"  1 row skipped: subscribers.csv:{problem.line}: {problem.what}")
    click.echo(f"  {counts.get('refused', 0)} refused by the relay, because the mailbox no longer exists")
    if once:
        click.echo("\nTo see the inbox, run `digest demo`. To create your own newsletter, run `digest init my-paper`.")
    else:
        click.echo(f"\nInbox: {show.address}\nSite:  {show.site}\nPress Ctrl-C to stop and delete the demo.")

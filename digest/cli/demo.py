"""`digest demo`: see it work."""

import asyncio
import signal
import webbrowser
from typing import TYPE_CHECKING

import click

from digest.cli.options import print_json as as_object
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.demo.show import Show


@click.command("demo")
@click.option("--once", is_flag=True, help="Publish, print a summary and end, without the browser.")
@click.option("--port", default=8027, show_default=True, help="Where the inbox is shown on this machine.")
@click.option("--no-browser", is_flag=True, help="Do not open the browser.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object for machines.")
@click.pass_context
def command(ctx: click.Context, once: bool, port: int, no_browser: bool, as_json: bool) -> None:
    """A sample newsroom, an edition and an inbox, all on this machine.

    Starts The Harbour Gazette (an invented site that answers as WordPress does) and a relay with an inbox on 127.0.0.1,
    collects, publishes to 26 sample subscribers, and opens the inbox in the browser. Nothing leaves this machine and
    nothing is left behind.
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
            _tell(show, once, as_json)
            if browser:
                await asyncio.to_thread(webbrowser.open, show.address)
            if not once:
                await stop.wait()
    return 0 if show.report.counts.get("sent") else 1


def _tell(show: "Show", once: bool, as_json: bool) -> None:
    if as_json:
        as_object({**show.report.as_json(), "inbox": len(show.inbox), "url": show.address, "site": show.site})
        return
    counts = show.report.counts
    click.echo(f"The Harbour Gazette, edition {show.report.slot.key}:")
    click.echo(f"  {counted(len(show.inbox), 'message')} arrived in the inbox: “{show.inbox.rows()[0].detail}”")
    for problem in show.problems:
        click.echo(f"  subscribers.csv:{problem.line} was skipped: {problem.what}")
    click.echo(f"  {counts.get('refused', 0)} was refused by the relay (a reader who moved away), and is on record")
    if once:
        click.echo("\nSee it: `digest demo` opens the inbox in your browser. Your own: `digest init my-paper`.")
    else:
        click.echo(f"\nInbox: {show.address}\nSite:  {show.site}\nCtrl-C stops all of it and leaves nothing behind.")

"""`digest demo`: try digest with a sample newsroom and inbox."""

import asyncio
import signal
import webbrowser
from typing import TYPE_CHECKING

import click

from digest.cli.options import print_json
from digest.text.prose import counted

if TYPE_CHECKING:
    from digest.demo.run import DemoRun


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
    from digest.cli.progress import ProgressBar, ProgressEvents
    from digest.clock import command_clock
    from digest.demo.run import run_demo

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with ProgressEvents() if as_json else ProgressBar() as bar:
        async with run_demo(command_clock(), bar, 0 if once else port) as demo:
            _print_summary(demo, once, as_json)
            if browser:
                await asyncio.to_thread(webbrowser.open, demo.inbox_url)
            if not once:
                await stop.wait()
    return 0 if demo.report.counts.get("sent") else 1


def _print_summary(demo: "DemoRun", once: bool, as_json: bool) -> None:
    if as_json:
        print_json({**demo.report.as_json(), "inbox": len(demo.inbox), "url": demo.inbox_url, "site": demo.site_url})
        return
    counts = demo.report.counts
    click.echo(f"The Harbour Gazette, edition {demo.report.slot.key}:")
    click.echo(f"  {counted(len(demo.inbox), 'message')} delivered to the inbox: “{demo.inbox.rows()[0].detail}”")
    for problem in demo.problems:
        click.echo(f"  1 row skipped: subscribers.csv:{problem.line}: {problem.what}")
    click.echo(f"  {counts.get('refused', 0)} refused by the relay, because the mailbox no longer exists")
    if once:
        click.echo("\nTo see the inbox, run `digest demo`. To create your own newsletter, run `digest init my-paper`.")
    else:
        click.echo(f"\nInbox: {demo.inbox_url}\nSite:  {demo.site_url}\nPress Ctrl-C to stop and delete the demo.")

"""Serve pages on this machine until a person stops them."""

import asyncio
import signal
import webbrowser
from typing import TYPE_CHECKING

import click

from digest.cli.options import print_json

if TYPE_CHECKING:
    from aiohttp import web


async def serve_until_stopped(
    application: "web.Application", port: int, *, browser: bool, as_json: bool = False, desk: str = ""
) -> None:
    """Serve an application on loopback, print its address, open the browser, and return at Ctrl-C or SIGTERM.

    `desk` is the path at which whoever reads it signs in at the desk, once.
    """
    from digest.web.pages import serve_http

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with serve_http(application, "127.0.0.1", port) as address:
        if as_json:
            print_json({"url": address, **({"desk": f"{address}{desk}"} if desk else {})})
        else:
            click.echo(f"Preview at {address} (press Ctrl-C to stop)")
            if desk:
                click.echo(f"Steer it at {address}{desk} (this link works once)")
        if browser:
            await asyncio.to_thread(webbrowser.open, address)
        await stop.wait()

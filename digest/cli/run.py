"""`digest run`: the service."""

import asyncio
import signal
from pathlib import Path

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.formats import instant_text


@click.command("run")
@common_options
def command(root: Path, as_json: bool) -> int:
    """Run the service: collect through the day, publish each edition on time, and serve the reader pages.

    You can stop and start it at any time. On SIGTERM or Ctrl-C it finishes the messages in flight, then exits. The reader
    pages (subscribe, unsubscribe, preferences, archive) listen on [web] host and port, by default 127.0.0.1:8025; put
    your reverse proxy in front.
    """
    from digest.service.logs import configure_logging
    from digest.web.connection_limits import raise_descriptor_limit

    configure_logging()
    raise_descriptor_limit()
    asyncio.run(_serve(root, as_json))
    return 0


async def _serve(root: Path, as_json: bool) -> None:
    from digest.service.scheduler import Service, serve
    from digest.web.pages import serve_http
    from digest.web.reader_pages import ReaderPages

    with running_app(root, service=True) as app:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, app.stop.set)
        pages = ReaderPages(app)
        async with serve_http(pages.application(), app.config.web.host, app.config.web.port) as address:
            coming = sorted(
                app.calendar(plan).cutoff(next(app.calendar(plan).upcoming(app.clock()))) for plan in app.config.editions
            )
            if as_json:
                print_json({"pages": address, "next": coming[0]})
            else:
                due = instant_text(coming[0], app.config.newsletter.timezone)
                click.echo(f"Reader pages at {address}. Next edition: {due}.")
            await serve(Service(app, pages.warm_desk), app.stop)

"""`digest run`: the service."""

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from digest.cli.options import common_options, print_json, running_app
from digest.text.formats import instant_text

if TYPE_CHECKING:
    from digest.app import App
    from digest.service.metrics import Metrics


@click.command("run")
@common_options
def command(root: Path, as_json: bool) -> int:
    """Run the service: collect through the day, publish each edition on time, and serve the reader pages.

    You can stop and start it at any time. On SIGTERM or Ctrl-C it finishes the messages in flight, then exits. On SIGHUP, or
    once digest.toml or a template has changed, it reads them again, and keeps the old where the new is broken. A second `digest
    run` on the same folder stands by until the first is gone. The reader pages (subscribe, unsubscribe, preferences, archive)
    listen on [web] host and port, by default 127.0.0.1:8025; put your reverse proxy in front.
    """
    from digest.service.logs import configure_logging
    from digest.web.connection_limits import raise_descriptor_limit

    configure_logging()
    raise_descriptor_limit()
    asyncio.run(_stand_by_and_serve(root, as_json))
    return 0


async def _stand_by_and_serve(root: Path, as_json: bool) -> None:
    """Serve as soon as no other service does."""
    from digest import config
    from digest.service.instance import sole_service
    from digest.service.systemd import notify, watchdog

    config.load(root)  # what is wrong with it is said now, and not when the other service is gone
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    async with sole_service(root, stop) as alone, watchdog():
        if not alone:
            return
        with running_app(root, service=True) as app:
            app.stop = stop
            try:
                done = await _serve(app, as_json)
            finally:
                notify("STOPPING=1")
            if not done:  # nothing is lost, but something does not end, and the thread that waits for it would keep the process
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(0)


async def _serve(app: "App", as_json: bool) -> bool:
    from digest.service.scheduler import Service, serve
    from digest.service.systemd import notify, notify_reloading
    from digest.service.timetable import scheduled_editions
    from digest.web.pages import page_server
    from digest.web.reader_pages import ReaderPages

    async with AsyncExitStack() as stack:
        pages = ReaderPages(app)
        server = await stack.enter_async_context(page_server(pages.application(), app.config.web.host, app.config.web.port))
        metrics = await _metrics(app, stack)

        async def show_changes() -> None:
            nonlocal pages
            pages = ReaderPages(app)
            await server.show(pages.application())

        async def warm() -> None:
            await pages.warm_desk()

        service = Service(app, after_collecting=warm, after_changes=show_changes, metrics=metrics)
        loop = asyncio.get_running_loop()

        async def reload() -> None:
            notify_reloading()
            await service.read_files()
            notify("READY=1")

        loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(reload()))
        following = next(scheduled_editions(app)).due
        if as_json:
            print_json({"pages": server.address, "next": following})
        else:
            due = instant_text(following, app.config.newsletter.timezone)
            click.echo(f"Reader pages at {server.address}. Next edition: {due}.")
        notify("READY=1", f"STATUS=Reader pages at {server.address}")
        return await serve(service, app.config.drain)


async def _metrics(app: "App", stack: AsyncExitStack) -> "Metrics | None":
    """Serve the metrics, if they are asked for."""
    plan = app.config.metrics
    if plan is None:
        return None
    from digest.service.metrics import Metrics
    from digest.web.metrics_page import metrics_application
    from digest.web.pages import page_server

    metrics = Metrics(app)
    server = await stack.enter_async_context(page_server(metrics_application(metrics), plan.host, plan.port))
    logging.getLogger("digest").info("metrics at %s/metrics", server.address)
    return metrics

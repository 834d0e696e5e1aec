"""The page of a monitor, on an address of its own."""

import asyncio

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from digest.service.metrics import Metrics


def metrics_application(metrics: Metrics) -> web.Application:
    """Return the application that answers a scrape."""

    async def answer(_request: web.Request) -> web.Response:
        body = await asyncio.to_thread(metrics.text)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application()
    application.router.add_get("/metrics", answer)
    return application

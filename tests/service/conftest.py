"""An operator's webhook and ping address, and the relay that alarms go by."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from digest.web.pages import serve_http
from tests.relay import Relay, running


@dataclass
class Monitor:
    """What an operator's webhook and ping address were asked."""

    base: str = ""
    told: list[dict[str, str]] = field(default_factory=list)
    pings: list[tuple[str, str]] = field(default_factory=list)
    down: bool = False
    seen: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def hook(self, request: web.Request) -> web.Response:
        """Take what is told, unless it is down."""
        if self.down:
            raise web.HTTPServiceUnavailable
        self.told.append(json.loads(await request.text()))
        self.came.set()
        return web.Response()

    async def ping(self, request: web.Request) -> web.Response:
        """Take a ping."""
        self.pings.append((request.path, await request.text()))
        return web.Response()

    async def wait(self, seconds: float) -> dict[str, str]:
        """The next that is told, within so many seconds of the machine."""
        async with asyncio.timeout(seconds):
            while len(self.told) <= self.seen:
                self.came.clear()
                await self.came.wait()
        self.seen += 1
        return self.told[self.seen - 1]


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    """A monitor on a port of its own."""
    made, application = Monitor(), web.Application()
    application.router.add_post("/hook", made.hook)
    application.router.add_route("*", "/ping{rest:.*}", made.ping)
    async with serve_http(application, "127.0.0.1", 0) as made.base:
        yield made


@pytest.fixture
async def other() -> AsyncIterator[Relay]:
    """The relay that alarms go by."""
    async with running(Relay()) as relay:
        yield relay

"""Every test of delivery runs against a relay that pipelines and against one that does not."""

from collections.abc import AsyncIterator

import pytest

from tests.relay import Relay, running


@pytest.fixture(params=[True, False], ids=["pipelining", "step by step"])
async def relay(request: pytest.FixtureRequest) -> AsyncIterator[Relay]:
    """A relay that takes everything until it is told otherwise."""
    async with running(Relay(pipelining=request.param)) as relay:
        yield relay

"""The server of all pages, and its port."""

import pytest
from aiohttp import web

from digest.errors import DigestError
from digest.web.pages import serve_http


async def test_a_port_that_is_taken_is_named_with_what_to_do() -> None:
    async with serve_http(web.Application(), "127.0.0.1", 0) as base:
        port = int(base.rpartition(":")[2])
        with pytest.raises(DigestError, match="cannot listen on this port") as caught:
            async with serve_http(web.Application(), "127.0.0.1", port):
                pass
    assert caught.value.thing == f"127.0.0.1:{port}"
    assert "choose another port" in caught.value.remedy


async def test_a_port_is_free_again_afterwards() -> None:
    async with serve_http(web.Application(), "127.0.0.1", 0) as base:
        port = int(base.rpartition(":")[2])
    async with serve_http(web.Application(), "127.0.0.1", port) as again:
        assert again == base

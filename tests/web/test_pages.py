"""The server of all pages, and its port."""

from pathlib import Path

import pytest
from aiohttp import web

from digest.errors import DigestError
from digest.web.pages import PageTemplates, serve_http


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


async def test_a_template_of_ones_own_that_is_broken_is_logged_and_the_page_is_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "error.html.j2").write_text("one\n{{ x }")
    newsletter = {"name": "The Gazette", "site_url": "", "postal_address": ""}
    page = PageTemplates([tmp_path]).render(
        "error.html.j2", what="Sorry.", newsletter=newsletter, links={"subscribe": True, "archive": True}, design={"logo": None}
    )
    assert "Sorry." in str(page.text)
    assert "web/error.html.j2:2: template error: unexpected '}'" in caplog.text

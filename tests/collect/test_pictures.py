"""Pictures whose source tells no size: a few bytes of each are read, and none of them can do harm."""

import io
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Picture

from digest.collect.fetch import Fetcher, Limits
from digest.collect.pictures import FIRST_BYTES, measured, picture_size
from digest.model import Image
from digest.web.pages import serve_http

FORMATS = ("PNG", "JPEG", "GIF", "WEBP")


def picture(kind: str, width: int = 640, height: int = 360) -> bytes:
    made = io.BytesIO()
    Picture.effect_noise((width, height), 80).convert("RGB").save(made, kind)
    return made.getvalue()


@pytest.mark.parametrize("kind", FORMATS)
def test_the_first_bytes_tell_the_size(kind: str) -> None:
    assert picture_size(picture(kind)[:FIRST_BYTES]) == (640, 360)


@pytest.mark.parametrize(
    "data", [b"", b"<!doctype html><p>No picture", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"RIFF0000WEBPVP8 "]
)
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    assert picture_size(data) is None


@given(
    st.binary(max_size=400)
    | st.sampled_from([b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF", b"GIF89a", b"II*\0", b"<svg"]).flatmap(
        lambda head: st.binary(max_size=200).map(lambda rest: head + rest)
    )
)
def test_any_bytes_give_a_size_that_can_be_or_none(data: bytes) -> None:
    size = picture_size(data)
    assert size is None or (0 < size[0] <= 20_000 and 0 < size[1] <= 20_000)


@pytest.fixture
async def site() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        if request.path == "/gone.png":
            return web.Response(status=404)
        body = picture("PNG", 1_200, 900)
        if request.path == "/ranges.png" and "Range" in request.headers:
            return web.Response(status=206, body=body[:FIRST_BYTES])
        return web.Response(body=body)

    application = web.Application()
    application.router.add_get("/{name}", answer)
    async with serve_http(application, "127.0.0.1", 0) as address:
        yield address


async def test_only_what_is_unknown_is_asked_and_what_cannot_be_read_is_left_out(site: str) -> None:
    images = [
        Image(url=f"{site}/ranges.png"), Image(url=f"{site}/whole.png"), Image(url=f"{site}/gone.png"),
        Image(url=f"{site}/known.png", width=10, height=10), Image(url="http://127.0.0.1:9/away.png"),
    ]  # fmt: skip
    async with Fetcher(limits=Limits(attempts=1)) as fetcher:
        found = await measured(images, fetcher, {"127.0.0.1"})
    assert {url.rpartition("/")[2]: (image.width, image.height) for url, image in found.items()} == {
        "ranges.png": (1_200, 900), "whole.png": (1_200, 900)
    }  # fmt: skip


async def test_a_strangers_picture_on_this_machine_is_not_asked(site: str) -> None:
    async with Fetcher(limits=Limits(attempts=1)) as fetcher:
        assert await measured([Image(url=f"{site}/whole.png")], fetcher) == {}

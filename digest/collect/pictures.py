"""The sizes of pictures whose source does not tell them, as most feeds do not. Only the first bytes of each are read."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from io import BytesIO
from urllib.parse import urlsplit

import imagesize

from digest.collect.fetch import Fetcher
from digest.errors import FetchError
from digest.model import Image

FIRST_BYTES = 65_536  # of a picture; its size stands at the beginning, but for photographs with much about the camera
MAX_PIXELS = 20_000  # a side; more is no picture for a mail


async def measured(images: Iterable[Image], fetcher: Fetcher, private_hosts: Collection[str] = ()) -> dict[str, Image]:
    """Return the pictures of unknown size with their size, by address; one that cannot be read is left out.

    Only a host in `private_hosts` may be on this machine or a private network.
    """
    unknown = list({image.url: image for image in images if not (image.width and image.height)}.values())
    sizes = await asyncio.gather(*(_size(image.url, fetcher, private_hosts) for image in unknown))
    return {image.url: replace(image, width=size[0], height=size[1]) for image, size in zip(unknown, sizes, strict=True) if size}


async def _size(url: str, fetcher: Fetcher, private_hosts: Collection[str]) -> Sequence[int] | None:
    try:
        response = await fetcher.beginning(url, FIRST_BYTES, allow_private=urlsplit(url).hostname in private_hosts)
    except FetchError:
        return None
    return await asyncio.to_thread(picture_size, response.body) if response.ok else None


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels that a picture's first bytes tell; None if they tell none."""
    try:
        width, height = imagesize.get(BytesIO(data[:FIRST_BYTES]))
    except Exception:  # noqa: BLE001  a stranger's bytes, and the library raises whatever its parser runs into
        return None
    return (width, height) if 0 < width <= MAX_PIXELS and 0 < height <= MAX_PIXELS else None

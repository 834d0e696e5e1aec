"""Bounded reading of the forms that strangers send."""

import re
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy


async def read_form(request: web.Request) -> MultiDictProxy[Any]:
    """Return the fields of a form; raise HTTPBadRequest (400) if it cannot be read."""
    try:
        return await request.post()
    except (
        LookupError,
        ValueError,
        web.RequestPayloadError,
    ) as error:  # an unknown charset, or fields that cannot be separated
        raise web.HTTPBadRequest(text="The form could not be read.\n") from error


async def read_body(request: web.Request) -> str:
    """Return at most 1,024 bytes of an email program's form (RFC 8058, section 3.2: urlencoded or multipart), as text."""
    return (await request.content.read(1_024)).decode("ascii", "replace")


def field_text(value: object) -> str:
    """Return a field as one line of at most 300 characters; an empty string if it is not text."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value).strip()[:300] if isinstance(value, str) else ""

"""What strangers send to the pages: forms, bounded; and JSON as they are given it."""

import json
import re
from typing import Any

from aiohttp import web
from multidict import MultiDictProxy


def page_json(value: object) -> str:
    """JSON with dates as ISO 8601 writes them, safe inside HTML as well."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=str)
    return text.replace("<", "\\u003c")


async def form_of(request: web.Request) -> MultiDictProxy[Any]:
    """A form's fields; 400 for what is none."""
    try:
        return await request.post()
    except (
        LookupError,
        ValueError,
        web.RequestPayloadError,
    ) as error:  # a charset that does not exist, fields that cannot be told apart
        raise web.HTTPBadRequest(text="The form could not be read.\n") from error


async def body_of(request: web.Request) -> str:
    """The form that a mail program sends (RFC 8058, section 3.2: urlencoded or multipart), as text; what is none is nothing."""
    return (await request.content.read(1_024)).decode("ascii", "replace")


def text_of(value: object) -> str:
    """A field as one line, bounded."""
    return re.sub(r"[\x00-\x1f\x7f]+", " ", value).strip()[:300] if isinstance(value, str) else ""

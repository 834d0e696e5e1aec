"""Asking WordPress's REST API (`wp/v2`) for a collection, page by page, and whether it answers strangers at all."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError, model_validator

from digest.collect.fetch import Get, Response
from digest.errors import FetchError, SourceError
from digest.text.prose import number

MAX_PAGES = 40
Utc = Annotated[datetime, AfterValidator(lambda moment: moment.replace(tzinfo=UTC))]


_Text = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]


class Words(BaseModel):
    """A text as the API has it; plugins put a string, null or false in its place."""

    rendered: _Text = ""
    protected: Annotated[bool, BeforeValidator(bool)] = False

    @model_validator(mode="before")
    @classmethod
    def _bare(cls, value: object) -> object:
        return value if isinstance(value, dict | Words) else {"rendered": value}


class Closed(Exception):  # noqa: N818  a signal between two functions here, never seen outside
    """The API does not answer strangers with what was asked for; the text says what it does instead."""


async def rows_of(get: Get, root: str, what: str, query: dict[str, str]) -> tuple[list[Any], str]:
    """The rows of a collection, and why they are not all of it (empty where they are); Closed where the API does not answer
    strangers, or has rows and does not give them.
    """
    found: list[Any] = []
    for page in range(1, MAX_PAGES + 1):
        joint = "&" if "?" in root else "?"
        url = f"{root}{what}{joint}{urlencode({**query, 'page': page}, safe=',:')}"
        try:
            rows, response = await _page(get, url, first=page == 1)
        except FetchError as error:
            return found, f"page {page} of its {what} could not be read: {error}"
        if response.status == 400 and page > 1:
            return found, ""
        found += rows
        total = number(response.headers.get("x-wp-totalpages", ""), 100_000)
        if not rows and page == 1:
            _must_be_empty(response, what)
        if not rows or (total is not None and page >= total):
            return found, ""
    return found, f"more than {MAX_PAGES} pages of {what}; only the first {MAX_PAGES} were read"


async def _page(get: Get, url: str, *, first: bool) -> tuple[list[Any], Response]:
    """One page's rows. The first page tells whether the API is open: anything but a list of rows says that it is not."""
    try:
        response = await get(url)
    except FetchError as error:
        if first:
            raise Closed(str(error)) from error
        raise
    if response.status == 400 and not first:
        return [], response
    try:
        rows = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        if first:
            raise Closed(response.why) from error  # a theme's page, or a shield's, in place of the API
        raise SourceError("the API response is not JSON", thing=response.url) from error
    if response.ok and isinstance(rows, list):
        return rows, response
    if first:
        raise Closed(_message(rows))
    raise SourceError(f"the API returned HTTP {response.status}: {_message(rows)}", thing=response.url)


def _must_be_empty(response: Response, what: str) -> None:
    """Closed where an empty list is not believed: the API counts rows, or of posts does not say that there are none."""
    total = number(response.headers.get("x-wp-total", ""), 1_000_000)
    if total or (total is None and what == "posts"):
        raise Closed("it gives no rows, and does not say that there are none")


def _message(body: Any) -> str:
    return str(body.get("message", "no reason given"))[:200] if isinstance(body, dict) else "no list"


_Kind = TypeVar("_Kind", bound=BaseModel)


def valid(kind: type[_Kind], row: Any) -> _Kind | None:
    """A row of the expected form, or None."""
    try:
        return kind.model_validate(row)
    except ValidationError:
        return None

"""Requests to WordPress's REST API (`wp/v2`): a collection, page by page, and whether the API answers strangers at all."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, BeforeValidator, ValidationError, model_validator

from digest.collect.fetch import Get, Response
from digest.errors import FetchError, SourceError
from digest.text.prose import number

MAX_PAGES = 40
UtcDate = Annotated[datetime, AfterValidator(lambda moment: moment.replace(tzinfo=UTC))]


_Text = Annotated[str, BeforeValidator(lambda value: value if isinstance(value, str) else "")]


class RenderedText(BaseModel):
    """A text as the API gives it; plugins give a string, null or false instead."""

    rendered: _Text = ""
    protected: Annotated[bool, BeforeValidator(bool)] = False

    @model_validator(mode="before")
    @classmethod
    def _from_bare_value(cls, value: object) -> object:
        return value if isinstance(value, dict | RenderedText) else {"rendered": value}


class ApiClosedError(Exception):
    """The API does not give strangers what we asked for; the text says what it does instead. Only WordPress's modules see it."""


async def fetch_rows(get: Get, root: str, what: str, query: dict[str, str]) -> tuple[list[Any], str]:
    """Return the rows of a collection, and why they are not all of it (empty if they are).

    Raises ApiClosedError if the API does not answer strangers, or has rows and does not give them.
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
            _check_empty(response, what)
        if not rows or (total is not None and page >= total):
            return found, ""
    return found, f"more than {MAX_PAGES} pages of {what}; only the first {MAX_PAGES} were read"


async def _page(get: Get, url: str, *, first: bool) -> tuple[list[Any], Response]:
    """Return one page's rows; raise ApiClosedError if the first page is anything but a list of rows: the API is not open then."""
    try:
        response = await get(url)
    except FetchError as error:
        if first:
            raise ApiClosedError(str(error)) from error
        raise
    if response.status == 400 and not first:
        return [], response
    try:
        rows = json.loads(response.body)
    except (ValueError, RecursionError) as error:
        if first:
            raise ApiClosedError(response.reason) from error  # the page of a theme or a bot shield, in the API's place
        raise SourceError("the API response is not JSON", thing=response.url) from error
    if response.ok and isinstance(rows, list):
        return rows, response
    if first:
        raise ApiClosedError(_message(rows))
    raise SourceError(f"the API returned HTTP {response.status}: {_message(rows)}", thing=response.url)


def _check_empty(response: Response, what: str) -> None:
    """Raise ApiClosedError if the API gives no rows but counts some, or, for posts, does not say that there are none."""
    total = number(response.headers.get("x-wp-total", ""), 1_000_000)
    if total or (total is None and what == "posts"):
        raise ApiClosedError("it gives no rows, and does not say that there are none")


def _message(body: Any) -> str:
    return str(body.get("message", "no reason given"))[:200] if isinstance(body, dict) else "no list"


_Kind = TypeVar("_Kind", bound=BaseModel)


def parse_row(kind: type[_Kind], row: Any) -> _Kind | None:
    """Return a row of the expected form, or None."""
    try:
        return kind.model_validate(row)
    except ValidationError:
        return None

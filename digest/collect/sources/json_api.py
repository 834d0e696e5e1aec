"""Helpers that the adapters of JSON APIs share: request an answer, check each row by itself, make a comment from a row."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from digest.collect.fetch import Get, Response
from digest.collect.sources import fields
from digest.errors import FetchError, SourceError
from digest.model import Article, Comment, Failure, Harvest, ThreadCoverage
from digest.text.markup import link
from digest.text.prose import shorten, storable

log = logging.getLogger("digest")
MAX_COMMENTS = 2_000  # comments read of one thread, at most
MAX_THREADS_AT_ONCE = 6  # threads of one source read at once
THREAD_TIMEOUT = 20.0  # seconds for one thread
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


def _utc(moment: datetime) -> datetime:
    if not 1990 < moment.year < 2200:
        raise ValueError("not a date of a publication")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


Instant = Annotated[datetime, AfterValidator(_utc)]  # a date without a zone is UTC; a number is seconds since 1970
Votes = Annotated[int, Field(ge=-1_000_000_000, le=1_000_000_000)]


class Shape(BaseModel):
    """The fields that a row of an API must have; further fields are ignored."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, row: object) -> object:
        """Drop fields that are null, so that they count as absent."""
        return {name: value for name, value in row.items() if value is not None} if isinstance(row, dict) else row


Row = TypeVar("Row", bound=Shape)
_Made = TypeVar("_Made")
ROWS_AT_ONCE = 50  # rows converted at once


async def fetch_json(get: Get, url: str, /, **query: object) -> Any:
    """Return an API's answer; raise SourceError if it is an error or not JSON."""
    return await parse_response(await get(with_query(url, query)), url)


def with_query(url: str, query: Mapping[str, object]) -> str:
    """Return an address with a query."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}" if query else url


async def parse_response(response: Response, url: str) -> Any:
    """Return the JSON of a response; raise SourceError if it is an error or not JSON."""
    try:
        answer = await fields.off_loop(json.loads, response.body)
    except (ValueError, RecursionError) as error:
        message = response.reason if not response.ok or response.challenge else "the response is not JSON"
        raise SourceError(message, thing=url, remedy="Check the source's url and key.") from error
    if not response.ok:
        raise SourceError(f"{response.reason}: {_reason(answer)}", thing=url, remedy="Check the source's url and key.")
    return answer


def _reason(answer: Any) -> str:
    """Return the reason that an API gives, under one of its usual names, inside up to four lists or objects."""
    for _ in range(4):
        if isinstance(answer, list):
            answer = answer[0] if answer else None
        elif isinstance(answer, dict):
            answer = next(
                (answer[name] for name in ("message", "error", "errors", "response", "reason", "detail") if answer.get(name)), None
            )
    return shorten(str(answer), 200).rstrip(".") if isinstance(answer, str | int | float) else "no reason given"


def value_at(answer: Any, *path: str) -> Any:
    """Return the value at a path in an answer; None if there is none."""
    for name in path:
        answer = answer.get(name) if isinstance(answer, dict) else None
    return answer


def list_at(answer: Any, *path: str) -> list[Any]:
    """Return the list at a path in an answer; an empty one if there is none."""
    found = value_at(answer, *path)
    return found if isinstance(found, list) else []


def required_list(answer: Any, *path: str) -> list[Any]:
    """Return the list at a path in an answer; raise SourceError if there is none."""
    found = value_at(answer, *path)
    if not isinstance(found, list):
        raise SourceError(
            f"the answer has no {'.'.join(path) or 'list'}", remedy="The API may have changed. Check for a newer version of digest."
        )
    return found


class Rows(list[Row]):
    """Rows of one shape; `complete` says that no row had to be skipped."""

    complete = True


def read_rows(kind: type[Row], rows: Iterable[Any]) -> Rows[Row]:
    """Return the rows of the expected shape and skip the others; raise SourceError if there are objects but none has the shape."""
    found, odd = Rows[Row](), ""
    for row in rows:
        try:
            found.append(kind.model_validate(row))
        except ValidationError as error:
            found.complete = False
            first = error.errors()[0]
            odd = f"{'.'.join(map(str, first['loc'])) or 'a row'}: {first['msg']}" if isinstance(row, dict) else odd
    if odd and not found:
        raise SourceError(
            f"no item has the expected fields ({odd})", remedy="The API may have changed. Check for a newer version of digest."
        )
    return found


def make_comment(
    on: Article,
    key: str,
    *,
    author: str | None,
    markup: str | None,
    written_at: datetime,
    url: str = "",
    parent: str | None = None,
    removed: bool = False,
    **signals: Any,
) -> Comment:
    """Return one comment on an article; `key` is its id within the article, `parent` the key of the comment it answers."""
    return Comment(
        id=storable(f"{on.id}|{key}"),
        article_id=on.id,
        parent_id=storable(f"{on.id}|{parent}") if parent else None,
        author=fields.name(author or ""),
        text=fields.comment_text(markup or ""),
        links=fields.count_links(markup or ""),
        written=written_at,
        url=link(url, on.url) or on.url,
        state="deleted" if removed else "approved",
        **signals,
    )


async def map_rows(make: Callable[[Row], _Made], rows: Sequence[Row]) -> list[_Made]:
    """Apply `make` to all rows beside the event loop, some rows at once, because strangers' markup may be long."""
    made: list[_Made] = []
    for at in range(0, len(rows), ROWS_AT_ONCE):
        made += await fields.off_loop(lambda some: [make(row) for row in some], rows[at : at + ROWS_AT_ONCE])
    return made


def thread_harvest(on: Article, comments: Sequence[Comment], *, complete: bool) -> Harvest:
    """Return an article's comments; `complete` says that these are all of them, so that a missing one was removed."""
    coverage = (ThreadCoverage(article_id=on.id, complete_since=BEGINNING),) if complete else ()
    return Harvest(comments=tuple(comments[:MAX_COMMENTS]), threads=coverage if len(comments) <= MAX_COMMENTS else ())


async def read_threads(articles: Iterable[Article], read_one: Callable[[Article], Awaitable[Harvest]]) -> Harvest:
    """Return the threads of all articles, read a few at once; one that fails is a Failure and leaves its article as it is."""
    turn = asyncio.Semaphore(MAX_THREADS_AT_ONCE)

    async def one(on: Article) -> Harvest:
        try:
            async with turn, asyncio.timeout(THREAD_TIMEOUT):
                return await read_one(on)
        except FetchError as error:
            why = str(error)
        except TimeoutError:
            why = f"timed out after {THREAD_TIMEOUT:.0f} seconds"
        except Exception as error:  # our own bug, triggered by one thread's bytes, must not cost the articles
            log.exception("could not read the comments of %s", on.url)
            why = f"internal error: {type(error).__name__}: {error}. Please report it."
        return Harvest(failures=(Failure(source=on.source, reason=f"could not read the comments on “{on.title}”: {why}"),))

    return sum(await asyncio.gather(*map(one, articles)), Harvest())


def first_text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of these fields that is text and not empty; an empty string if none is."""
    return next((row[name] for name in names if isinstance(row.get(name), str) and row[name]), "")

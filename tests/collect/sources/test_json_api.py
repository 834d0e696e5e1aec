"""What every API may answer instead of what was asked for, and what the editor reads about it."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import json_api
from digest.errors import SourceError
from digest.model import Harvest
from tests.collect.sources.test_apis import article

PLACE = "https://api.example/posts"


def response(body: object, status: int = 200) -> Response:
    raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    return Response(status=status, url=PLACE, headers={}, body=raw)


async def error_message(body: object, status: int) -> str:
    with pytest.raises(SourceError) as caught:
        await json_api.parse_response(response(body, status), PLACE)
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"message": "Unknown Content API Key"}, "Unknown Content API Key"),
        ({"errors": [{"message": "Unknown Content API Key."}]}, "Unknown Content API Key"),
        ({"error": {"code": 7, "detail": "No such forum"}}, "No such forum"),
        ([{"error": "locked"}], "locked"),
        ({"code": 2, "response": "Invalid API key"}, "Invalid API key"),
        ({"error": 403}, "403"),
        ([], "no reason given"),
        ({"error": {}}, "no reason given"),
        (None, "no reason given"),
    ],
)
async def test_the_reason_that_an_api_gives_is_quoted_wherever_it_is(body: object, reason: str) -> None:
    message = await error_message(body, 401)
    assert f": {reason}" in message
    assert PLACE in message
    assert "url and key" in message


async def test_an_error_page_instead_of_json_is_reported_with_its_status() -> None:
    assert "401" in await error_message("<html>Log in</html>", 401)
    assert "not JSON" not in await error_message("<html>Log in</html>", 401)


async def test_a_web_page_instead_of_json_is_reported_as_not_json() -> None:
    assert "the response is not JSON" in await error_message("<html>Welcome</html>", 200)


class Dated(json_api.Shape):
    at: json_api.Instant


@pytest.mark.parametrize("year", [1, 1970, 2300])
def test_a_date_on_which_nothing_was_published_is_named(year: int) -> None:
    with pytest.raises(SourceError, match="at: Value error, not a date of a publication"):
        json_api.read_rows(Dated, [{"at": f"{year:04d}-06-01T10:00:00Z"}])


def test_a_date_without_a_zone_is_utc() -> None:
    (row,) = json_api.read_rows(Dated, [{"at": "2026-11-23T10:00:00"}])
    assert row.at == datetime(2026, 11, 23, 10, tzinfo=UTC)


def test_a_list_that_is_not_there_is_named() -> None:
    with pytest.raises(SourceError, match=r"the answer has no data\.comments"):
        json_api.required_list({"data": {"remarks": []}}, "data", "comments")
    with pytest.raises(SourceError, match="the answer has no list"):
        json_api.required_list({})


async def read_one(work: Any) -> Harvest:
    return await json_api.read_threads([article("https://gazette.example/ferry")], work)


async def test_a_thread_that_takes_too_long_is_a_failure_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_api, "THREAD_TIMEOUT", 0.01)

    async def hang(_on: object) -> Harvest:
        await asyncio.Event().wait()
        raise AssertionError

    harvest = await read_one(hang)
    assert [row.reason for row in harvest.failures] == [
        "could not read the comments on “The night ferry”: timed out after 0 seconds"
    ]


async def test_a_bug_in_one_thread_is_reported_and_costs_only_that_thread(caplog: pytest.LogCaptureFixture) -> None:
    async def trip(_on: object) -> Harvest:
        raise KeyError("votes")

    harvest = await read_one(trip)
    assert "internal error: KeyError: 'votes'. Please report it." in harvest.failures[0].reason
    assert "could not read the comments of https://gazette.example/ferry" in caplog.text


async def test_a_thread_that_cannot_be_read_is_reported_with_the_reason() -> None:
    async def refuse(_on: object) -> Harvest:
        raise SourceError("the forum is closed")

    harvest = await read_one(refuse)
    assert "“The night ferry”: " in harvest.failures[0].reason
    assert "the forum is closed" in harvest.failures[0].reason

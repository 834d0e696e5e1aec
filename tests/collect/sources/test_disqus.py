"""Comments by Disqus, which answers that it knows no thread as it answers that a key is wrong: with an error."""

import json
from typing import Any

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import disqus
from digest.config import CommentsPlan
from digest.model import Harvest
from tests.collect.sources.test_apis import article

PLAN = CommentsPlan(kind="disqus", forum="gazette", key="k")
ON = article("https://gazette.example/ferry")


def post(number: int) -> dict[str, Any]:
    return {"id": str(number), "message": "<p>Which quay?</p>", "createdAt": "2026-11-23T10:00:00", "author": {"name": "Ada"}}


async def discuss(*answers: object, status: int = 200) -> Harvest:
    left = list(answers)

    async def get(url: str) -> Response:
        return Response(status=status, url=url, headers={}, body=json.dumps(left.pop(0) if len(left) > 1 else left[0]).encode())

    return await disqus.discuss(PLAN, get, [ON])


async def test_an_article_that_nobody_has_commented_on_is_no_failure() -> None:
    reason = f"Invalid argument, 'thread': Unable to find thread 'link:{ON.url}'"
    assert await discuss({"code": 2, "response": reason}, status=400) == Harvest()


async def test_a_wrong_key_is_a_failure_that_quotes_disqus() -> None:
    harvest = await discuss({"code": 5, "response": "Invalid API key"}, status=401)
    assert "Invalid API key" in harvest.failures[0].reason
    assert harvest.threads == ()


async def test_a_thread_of_several_pages_is_whole() -> None:
    first = {"response": [post(1)], "cursor": {"hasNext": True, "next": "2:0:0"}}
    harvest = await discuss(first, {"response": [post(2)], "cursor": {"hasNext": False}})
    assert [row.id.rpartition("|")[2] for row in harvest.comments] == ["disqus-1", "disqus-2"]
    assert harvest.threads


async def test_a_thread_without_an_end_is_not_taken_for_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disqus, "MAX_PAGES", 2)
    harvest = await discuss({"response": [post(1)], "cursor": {"hasNext": True, "next": "2:0:0"}})
    assert harvest.comments
    assert harvest.threads == ()

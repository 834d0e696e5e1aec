"""Each kind on answers of the documented shape beside what they must become; `make golden` writes the latter anew."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from digest.collect.fetch import Response
from digest.collect.sources import DISCUSSIONS, KINDS, comment_reader, feed, source_reader
from digest.config import CommentsPlan, SourcePlan
from digest.errors import ConfigError, FetchError, SourceError
from digest.model import Article, Harvest

DATA = Path(__file__).parents[2] / "data" / "apis"
CASES = sorted(path.stem for path in DATA.glob("*.json") if not path.stem.endswith(".golden"))
SINCE = datetime(2026, 11, 20, tzinfo=UTC)


class Answers:
    """Answers by the longest beginning of an address."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def __call__(self, url: str) -> Response:
        self.asked.append(url)
        name = max((name for name in self.answers if self._fits(name, url)), key=len, default=None)
        if name is None:
            raise FetchError("the test has no answer", thing=url)
        answer = self.answers[name]
        status = answer if isinstance(answer, int) else 200
        text = str(answer["text"]) if isinstance(answer, dict) and set(answer) == {"text"} else json.dumps(answer)
        return Response(status=status, url=url, headers={}, body=text.encode())

    @staticmethod
    def _fits(name: str, url: str) -> bool:
        path, _, query = name.partition("?")
        return url.partition("?")[0] == path and all(part in url for part in query.split("&") if part)


def article(url: str) -> Article:
    at = datetime(2026, 11, 23, 9, tzinfo=UTC)
    return Article(id=url, source="s", url=url, title="The night ferry", published=at, updated=at)


async def harvested(case: dict[str, Any], answers: dict[str, Any]) -> tuple[Harvest, Answers]:
    get = Answers(answers)
    if case["on"]:
        plan = CommentsPlan.model_validate(case["plan"])
        return await comment_reader(plan)(plan, get, [article(url) for url in case["on"]]), get
    source = SourcePlan.model_validate(case["plan"])
    return await source_reader(source)(source, get, SINCE), get


@pytest.mark.parametrize("name", CASES)
async def test_what_an_api_says_becomes(name: str) -> None:
    case = json.loads((DATA / f"{name}.json").read_text())
    harvest, _ = await harvested(case, case["answers"])
    found = json.loads(TypeAdapter(Harvest).dump_json(harvest))
    golden = DATA / f"{name}.golden.json"
    if os.environ.get("DIGEST_GOLDEN"):
        golden.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n")
    assert found == json.loads(golden.read_text())


@pytest.mark.parametrize(
    ("url", "listing"),
    [
        ("https://town.example/forum/", "https://town.example/forum/latest.json"),
        ("https://town.example/forum/c/bus/5", "https://town.example/forum/c/bus/5.json"),
        ("https://town.example/forum/tag/night", "https://town.example/forum/tag/night.json"),
    ],
)
async def test_a_forum_in_a_folder_of_its_site(url: str, listing: str) -> None:
    case = json.loads((DATA / "discourse.json").read_text())
    moved = {key.replace("forum.example", "town.example/forum"): answer for key, answer in case["answers"].items()}
    moved[listing] = moved["https://town.example/forum/c/town/5.json?order=created&page=0"]
    harvest, get = await harvested({**case, "plan": {"kind": "discourse", "url": url}}, moved)
    assert get.asked[0].startswith(listing)
    assert harvest.articles
    assert harvest.comments
    assert all(row.url.startswith("https://town.example/forum/t/") for row in harvest.articles)


def test_every_kind_has_a_pair() -> None:
    assert {"feed", "wordpress", *CASES} >= {*KINDS, *(f"{kind}-comments" for kind in DISCUSSIONS)}


def test_an_unknown_kind_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"mastodno.*Available: wordpress, feed"):
        source_reader(SourcePlan(kind="mastodno", url="https://a.example"))
    with pytest.raises(ConfigError, match="Available: disqus"):
        comment_reader(CommentsPlan(kind="feed"))


def test_a_kind_whose_library_is_broken_affects_no_other_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "digest.collect.sources.page", raising=False)
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    with pytest.raises(SourceError, match=r"sources.kind 'page' needs a library that cannot be imported.*Install digest anew"):
        source_reader(SourcePlan(kind="page", url="https://a.example"))
    assert source_reader(SourcePlan(kind="feed", url="https://a.example")) is feed.read


def mangled(answer: Any, choose: Any) -> Any:
    """An answer with something in it that should not be there."""
    odd: st.SearchStrategy[Any] = st.sampled_from([None, -1, 10**30, "", "\x00<script>", [], {}, True, [[]], {"a": None}, 1e400])
    if choose(st.integers(0, 9)) == 0:
        return choose(odd)
    if isinstance(answer, dict):
        return {key: mangled(value, choose) for key, value in answer.items()}
    return [mangled(value, choose) for value in answer] if isinstance(answer, list) else answer


@settings(max_examples=150)
@given(st.data())
def test_whatever_an_api_says_is_a_harvest_or_a_named_failure(data: st.DataObject) -> None:
    case = json.loads((DATA / f"{data.draw(st.sampled_from(CASES))}.json").read_text())
    answers = {url: mangled(answer, data.draw) for url, answer in case["answers"].items()}
    with suppress(FetchError):
        harvest, _ = asyncio.run(harvested(case, answers))
        assert all(comment.written.tzinfo for comment in harvest.comments)
        assert all(
            url.startswith("http") for url in [*(row.url for row in harvest.articles), *(row.url for row in harvest.comments)]
        )

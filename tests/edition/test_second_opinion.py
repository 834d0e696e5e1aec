"""The second opinion on an edition's comments: asked once, within a time, and never needed."""

import logging
import time
from pathlib import Path

import pytest

from digest.config import JudgePlan
from digest.curate.comment_decisions import NOTHING_DECIDED, CommentDecision, CommentDecisions
from digest.edition.second_opinion import SecondOpinion, Threads, second_opinion
from tests.curate.test_curate import OTHER, SENSIBLE, STANDARDS, THIRD, article, comment
from tests.judges import AGREES, HOLDS_FIRST, install_judges, write_judge

THREADS: Threads = [
    (article("a"), [comment("1", SENSIBLE)]),
    (article("b"), [comment("2", "First!", on="b")]),  # nothing to ask about
    (article("c"), [comment("3", OTHER, on="c")]),
]


async def asked(folder: Path, body: str, threads: Threads = THREADS, timeout: str = "30s") -> SecondOpinion:
    plan = JudgePlan.model_validate({"command": write_judge(folder, body), "name": "House rules", "timeout": timeout})
    return await second_opinion(plan, folder, threads, STANDARDS)


def reason(outcome: SecondOpinion) -> str:
    assert outcome.opinions == ()
    (failure,) = outcome.failures
    assert failure.source == "second opinion by House rules"
    return failure.reason


async def test_each_thread_gets_its_own_opinion(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "digest"):
        outcome = await asked(tmp_path, HOLDS_FIRST)
    found = outcome.by_article(THREADS)
    assert {key: dict(opinion.held) for key, opinion in found.items()} == {
        "a": {"1": "names a neighbour"},
        "c": {"3": "names a neighbour"},
    }
    assert outcome.failures == ()
    assert "second opinion by House rules: 2 comments held, 0 lowered" in caplog.text


async def test_without_a_comment_that_could_be_printed_nobody_is_asked(tmp_path: Path) -> None:
    assert await asked(tmp_path, 'open("called", "w")', THREADS[1:2]) == SecondOpinion()
    assert not (tmp_path / "called").exists()


async def test_a_judge_that_takes_too_long_costs_no_more_than_its_time(tmp_path: Path) -> None:
    began = time.monotonic()
    told = reason(await asked(tmp_path, "time.sleep(600)", timeout="1s"))
    assert told == "did not answer within 1 second. The comments are judged without it. Run `digest check` to try it."
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("1 / 0", "ended with exit code 1: ZeroDivisionError: division by zero."),
        ('print("hello\\nthere")', "answered with something else than JSON in line 1."),
        ('print("\\x1b" * 9)', "answered with 1 line of JSON for 2 threads."),
        ('print(json.dumps({"left_out": []}))', "answered with 1 line of JSON for 2 threads."),
        ('sys.stdout.write("x" * 11_000_000)', "answered with more than 10 MB."),
        ("os.kill(os.getpid(), 11)", "ended with exit code -11."),
    ],
)
async def test_a_judge_that_fails_is_told_in_one_line(tmp_path: Path, body: str, complaint: str) -> None:
    told = reason(await asked(tmp_path, body))
    assert told.startswith(f"{complaint} The comments are judged without it.")
    assert told.isprintable()


async def test_a_command_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    plan = JudgePlan(command=("./none",), name="House rules")
    assert reason(await second_opinion(plan, tmp_path, THREADS, STANDARDS)).startswith("cannot start ./none: No such file")


async def test_made_up_ids_are_counted_and_the_rest_of_the_opinion_holds(tmp_path: Path) -> None:
    outcome = await asked(tmp_path, 'for t in threads: print(json.dumps({"left_out": [{"id": "x"}], "scores": {"1": 0}}))')
    assert [str(row) for row in outcome.failures] == [
        "second opinion by House rules: ignored 3 ids of comments that it was not asked about"
    ]
    assert outcome.by_article(THREADS)["a"].factors == {"1": 0.0}


async def test_a_function_of_a_package_is_asked_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "def tide(threads):\n    return [{'left_out': [{'id': t['comments'][0]['id'], 'reason': 'low'}]} for t in threads]\n"
    install_judges(tmp_path, monkeypatch, source, "tide")
    outcome = await second_opinion(JudgePlan(use="tide"), tmp_path, THREADS, STANDARDS)
    assert [opinion and dict(opinion.held) for opinion in outcome.opinions] == [{"1": "low"}, None, {"3": "low"}]


async def test_an_answer_is_not_asked_for_twice(tmp_path: Path) -> None:
    plan = JudgePlan(command=write_judge(tmp_path, 'open("calls", "a").write("x")' + HOLDS_FIRST), name="House rules")
    first = await second_opinion(plan, tmp_path, THREADS, STANDARDS)
    refused = CommentDecisions(by_id={"3": CommentDecision("refuse", "", "ada")})
    turned = await second_opinion(plan, tmp_path, THREADS[::-1], STANDARDS, refused, first)
    assert turned.by_article(THREADS[::-1]) == first.by_article(THREADS)
    third = await second_opinion(plan, tmp_path, THREADS, STANDARDS, NOTHING_DECIDED, turned)
    assert third.by_article(THREADS) == first.by_article(THREADS)
    assert (tmp_path / "calls").read_text() == "x"
    more = [(article("a"), [comment("1", SENSIBLE), comment("9", THIRD)]), *THREADS[1:]]
    await second_opinion(plan, tmp_path, more, STANDARDS, NOTHING_DECIDED, third)
    assert (tmp_path / "calls").read_text() == "xx"


async def test_a_judge_that_failed_is_not_asked_again(tmp_path: Path) -> None:
    plan = JudgePlan(command=write_judge(tmp_path, 'open("calls", "a").write("x"); 1 / 0'), name="House rules")
    first = await second_opinion(plan, tmp_path, THREADS, STANDARDS)
    assert await second_opinion(plan, tmp_path, THREADS[:1], STANDARDS, NOTHING_DECIDED, first) == first
    assert reason(first).startswith("ended with exit code 1")
    assert (tmp_path / "calls").read_text() == "x"


async def test_a_judge_that_agrees_changes_nothing(tmp_path: Path) -> None:
    outcome = await asked(tmp_path, AGREES)
    assert [bool(row and (row.held or row.factors)) for row in outcome.opinions] == [False, False, False]

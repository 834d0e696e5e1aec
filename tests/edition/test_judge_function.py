"""A judge that is a function of another package."""

import asyncio
import sys
import time
from pathlib import Path

import pytest

from digest.curate.questions import JudgeError, question
from digest.edition.judge_function import call_function
from tests.curate.test_curate import SENSIBLE, STANDARDS, article, comment
from tests.judges import install_judges

ASKED = [question(article("a"), [comment("1", SENSIBLE)], STANDARDS)]
SOURCE = """
import threading, time

def agree(threads):
    assert threading.current_thread() is not threading.main_thread()
    return [{"left_out": [], "scores": {row["id"]: 0.5 for row in thread["comments"]}} for thread in threads]

def crash(threads):
    raise KeyError("model")

def leave(threads):
    raise SystemExit(3)

def wrong(threads):
    return "fine"

def sleep(threads):
    time.sleep(3)
    return []
"""


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install_judges(tmp_path, monkeypatch, SOURCE, "agree", "crash", "leave", "wrong", "sleep")


async def test_a_function_answers_in_a_thread() -> None:
    assert await call_function("agree", ASKED) == b'{"left_out": [], "scores": {"1": 0.5}}\n'


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("crash", "raised KeyError: 'model'"),
        ("leave", "raised SystemExit: 3"),
        ("wrong", "returned str, not a list of verdicts"),
        ("broken", "raised ModuleNotFoundError: No module named 'no_such_module'"),
    ],
)
async def test_a_function_that_fails_is_named(name: str, complaint: str) -> None:
    with pytest.raises(JudgeError, match=complaint):
        await call_function(name, ASKED)


async def test_an_unknown_name_imports_nothing_and_tells_the_known_ones() -> None:
    with pytest.raises(JudgeError, match=r"no package has an entry point 'tide' in digest.judges \(known: agree, broken, crash"):
        await call_function("tide", ASKED)
    assert "tide_judge" not in sys.modules


def test_a_function_that_hangs_holds_up_neither_the_edition_nor_the_end_of_the_program() -> None:
    async def impatient() -> None:
        async with asyncio.timeout(0.3):
            await call_function("sleep", ASKED)

    began = time.monotonic()
    with pytest.raises(TimeoutError):
        asyncio.run(impatient())
    assert time.monotonic() - began < 2.5
    time.sleep(3 - (time.monotonic() - began))  # what it answers then goes nowhere

"""The table [judge]: one judge, its words as a shell would split them, and a time that is bounded."""

from datetime import timedelta

import pytest
from pydantic import ValidationError

from digest.config import JudgePlan


def test_a_command_is_split_into_words_and_never_given_to_a_shell() -> None:
    plan = JudgePlan(command="./judge.py --list 'house words.txt' ; rm")  # type: ignore[arg-type]  # as TOML has it
    assert plan.command == ("./judge.py", "--list", "house words.txt", ";", "rm")
    assert JudgePlan(command=["python3", "judge.py"]).command == ("python3", "judge.py")  # type: ignore[arg-type]
    assert plan.timeout == timedelta(seconds=30)


def test_a_judge_has_a_name_for_reports() -> None:
    assert JudgePlan(use="tide").label == "tide"
    assert JudgePlan(use="tide", name="House  rules").label == "House rules"
    assert JudgePlan(command=("x",)).label == "the newsroom's judge"


@pytest.mark.parametrize("seconds", ["1s", "10m"])
def test_a_wait_is_bounded(seconds: str) -> None:
    assert JudgePlan(use="tide", timeout=seconds).timeout  # type: ignore[arg-type]
    for other in ("0s", "601s", "30", "soon"):
        with pytest.raises(ValidationError, match="must be"):
            JudgePlan(use="tide", timeout=other)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"use": "tide", "command": "./judge.py"}, "command or use, and not both"),
        ({}, "command or use, and not both"),
        ({"command": "./judge.py 'open"}, "No closing quotation"),
        ({"command": ["", "x"]}, "must begin with the name of a program"),
        ({"command": ["x", "a\0b"]}, "hold no NUL"),
    ],
)
def test_a_table_that_names_no_judge_is_refused(table: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        JudgePlan.model_validate(table)

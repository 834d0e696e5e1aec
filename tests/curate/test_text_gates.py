"""The gates that look at what a comment says."""

import json
from pathlib import Path

import pytest

from tests.curate.test_comment_gates import gates
from tests.curate.test_curate import OTHER, SENSIBLE, THIRD
from tests.curate.test_judge import gate, judged

QUIZ = {"title": "The summer quiz: twenty questions on the harbour", "text": "Answers on Saturday."}


@pytest.mark.parametrize(
    "text",
    [
        "I think 1 is Tidewell, 2 is the ferry Osprey, and the rest took me all of a wet Sunday.",
        "1. Tidewell\n2. the ferry Osprey\n3. nobody knows, but it took me all of a wet Sunday",
        "q 4 = Osprey, question 5: Tidewell; I was stuck on all the others until the evening.",
        "12 across is Osprey and 3 down is Tidewell, which took me until the evening of Sunday.",
        "The answer to number four is Osprey, which took my family until the evening of that day.",
        "So the prize word is Osprey, and it took my whole family until the evening of that day.",
    ],
)
def test_the_answers_of_a_puzzle_wait_for_the_editor(text: str) -> None:
    assert gate(text, story=QUIZ) == ("answers", True)
    assert gate(text)[0] != "answers"


@pytest.mark.parametrize(
    "text",
    [
        "We did it in 40 minutes on the number 12 bus, and only the ferry question was hard for us.",
        "Question 3 has two answers, as the old ferry had two names, and it was built in 1976.",
    ],
)
def test_talk_about_a_puzzle_gives_nothing_away(text: str) -> None:
    assert gate(text, story=QUIZ) == ("", False)


def test_the_order_of_the_gates_says_which_reason_is_told() -> None:
    assert gate("What a moron you are, ring 07700 900123, they say https://a.example") == ("abuse", False)
    assert gate("These people never learn, so ring him on 07700 900123 at his home.") == ("group", True)


def test_what_reads_like_what_an_editor_would_not_print_waits_with_its_worst_sentence(tmp_path: Path) -> None:
    (tmp_path / "scores.toml").write_text("[gate]\nunfit = -20.0\n")
    text = f"{SENSIBLE} What a preposterous lot, and how they do love themselves up there."
    (row,) = json.loads(judged({"comments": [{"id": "c", "text": text}]}, root=tmp_path))["left_out"]
    assert (row["gate"], row["held"]) == ("unfit", True)
    found = row["found"]
    assert text[found["start"] : found["end"]].strip() == "What a preposterous lot, and how they do love themselves up there."
    assert (found["rule"], found["matched"], found["about"]) == ("unfit", [], "")


def test_an_exchange_of_two_people_ends_after_three_comments() -> None:
    rows = [
        {"id": str(n), "parent_id": str(n - 1) if n else None, "author": "AB"[n % 2], "text": text}
        for n, text in enumerate(
            [
                SENSIBLE,
                OTHER,
                THIRD,
                "The register of 1976 names four pilots, and two of them were women from the far side of the river.",
                "Nobody has measured the new kerb, but my grandson counted nine wheelchairs that turned back at it.",
            ]
        )
    ]
    assert gates({"comments": rows}) == {"3": "quarrel", "4": "quarrel"}
    assert gates({"comments": [{**row, "author": f"Reader {n}"} for n, row in enumerate(rows)]}) == {}
    assert gates({"comments": [{**row, "author": "Ada"} for row in rows]}) == {}

"""What is said of a comment in an editor's words."""

import json
from typing import Any

from digest.curate.comments import JudgedComment, pick
from digest.curate.gate_case import Rejection
from digest.curate.remarks import PASSAGE_CHARS, reason_line
from digest.curate.text_rules import Evidence
from tests.curate.test_curate import OTHER, SENSIBLE, STANDARDS, THIRD, article, comment
from tests.curate.test_judge import judged


def judged_as(text: str, title: str = "Title", **more: Any) -> JudgedComment:
    rows = [comment("c", text, **more), comment("p", SENSIBLE, author="Cy")]
    return next(row for row in pick(article("a", title=title), rows, 2, STANDARDS).judged if row.comment.id == "c")


def test_three_remarks_speak_for_a_comment_at_most() -> None:
    text = "I worked at the lock for 30 years as a nurse, and my mother kept its log: ask for page 12, because it has every winter since the flood, 41 of them."
    found = judged_as(text, "The lock and its log", parent_id="p").remarks
    assert found[:3] == ("first-hand", "answers another reader", "gives a figure")
    assert all(said.startswith("but ") for said in found[3:])


def test_what_speaks_most_against_a_comment_comes_last() -> None:
    shouted = (
        "The lamps are dark! Again! The whole quay is dark! It has been dark since March, and nobody comes to mend them at all!"
    )
    assert judged_as(shouted).remarks[-1] == "but shouts"
    asked = (
        "Who has counted them? Who has the log? Why was it moved? The lamps of the quay belong to the harbour office since 1976."
    )
    assert judged_as(asked).remarks[-1] in {"but asks without wanting an answer", "but doubtful to an editor"}


def test_a_comment_on_the_subject_is_called_that() -> None:
    assert (
        "on the subject"
        in judged_as("The lamps of that quay have been dark since the spring, and nobody comes.", "Lamps on the quay").remarks
    )
    assert "on the subject" not in judged_as("The lamps of that quay have been dark since the spring, and nobody comes.").remarks


def test_remarks_stand_before_the_terms_of_a_score_and_in_the_json() -> None:
    rows = [{"id": "1", "author": "Ada", "text": OTHER}, {"id": "2", "author": "Bo", "text": "What a moron you are."}]
    (row,) = json.loads(judged({"comments": rows}))["picks"]
    assert row["reasons"][0] == ", ".join(row["remarks"])
    assert "first-hand" in row["remarks"]


def test_a_reason_has_the_passage_the_words_and_of_whom_it_is_said() -> None:
    text = f"{THIRD} He took bribes from the yard. {SENSIBLE}"
    line = judged_as(text, author="Bo").remarks
    assert line == ("tells a crime or an affair of somebody as fact; held: “He took bribes from the yard.” (took bribes, of He)",)
    explained = judged({"comments": [{"id": "1", "text": text}]}, arguments=("--explain",))
    assert f"    {line[0]}\n" in explained


def test_a_reason_without_evidence_is_only_the_reason() -> None:
    assert reason_line("", Rejection("short", "too short")) == "too short"
    assert reason_line("A tide.", Rejection("x", "why", held=True, evidence=Evidence("r", 0, 7, (), ""))) == "why; held: “A tide.”"
    long = "tide " * 100
    said = reason_line(long, Rejection("x", "why", evidence=Evidence("r", 0, 500, ("tide",), "")))
    assert said.startswith("why: “tide tide")
    assert said.endswith("…” (tide)")
    assert len(said) < PASSAGE_CHARS + 30

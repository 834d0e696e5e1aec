"""What a judge is asked, and how its answer is read."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.curate.comment_decisions import CommentDecision, CommentDecisions, wording
from digest.curate.judge import parse_thread
from digest.curate.opinion import Opinion
from digest.curate.questions import (
    MAX_ANSWER_BYTES,
    MAX_ASKED,
    JudgeError,
    Question,
    as_lines,
    as_thread,
    parse_answer,
    question,
    verdict_lines,
)
from tests.curate.test_curate import OTHER, SENSIBLE, STANDARDS, THIRD, article, comment

THREAD = [
    comment("1", SENSIBLE, author="Ada"),
    comment("2", "What a moron you are.", author="Ben"),
    comment("3", "Who counted the steps?", author="Cy"),
    comment("4", THIRD, author="Di", parent_id="3"),
    comment("5", OTHER, author="Ed", state="deleted"),
    comment("6", OTHER, author="Flo", parent_id="2"),
]
WORDS = ("tide", "rope", "lamp", "quay", "mast", "buoy", "crane", "berth", "ferry", "gull", "keel", "anchor")
ASKED = question(article("a"), THREAD, STANDARDS)


def opinion(verdict: Mapping[str, Any] | str) -> Opinion:
    line = verdict if isinstance(verdict, str) else json.dumps(verdict)
    (found,) = parse_answer(line.encode(), [ASKED], "House rules")
    return found


def test_only_what_could_be_printed_is_asked_about_with_what_it_answers() -> None:
    assert [row.id for row in ASKED.comments] == ["1", "3", "4"]
    rows = as_thread(ASKED)["comments"]
    assert [(row["id"], row["parent_id"], row["state"]) for row in rows] == [
        ("1", None, "approved"),
        ("3", None, "approved"),
        ("4", "3", "approved"),
    ]


def test_what_an_editor_has_decided_is_not_asked_about() -> None:
    first, short, answer = THREAD[0], THREAD[2], THREAD[3]
    yes, no = CommentDecision("print", wording(answer, short), "ada"), CommentDecision("refuse", wording(first, None), "ada")
    asked = question(article("a"), THREAD, STANDARDS, CommentDecisions(by_id={"4": yes, "1": no}))
    assert asked.comments == ()
    assert ASKED.covers(asked)


def test_an_answer_serves_again_if_no_comment_is_new_to_it() -> None:
    fewer, voted = question(article("a"), THREAD[:1], STANDARDS), question(article("a"), [replace(THREAD[0], up=3)], STANDARDS)
    changed = question(article("a"), [replace(THREAD[0], text=OTHER)], STANDARDS)
    assert ASKED.covers(ASKED)
    assert ASKED.covers(fewer)
    assert ASKED.covers(voted)
    assert not fewer.covers(ASKED)
    assert not ASKED.covers(changed)
    assert not ASKED.covers(replace(fewer, article=article("b")))
    assert not ASKED.covers(replace(fewer, unasked=frozenset({"9"})))


def test_a_question_is_what_digest_judge_reads() -> None:
    (line,) = as_lines([ASKED]).decode().splitlines()
    read, comments = parse_thread(line, thing="-")
    assert (read.id, read.title, read.url) == ("a", "Title a", "https://g.example/a")
    assert [(row.id, row.text, row.written) for row in comments] == [(row.id, row.text, row.written) for row in ASKED.comments]


def test_no_email_address_is_in_a_question() -> None:
    told = Question(
        article=article("a", author="desk@gazette.example", body_text="Write to Ada <ada@readers.example>."),
        comments=(comment("1", "Ask bo.o'neil+x@readers.example, or @bo, at 3@4.", author="cy@readers.example"),),
    )
    text = as_lines([told]).decode()
    assert "@readers" not in text
    assert "@gazette" not in text
    assert as_thread(told)["comments"][0]["text"] == "Ask [email address], or @bo, at 3@4."
    assert as_thread(Question(article=article("a", body_text="a" * 19_000), comments=()))  # and no text takes long


def test_a_long_thread_is_cut_and_what_nobody_was_asked_about_is_not_picked() -> None:
    rows = [
        comment(f"{n:03}", f"We counted {' and '.join(f'{word[:3]}{n}' for word in WORDS)} at the pier.", author=f"R{n}")
        for n in range(MAX_ASKED + 5)
    ]
    asked = question(article("a"), rows, STANDARDS)
    assert len(asked.comments) == MAX_ASKED
    assert len(asked.unasked) == 5
    (found,) = parse_answer(b'{"left_out": []}', [asked], "x")
    assert found.factors == dict.fromkeys(asked.unasked, 0.0)


def test_a_verdict_as_digest_judge_writes_it_is_an_opinion() -> None:
    found = opinion(
        {
            "picks": [{"id": "1", "author": "Ada", "excerpt": "…", "score": 0.6, "reasons": [], "parent": None}],
            "left_out": [{"id": "3", "gate": "short", "reason": "fewer than 12 words"}],
            "ranking": ["1", 4],
        }
    )
    assert found == Opinion(judge="House rules", held={"3": "fewer than 12 words"}, context={"3"}, factors={"3": 0.0})


def test_what_is_not_ranked_counts_as_scored_0_unless_it_has_a_score() -> None:
    assert opinion({"left_out": [], "ranking": ["1"], "scores": {"4": 0.5}}).factors == {"3": 0.0, "4": 0.5}
    assert opinion({"left_out": [], "scores": {"1": 1}}).factors == {"1": 1.0}
    assert opinion({"left_out": []}).factors == {}


def test_ids_that_nobody_asked_about_are_ignored_and_counted() -> None:
    found = opinion({"left_out": [{"id": "2"}, {"id": "x"}], "ranking": ["1", "3", "4", "y"], "scores": {"x": 0.1}})
    assert (found.held, found.factors) == ({}, {})
    assert found.unknown == {"2", "x", "y"}


def test_a_reason_is_one_line_of_200_characters() -> None:
    reason = "\x1b[31mred\u202e\nsecond line " + "long " * 100
    (said,) = opinion({"left_out": [{"id": 1, "reason": reason}]}).held.values()
    assert said.startswith("[31mred second line long")
    assert len(said) <= 200
    assert said.isprintable()
    assert opinion({"left_out": [{"id": "1", "reason": None}]}).held == {"1": "no reason given"}


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("", "0 lines of JSON for 1 thread"),
        ('{"left_out": []}\n{"left_out": []}', "2 lines of JSON for 1 thread"),
        ("not JSON", "else than JSON in line 1"),
        ("[" * 100_000, "else than JSON in line 1"),
        ("9" * 5_000, "else than JSON in line 1"),
        ("[]", "else than a verdict in line 1"),
        ('{"error": "quota"}', "left_out: Field required"),
        ('{"left_out": [{"reason": "x"}]}', r"left_out\.0\.id"),
        ('{"left_out": [], "scores": {"1": 1.5}}', r"scores\.1"),
        ('{"left_out": [], "scores": {"1": NaN}}', r"scores\.1"),
        ('{"left_out": [], "scores": {"1": "0.5"}}', r"scores\.1"),
        ('{"left_out": [], "scores": {"1": true}}', r"scores\.1"),
        ('{"left_out": [], "ranking": "1"}', "ranking"),
    ],
)
def test_what_is_no_verdict_is_named(answer: str, complaint: str) -> None:
    with pytest.raises(JudgeError, match=complaint):
        opinion(answer)


def test_an_answer_in_another_encoding_or_too_large_is_named() -> None:
    with pytest.raises(JudgeError, match="UTF-8"):
        parse_answer(b'{"left_out": "\xe9"}', [ASKED], "x")
    with pytest.raises(JudgeError, match="more than 10 MB"):
        parse_answer(b" " * (MAX_ANSWER_BYTES + 1), [ASKED], "x")


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["left_out", "ranking", "scores", "id", "1"]), inner)))  # fmt: skip
def test_any_json_is_an_opinion_or_a_named_failure(value: object) -> None:
    try:
        found = opinion(json.dumps(value))
    except JudgeError:
        return
    assert found.held.keys() | found.factors.keys() <= {"1", "3", "4"}


def test_a_functions_verdicts_are_read_as_a_commands() -> None:
    assert verdict_lines([{"left_out": []}, {"left_out": [], "scores": {"1": 0.5}}]).count(b"\n") == 2
    for wrong, complaint in (("text", "returned str"), (None, "returned NoneType"), ([{1, 2}], "what JSON cannot hold")):
        with pytest.raises(JudgeError, match=complaint):
            verdict_lines(wrong)

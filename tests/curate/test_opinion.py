"""A second opinion can hold and lower a comment, and can never bring one back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.curate.comment_decisions import CommentDecision, CommentDecisions, Verb, wording
from digest.curate.comments import JudgedThread, pick
from digest.curate.judge import as_json, explanation_lines, load_scoring_rules
from digest.curate.opinion import Opinion
from digest.model import Comment
from tests.curate.test_curate import OTHER, SENSIBLE, STANDARDS, THIRD, article, comment

ABUSE = "What a moron you are."
THREAD = [
    comment("1", SENSIBLE, author="Ada"),
    comment("2", OTHER, author="Ben"),
    comment("3", THIRD, author="Cy"),
    comment("4", ABUSE, author="Di"),
    comment("5", "Who counted the steps?", author="Ed"),
]


def heard(opinion: Opinion | None, comments: list[Comment] | None = None, most: int = 3) -> JudgedThread:
    return pick(article("a"), comments or THREAD, most, STANDARDS, opinion=opinion)


def decided(verb: Verb, about: Comment, parent: Comment | None = None) -> CommentDecisions:
    return CommentDecisions(by_id={about.id: CommentDecision(verb, wording(about, parent), "ada")})


def picked(thread: JudgedThread) -> list[str]:
    return [row.comment.id for row in thread.picks]


def reasons(thread: JudgedThread) -> dict[str, str]:
    return {row.comment.id: row.rejection.reason for row in thread.judged if row.rejection}


def test_a_comment_that_the_judge_holds_waits_for_the_editor_and_makes_room_for_another() -> None:
    first, *_ = picked(heard(None, most=1))
    thread = heard(Opinion(judge="House rules", held={first: "names a neighbour"}), most=1)
    assert first not in picked(thread)
    assert len(thread.picks) == 1
    assert reasons(thread)[first] == "House rules: names a neighbour"
    (row,) = [row for row in thread.judged if row.comment.id == first]
    assert row.rejection is not None
    assert (row.rejection.gate, row.rejection.held) == ("opinion", True)
    assert any("House rules: names a neighbour; held" in line for line in explanation_lines(thread))


def test_a_score_lowers_a_comment_and_the_editor_sees_by_how_much() -> None:
    before = {row.comment.id: row.score for row in heard(None).judged}
    first, *_ = picked(heard(None, most=1))
    thread = heard(Opinion(judge="House rules", factors={first: 0.9}))
    after = {row.comment.id: row for row in thread.judged}
    assert after[first].score == pytest.approx(0.9 * before[first], abs=1e-4)
    assert [row.reasons[-1] for row in thread.picks if row.comment.id == first] == ["House rules ×0.90"]
    assert {key: row.score for key, row in after.items() if key != first} == {
        key: score for key, score in before.items() if key != first
    }


def test_a_comment_scored_low_falls_below_the_floor_and_one_scored_0_is_never_picked(tmp_path: Path) -> None:
    ids = ["1", "2", "3"]
    assert picked(heard(Opinion(judge="x", factors=dict.fromkeys(ids, 0.3)))) == []
    (tmp_path / "scores.toml").write_text("[choice]\nfloor = 0.0\n")
    rules, nothing = load_scoring_rules(tmp_path), Opinion(judge="x", factors=dict.fromkeys(ids, 0.0))
    assert len(pick(article("a"), THREAD, 3, rules).picks) > 1
    assert not set(ids) & set(picked(pick(article("a"), THREAD, 3, rules, opinion=nothing)))


def test_a_score_below_0_does_not_rise() -> None:
    shrill = comment(
        "9", "Why?! Why you?! Why you, you, YOU?! Who are you?! And what, then, is it to you?! Why? Why? Why?!!! You?!"
    )
    (before,) = heard(None, [shrill]).judged
    (after,) = heard(Opinion(judge="x", factors={"9": 0.1}), [shrill]).judged
    assert before.score < 0
    assert after.score == before.score
    assert after.text_score == before.text_score


def test_answers_to_a_held_comment_go_with_it_because_its_words_would_be_printed() -> None:
    thread = [
        comment("1", SENSIBLE, author="Ada"),
        comment("2", OTHER, author="Ben", parent_id="1"),
        comment("3", THIRD, author="Cy", parent_id="2"),
    ]
    found = reasons(heard(Opinion(judge="House rules", held={"1": "libel"}), thread))
    assert found["1"] == "House rules: libel"
    assert found["2"] == found["3"] == "replies to a comment held by House rules"
    assert picked(heard(Opinion(judge="House rules", held={"1": "short"}, context={"1"}), thread))


def test_a_held_question_takes_its_answer_with_it_though_it_is_not_printed_itself() -> None:
    thread = [comment("1", "Who counted the steps?", author="Ed"), comment("2", OTHER, author="Ben", parent_id="1")]
    assert picked(heard(None, thread)) == ["2"]
    assert picked(heard(Opinion(judge="x", held={"1": "names a child"}), thread)) == []


@pytest.mark.parametrize(
    "opinion",
    [
        Opinion(judge="House rules", held={"2": "names a neighbour"}),
        Opinion(judge="House rules", factors={"2": 0.0}),
        Opinion(judge="House rules", held={"2": "libel"}, factors={"2": 0.0}),
    ],
)
def test_an_editors_yes_beats_a_second_opinion(opinion: Opinion) -> None:
    assert "2" not in picked(heard(opinion))
    thread = pick(article("a"), THREAD, 3, STANDARDS, decisions=decided("print", THREAD[1]), opinion=opinion)
    assert picked(thread)[0] == "2"
    assert next(row.reasons[-1] for row in thread.picks if row.comment.id == "2") == "printed by ada"


def test_a_refusal_beats_a_second_opinion_too() -> None:
    for opinion in (Opinion(judge="x", factors={"1": 1.0}), Opinion(judge="x", held={"1": "libel"})):
        thread = pick(article("a"), THREAD, 3, STANDARDS, decisions=decided("refuse", THREAD[0]), opinion=opinion)
        assert reasons(thread)["1"] == "refused by ada"


def test_an_approved_reply_is_printed_only_if_what_it_answers_is_not_held_or_has_a_yes_too() -> None:
    parent, reply = comment("1", SENSIBLE, author="Ada"), comment("2", OTHER, author="Ben", parent_id="1")
    opinion, yes = Opinion(judge="x", held={"1": "libel"}), decided("print", reply, parent)
    thread = pick(article("a"), [parent, reply], 3, STANDARDS, decisions=yes, opinion=opinion)
    assert reasons(thread) == {"1": "x: libel", "2": "replies to a comment held by x"}
    assert [row.approval is not None for row in thread.judged if row.comment.id == "2"] == [True]
    both = CommentDecisions(by_id={**yes.by_id, **decided("print", parent).by_id})
    assert set(picked(pick(article("a"), [parent, reply], 3, STANDARDS, decisions=both, opinion=opinion))) == {"1", "2"}


IDS = st.sampled_from(["1", "2", "3", "4", "5", "nobody"])


@given(
    held=st.dictionaries(IDS, st.just("a reason")),
    factors=st.dictionaries(IDS, st.floats(0, 1)),
    context=st.frozensets(IDS),
)
def test_no_opinion_lifts_anything(held: dict[str, str], factors: dict[str, float], context: frozenset[str]) -> None:
    before = {row.comment.id: row for row in heard(None).judged}
    thread = heard(Opinion(judge="x", held=held, factors=factors, context=context))
    for row in thread.judged:
        ours = before[row.comment.id]
        assert ours.rejection is None or row.rejection == ours.rejection
        assert row.score <= ours.score
        assert row.text_score <= ours.text_score
    assert {"4", "5"} <= {row["id"] for row in as_json(thread)["left_out"]}
    assert not {"4", "5", *held} & set(picked(thread))

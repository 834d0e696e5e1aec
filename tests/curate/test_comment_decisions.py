"""An editor's word over the judgement: what a yes lifts, what it does not, and what a refusal takes along."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from digest.curate import curate
from digest.curate.comment_decisions import CommentDecision, Verb, wording
from digest.curate.comments import JudgedComment, pick
from digest.curate.editor_decisions import EditorDecisions
from digest.model import Comment, Edition, Harvest
from tests.curate.test_curate import END, OTHER, RULES, SENSIBLE, SLOT, STANDARDS, THIRD, article, comment, printed, reason

PHONE = f"{SENSIBLE} Ring me at home on 07700 900123 if you want to see the tide table."
ABUSE = f"You are a bunch of wankers. {SENSIBLE}"
ANSWER = "That is not how I remember it at all: the berth was rebuilt in 1976 after the storm, and the tide table had nothing to do with it."


def said(verb: Verb, about: Comment, parent: Comment | None = None, why: str = "") -> tuple[str, CommentDecision]:
    return about.id, CommentDecision(verb, wording(about, parent), "ada", why)


def made(rows: Sequence[Comment], *decisions: tuple[str, CommentDecision], **rules: Any) -> Edition:
    harvest = Harvest(articles=(article("a"),), comments=tuple(rows))
    return curate(
        SLOT, harvest, (), replace(RULES, **rules), number=1, now=END, decisions=EditorDecisions(comments=dict(decisions))
    )


def test_with_approved_nothing_is_printed_before_a_yes() -> None:
    good = comment("good")
    assert printed(made([good], comments="approved")) == []
    edition = made([good], said("print", good), comments="approved")
    assert printed(edition) == ["good"]
    assert "printed by ada" in edition.stories[0].picks[0].reasons


def test_with_none_no_comment_is_printed_whatever_was_said() -> None:
    good = comment("good")
    assert printed(made([good], said("print", good), comments="none")) == []


def test_a_held_comment_is_printed_once_an_editor_has_said_yes() -> None:
    held = comment("held", PHONE)
    assert reason(made([held]), "held") == "gives a telephone number; held"
    edition = made([held], said("print", held))
    assert printed(edition) == ["held"]
    assert not any(row.id == "held" for row in edition.left_out)


@pytest.mark.parametrize(
    ("text", "more"),
    [("Well said.", {}), (SENSIBLE, {"links": 9}), ("THIS WHOLE TOWN IS A JOKE AND THE HARBOUR BOARD ARE THE PUNCHLINE OF IT", {})],
)
def test_a_gate_about_form_is_lifted_by_a_yes(text: str, more: dict[str, Any]) -> None:
    row = comment("c", text, **more)
    assert printed(made([row])) == []
    assert printed(made([row], said("print", row))) == ["c"]


@pytest.mark.parametrize("more", [{"state": "spam"}, {"state": "deleted"}, {"state": "held"}, {"kind": "pingback"}])
def test_what_the_site_has_not_approved_is_printed_by_nobody(more: dict[str, Any]) -> None:
    row = comment("c", **more)
    assert printed(made([row], said("print", row, why="it is fair"))) == []


def test_what_is_blocked_as_abuse_needs_a_yes_with_a_reason() -> None:
    row = comment("c", ABUSE)
    assert reason(made([row]), "c").startswith("abuse")
    assert reason(made([row], said("print", row)), "c").startswith("abuse")
    assert printed(made([row], said("print", row, why="the minister said it of us"))) == ["c"]


def test_a_name_that_is_blocked_as_abuse_needs_a_reason_too() -> None:
    row = comment("c", author="wankers of the earth")
    assert reason(made([row], said("print", row)), "c").startswith("abuse")
    assert printed(made([row], said("print", row, why="a well-known pen name"))) == ["c"]


def test_a_refused_comment_is_not_printed_and_not_quoted_nor_are_the_answers_below_it() -> None:
    first = comment("first")
    answer = comment("answer", ANSWER, parent_id="first")
    deeper = comment("deeper", OTHER, parent_id="answer")
    assert printed(made([first, answer, deeper])) != []
    edition = made([first, answer, deeper], said("refuse", first, why="unkind"))
    assert printed(edition) == []
    assert reason(edition, "first") == "refused by ada: unkind"
    assert {reason(edition, key) for key in ("answer", "deeper")} == {"replies to a comment that was left out"}


def test_a_refusal_counts_whatever_the_words_become() -> None:
    before = comment("c")
    assert printed(made([replace(before, text=OTHER)], said("refuse", before))) == []


@pytest.mark.parametrize("change", [{"text": f"{PHONE} 🐒"}, {"text": f"{PHONE}?"}, {"author": "Somebody else"}])
def test_a_yes_counts_for_the_words_that_were_seen(change: dict[str, Any]) -> None:
    held = comment("held", PHONE)
    assert printed(made([replace(held, **change)], said("print", held))) == []
    assert printed(made([replace(held, text=f"  {PHONE}\n")], said("print", held))) == ["held"]  # nothing that anybody sees


def test_a_yes_to_a_reply_counts_for_the_words_it_answers_too() -> None:
    parent, answer = comment("parent"), comment("answer", ANSWER, parent_id="parent")
    yes = said("print", answer, parent)
    assert printed(made([parent, answer], yes, comments="approved")) == ["answer"]
    assert printed(made([replace(parent, text=OTHER), answer], yes, comments="approved")) == []


def test_an_approved_reply_is_printed_only_if_what_it_answers_is_fit() -> None:
    held, answer = comment("held", PHONE), comment("answer", ANSWER, parent_id="held")
    yes = said("print", answer, held)
    assert reason(made([held, answer], yes), "answer") == "replies to a comment that was left out"
    both = made([held, answer], yes, said("print", held))
    excerpts = {row.comment.id: row.parent_excerpt for row in both.stories[0].picks}
    assert excerpts == {"held": "", "answer": SENSIBLE}  # the excerpt of what it answers


def test_an_approved_reply_to_a_refused_or_missing_comment_is_not_printed() -> None:
    parent, answer = comment("parent"), comment("answer", ANSWER, parent_id="parent")
    yes = said("print", answer, parent)
    assert printed(made([parent, answer], yes, said("refuse", parent))) == []
    assert printed(made([answer], yes)) == []


def test_approved_comments_come_first_best_first_and_the_machine_fills_up() -> None:
    dull = comment("dull", "I will believe it when I see it with my own eyes, but I would like to see it.")
    rows = [comment("x"), comment("y", OTHER), comment("z", THIRD), dull]
    machine = printed(made(rows, comments_per_article=3))
    assert "dull" not in machine
    assert printed(made(rows, said("print", dull), comments_per_article=2)) == ["dull", machine[0]]
    weakest = machine[-1]
    yes = [said("print", row) for row in rows if row.id in {"dull", weakest}]
    assert printed(made(rows, *yes, comments_per_article=3)) == [weakest, "dull", machine[0]]
    assert printed(made(rows, *yes, comments_per_article=1)) == [weakest]
    assert printed(made(rows, *yes, comments_per_article=3, comments="approved")) == [weakest, "dull"]


def test_two_approved_comments_of_one_writer_and_one_sub_thread_are_both_printed() -> None:
    first = comment("first", author="Ada Quill")
    second = comment("second", ANSWER, author="Ada Quill", parent_id="first")
    assert len(printed(made([first, second]))) == 1
    assert set(printed(made([first, second], said("print", first), said("print", second, first)))) == {"first", "second"}


def test_the_machine_picks_beside_an_approved_comment_are_of_other_writers_and_sub_threads() -> None:
    approved = comment("approved", "I was there too.", author="Ada Quill")
    same_writer = comment("writer", OTHER, author="Ada Quill")
    answer = comment("answer", ANSWER, parent_id="approved")
    assert set(printed(made([approved, same_writer, answer]))) == {"writer", "answer"}
    assert printed(made([approved, same_writer, answer], said("print", approved), comments_per_article=3)) == ["approved"]


def test_the_machine_does_not_print_an_approved_comment_once_more_in_the_same_words() -> None:
    first, copy = comment("first"), comment("copy", author="Another writer")
    copy = replace(copy, written=copy.written.replace(minute=30))
    assert printed(made([first, copy])) == ["first"]
    assert printed(made([first, copy], said("print", copy))) == ["copy"]


def test_what_an_editor_has_quoted_above_a_reply_need_not_be_clear_by_itself() -> None:
    parent, answer = comment("parent", ABUSE), comment("answer", ANSWER, parent_id="parent")
    allowed = said("print", parent, why="the whole debate is about it")
    edition = made([parent, answer], allowed, said("print", answer, parent))
    assert {row.parent_excerpt for row in edition.stories[0].picks} == {"", ABUSE.replace(f" {SENSIBLE}", "")}


def test_without_decisions_the_judgement_is_what_it_was() -> None:
    rows = [comment("x"), comment("y", PHONE), comment("z", "I was there too.", parent_id="x")]
    judged: list[JudgedComment] = list(pick(article("a"), rows, 2, STANDARDS).judged)
    assert [(row.comment.id, row.rejection.gate if row.rejection else "", row.approval) for row in judged] == [
        ("x", "", None),
        ("y", "contact", None),
        ("z", "short", None),
    ]

"""The gates together: what keeps a comment out, by which name, and what becomes of its answers."""

import json
from typing import Any

import pytest

from tests.curate.test_contact_details import HONEST
from tests.curate.test_curate import OTHER, SENSIBLE, THIRD, article, comment, made, printed, reason
from tests.curate.test_judge import judged


def gates(thread: dict[str, Any]) -> dict[str, str]:
    """The gate of each comment that is kept out, by its id."""
    return {row["id"]: row["gate"] for row in json.loads(judged(thread))["left_out"]}


@pytest.mark.parametrize("kind", ["pingback", "trackback"])
def test_another_sites_link_is_no_comment(kind: str) -> None:
    edition = made([article("a")], [comment("c", kind=kind)])
    assert printed(edition) == []
    assert reason(edition, "c") == f"{kind}, not an approved comment"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Well said.", "fewer than 8 words"),
        ("> " + SENSIBLE, "only a quotation"),
        ("https://a.example/" + "x" * 200, "fewer than 8 words"),
        (SENSIBLE + " https://a.example https://b.example https://c.example", "3 links or more"),
        (SENSIBLE.upper(), "mostly capitals"),
        (SENSIBLE + " You absolute moron.", "abuse"),
        (SENSIBLE + " You are pathetic.", "abuse"),
        (SENSIBLE + " What an i d i o t.", "abuse"),
        (SENSIBLE + " What an 1d1ot he is, a real id1ot.", "abuse"),
        (
            "My last comment was deleted by the moderators and I want to know why that was, since it was polite.",
            "about the comments",
        ),
    ],
)
def test_gates_have_names(text: str, why: str) -> None:
    edition = made([article("a")], [comment("c", text)])
    assert printed(edition) == []
    assert why in reason(edition, "c")


@pytest.mark.parametrize(
    "text",
    [
        "I am a gay man and have lived on this row for nineteen years; nobody asked us about the lorries before the notice went up.",
        "Our Muslim neighbours brought soup to the whole street when the pump failed, and the council has still not thanked them.",
        "As a blind reader I count the steps to the pier: there are 212, and the new kerb adds a step that no map shows.",
        "My Jewish grandmother ran the bakery on this corner until 1974, and the ovens are still behind that wall.",
        "As a black woman who drives the number 6 I see who waits at 21:10, and it is mostly nurses from the late shift.",
    ],
)
def test_who_somebody_is_is_no_reason(text: str) -> None:
    assert printed(made([article("a")], [comment("c", text)])) == ["c"]


@pytest.mark.parametrize(
    "text",
    [
        "Censorship of the ferry log is what the moderators of Thursday's meeting should have asked about, and nobody did in 90 minutes.",
        "The posts on the quay were removed in 1976, and this path has been blocked by the harbour office since the spring of 2019.",
    ],
)
def test_censorship_may_be_what_the_talk_is_about(text: str) -> None:
    assert printed(made([article("a")], [comment("c", text)])) == ["c"]


@pytest.mark.parametrize("state", ["held", "spam", "deleted"])
def test_only_approved_comments(state: str) -> None:
    assert printed(made([article("a")], [comment("c", state=state)])) == []


def test_a_reply_has_its_parents_words_or_is_not_printed() -> None:
    parent = comment("p", "Who decides?")
    edition = made([article("a")], [parent, comment("r", parent_id="p"), comment("o", OTHER, parent_id="gone")])
    (pick,) = edition.stories[0].picks
    assert pick.comment.id == "r"
    assert pick.parent_author == "Writer p"
    assert pick.parent_excerpt == "Who decides?"
    assert reason(edition, "o") == "replies to a comment that is missing or not approved"


def test_an_answer_to_abuse_is_not_printed() -> None:
    edition = made([article("a")], [comment("p", "You moron."), comment("r", parent_id="p")])
    assert printed(edition) == []
    assert reason(edition, "r") == "replies to a comment that was left out"


def test_an_answer_to_what_a_gate_holds_is_not_printed() -> None:
    links = SENSIBLE + " https://a.example https://b.example https://c.example"
    edition = made([article("a")], [comment("p", links), comment("r", THIRD, parent_id="p")])
    assert printed(edition) == []


def test_a_circle_of_parents_ends() -> None:
    circle = [comment("x", parent_id="y"), comment("y", THIRD, parent_id="x")]
    assert len(printed(made([article("a")], circle))) == 1


def test_a_long_chain_of_answers_to_abuse_falls_with_it() -> None:
    rows = [{"id": "0", "text": "You moron."}]
    rows += [{"id": str(n), "parent_id": str(n - 1), "text": f"{SENSIBLE} {THIRD} Number {n}."} for n in range(1, 400)]
    answer = json.loads(judged({"comments": rows[::-1]}))
    assert answer["picks"] == answer["ranking"] == []
    assert {row["gate"] for row in answer["left_out"]} <= {"abuse", "parent", "repeated"}


def test_what_answers_an_answer_to_abuse_is_not_printed_and_nothing_is_its_context() -> None:
    rows = [
        {"id": "1", "text": "What a moron you are."},
        {"id": "2", "parent_id": "1", "text": OTHER},
        {"id": "3", "parent_id": "2", "text": THIRD},
    ]
    answer = json.loads(judged({"comments": rows}))
    assert answer["picks"] == []
    assert {row["id"]: row["gate"] for row in answer["left_out"]} == {"1": "abuse", "2": "parent", "3": "parent"}


def test_a_copy_of_a_held_comment_is_nobodys_context() -> None:
    held = (
        "The trouble on this row began when they came, since all immigrants want is a house that someone else has paid for in 1990."
    )
    rows = [{"id": "1", "text": held}, {"id": "2", "text": held}, {"id": "3", "parent_id": "2", "text": THIRD}]
    assert json.loads(judged({"comments": rows}))["picks"] == []


def test_the_gates_tell_the_editor_why() -> None:
    links = "https://a.example/1 www.b.example https://c.example/3"
    edition = made(
        [article("a")],
        [
            comment("good"),
            comment("phone", f"{OTHER} Ring him at home on 07700 900123."),
            comment("mail", f"{THIRD} Write to ada@gazette.example."),
            comment("named", HONEST[0], author="ada@gazette.example"),
            comment("seller", f"Check out my website. {HONEST[1]}"),
            comment("shown", f"{HONEST[2]} {links}"),
            comment("hidden", HONEST[3], links=3),
        ],
    )
    assert printed(edition) == ["good"]
    assert reason(edition, "phone") == "gives a telephone number; held"
    assert reason(edition, "mail") == reason(edition, "named") == "gives an e-mail address; held"
    assert reason(edition, "seller") == "advertising, or praise for any page"
    assert reason(edition, "shown") == reason(edition, "hidden") == "3 links or more"


def test_two_links_are_not_too_many() -> None:
    edition = made([article("a")], [comment("c", f"{SENSIBLE} https://a.example/1 https://b.example/2", links=2)])
    assert printed(edition) == ["c"]

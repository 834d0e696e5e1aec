"""Who writes, and under whose name."""

from typing import Any

import pytest

from tests.curate.test_comment_gates import gates
from tests.curate.test_curate import OTHER, SENSIBLE

STORY = {
    "title": "The berth is late again",
    "author": "Osric Tandy",
    "text": "Councillor Ada Penrow told the harbour board that the berth would be late, and the engineer Mr Bellamy said why.",
}


def gate_of(text: str, author: str = "Reader", others: tuple[str, ...] = ()) -> str:
    rows: list[dict[str, Any]] = [{"id": "c", "author": author, "text": text}]
    rows += [{"id": f"o{number}", "author": name, "text": "One."} for number, name in enumerate(others)]
    return gates({"article": STORY, "comments": rows}).get("c", "")


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("I know that tidewatcher is really Terry Marlow from the yard, and he knows that I know it.", ("tidewatcher",)),
        ("We all know who tidewatcher is. Mrs Marlow should tell us why she writes here by night.", ("Tidewatcher",)),
        ("Salt & Rope works at the yard, and his name is Terry Marlow, as the log of 2019 shows.", ("Salt & Rope",)),
    ],
)
def test_who_says_who_another_commenter_is_waits_for_the_editor(text: str, others: tuple[str, ...]) -> None:
    assert gate_of(text, others=others) == "unmasked"


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("I know that tidewatcher is really Terry Marlow from the yard, and he knows that I know it.", ("ebb",)),
        ("Tidewatcher is right about the berth: the log of 2019 shows the same eleven hours on a Monday.", ("tidewatcher",)),
        (
            "Ned is really wrong about the berth, and Terry Marlow drives it home with the log of 2019.",
            ("ned",),
        ),  # too short a name
        ("The tidewatchers' club is really old, and Terry Marlow keeps its house in the year of the flood.", ("tidewatcher",)),
        ("Half the town drives a van. It rained on Monday. Terry Marlow counted 40 of them at the pier.", ("half the town",)),
        ("The old clock has no name here, and 40 readers counted its hours on that Monday in March.", ("!!",)),
    ],
)
def test_who_speaks_to_another_commenter_or_of_somebody_else_does_not(text: str, others: tuple[str, ...]) -> None:
    assert gate_of(text, others=others) == ""


def test_who_says_his_own_name_unmasks_nobody() -> None:
    text = "My real name is Terry Marlow, though I am tidewatcher here, and I have 40 photographs of the berth."
    assert gate_of(text, author="tidewatcher") == ""


@pytest.mark.parametrize(
    "name",
    [
        "Osric Tandy (Gazette)", "Ada Penrow", "Cllr Penrow", "A. Penrow", "Mr Bellamy", "Editor", "The Moderators", "Harbour Newsdesk",
    ],
)  # fmt: skip
def test_a_borrowed_name_waits_for_the_editor(name: str) -> None:
    assert gate_of(SENSIBLE, author=name) == "impersonation"


@pytest.mark.parametrize(
    "name",
    [
        "Osric Tandy", "penrow", "Penrow", "ada penrow", "Tandy", "Ada Marlow", "Ada", "!!!", "A friend of the editor of old",
    ],
)  # fmt: skip
def test_a_name_of_ones_own_does_not(name: str) -> None:
    assert gate_of(SENSIBLE, author=name) == ""


@pytest.mark.parametrize(
    "opening",
    [
        "This is Osric Tandy.", "Osric Tandy here.", "I am Councillor Penrow.", "I'm Ada Penrow.", "Bellamy here, the engineer.",
        "Tandy from the Gazette.",
    ],
)  # fmt: skip
def test_who_writes_as_somebody_in_the_article_waits_for_the_editor(opening: str) -> None:
    assert gate_of(f"{opening} {OTHER}") == "impersonation"
    if "Tandy" in opening:
        assert gate_of(f"{opening} {OTHER}", author="Osric Tandy") == ""


@pytest.mark.parametrize(
    "opening", ["Osric Tandy is right.", "I am with Councillor Marlow.", "This is news.", f"{OTHER} This is Osric Tandy's best."]
)
def test_who_writes_of_somebody_in_the_article_does_not(opening: str) -> None:
    assert gate_of(f"{opening} The berth had 40 ships in 2019, and nobody else has counted them.") == ""

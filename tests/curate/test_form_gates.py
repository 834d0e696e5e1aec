"""The gates that look at a comment's form."""

import json
from pathlib import Path

import pytest

from tests.curate.test_curate import OTHER, SENSIBLE, THIRD
from tests.curate.test_judge import gate, judged

STORY = {"title": "The berth", "text": f"The harbour board met on Monday. {OTHER} It will meet again."}


@pytest.mark.parametrize(
    "text",
    [
        f"{SENSIBLE} https://a.example/1 www.b.example http://c.example",
        f"https://a.example/1 https://a.example/2 https://a.example/3 {SENSIBLE}",
    ],
)
def test_three_links_are_too_many(text: str) -> None:
    assert gate(text) == ("links", False)
    assert gate(SENSIBLE, links=3) == ("links", False)
    assert gate(SENSIBLE, links=2) == ("", False)


@pytest.mark.parametrize(
    "text",
    [
        OTHER, OTHER.upper().lower(), f"“{OTHER}”", "«The harbour board met on Monday.» Indeed!", f'"{OTHER}" „It will meet again“ Well, well.',
        f"> {THIRD}", "It will meet again.",
    ],
)  # fmt: skip
def test_only_a_quotation(text: str) -> None:
    assert gate(text, story=STORY) == ("quotation", False)


@pytest.mark.parametrize("text", [f"“{THIRD}” Indeed!", f"“{OTHER}” {THIRD}", f"> {OTHER}\n\n{THIRD}", f"He said “no”. {THIRD}"])
def test_a_quotation_with_words_of_ones_own_or_of_something_else_passes(text: str) -> None:
    assert gate(text, story=STORY) == ("", False)


def test_a_comment_without_any_text_is_short() -> None:
    assert gate("") == ("short", False)


@pytest.mark.parametrize("text", [f"[…] {SENSIBLE} […]", f"[...] {SENSIBLE}", f"… […] {SENSIBLE}"])
def test_the_excerpt_that_another_program_left_is_no_comment(text: str) -> None:
    assert gate(text) == ("excerpt", False)


def test_an_omission_within_a_comment_is_no_excerpt() -> None:
    assert gate(f"The notice says “bring […] a boat”. {SENSIBLE}") == ("", False)


def test_capitals_are_counted_in_letters() -> None:
    assert gate(SENSIBLE.upper()) == ("capitals", False)
    assert gate("THE NHS, THE RNLI and the BBC were asked, and not one of them knew of the berth.") == ("", False)
    assert gate("WHY NOW") == ("short", False)


@pytest.mark.parametrize(
    ("text", "kept_out"),
    [
        ("The berth is too short by far.", True),
        ("The berth is too short by far, again.", False),
        ("The berth is 40 metres.", False),
        ("The berth reopens on Monday.", False),
        ("Twelve lorries, not forty.", True),
        ("Twelve lorries, I counted them.", False),
        ("It is 40 metres.", True),
        ("The berth is too short, see https://a.example/a-very-long-page-about-berths", True),
        ("The berth is by far too short, see there: https://a.example/", False),
    ],
)
def test_a_comment_is_as_long_as_it_needs_to_be(text: str, kept_out: bool) -> None:
    assert gate(text, story={"title": "The berth and its lorries"})[0] == ("short" if kept_out else "")


@pytest.mark.parametrize(
    "text",
    [
        "My last comment was deleted and nobody has told me why that was, polite as it was.",
        "Why has the Gazette blocked all of my polite comments on the matter of the harbour lamps?",
        "I see that they have censored this whole thread once again, which is no way to treat readers.",
    ],
)
def test_what_is_about_the_comments_is_not_about_the_article(text: str) -> None:
    assert gate(text) == ("meta", False)


@pytest.mark.parametrize(
    "text",
    [
        "The moderator of the meeting removed two posts from the slip, which nobody had asked for in 40 years.",
        "All of the posts on the quay are new. The old ones were removed in 1976 by the harbour office.",
    ],
)
def test_what_is_removed_may_be_something_else(text: str) -> None:
    assert gate(text) == ("", False)


def test_an_exclamation_that_fits_below_any_text_is_meta_where_no_length_is_asked_for(tmp_path: Path) -> None:
    assert gate("Hear, hear!") == ("short", False)
    (tmp_path / "scores.toml").write_text("[gate]\nwords = 0\n")
    (row,) = json.loads(judged({"comments": [{"id": "c", "text": "Hear, hear!"}]}, root=tmp_path))["left_out"]
    assert row["gate"] == "meta"


LEANING = "Exactly this, and the rest of them never understood it at all."


def test_a_comment_that_leans_on_another_waits_for_the_editor() -> None:
    assert gate(LEANING) == ("context", True)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        (LEANING, "The rest of us"),  # the article has the word
        (f"{LEANING} In 1976 it was better.", ""),  # a figure makes it say something
        (f"{LEANING} {' '.join(['The council has painted the old waiting room in green and gold'] * 3)}.", ""),  # it is long enough
        ("The rest of them never understood it, exactly because nobody would explain.", ""),  # it begins with words of its own
    ],
)
def test_a_comment_that_stands_by_itself_passes(text: str, title: str) -> None:
    assert gate(text, story={"title": title}) == ("", False)

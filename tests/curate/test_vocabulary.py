"""Words and phrases by class: what a term stands for, and that no short cut changes what is found."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.curate.vocabulary import Match, Vocabulary


def found(term: str, text: str) -> bool:
    return bool(Vocabulary({"a": [term]}).classes(text.split()))


@pytest.mark.parametrize(
    ("term", "yes", "no"),
    [
        ("tide", ["the tide", "the tide's"], ["tides", "ebbtide", ""]),
        ("tide*", ["tide", "tides", "the tideway"], ["ebbtide", "tid"]),
        ("*straße", ["hafenstraße", "die straße"], ["straßen"]),
        ("*'s boat", ["penrow's boat"], ["boat", "penrow boat"]),
        ("spring tide", ["a spring tide", "the spring's tide"], ["spring", "tide spring", "spring high tide", "spring tide's"]),
        ("spring tide*", ["spring tides"], ["spring ebb"]),
        ("tell * harbour", ["tell harbour", "tell all of the harbour"], ["tell all of you in harbour", "harbour tell"]),
        ("tell * the *", ["tell you the time", "tell the"], ["tell you"]),
        ("tell *ing tide*", ["tell boring tides"], ["tell ring rope", "tell tide"]),
        ("a*", ["a*"], ["apple"]),  # too short a stem
    ],
)
def test_what_a_term_stands_for(term: str, yes: Sequence[str], no: Sequence[str]) -> None:
    assert [text for text in yes if not found(term, text)] == []
    assert [text for text in no if found(term, text)] == []


def test_each_class_has_a_bit_of_its_own() -> None:
    words = Vocabulary({"sea": ["tide"], "land": ["rope", "tide"]}, ["form", "sea"])
    assert words.names == ("form", "sea", "land")
    assert [words.bit(name) for name in words.names] == [1, 2, 4]
    assert words.classes(["tide"]) == 6
    assert words.classes([]) == 0
    with pytest.raises(KeyError):
        words.bit("sky")


def test_matches_have_their_places_and_only_the_classes_that_were_asked_for() -> None:
    words = Vocabulary({"sea": ["tide", "tide table", "tell * tide"], "land": ["tide"]})
    said = ["tell", "us", "the", "tide", "table"]
    assert words.matches(said, words.bit("sea")) == [Match(0, 4, 1), Match(3, 4, 1), Match(3, 5, 1)]
    assert words.matches(said, words.bit("land")) == [Match(3, 4, 2)]
    assert words.matches(said, 0) == []


def test_a_word_that_many_terms_begin_with_has_the_phrases_of_all() -> None:
    words = Vocabulary({"a": ["tide table", "tid* wave"], "b": ["tide wave", "*ide * rope"], "c": ["tides"]})
    assert words.classes(["tide", "wave", "rope"]) == 1 | 2
    assert words.classes(["tides"]) == 4


WORDS = ["tide", "tides", "tide's", "rope", "ropes", "a", "ebb", "ebbtide"]
TERM = st.lists(st.sampled_from([*WORDS, "tid*", "ro*", "*tide", "*es", "*'s", "*"]), min_size=1, max_size=4).filter(
    lambda parts: parts[0] != "*"
)


def as_pattern(parts: Sequence[str]) -> re.Pattern[str]:
    """A term as a regular expression over words that are each followed by a space."""
    found = []
    for place, part in enumerate(parts):
        if part == "*":
            found.append(r"(?:\S+ ){0,3}")
            continue
        stem = re.escape(part.strip("*"))
        stem = rf"\S*{stem}" if part.startswith("*") else rf"{stem}\S*" if part.endswith("*") else stem
        possessive = "(?:'s)?" if place == 0 and "*" not in part else ""
        found.append(rf"{stem}{possessive} ")
    return re.compile(rf"(?<!\S){''.join(found)}")


@given(st.lists(st.lists(TERM, max_size=3), min_size=1, max_size=4), st.lists(st.sampled_from(WORDS), max_size=9))
@example([[["tide", "*", "*", "rope"]]], ["tide", "a", "a", "a", "a", "rope"])
@example([[["tide", "tide"], ["tide", "*"]]], ["tide"])
def test_classes_are_what_a_search_for_each_term_finds(terms: list[list[list[str]]], said: list[str]) -> None:
    words = Vocabulary({str(number): [" ".join(parts) for parts in rows] for number, rows in enumerate(terms)})
    text = "".join(f"{word} " for word in said)
    expected = {str(number) for number, rows in enumerate(terms) if any(as_pattern(parts).search(text) for parts in rows)}
    assert {name for name in words.names if words.classes(said) & words.bit(name)} == expected
    matched = {name for name in words.names if words.matches(said, words.bit(name))}
    assert matched == expected

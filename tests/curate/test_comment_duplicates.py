"""Comments that repeat an earlier one, in its words, nearly, or reworded."""

import random
from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.curate import comment_duplicates
from digest.curate.comment_thread import CommentThread
from tests.curate.test_curate import END, SENSIBLE, article, comment, made, printed, reason


def test_duplicates_keep_the_earliest() -> None:
    early, late = comment("z", written=END - timedelta(hours=9)), comment("a2", SENSIBLE.replace(",", ""))
    edition = made([article("a")], [late, early])
    assert printed(edition) == ["z"]
    assert reason(edition, "a2") == "repeats another comment"


def test_a_comment_left_under_two_articles_is_printed_once() -> None:
    twice = [comment("x", on="a"), comment("y", SENSIBLE.upper().capitalize(), on="b")]
    edition = made([article("a"), article("b", 6)], twice)
    assert printed(edition) == ["x"]
    assert reason(edition, "y") == "printed under another article"


REWORDED = [
    (
        "The berth at Tidewell was rebuilt after the storm of 1976 with money from the county, and the crane was never replaced.",
        "With county money the Tidewell berth was rebuilt after the 1976 storm; nobody ever replaced the crane.",
    ),
    (
        "Four lamps on the quay have been dark since March, and the harbour office answers no letters about them.",
        "Since March four quay lamps have been dark; letters about it go without an answer from the harbour office.",
    ),
]
APART = [
    (
        "The berth at Tidewell was rebuilt after the storm of 1976 with money from the county, and the crane was never replaced.",
        "The berth was never the problem; after the storm the county sent two surveyors, who measured the wrong wall for a week.",
    ),
    ("Close the quay to lorries.", "Close the quay to cyclists."),
]


@pytest.mark.parametrize(("first", "second"), REWORDED)
def test_a_comment_in_other_words_is_a_copy(first: str, second: str) -> None:
    assert copies(first, second) == {"001": "000"}
    assert copies(second, first) == {"001": "000"}


@pytest.mark.parametrize(("first", "second"), APART)
def test_another_comment_on_the_same_matter_is_no_copy(first: str, second: str) -> None:
    assert copies(first, second) == {}


def test_short_comments_are_copies_only_in_the_same_words() -> None:
    assert copies("Close the quay to lorries!", "close the QUAY to lorries") == {"001": "000"}
    assert copies("Close the quay to lorries, please do.", "Lorries to the quay, close, please do.") == {}


def test_a_copy_of_a_copy_is_one_of_the_first() -> None:
    (first, second), _ = REWORDED
    assert copies(first, second, first, second) == {"001": "000", "002": "000", "003": "000"}


def test_empty_comments_repeat_nothing() -> None:
    assert copies("", "!", "") == {}


def copies(*texts: str) -> dict[str, str]:
    """Each copy with the comment that it repeats; comments are numbered."""
    return dict(CommentThread(article("a"), [comment(f"{n:03}", text) for n, text in enumerate(texts)]).copies)


def test_looking_for_copies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def unlike(kept: object, one: frozenset[int], other: frozenset[int]) -> bool:
        compared.append(len(one & other))
        return False

    monkeypatch.setattr(comment_duplicates._Kept, "_alike", unlike)
    rng, long, short = random.Random(5), [f"{n}word" for n in range(12)], [f"tide{n}" for n in range(7)]
    rows = [comment(f"{n:03}", " ".join(rng.choices(names, k=200))) for names in (long, short) for n in range(200)]
    rows = [comment(f"{n:03}", row.text) for n, row in enumerate(rows)]
    assert CommentThread(article("a"), rows).copies == {}
    assert 1_000 < len(compared) <= len(rows) * comment_duplicates.MAX_SHARERS


NAMES = ["tide", "rope", "lamp", "quay", "mast", "buoy", "keel", "gull", "anchors", "anchored", "the", "moor"]


def are_alike(one: tuple[bool, set[object]], other: tuple[bool, set[object]]) -> bool:
    """Whether two comments share enough words, or enough runs of words if both are short."""
    shared, union = len(one[1] & other[1]), len(one[1] | other[1])
    return one[0] == other[0] and 0 < union * (45 if one[0] else 70) <= 100 * shared


@given(st.lists(st.lists(st.sampled_from(NAMES), max_size=16), max_size=12))
@example([NAMES[:10], NAMES[2:12], NAMES[:10][::-1], [*NAMES[4:], "tide"]])
def test_copies_are_what_comparing_each_with_each_finds(texts: list[list[str]]) -> None:
    talk = CommentThread(article("a"), [comment(f"{n:02}", " ".join(said)) for n, said in enumerate(texts)])
    kept: dict[str, tuple[bool, set[object]]] = {}
    found: dict[str, str] = {}
    for key, said in talk.words.items():
        stems: set[object] = {word[:6] for word in said if word != "the"}
        runs: set[object] = {tuple(said[at : at + 3]) for at in range(len(said) - 2)}
        ours = (True, stems) if len(stems) >= 8 else (False, runs)
        twins = (other for other, theirs in kept.items() if said and (talk.words[other] == said or are_alike(ours, theirs)))
        if twin := next(twins, None):
            found[key] = twin
        else:
            kept[key] = ours
    assert talk.copies == found


def test_a_copy_is_found_among_many_comments_that_share_a_turn_of_phrase() -> None:
    rng, names = random.Random(8), [f"{n}berth" for n in range(100, 400)]
    texts = [f"{' '.join(rng.choices(names, k=30))} tide table lamps" for _ in range(80)]
    assert copies(*texts, f"Indeed {' '.join(texts[-1].split()[::-1])}") == {"080": "079"}

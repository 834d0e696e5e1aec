"""Cutting at sentence ends."""

from hypothesis import given
from hypothesis import strategies as st

from digest.text.prose import counted, excerpt, number, sentences, shorten, word_count, words


def test_sentences_keep_abbreviations_and_initials_whole() -> None:
    text = "Dr. Vane met Mr. Penn at No. 4. J. Ashdown came too! Who else? “Nobody.” said he."
    assert sentences(text)[:3] == ["Dr. Vane met Mr. Penn at No. 4.", "J. Ashdown came too!", "Who else?"]


def test_excerpt_ends_with_a_sentence() -> None:
    assert (
        excerpt("One is short. Two is a little longer. Three is the one that does not fit.", 45)
        == "One is short. Two is a little longer."
    )


def test_excerpt_of_one_endless_sentence_ends_with_a_word() -> None:
    cut = excerpt("word " * 100, 42)
    assert cut.endswith("word…")
    assert len(cut) <= 42


@given(st.text(), st.integers(min_value=1, max_value=500))
def test_nothing_is_ever_longer_than_asked(text: str, limit: int) -> None:
    assert len(excerpt(text, limit)) <= limit
    assert len(shorten(text, limit)) <= limit


def test_a_number_with_its_noun() -> None:
    assert [counted(n, "comment") for n in (0, 1, 2)] == ["0 comments", "1 comment", "2 comments"]
    assert [counted(n, "entry", "entries") for n in (1, 2)] == ["1 entry", "2 entries"]


def test_words_of_other_scripts() -> None:
    assert words("L'été, naïve — 3,000 Möwen") == ["L'été", "naïve", "3", "000", "Möwen"]


def test_a_text_of_abbreviations_is_cut_before_it_is_read() -> None:
    assert excerpt("Mr. " * 50_000, 300).endswith("…")


def test_numbers_of_strangers() -> None:
    assert [number(text, 100) for text in ("7", " 8 ", "²", "-1", "9" * 5_000, "500", None, 3)] == [
        7,
        8,
        None,
        None,
        None,
        100,
        None,
        3,
    ]


def test_sentences_that_fit_are_kept_whole_and_the_rest_is_left_out() -> None:
    text = "The tram is late. The ferry is not. The bus has gone."
    assert excerpt(text, len(text)) == text
    assert excerpt(text, len(text) - 1) == "The tram is late. The ferry is not."


def test_words_are_counted_as_a_reader_of_any_script_would() -> None:
    assert word_count("The berth wasn't moved in 2026.") == 6
    assert word_count("渡轮回来了") == 2
    assert word_count("The 渡轮 stays") == 3
    assert word_count("anything", ["two", "known"]) == 2

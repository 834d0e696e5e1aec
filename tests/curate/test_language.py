"""The language of a text, and what becomes of comments in another than the article's."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from digest.curate.judge import load_scoring_rules
from digest.curate.language import is_english, language_of
from tests.curate.samples import CHINESE, GERMAN, SAMPLES, WELSH
from tests.curate.test_curate import RULES, article, comment, made, printed, reason
from tests.curate.test_judge import judged


@pytest.mark.parametrize("language", SAMPLES)
def test_a_sentence_tells_its_language(language: str) -> None:
    assert language_of(SAMPLES[language]) == language
    assert is_english(SAMPLES[language]) is (language == "en")


@pytest.mark.parametrize("text", ["", "!?", "Tidewell, 1976.", "Café Ropewalk", "NHS BBC RNLI", "der ferry", "la la la land"])
def test_too_few_words_tell_nothing(text: str) -> None:
    assert language_of(text) is None
    assert is_english(text)


def test_only_the_beginning_of_a_text_is_read() -> None:
    assert language_of(f"{SAMPLES['en']} " * 12 + f"{CHINESE} " * 100) == "en"
    assert language_of(SAMPLES["en"], ["der", "die", "das", "und"]) == "de"


def test_a_comment_in_another_language_than_the_articles_waits_for_the_editor() -> None:
    edition = made([article("a", title=SAMPLES["en"])], [comment("c"), comment("g", GERMAN), comment("h", CHINESE)])
    assert printed(edition) == ["c"]
    assert reason(edition, "g") == "not in the article's language (de); held"
    assert reason(edition, "h") == "not in the article's language (zh); held"


@pytest.mark.parametrize(("title", "text"), [("Die Fähre ist wieder da, und das ist gut", GERMAN), ("渡輪又回來了", CHINESE)])
def test_other_languages_are_not_harmed_where_the_article_has_theirs(title: str, text: str) -> None:
    assert printed(made([article("a", title=title)], [comment("c", text)])) == ["c"]


def test_where_the_article_is_too_short_the_comments_tell_the_language_of_the_thread() -> None:
    assert printed(made([article("a")], [comment("c", GERMAN)])) == ["c"]


def test_abbreviations_in_latin_letters_are_no_other_language() -> None:
    initials = "我们在NHS以及BBC和RNLI还有UN都说过,渡輪的泊位從來都不是問題,問題是時刻表,四十輛卡車也改變不了什麼。"
    assert made([article("a")], [comment("i", initials)]).left_out == ()


def test_a_newsletter_allows_languages_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "scores.toml").write_text('[gate]\nlanguages = ["cy"]\n')
    rules = replace(RULES, scoring_rules=load_scoring_rules(tmp_path))
    rows = [comment("c"), comment("w", WELSH), comment("g", GERMAN)]
    found = {row.id: row.reason for row in made([article("a", title=SAMPLES["en"])], rows, rules=rules).left_out}
    assert found == {"g": "not in the article's language (de); held"}


def test_english_lists_step_aside_in_other_languages() -> None:
    swedish = "Nu är det slut på bryggan, och vi har inte en enda båt kvar i hamnen; fag och prick är vanliga ord här."
    assert not is_english(swedish)
    assert json.loads(judged({"comments": [{"id": "1", "text": swedish}]}))["ranking"] == ["1"]
    assert is_english("Idiots and morons, all of you")

"""The rules for texts: what each finds, fair words that look alike, and a newsletter's own rules and words."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from digest import curate
from digest.curate.comment_thread import CommentThread
from digest.curate.judge import load_text_rules
from digest.curate.text_rules import Evidence, RuleText, TextRules, parse_rules, parse_words
from digest.curate.thread_reading import ThreadReading, read_thread
from digest.errors import ConfigError
from tests.curate.rule_texts import TEXTS
from tests.curate.test_curate import SENSIBLE, article, comment

HERE = Path(curate.__file__).parent
RULES = load_text_rules(Path("/nowhere"))


def read(text: str, story: str = "", rules: TextRules = RULES) -> ThreadReading:
    return read_thread(CommentThread(article("a", title="The harbour", body_text=story), [comment("c", text)]), rules)


def first(text: str, story: str = "", rules: TextRules = RULES) -> tuple[RuleText, Evidence] | None:
    """The first rule that fires, with what it found."""
    reading = read(text, story, rules)
    return rules.first(reading.sentences["c"], reading.article_classes, reading.vocabulary("c"))


def fires(name: str, text: str, story: str = "", rules: TextRules = RULES) -> bool:
    """Whether one rule finds something, whatever the others do."""
    rule, reading = next(rule for rule in rules.rules if rule.text.name == name), read(text, story, rules)
    return bool(rule.find(reading.sentences["c"], reading.classes["c"], reading.article_classes, reading.vocabulary("c")))


def test_every_rule_has_texts() -> None:
    assert [rule.text.name for rule in RULES.rules] == list(TEXTS)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, row in TEXTS.items() for text in row[1]])
def test_each_rule_finds_what_it_is_for(name: str, text: str) -> None:
    story = TEXTS[name][0]
    assert fires(name, text, story)
    assert fires(name, text.upper(), story) or name in {"home-address", "house-number", "house-sign", "car", "minor"}
    assert first(text, story) is not None


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, row in TEXTS.items() for text in row[2]])
def test_fair_words_that_look_alike_pass_every_rule(name: str, text: str) -> None:
    found = first(text, TEXTS[name][0])
    assert found is None, found


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, row in TEXTS.items() if row[0] for text in row[1]])
def test_a_rule_for_some_articles_does_not_apply_below_others(name: str, text: str) -> None:
    assert not fires(name, text, "The regatta begins at noon.")


@pytest.mark.parametrize(
    "text",
    [
        "I stumbled upon your page last week and now I read every word of it, dear editor, with joy.",
        "Thank you! Check out my website for more about harbours, ferries and all the best casinos.",
        "My brother recommended I might visit this blog, and he was entirely right about everything in it.",
        "I lost all my savings until a recovery expert brought back every coin within two days.",
        "I make $7,500 a month working from home on my laptop, and so can you, it is easy.",
        "My neighbour was paid £95,00 per hour online last month and bought a car. Look here.",
        "He helped me to recover within days all of my bitcoin, I am very glad indeed for it.",
        "Great post! Very useful and informative, keep up the good work.",
        "Hi there, nice article. I will bookmark it and come back soon.",
    ],
)
@pytest.mark.parametrize("shown", [str, str.upper])
def test_advertising_and_praise_for_any_page_is_for_nobody(text: str, shown: Callable[[str], str]) -> None:
    found = first(shown(text))
    assert found is not None
    assert (found[0].gate, found[0].held) == ("spam", False)


def test_one_word_of_praise_or_praise_within_a_long_comment_is_no_advertising() -> None:
    assert first("Great article, and the drawing of the sluice is the first that I understood at all.") is None
    assert first(f"Great post, keep it up. {' '.join([SENSIBLE] * 3)}") is None


def test_what_a_rule_found_has_its_passage_its_words_and_of_whom_it_is_said() -> None:
    text = "The tide was low. Mr Penrow has stolen from the lifeboat tin. It rained."
    found = first(text)
    assert found is not None
    rule, evidence = found
    assert (rule.gate, rule.reason, rule.held) == ("accusation", "tells a crime or an affair of somebody as fact", True)
    assert text[evidence.start : evidence.end].strip() == "Mr Penrow has stolen from the lifeboat tin."
    assert (evidence.rule, evidence.matched) == ("accusation", ("has stolen",))
    assert evidence.about == ""  # a name that its form shows is no word of the lists
    (_, said) = first("He took bribes from the yard.") or (None, None)
    assert said is not None
    assert said.about == "He"


def test_every_term_of_the_lists_is_found_in_a_text_that_has_it() -> None:
    missed = []
    for name in ("en", "any"):
        for group, terms in tomllib.loads((HERE / "words" / f"{name}.toml").read_text()).items():
            for term in terms:
                text = re.sub(r"(?<!\S)\*(?=')", "penrow", re.sub(r"(?<!\S)\*(?!\S)", "any", term)).replace("*", "")
                if not read(text).classes["c"] & RULES.bit(group):
                    missed.append((group, term))
    assert missed == []


def test_no_term_and_no_rule_stands_twice() -> None:
    for file in (HERE / "words").glob("*.toml"):
        for group, terms in tomllib.loads(file.read_text()).items():
            assert sorted(terms) == sorted(set(terms)), group
    names = [row["name"] for row in tomllib.loads((HERE / "text_rules.toml").read_text())["rule"]]
    assert sorted(names) == sorted(set(names))


def own(folder: Path, rules: str = "", **words: str) -> TextRules:
    """The rules of a newsletter with files of its own."""
    if rules:
        (folder / "text_rules.toml").write_text(rules)
    (folder / "words").mkdir()
    for name, text in words.items():
        (folder / "words" / f"{name}.toml").write_text(text)
    return load_text_rules(folder)


INSULT = TEXTS["insult"][1][0]
BEES = '[[rule]]\nname = "bees"\ngate = "bees"\nreason = "about bees"\nall = ["bees"]\n'


def test_a_newsletter_turns_rules_off(tmp_path: Path) -> None:
    rules = own(tmp_path, 'off = ["insult"]')
    assert first(INSULT, rules=rules) is None
    assert first(TEXTS["threat"][1][0], rules=rules) is not None


def test_a_newsletter_adds_a_rule_and_words_of_its_own(tmp_path: Path) -> None:
    rules = own(tmp_path, BEES, en='bees = ["bee*", "hive"]')
    found = first("The hive in the tower is older than the clock.", rules=rules)
    assert found is not None
    assert (found[0].gate, found[1].matched) == ("bees", ("hive",))
    assert first("The tower is older than the clock.", rules=rules) is None


def test_a_rule_of_the_same_name_replaces_ours(tmp_path: Path) -> None:
    rules = own(tmp_path, BEES.replace('"bees"\ngate', '"insult"\ngate'), en='bees = ["hive"]')
    assert first(INSULT, rules=rules) is None
    assert [rule.text.name for rule in rules.rules] == list(TEXTS)


def test_a_newsletter_adds_terms_to_a_class_and_removes_some(tmp_path: Path) -> None:
    rules = own(tmp_path, en='insult = ["-clown*", "barnacle*", "-no such term"]')
    assert first(INSULT, rules=rules) is None
    assert first(INSULT.replace("clown", "barnacles"), rules=rules) is not None


def test_a_language_of_its_own_is_read_by_its_own_words(tmp_path: Path) -> None:
    rules = own(tmp_path, nl='insult = ["sukkel*"]\nbelittles = ["kan geen"]\nofficial = ["burgemeester*"]')
    dutch = "De burgemeester is een sukkel en kan geen dienstregeling lezen, dat is hier niet nieuw voor ons."
    assert first(dutch, rules=rules) is not None
    assert first(dutch) is None
    assert first(INSULT, rules=rules) is not None


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (BEES, "bees: unknown class 'bees'"),
        (BEES.replace('["bees"]', '["he|bees"]'), "bees: unknown class 'bees'"),
        ('off = ["nobody"]', "off: no rule is called 'nobody'"),
        ("off = [", "invalid TOML"),
        ('[[rule]]\nname = "x"', r"gate: Field required"),
        (BEES + "colour = 3", "colour: Extra inputs"),
        ("on = 1", "on: unknown key"),
    ],
)
def test_a_fault_in_a_newsletters_rules_is_named(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"text_rules\.toml: {complaint}"):
        own(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("insult = [", "invalid TOML"), ('insult = ["…"]', "not a word: '…'"), ('insult = ["* *"]', r"not a word: '\* \*'")],
)
def test_a_fault_in_a_newsletters_words_is_named(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=rf"words/en\.toml: {complaint}"):
        own(tmp_path, en=text)


def rule(**more: Any) -> TextRules:
    """A single rule over two classes, tide and rope."""
    row = RuleText(**{"name": "r", "gate": "g", "reason": "why", "all": ("tide", "rope"), **more})
    words = {"tide": ("tide*", "spring tide"), "rope": ("rope",), "lamp": ("lamp",), "first_name": (), "title": ()}
    rest: dict[str, tuple[str, ...]] = dict.fromkeys(("street", "street_before", "no_name", "official", "named"), ())
    people: dict[str, tuple[str, ...]] = dict.fromkeys(("kin", "he", "he_subject", "you", "they"), ())
    return TextRules([row], {"en": lambda: {**words, **rest, **people}, "any": lambda: {"small_title": ()}})


@pytest.mark.parametrize(
    ("text", "more", "found"),
    [
        ("A tide. A rope.", {}, False),
        ("A tide. A rope.", {"sentences": 2}, True),
        ("A tide. A lamp. A rope.", {"sentences": 2}, False),
        ("A tide. A lamp. A rope.", {"sentences": 0}, True),
        ("A tide and a rope and a lamp.", {"none": ("lamp",)}, False),
        ("A tide and a rope. A lamp.", {"none": ("lamp",)}, True),
        ("A tide and a rope.", {"all": ("tide|lamp", "rope|lamp")}, True),
        ("A rope.", {"all": (), "of": ("tide", "rope", "lamp"), "at_least": 2}, False),
        ("A rope and a lamp.", {"all": (), "of": ("tide", "rope", "lamp"), "at_least": 2}, True),
        ("A rope. A lamp.", {"all": (), "of": ("tide", "rope", "lamp"), "at_least": 2}, False),
        ("A tide is a tide.", {"all": ("tide",), "times": 2}, False),
        ("A spring tide.", {"all": ("tide",), "times": 2}, False),
        ("A tide of tides.", {"all": ("tide",), "times": 2}, True),
        ("A tide, they say, and then a rope.", {"near": 4}, False),
        ("A tide and then a rope.", {"near": 4}, True),
        ("A rope and then a tide.", {"near": 4}, True),
        ("A rope and then a tide.", {"words": 5}, False),
        ("A rope and then a tide.", {"words": 6}, True),
    ],
)
def test_a_rule_says_where_and_how_often_its_classes_meet(text: str, more: dict[str, Any], found: bool) -> None:
    assert (first(text, rules=rule(**more)) is not None) is found


def test_rules_and_words_are_parsed_from_no_file_at_all() -> None:
    assert parse_rules([]) == []
    assert parse_words(["a = ['Half-Wit*', 'O’Neil']"], thing="x") == {"a": ("half wit*", "o'neil")}

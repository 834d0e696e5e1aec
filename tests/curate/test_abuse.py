"""Abuse: the lists and the trained model, what they block, what they hold, and fair words that look alike."""

import json
from pathlib import Path

import pytest

from digest.curate import abuse
from digest.curate.abuse import AbuseState, assess
from digest.curate.abuse_model import AbuseModel
from digest.curate.hashed_words import hashed_text
from digest.curate.judge import load_scoring_rules
from digest.errors import ConfigError
from tests.curate.test_curate import SENSIBLE, STANDARDS, article, comment, made, printed, reason
from tests.curate.test_judge import judged


def heat_of(text: str) -> float:
    """How much a text of one sentence reads like abuse."""
    return STANDARDS.heat(text.casefold(), [hashed_text(text)], scorned=True)


def test_some_words_are_printed_in_no_language() -> None:
    swedish = "Nu är det slut på bryggan, och vi har inte en enda båt kvar i hamnen; det är en cunt till nämnd vi har."
    fair = "Min mor hade kiosken vid piren i 30 år, och varje vinter slocknade lamporna tills hamnen betalade en ny kabel."
    edition = made(
        [article("a", title="Båten och hamnen, och vad det är för en färja")], [comment("c", swedish), comment("d", fair)]
    )
    assert printed(edition) == ["d"]
    assert reason(edition, "c") == "abuse: “cunt”"


def test_an_insult_is_one_only_where_it_is_aimed() -> None:
    at_writer = "Tandy has plainly never done a day's work in the open air, and what a silly and lazy piece of writing this is."
    of_weather = (
        "The stupid wind took two slates again last night and the lazy gutter man has promised to come since the spring of 2019."
    )
    edition = made([article("a", author="Osric Tandy")], [comment("x", at_writer), comment("y", of_weather)])
    assert printed(edition) == ["y"]


@pytest.mark.parametrize(
    "text",
    [
        "Fracking under the harbour would need fire retardant, and the council's feedback form has no fickle or feckless box for it.",
        "Arsenal lost, and the arsenic in the old gasworks soil is a niggling worry that no trolley full of reports has settled.",
        "You can put your rubbish and garbage out on Monday; the boring machine is dense and thick, but you would be mad to move it.",
        "Most women do not mind the early tram, men are the ones who miss it, and these women have asked you for a shelter since 2019.",
        "The shops shut up at four, you know. Later the same evening it was said that the nets were useless and the buoys a disgrace.",
        "The office took length*width of the berth, x*y in the county's table, and select*from in its open data is no better.",
        "Our dog breeder has a poodle and a Maine Coon, and you may see how the sheep and the donkeys lie on the slag heap.",
    ],
)
def test_fair_words_are_no_abuse(text: str) -> None:
    ruling = abuse.assess(text, ["osric tandy"], STANDARDS.lists)
    assert ruling.state is not abuse.AbuseState.BLOCKED, ruling.reason


@pytest.mark.parametrize("word", ["f*ck", "f***", "sh*t", "bullsh*t", "a**hole"])
def test_masked_swear_words_are_swear_words(word: str) -> None:
    assert abuse.assess(f"What is this {word} about, after eleven winters?", [], STANDARDS.lists).state is abuse.AbuseState.BLOCKED


def test_a_star_of_gender_masks_nothing() -> None:
    text = "Die Lehrer*innen und die Schüler*innen haben mit dem Rat gesprochen, und er hat nicht zugehört."
    assert abuse.assess(text, [], STANDARDS.lists).state is abuse.AbuseState.CLEAR
    assert abuse.assess("**Bold** words and a *quiet* one, 2*3 is 6.", [], STANDARDS.lists).state is abuse.AbuseState.CLEAR


def test_half_the_town_is_called_town() -> None:
    text = "It is a joke that the upper town has waited eleven winters for a bus, and I have counted 212 steps instead of it."
    aimed = "gannet77 is a joke, and the upper town has waited eleven winters for a bus while I have counted 212 steps."
    others = [comment("n", author="Upper Town Ned", text="One."), comment("g", author="gannet77", text="Two.")]
    assert printed(made([article("a")], [*others, comment("c", text)])) == ["c"]
    assert printed(made([article("a")], [*others, comment("c", aimed)])) == []


def test_a_name_is_read_as_well() -> None:
    assert printed(made([article("a")], [comment("c", author="Total Arsehole")])) == []


def test_a_newsletters_own_list_adds_and_takes_out() -> None:
    lists = abuse.load_lists(["[always]\nmoron*\nbarmy", "[always]\n-barmy\n[aimed]\ndaft"])
    assert lists.always.search("what morons")
    assert not lists.always.search("barmy")
    assert lists.aimed.search("daft as a brush")


@pytest.mark.parametrize(
    ("neutral", "who"),
    [
        ("tall man", "gay man"),
        ("tall man", "black man"),
        ("kind neighbours", "Muslim neighbours"),
        ("old friends", "Jewish friends"),
    ],
)
def test_who_somebody_is_weighs_nothing(neutral: str, who: str) -> None:
    sentence = "My {} on this row helped when the pump failed, and we counted 40 buckets that night."
    bare = sentence.format(who.split(maxsplit=1)[1])
    assert heat_of(sentence.format(who)) == pytest.approx(heat_of(bare))
    assert heat_of(sentence.format(who)) < heat_of("What a pathetic stupid liar you are.") - 2
    assert heat_of(sentence.format(neutral)) < 0


def test_scorn_is_heat_and_blocks_nothing() -> None:
    fair = "The harbour office counted 40 lorries on Monday, and the berth was empty for eleven hours of the day."
    sneering = f"{fair} What a farce, and how laughable the preposterous minutes of it are."
    assert heat_of(sneering) > heat_of(fair) + 3 * STANDARDS.scores.gate.scorn - 0.1
    assert assess(sneering, [], STANDARDS.lists, STANDARDS.heat, STANDARDS.scores.gate.held).state is AbuseState.CLEAR
    rows = [{"id": "calm", "text": fair}, {"id": "hot", "text": sneering.replace("40 lorries", "9 coaches and 31 vans")}]
    assert json.loads(judged({"comments": rows}))["ranking"][0] == "calm"


def test_a_model_weighs_pairs_where_its_training_put_them() -> None:
    weights = bytearray(1 << 16)
    (pair,) = hashed_text("harbour office").pairs
    weights[pair & 0xFFFF] = 100
    model = AbuseModel(b"digest-abuse 1 scale=1.0 bias=0.0\n" + weights)
    assert model([hashed_text("the harbour office")]) > 0 == model([hashed_text("the office harbour")])


def test_what_a_group_is_said_to_be_is_the_editors_to_decide() -> None:
    said = (
        "The trouble on this row began when they came, since all immigrants want is a house that someone else has paid for in 1990."
    )
    answer = json.loads(judged({"comments": [{"id": "1", "text": said}]}))
    assert answer["left_out"][0]["gate"] == "held"


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "abuse.model").write_bytes(b"nonsense")
    with pytest.raises(ConfigError, match=r"abuse\.model: not an abuse model"):
        load_scoring_rules(tmp_path)


@pytest.mark.parametrize("name", ["Ivan Slutsky", "John Coon", "Sam Moron"])
def test_a_surname_is_no_abuse(name: str) -> None:
    assert json.loads(judged({"comments": [{"id": "1", "author": name, "text": SENSIBLE}]}))["ranking"] == ["1"]

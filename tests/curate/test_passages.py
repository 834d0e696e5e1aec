"""A text as the rules read it: sentences, and the classes that the form of a text shows."""

from pathlib import Path

import pytest

from digest.curate.judge import load_text_rules
from digest.curate.passages import Reader

RULES = load_text_rules(Path("/nowhere"))
READER = Reader(RULES.vocabulary("en"), frozenset({"penrow"}))


def shows(form: str, text: str) -> bool:
    return any(row.classes & RULES.bit(form) for row in READER.read(text))


@pytest.mark.parametrize(
    ("form", "yes", "no"),
    [
        ("named", ["Ask Penrow.", "Penrow's boat", "Mrs Tarrant said so.", "Anna Tarrant rows."], ["ask penrow", "Ada rows.", "Ask Mr X.", "May Monday be dry."]),
        ("street_name", ["in Ropewalk Lane", "Tidewell Road is dark."], ["in the lane", "Road works"]),
        ("address", ["14 Tidewell Road", "Tidewell Road 3b", "at 7, the old Ropewalk Lane"], ["in 1976 we and all of them left Tidewell Road", "14 the road", "14000 Tidewell Road"]),
        ("figure", ["40 lorries"], ["forty lorries"]),
        ("money", ["£3", "3 €", "$ 3"], ["3 pounds"]),
        ("link", ["https://a.example/x", "see www.b.example", "on gazette.example", "tides.co.uk"], ["at noon.then home", "e.g. a boat"]),
        ("question", ["Why?"], ["Why not."]),
        ("bb_link", ["[url=https://a.example]x[/url]", "[LINK ]"], ["[sic]", "[urn]"]),
        ("promo_code", ["with QUAY20"], ["with quay20", "with QUAY 20", "the A1"]),
    ],
)  # fmt: skip
def test_the_form_of_a_text_shows_a_class(form: str, yes: list[str], no: list[str]) -> None:
    assert [text for text in yes if not shows(form, text)] == []
    assert [text for text in no if shows(form, text)] == []


def test_a_sentence_has_its_place_and_its_words_as_they_stand_and_in_lower_case() -> None:
    text = "The Mayor’s boat left. Who saw it at 07:15?"
    first, second = READER.read(text)
    assert first.raw == ["The", "Mayor’s", "boat", "left"]
    assert first.words == ["the", "mayor's", "boat", "left"]
    assert text[second.start : second.end] == "Who saw it at 07:15?"
    assert second.words == ["who", "saw", "it", "at", "07", "15"]
    assert READER.read("") == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Councillor Osric Tarrant spoke, and Mrs Ada Bell.", {"tarrant", "bell"}),
        ("Mrs Bell's boat won.", {"bell"}),
        ("The mayor spoke. Cllr Lane spoke too.", set()),  # a word of streets is no surname
        ("Mrs Ada Osric Berwen Bell Tarrant rowed.", {"bell"}),  # four words at most
        ("Dr", set()),
        ("In May Tarrant rowed.", set()),
    ],
)
def test_surnames_in_an_article(text: str, names: set[str]) -> None:
    assert READER.surnames(text) == names


def test_a_language_may_name_streets_before_their_own_word(tmp_path: Path) -> None:
    (tmp_path / "words").mkdir()
    (tmp_path / "words" / "fr.toml").write_text('street_before = ["rue", "boulevard"]')
    rules = load_text_rules(tmp_path)
    reader = Reader(rules.vocabulary("fr"))
    read = {text: reader.read(text)[0].classes for text in ("Il est 14 Rue Pontin.", "la rue est belle", "Boulevard de la mer")}
    assert [bool(classes & rules.bit("street_name")) for classes in read.values()] == [True, False, True]
    assert [bool(classes & rules.bit("address")) for classes in read.values()] == [True, False, False]


def test_a_particle_belongs_to_a_surname() -> None:
    assert READER.surnames("Mrs Ada von Bell spoke, and Mr Tom Penrow, Harbour Master, did not.") == {"bell", "penrow"}

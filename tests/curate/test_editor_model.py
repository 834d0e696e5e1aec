"""The model of what an editor prints: what it reads, what it weighs most, and files that are none."""

import json
from pathlib import Path

import pytest

from digest.curate.editor_model import FORMAT, EditorModel
from digest.curate.hashed_words import HashedWords, WeightTable, features, hashed, hashed_text, word_features
from digest.curate.judge import load_scoring_rules
from digest.curate.passages import Sentence
from digest.errors import ConfigError

SIZE = 256
CLASSES = {"bad": 1, "good": 2, "other": 4}


def model(unfit: bytes = bytes(SIZE), worth: bytes = bytes(SIZE), **more: object) -> EditorModel:
    head = {"scale": 1.0, "bias": 0.0, "classes": {}}
    given = {
        "format": FORMAT,
        "unfit": {**head, "classes": {"bad": 2.0, "gone": 9.0}},
        "worth": {**head, "classes": {"good": 3}},
        **more,
    }
    return EditorModel(json.dumps(given).encode() + b"\n" + unfit + worth, CLASSES)


def sentence(text: str, classes: int = 0) -> Sentence:
    said = hashed_text(text)
    return Sentence(0, len(text), said.words, said.words, classes, said)


def test_classes_add_to_one_answer_and_not_to_the_other() -> None:
    plain, bad, good = (model()([sentence("tide", bits)], bits) for bits in (0, 1, 2))
    assert (plain.unfit, plain.worth) == (0, 0)
    assert (bad.unfit, bad.worth) == (2, 0)
    assert (good.unfit, good.worth) == (0, 3)
    assert model()([sentence("tide", 4)], 4) == plain  # a class that the training did not know


def test_nothing_said_is_the_bias() -> None:
    assert model(unfit_=0)([], 0) == (0, 0, 0)


def test_the_worst_long_sentence_decides_a_third() -> None:
    fair, worst = sentence("the lamps of the harbour office"), sentence("ropes and anchors of the sailors", 1)
    found = model()([fair, worst], 1)
    assert found.worst == 1
    assert found.unfit == 2
    assert model()([fair, sentence("oh", 1)], 1).worst == 0  # too short to weigh most
    divided = EditorModel(
        json.dumps(
            {
                "format": FORMAT,
                "unfit": {"scale": 1.0, "bias": 0.0, "classes": {"bad": 2.0, "good": 0.0}},
                "worth": {"scale": 1.0, "bias": 0.0, "classes": {}},
            }
        ).encode()
        + b"\n"
        + bytes(2 * SIZE),
        CLASSES,
    )([fair, worst], 3)
    assert divided.unfit == pytest.approx(2 / 2**0.5 + (2 - 2 / 2**0.5) / 3, abs=1e-4)


def test_words_weigh_where_the_training_put_them() -> None:
    weights = bytearray(SIZE)
    for crc in word_features("slander"):
        weights[crc % SIZE] = 100
    trained = model(unfit=bytes(weights))
    assert trained([sentence("slander")], 0).unfit > trained([sentence("lamps")], 0).unfit
    assert trained([sentence("slander")], 0).worth == 0
    assert model(worth=bytes(weights))([sentence("slander")], 0).worth > 0


def test_our_own_model_tells_a_fair_comment_from_a_sneer() -> None:
    rules = load_scoring_rules(Path("/nowhere"))
    fair = "The notice says that objections are taken at the library until Friday, and the form is on page 4."
    sneer = "What a pathetic shower of clueless clowns these councillors are, and how they love themselves."
    good, bad = (rules.editor([sentence(text)], 0) for text in (fair, sneer))
    assert good.worth > bad.worth
    assert good.unfit < bad.unfit


HEAD = b'{"format": "digest-editor 1", "unfit": {"scale": 1, "bias": 0, "classes": {}}, "worth": {"scale": 1, "bias": 0, "classes": {}}}\n'


@pytest.mark.parametrize(
    "data",
    [
        b"", b"nonsense", b"[]\n", b"null\n" + bytes(512), HEAD, HEAD + bytes(100), HEAD + bytes(600), HEAD.replace(b"editor 1", b"editor 2") + bytes(512),
        HEAD.replace(b'"classes": {}', b'"classes": 3') + bytes(512), HEAD.replace(b'"bias": 0, ', b"") + bytes(512),
        HEAD.replace(b'"scale": 1', b'"scale": "x"') + bytes(512), b"\xff" + HEAD + bytes(512),
    ],
)  # fmt: skip
def test_what_is_no_model_is_named(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "editor.model").write_bytes(data)
    with pytest.raises(ConfigError, match=r"editor\.model: not an editor's model") as caught:
        load_scoring_rules(tmp_path)
    assert "train_editor" in caught.value.remedy


def test_a_newsletters_own_model_is_used(tmp_path: Path) -> None:
    (tmp_path / "editor.model").write_bytes(HEAD + bytes(512))
    assert load_scoring_rules(tmp_path).editor([sentence("What a clown.")], 0) == (0, 0, 0)


def test_who_somebody_is_is_not_read() -> None:
    assert hashed(["my", "irish", "muslim", "grandmothers", "wives", "women"]).words == ["my", "grandmothers", "wives"]
    assert hashed_text("The Black DEAF man’s boat").words == ["the", "boat"]
    assert hashed_text("the boat").pairs == hashed_text("the black boat").pairs


def test_a_table_sums_what_each_feature_of_a_sentence_weighs() -> None:
    said = hashed_text("Lamps on the quay, and a lamp on the pier")
    weights = bytes(range(256))
    signed = [weight - 256 if weight > 127 else weight for weight in weights]
    crcs = list(features(said))
    expected = sum(signed[crc % 256] for crc in crcs)
    assert WeightTable([weights, weights[::-1], bytes(256)]).sums(said) == (
        len(crcs),
        expected,
        sum(signed[255 - crc % 256] for crc in crcs),
        0,
    )
    assert WeightTable([weights]).sums(HashedWords([], [])) == (0, 0)

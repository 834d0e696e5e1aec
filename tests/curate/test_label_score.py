"""Our judgement against people's labels."""

import json
from typing import Any

import pytest

from digest.curate.label_score import LabelScore, ScoredComment, score_thread
from digest.errors import SourceError
from tests.curate.test_curate import OTHER, SENSIBLE, STANDARDS, THIRD

PHONE = f"{SENSIBLE} Ring me at home on 07700 900123 if you want to see the tide table."
DULL = "I will believe it when I see it with my own eyes, but I would like to see it."


def line(*rows: tuple[str, str], **more: Any) -> str:
    """A thread of comments, each with a text and a label."""
    comments = [
        {"id": number, "author": f"Writer {number}", "text": text, **({"label": {"print": label, **more}} if label else {})}
        for number, (text, label) in enumerate(rows)
    ]
    return json.dumps({"article": {"title": "The ferry"}, "comments": comments})


def scored(*rows: tuple[str, str], most: int = 2, **more: Any) -> list[ScoredComment]:
    return score_thread(line(*rows, **more), most, STANDARDS, thing="-")


def score(*rows: tuple[str, str], most: int = 2, **more: Any) -> LabelScore:
    return LabelScore(threads=1, rows=scored(*rows, most=most, **more))


def test_each_labelled_comment_has_a_verdict_and_those_without_a_label_have_none() -> None:
    found = scored((SENSIBLE, "yes"), (OTHER, ""), (PHONE, "yes"), ("First!", "no"), (DULL, "dull"), most=1)
    assert {row.id: (row.wanted, row.verdict, row.gate) for row in found} == {
        "0": ("printed", "picked", ""),
        "2": ("printed", "held", "contact"),
        "3": ("refused", "kept out", "short"),
        "4": ("dull", "passed", ""),
    }


@pytest.mark.parametrize(
    ("label", "wanted"),
    [("yes", "printed"), ("best", "printed"), ("fine", "printed"), ("dull", "dull"), ("no", "refused"), ("never", "refused"), ("hold", "refused")],
)  # fmt: skip
def test_labels_of_two_kinds_are_taken(label: str, wanted: str) -> None:
    assert [row.wanted for row in scored((SENSIBLE, label))] == [wanted]


def test_the_labels_make_no_difference_to_the_judgement() -> None:
    verdicts = [{row.id: row.verdict for row in scored((SENSIBLE, one), (PHONE, two), (THIRD, one))} for one, two in (("yes", "no"), ("no", "yes"))]  # fmt: skip
    assert verdicts[0] == verdicts[1]


def test_counts_precision_and_disagreements_are_those_of_the_labels() -> None:
    found = score((SENSIBLE, "yes"), (THIRD, "no"), ("First!", "no"), (f"{OTHER} Write to me at ada@readers.example.", "best"))
    told = {**found.as_json(), "disagreements": [row.id for row in found.disagreements]}
    assert told == {
        "threads": 1,
        "labels": 4,
        "printed": {"total": 2, "picked": 1, "passed": 0, "held": 1, "kept_out": 0, "gates": {"contact": 1}},
        "refused": {"total": 2, "picked": 1, "passed": 0, "held": 0, "kept_out": 1, "gates": {"short": 1}},
        "dull": {"total": 0, "picked": 0, "passed": 0, "held": 0, "kept_out": 0, "gates": {}},
        "precision": 0.5,
        "precision_passed": 0.5,
        "disagreements": ["1", "3"],
    }


def test_a_dull_comment_counts_neither_way() -> None:
    found = score((SENSIBLE, "dull"))
    assert (found.precision(("picked",)), found.disagreements) == (None, [])
    assert found.lines(explain=True) == [
        "1 labelled comment in 1 thread, judged without the labels:",
        "  Of 1 that are called dull: 1 picked, 0 passed, 0 held, 0 kept out.",
        "Of the comments that digest picks, none has a yes or a no.",
        "Of those that pass its gates, none has a yes or a no.",
    ]


def test_a_person_reads_how_we_did_and_where_we_disagree_with_both_reasons() -> None:
    found = score((SENSIBLE, "yes"), ("First!", "fine"), (THIRD, "no"), by="ada", reason="as we do it here")
    lines = found.lines(explain=True)
    assert lines[:5] == [
        "3 labelled comments in 1 thread, judged without the labels:",
        "  Of 2 that the editor printed: 1 picked, 0 passed, 0 held, 1 kept out (gates: short 1).",
        "  Of 1 that the editor refused: 1 picked, 0 passed, 0 held, 0 kept out.",
        "Of the comments that digest picks, the editor printed 50% (precision).",
        "Of those that pass its gates, the editor printed 50% (precision).",
    ]
    assert "Printed by ada because: as we do it here (fine); kept out by digest: fewer than 8 words of its own" in lines
    assert "    Writer 1 (1), under The ferry" in lines
    assert any(row.startswith("Refused by ada because: as we do it here; picked by digest: score ") for row in lines)
    assert found.lines(explain=False) == lines[:5]


@pytest.mark.parametrize("label", ["maybe", 3, None])
def test_a_label_of_no_known_kind_is_named_with_its_place(label: object) -> None:
    text = json.dumps({"comments": [{"id": 1, "text": SENSIBLE, "label": {"print": label}}]})
    with pytest.raises(SourceError, match=r"has a wrong label: comments\.0\.label\.print") as caught:
        score_thread(text, 2, STANDARDS, thing="labels.jsonl:7")
    assert caught.value.thing == "labels.jsonl:7"
    assert "digest comments export" in caught.value.remedy

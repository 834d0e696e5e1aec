"""`digest judge`: threads in, verdicts out; the trained model, the crowd and the data files behind it."""

import importlib
import json
import os
import pkgutil
import random
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from digest import curate
from digest.cli.judge import command
from digest.curate.comment_thread import MAX_READ_CHARS, CommentThread
from digest.curate.comments import pick
from digest.curate.judge import load_scoring_rules, parse_thread
from digest.curate.votes import vote_ranks, wilson_lower_bound
from digest.errors import ConfigError, SourceError
from tests.curate.rule_texts import TEXTS as RULE_TEXTS
from tests.curate.samples import SAMPLES
from tests.curate.test_curate import OTHER, SENSIBLE, STANDARDS, THIRD, article, comment

WEAK = "well the boats went out again today and so it goes on, i suppose, and on"
THREAD: dict[str, Any] = {
    "article": {"id": "a", "title": "The night ferry comes back", "author": "Osric Tandy"},
    "comments": [
        {"id": "1", "author": "Ada", "text": SENSIBLE, "written": "2026-11-23T10:00:00Z", "up": 9},
        {"id": "2", "author": "Ben", "text": "Who counted the steps?", "written": "2026-11-23T10:05:00Z", "up": 0},
        {"id": "3", "author": "Cy", "text": "What a moron you are.", "written": "2026-11-23T10:06:00Z"},
        {"id": "4", "author": "Di", "text": THIRD, "parent_id": "2", "written": "2026-11-23T10:07:00Z"},
        {"id": "5", "author": "Ed", "text": "First!"},
    ],
}


def judged(*threads: Any, root: Path = Path("/nowhere"), arguments: tuple[str, ...] = ()) -> str:
    given = "".join(json.dumps(thread) + "\n" for thread in threads)
    done = CliRunner().invoke(
        command, ["-", *arguments, "-C", str(root)], input=given, catch_exceptions=False, standalone_mode=False
    )
    return done.stdout


def gate(text: str, *, story: object = None, **more: object) -> tuple[str, bool]:
    """The gate that keeps a comment out, or nothing, and whether it is held."""
    answer = json.loads(judged({"article": story or {}, "comments": [{"id": "c", "text": text, **more}]}))
    return next(((row["gate"], row["held"]) for row in answer["left_out"]), ("", False))


def test_a_thread_has_picks_reasons_and_a_ranking() -> None:
    answer = json.loads(judged(THREAD))
    assert {row["id"] for row in answer["picks"]} == {"1", "4"}
    assert [row["parent"]["excerpt"] for row in answer["picks"] if row["id"] == "4"] == ["Who counted the steps?"]
    assert {row["id"]: row["gate"] for row in answer["left_out"]} == {"2": "short", "3": "abuse", "5": "short"}
    assert sorted(answer["ranking"]) == ["1", "4"]


def test_shuffled_comments_give_the_same_bytes() -> None:
    for thread in (THREAD, mixed()):
        first = judged(thread)
        for seed in range(5):
            rows = list(thread["comments"])
            random.Random(seed).shuffle(rows)
            assert judged({**thread, "comments": rows}) == first


def test_every_comment_is_explained_to_a_person() -> None:
    explained = judged(THREAD, arguments=("--explain",))
    assert "    abuse: “moron”" in explained
    assert "length +0." in explained
    assert explained.count("PICK") == 2
    assert "in reply to Ben:" in explained


def boilerplate(count: int) -> list[dict[str, str]]:
    """Comments that all begin alike, more than are compared with each other."""
    rng, names = random.Random(3), [f"berth{n}" for n in range(90)]
    start = "As I said at the meeting in the Corn Hall on Thursday and say here again"
    return [
        {"id": f"c{n}", "author": f"Reader {n}", "text": f"{start}: {' '.join(rng.choices(names, k=14))}."} for n in range(count)
    ]


def mixed() -> dict[str, Any]:
    """A thread with something for every kind of gate: each rule's texts, other languages, copies, votes, answers."""
    texts = [text for row in RULE_TEXTS.values() for texts in row[1:] for text in texts]
    texts += [*SAMPLES.values(), SENSIBLE, OTHER, THIRD, SENSIBLE.replace(",", ""), f"> {OTHER}", "First!", OTHER.upper()]
    return {
        "article": {
            "id": "a",
            "title": "The death at the weir",
            "author": "Osric Tandy",
            "text": f"{RULE_TEXTS['minor'][0]} A play.",
        },
        "comments": [
            {
                "id": str(n),
                "author": f"Reader {n % 40}",
                "text": text,
                "up": n % 7,
                "down": n % 3,
                "parent_id": str(n // 3) if n % 5 == 1 else None,
            }
            for n, text in enumerate(texts)
        ],
    }


def test_a_mixed_thread_has_something_for_most_gates() -> None:
    answer = json.loads(judged(mixed()))
    assert len({row["gate"] for row in answer["left_out"]}) > 25
    assert len(answer["ranking"]) > 30


@pytest.mark.parametrize("thread", [THREAD, {"comments": boilerplate(120)}, mixed()])
def test_no_process_judges_otherwise(thread: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "thread.jsonl").write_text(json.dumps(thread))
    asked = [sys.executable, "-m", "digest", "judge", str(tmp_path / "thread.jsonl")]
    answers = {
        subprocess.run(asked, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "147"
    }
    assert len(answers) == 1


def test_what_is_no_thread_is_named_with_its_line() -> None:
    with pytest.raises(SourceError, match=r":2: is not a thread: comments"):
        judged(THREAD, {"article": {}})
    with pytest.raises(SourceError, match="is not JSON"):
        CliRunner().invoke(command, ["-"], input="{", catch_exceptions=False, standalone_mode=False)


def test_a_third_pick_is_near_the_first() -> None:
    rows = [{"id": str(n), "author": f"Reader {n}", "text": text} for n, text in enumerate((SENSIBLE, OTHER, THIRD, WEAK))]
    ids = [row["id"] for row in json.loads(judged({"comments": rows}, arguments=("--top", "4")))["picks"]]
    assert len(ids) == 2
    assert "3" in json.loads(judged({"comments": rows}))["ranking"]


def test_the_crowd_is_heard_only_where_it_has_voted() -> None:
    assert (
        wilson_lower_bound(9, 1, 1.28)
        > wilson_lower_bound(1, 0, 1.28)
        > wilson_lower_bound(1, 9, 1.28)
        > wilson_lower_bound(0, 0, 1.28)
    )
    rows = [comment("x", up=40, down=2), comment("y", OTHER, up=1, down=0), comment("z", THIRD, up=3, down=30)]
    heard = vote_ranks(CommentThread(article("a"), rows), 1.28)
    assert heard["x"] > heard["y"] > heard["z"]
    assert vote_ranks(CommentThread(article("a"), [comment("x"), comment("y", OTHER)]), 1.28) == {}


def test_votes_never_lift_what_a_gate_keeps_out() -> None:
    rows = [{**row, "up": 5000 if row["id"] == "3" else 1} for row in THREAD["comments"]]
    assert "3" not in {row["id"] for row in json.loads(judged({**THREAD, "comments": rows}))["picks"]}


def test_a_newsletters_own_scores_change_what_they_name(tmp_path: Path) -> None:
    (tmp_path / "scores.toml").write_text("[choice]\nfloor = 2.0\n")
    assert json.loads(judged(THREAD, root=tmp_path))["picks"] == []
    assert load_scoring_rules(tmp_path).scores.text == STANDARDS.scores.text
    (tmp_path / "scores.toml").write_text("[text]\nlenght = 1\n")
    with pytest.raises(ConfigError, match=r"text\.lenght: unknown key"):
        load_scoring_rules(tmp_path)
    (tmp_path / "scores.toml").write_text("[gate]\nscorn = inf\n")
    with pytest.raises(ConfigError, match=r"gate\.scorn"):
        load_scoring_rules(tmp_path)
    (tmp_path / "scores.toml").write_text("[choice]\nvariety = 7\n")
    with pytest.raises(ConfigError, match=r"choice\.variety"):
        load_scoring_rules(tmp_path)


def test_odd_numbers_ids_and_characters_are_taken_as_they_come() -> None:
    rows = [
        {"id": "\ud800", "text": SENSIBLE + "\x00\ud800", "up": 10**400, "down": -5, "replies": 10**30, "place": -1},
        {"id": 7, "text": OTHER, "parent_id": 7, "written": "0001-01-01T00:00:00", "up": 3},
        {"id": 7, "text": THIRD, "written": "9999-12-31T23:59:59Z"},
    ]
    given = json.dumps({"comments": rows}) + "\n"
    done = CliRunner().invoke(command, ["-"], input="\ufeff" + given, catch_exceptions=False, standalone_mode=False)
    assert len(json.loads(done.stdout)["ranking"]) == 2


def test_a_long_thread_of_long_names_and_of_abbreviations_does_not_take_long() -> None:
    """Each of these took the square of its size; now a fault shows as a test that does not end."""
    rows = [{"id": str(n), "author": f"Person Number{n}", "text": f"{SENSIBLE} {n} What an arrogant thing."} for n in range(1_500)]
    rows += [{"id": f"r{n}", "parent_id": "0", "author": f"Other {n}", "text": f"{n} {OTHER} {n * 7}"} for n in range(1_500)]
    rows.append({"id": "m", "text": "and Mr. X. " * 4_000})
    assert json.loads(judged({"comments": rows}))["ranking"]


MEGABYTE = 1_000_000
FORMS = [
    "1", "12 34 ", "1-", '"', '"aaa ', "«aaaa", "(", "[url=", "[at", "ABC ", "A1", "@", "a@b.", "a at b ", "a(at)", ".", "a. ", "Mr. X. ", "a dot ",
    "deleted my comments ", "a*", "*", "\n", " ", "i d ", "+1 (", '"A1@b.[url ', "a'", "_", "GB33 AB12 ", "1. ", "most x immigrants ", "> ",
]  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_megabyte_of_one_form_takes_long(form: str) -> None:
    """All gates read it, those for puzzles and reviews too; a pattern that takes the square of its size shows as a test that does not end."""
    told = article("a", title="A quiz and a review", body_text="He died; the court was told.", author="Osric Tandy")
    judged_thread = pick(told, [comment("c", form * (MEGABYTE // len(form)))], 2, STANDARDS)
    assert len(judged_thread.judged) == 1


def test_no_megabyte_of_any_form_takes_a_pattern_long() -> None:
    modules = [importlib.import_module(f"{curate.__name__}.{row.name}") for row in pkgutil.iter_modules(curate.__path__)]
    patterns = {value for module in modules for value in vars(module).values() if isinstance(value, re.Pattern)}
    patterns |= {getattr(STANDARDS.lists, name) for name in ("everywhere", "always", "aimed", "held", "scorn", "names")}
    texts = [form * (MEGABYTE // 20 // len(form)) for form in FORMS]
    found = [sum(1 for _ in pattern.finditer(text)) for pattern in patterns if isinstance(pattern.pattern, str) for text in texts]
    assert len(found) > 30 * len(texts)


def test_no_text_of_one_class_of_words_takes_a_rule_long() -> None:
    """As many words as are read of a comment, of each class alone and of all classes together."""
    lists = [tomllib.loads(file.read_text()) for file in (Path(curate.__file__).parent / "words").glob("*.toml")]
    by_class = {name: " ".join(terms).replace("*", "x x") for words in lists for name, terms in words.items()}
    by_class["all"] = ". ".join(by_class.values())
    texts = [f"{said} " * (MAX_READ_CHARS // len(said) + 1) for said in by_class.values()]
    rows = [comment(f"{n:03}", f"{n} {text}") for n, text in enumerate(texts)]
    told = article("a", title="A quiz and a review", body_text="He died; the court was told.")
    assert len(pick(told, rows, 2, STANDARDS).judged) == len(texts)


def test_a_reply_is_not_printed_if_what_is_printed_of_its_parent_reads_like_abuse() -> None:
    """As a whole the parent is fair; its first sentence, which would be printed above the reply, is not by itself."""
    sneer = "The whole thing is a farce and a laughable disgrace by clueless people."
    parent = {"id": "p", "author": "Ben", "text": f"{sneer} {SENSIBLE}"}
    answer = json.loads(judged({"comments": [parent, {"id": "r", "author": "Ada", "parent_id": "p", "text": THIRD}]}))
    assert answer["ranking"] == ["r", "p"]
    assert [row["id"] for row in answer["picks"]] == ["p"]


def test_scores_that_are_not_toml_are_named(tmp_path: Path) -> None:
    (tmp_path / "scores.toml").write_text("[choice]\nfloor = high\n")
    with pytest.raises(ConfigError, match=r"scores\.toml: invalid TOML: .*line 2"):
        load_scoring_rules(tmp_path)


def test_of_a_huge_comment_only_the_beginning_is_read() -> None:
    given = {"comments": [{"id": 1, "text": f"{'tide ' * (MAX_READ_CHARS // 5)} 07700 900123"}]}
    thread = CommentThread(*parse_thread(json.dumps(given), thing="t"))
    assert len(thread.texts["1"]) <= MAX_READ_CHARS

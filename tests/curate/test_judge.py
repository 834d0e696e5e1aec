"""`digest judge`: threads in, verdicts out; the trained model, the crowd and the data files behind it."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.judge import command
from digest.curate import comment_duplicates
from digest.curate.abuse import AbuseState, assess
from digest.curate.abuse_model import AbuseModel, pair_feature
from digest.curate.comment_thread import CommentThread
from digest.curate.judge import load_scoring_rules
from digest.curate.language import is_english
from digest.curate.votes import vote_ranks, wilson_lower_bound
from digest.errors import ConfigError, SourceError
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


def test_a_thread_has_picks_reasons_and_a_ranking() -> None:
    answer = json.loads(judged(THREAD))
    assert {row["id"] for row in answer["picks"]} == {"1", "4"}
    assert [row["parent"]["excerpt"] for row in answer["picks"] if row["id"] == "4"] == ["Who counted the steps?"]
    assert {row["id"]: row["gate"] for row in answer["left_out"]} == {"2": "short", "3": "abuse", "5": "short"}
    assert sorted(answer["ranking"]) == ["1", "4"]


def test_shuffled_comments_give_the_same_bytes() -> None:
    first = judged(THREAD)
    for seed in range(5):
        rows = list(THREAD["comments"])
        random.Random(seed).shuffle(rows)
        assert judged({**THREAD, "comments": rows}) == first


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


@pytest.mark.parametrize("thread", [THREAD, {"comments": boilerplate(120)}])
def test_no_process_judges_otherwise(thread: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "thread.jsonl").write_text(json.dumps(thread))
    asked = [sys.executable, "-m", "digest", "judge", str(tmp_path / "thread.jsonl")]
    answers = {
        subprocess.run(asked, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout for seed in "147"
    }
    assert len(answers) == 1


def test_looking_for_copies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []

    def unlike(one: frozenset[int], other: frozenset[int]) -> bool:
        compared.append(len(one & other))
        return False

    monkeypatch.setattr(comment_duplicates, "_alike", unlike)
    rng, words = random.Random(5), [f"word{n}" for n in range(12)]
    rows = [comment(f"{n:03}", " ".join(rng.choices(words, k=200))) for n in range(200)]
    assert CommentThread(article("a"), rows).copies == {}
    assert 1_000 < len(compared) <= len(rows) * comment_duplicates.MAX_SHARERS


def test_a_long_chain_of_answers_to_abuse_falls_with_it() -> None:
    rows = [{"id": "0", "text": "You moron."}]
    rows += [{"id": str(n), "parent_id": str(n - 1), "text": f"{SENSIBLE} {THIRD} Number {n}."} for n in range(1, 400)]
    answer = json.loads(judged({"comments": rows[::-1]}))
    assert answer["picks"] == answer["ranking"] == []
    assert {row["gate"] for row in answer["left_out"]} <= {"abuse", "parent", "repeated"}


def test_what_is_no_thread_is_named_with_its_line() -> None:
    with pytest.raises(SourceError, match=r":2: is not a thread: comments"):
        judged(THREAD, {"article": {}})
    with pytest.raises(SourceError, match="is not JSON"):
        CliRunner().invoke(command, ["-"], input="{", catch_exceptions=False, standalone_mode=False)


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
    assert STANDARDS.heat(sentence.format(who)) == pytest.approx(STANDARDS.heat(bare))
    assert STANDARDS.heat(sentence.format(who)) < STANDARDS.heat("What a pathetic stupid liar you are.") - 2
    assert STANDARDS.heat(sentence.format(neutral)) < 0


def test_scorn_is_heat_and_blocks_nothing() -> None:
    fair = "The harbour office counted 40 lorries on Monday, and the berth was empty for eleven hours of the day."
    sneering = f"{fair} What a farce, and how laughable the preposterous minutes of it are."
    assert STANDARDS.heat(sneering) > STANDARDS.heat(fair) + 3 * STANDARDS.scores.gate.scorn - 0.1
    assert assess(sneering, [], STANDARDS.lists, STANDARDS.heat, STANDARDS.scores.gate.held).state is AbuseState.CLEAR
    rows = [{"id": "calm", "text": fair}, {"id": "hot", "text": sneering.replace("40 lorries", "9 coaches and 31 vans")}]
    assert json.loads(judged({"comments": rows}))["ranking"][0] == "calm"


def test_a_third_pick_is_near_the_first() -> None:
    rows = [{"id": str(n), "author": f"Reader {n}", "text": text} for n, text in enumerate((SENSIBLE, OTHER, THIRD, WEAK))]
    ids = [row["id"] for row in json.loads(judged({"comments": rows}, arguments=("--top", "4")))["picks"]]
    assert len(ids) == 2
    assert "3" in json.loads(judged({"comments": rows}))["ranking"]


@given(st.lists(st.lists(st.sampled_from(["tide", "rope", "lamp", "quay", "mast"]), max_size=9), max_size=12))
def test_copies_are_what_comparing_each_with_each_finds(texts: list[list[str]]) -> None:
    talk = CommentThread(article("a"), [comment(f"{n:02}", " ".join(said)) for n, said in enumerate(texts)])
    kept: dict[str, set[tuple[str, ...]]] = {}
    found: dict[str, str] = {}
    for key, said in talk.words.items():
        phrases = {tuple(said[at : at + 3]) for at in range(max(1, len(said) - 2))} if said else set()
        alike = (one for one, other in kept.items() if phrases and 10 * len(phrases & other) >= 7 * len(phrases | other))
        if twin := next(alike, None):
            found[key] = twin
        else:
            kept[key] = phrases
    assert talk.copies == found


def test_a_model_weighs_pairs_where_its_training_put_them() -> None:
    weights = bytearray(1 << 16)
    weights[pair_feature("harbour", "office") & 0xFFFF] = 100
    model = AbuseModel(b"digest-abuse 1 scale=1.0 bias=0.0\n" + weights)
    assert model("the harbour office") > 0 == model("the office harbour")


def test_what_a_group_is_said_to_be_is_the_editors_to_decide() -> None:
    said = (
        "The trouble on this row began when they came, since all immigrants want is a house that someone else has paid for in 1990."
    )
    answer = json.loads(judged({"comments": [{"id": "1", "text": said}]}))
    assert answer["left_out"][0]["gate"] == "held"


def test_english_lists_step_aside_in_other_languages() -> None:
    swedish = "Nu är det slut på bryggan, och vi har inte en enda båt kvar i hamnen; fag och prick är vanliga ord här."
    assert not is_english(swedish)
    assert json.loads(judged({"comments": [{"id": "1", "text": swedish}]}))["ranking"] == ["1"]
    assert is_english("Idiots and morons, all of you")


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


def test_a_broken_model_is_named(tmp_path: Path) -> None:
    (tmp_path / "abuse.model").write_bytes(b"nonsense")
    with pytest.raises(ConfigError, match=r"abuse\.model: not an abuse model"):
        load_scoring_rules(tmp_path)


def test_what_answers_an_answer_to_abuse_is_not_printed_and_nothing_is_its_context() -> None:
    rows = [
        {"id": "1", "text": "What a moron you are."},
        {"id": "2", "parent_id": "1", "text": OTHER},
        {"id": "3", "parent_id": "2", "text": THIRD},
    ]
    answer = json.loads(judged({"comments": rows}))
    assert answer["picks"] == []
    assert {row["id"]: row["gate"] for row in answer["left_out"]} == {"1": "abuse", "2": "parent", "3": "parent"}


def test_a_copy_of_a_held_comment_is_nobodys_context() -> None:
    held = (
        "The trouble on this row began when they came, since all immigrants want is a house that someone else has paid for in 1990."
    )
    rows = [{"id": "1", "text": held}, {"id": "2", "text": held}, {"id": "3", "parent_id": "2", "text": THIRD}]
    assert json.loads(judged({"comments": rows}))["picks"] == []


@pytest.mark.parametrize("name", ["Ivan Slutsky", "John Coon", "Sam Moron"])
def test_a_surname_is_no_abuse(name: str) -> None:
    assert json.loads(judged({"comments": [{"id": "1", "author": name, "text": SENSIBLE}]}))["ranking"] == ["1"]


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


def test_a_reply_is_not_printed_if_what_is_printed_of_its_parent_reads_like_abuse() -> None:
    """As a whole the parent is fair; its first sentence, which would be printed above the reply, is not by itself."""
    sneer = "The whole thing is a farce and a laughable disgrace by clueless people."
    parent = {"id": "p", "author": "Ben", "text": f"{sneer} {SENSIBLE}"}
    answer = json.loads(judged({"comments": [parent, {"id": "r", "author": "Ada", "parent_id": "p", "text": THIRD}]}))
    assert answer["ranking"] == ["r", "p"]
    assert [row["id"] for row in answer["picks"]] == ["p"]


def test_a_copy_is_found_among_many_comments_that_share_a_turn_of_phrase() -> None:
    rng, names = random.Random(8), [f"berth{n}" for n in range(20)]
    texts = [" ".join(names)] + [f"{' '.join(rng.choices(names, k=30))} berth19 berth18 berth17" for _ in range(80)]
    rows = [comment(f"{n:03}", text) for n, text in enumerate([*texts, f"Indeed {texts[-1]}"])]
    assert dict(CommentThread(article("a"), rows).copies) == {"081": "080"}


def test_scores_that_are_not_toml_are_named(tmp_path: Path) -> None:
    (tmp_path / "scores.toml").write_text("[choice]\nfloor = high\n")
    with pytest.raises(ConfigError, match=r"scores\.toml: invalid TOML: .*line 2"):
        load_scoring_rules(tmp_path)

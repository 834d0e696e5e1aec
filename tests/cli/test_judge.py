"""`digest judge`: the comments of a file or of an address, and why each was picked or left out."""

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from digest.cli import group
from digest.errors import ConfigError, SourceError, UsageError
from tests.conftest import Furnish
from tests.judges import HOLDS_FIRST, judge_table, write_judge
from tests.newsroom import NOW, RecordedSite

GOOD = (
    "I have crossed the bridge at seven every morning for eleven years, and the queue begins at the lights, not at the toll. "
    "Move the lights and you need no tram."
)
COMMENTS: list[dict[str, Any]] = [
    {"id": "1", "author": "Ada", "text": GOOD, "written": "2026-11-24T06:00:00Z", "up": 9, "down": 0},
    {"id": "2", "author": "Bo", "text": "First!", "written": "2026-11-24T06:01:00Z"},
]
THREAD = {
    "article": {"title": "The tram", "author": "W. Writer", "text": "The tram is to cross the bridge."},
    "comments": COMMENTS,
}


ROOT = Path(__file__).parents[2]


def call(root: Path, *words: str, given: str = "") -> Result:
    words = ("-C", str(root), "judge", *words)
    return CliRunner(env={"DIGEST_NOW": NOW.isoformat()}).invoke(group, words, input=given, catch_exceptions=False)


def add_judge(root: Path, folder: Path, body: str) -> None:
    """Give a newsletter a judge."""
    with (root / "digest.toml").open("a") as file:
        file.write(judge_table(write_judge(folder, body), name="House rules"))


def rows(done: Result) -> Sequence[dict[str, list[object]]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_each_thread_of_a_file_gets_one_line(tmp_path: Path) -> None:
    file = tmp_path / "threads.jsonl"
    file.write_text(f"{json.dumps(THREAD)}\n\n{json.dumps(THREAD)}\n")
    first, second = rows(call(tmp_path, str(file)))
    assert first == second
    assert [pick["id"] for pick in first["picks"]] == ["1"]  # type: ignore[index]
    assert [row["id"] for row in first["left_out"]] == ["2"]  # type: ignore[index]


def test_a_person_is_told_why(tmp_path: Path) -> None:
    lines = call(tmp_path, "-", "--explain", given=json.dumps(THREAD)).stdout.splitlines()
    assert lines[:2] == ["# The tram", "Picked 1 of 2 comments."]
    assert any(line.startswith("PICK ") and line.endswith("Ada (1)") for line in lines)


def test_a_thread_without_a_title_is_explained_all_the_same(tmp_path: Path) -> None:
    done = call(tmp_path, "-", "--explain", given=json.dumps({"comments": THREAD["comments"]}))
    assert done.stdout.startswith("#\nPicked 1 of 2 comments.\n")


def test_no_more_are_picked_than_are_asked_for(tmp_path: Path) -> None:
    (found,) = rows(call(tmp_path, "-", "--top", "0", given=json.dumps(THREAD)))
    assert (found["picks"], found["ranking"]) == ([], ["1"])


def test_a_line_that_is_no_thread_is_named(tmp_path: Path) -> None:
    file = tmp_path / "threads.jsonl"
    file.write_text(f'{json.dumps(THREAD)}\n{{"comments": 3}}\n')
    with pytest.raises(SourceError, match="is not a thread: comments") as caught:
        call(tmp_path, str(file))
    assert caught.value.thing == f"{file}:2"


@pytest.mark.parametrize("words", [(), ("-", "--url", "https://gazette.example/1/"), ("-", "--score", "-")])
def test_either_a_file_or_an_address_is_judged(tmp_path: Path, words: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="either FILE or --url"):
        call(tmp_path, *words)


def labelled(folder: Path, **labels: str) -> Path:
    """A file with the thread in which some comments have a label."""
    thread: Any = {**THREAD, "comments": [dict(row) for row in COMMENTS]}
    for row in thread["comments"]:
        if label := labels.get(f"c{row['id']}"):
            row["label"] = {"print": label, "by": "ada"}
    file = folder / "labels.jsonl"
    file.write_text(f"{json.dumps(thread)}\n\n")
    return file


def test_the_judgement_is_scored_against_labels(tmp_path: Path) -> None:
    done = call(tmp_path, "--score", str(labelled(tmp_path, c1="yes", c2="yes")))
    assert done.stdout.splitlines() == [
        "2 labelled comments in 1 thread, judged without the labels:",
        "  Of 2 that the editor printed: 1 picked, 0 passed, 0 held, 1 kept out (gates: short 1).",
        "Of the comments that digest picks, the editor printed 100% (precision).",
        "Of those that pass its gates, the editor printed 100% (precision).",
    ]
    explained = call(tmp_path, "--score", str(labelled(tmp_path, c1="yes", c2="yes")), "--explain").stdout
    assert explained.startswith(done.stdout)
    assert "Printed by ada; kept out by digest: fewer than 8 words of its own" in explained


def test_the_score_as_json_has_every_number_and_the_disagreements(tmp_path: Path) -> None:
    found = json.loads(call(tmp_path, "--score", str(labelled(tmp_path, c1="never")), "--json", "--top", "0").stdout)
    assert (found["labels"], found["refused"]["passed"], found["precision"], found["precision_passed"]) == (1, 1, None, 0.0)
    assert [(row["id"], row["by"], row["verdict"]) for row in found["disagreements"]] == [("1", "ada", "passed")]


def test_the_rules_of_the_newsletter_are_those_that_are_scored(tmp_path: Path) -> None:
    (tmp_path / "abuse.txt").write_text("tram\n")
    found = json.loads(call(tmp_path, "--score", str(labelled(tmp_path, c1="yes")), "--json").stdout)
    assert found["printed"]["gates"] == {"abuse": 1}


def test_a_file_without_a_label_cannot_be_scored(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="has no label"):
        call(tmp_path, "--score", str(labelled(tmp_path)))


async def test_the_comments_of_an_address_are_those_that_the_site_has_now(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9)
    url = f"{site.base}/2026/11/tram-promoters-ask-for-a-public-vote/"
    (found,) = rows(await asyncio.to_thread(call, root, "--url", f"{url}?utm_source=mail#comments"))
    shown = {str(row["id"]) for row in site.comments if row["post"] == 31}
    told = {*map(str, found["ranking"]), *(str(row["id"]) for row in found["left_out"])}  # type: ignore[index]
    assert {name.rpartition("-")[2] for name in told} <= shown
    assert found["picks"]


async def test_an_address_that_no_source_has_is_named_with_what_failed(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra='[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\nallow_private = true\n')
    with pytest.raises(SourceError, match="not found in any configured source in the last") as caught:
        await asyncio.to_thread(call, root, "--url", "http://elsewhere.example/story/")
    assert caught.value.thing == "http://elsewhere.example/story/"
    assert "127.0.0.1:9" in caught.value.what


def test_a_second_opinion_is_asked_for_and_shown(root: Path, tmp_path: Path) -> None:
    add_judge(root, tmp_path, HOLDS_FIRST)
    (plain,) = rows(call(root, "-", given=json.dumps(THREAD)))
    assert [pick["id"] for pick in plain["picks"]] == ["1"]  # type: ignore[index]
    (heard,) = rows(call(root, "-", "--second-opinion", given=json.dumps(THREAD)))
    assert heard["picks"] == []
    told = {"id": "1", "gate": "opinion", "reason": "House rules: names a neighbour", "held": True, "found": None}
    assert told in heard["left_out"]
    explained = call(root, "-", "--second-opinion", "--explain", given=json.dumps(THREAD)).stdout
    assert "    House rules: names a neighbour; held\n" in explained


def test_labels_are_compared_with_the_judgement_after_a_second_opinion(root: Path, tmp_path: Path) -> None:
    add_judge(root, tmp_path, HOLDS_FIRST)
    file = str(labelled(tmp_path, c1="yes"))
    score = json.loads(call(root, "--score", file, "--second-opinion", "--json").stdout)
    assert (score["printed"]["held"], score["printed"]["gates"]) == (1, {"opinion": 1})
    assert json.loads(call(root, "--score", file, "--json").stdout)["printed"]["picked"] == 1


def test_a_lowered_score_is_explained(root: Path, tmp_path: Path) -> None:
    add_judge(root, tmp_path, 'for t in threads: print(json.dumps({"left_out": [], "scores": {"1": 0.25}}))')
    assert "House rules ×0.25" in call(root, "-", "--second-opinion", "--explain", given=json.dumps(THREAD)).stdout


def test_each_of_many_threads_gets_its_own_opinion(root: Path, tmp_path: Path) -> None:
    add_judge(root, tmp_path, 'open("calls", "a").write("x")' + HOLDS_FIRST.replace("in threads", "in threads[:]"))
    silent = {"comments": [THREAD["comments"][1]]}  # type: ignore[index]
    given = "\n".join(json.dumps(thread) for thread in [THREAD, silent, *([THREAD] * 15)])
    found = rows(call(root, "-", "--second-opinion", given=given))
    assert [len(row["left_out"]) for row in found] == [2, 1, *([2] * 15)]
    assert (root / "calls").read_text() == "xx"  # 16 threads at once


def test_a_judge_that_fails_is_a_warning_and_an_exit_code(root: Path, tmp_path: Path) -> None:
    add_judge(root, tmp_path, "1 / 0")
    done = call(root, "-", "--second-opinion", given=json.dumps(THREAD))
    assert done.exit_code == 1
    assert "warning: second opinion by House rules: ended with exit code 1" in done.stderr
    assert [pick["id"] for pick in rows(done)[0]["picks"]] == ["1"]  # type: ignore[index]


def test_digest_judge_is_a_judge_that_agrees_with_itself(root: Path) -> None:
    with (root / "digest.toml").open("a") as file:
        start = f"import sys; sys.path.insert(0, '{ROOT}'); from digest.cli import main; main()"
        file.write(judge_table((sys.executable, "-c", start, "judge", "-"), name="Twin"))
    short = {"id": "3", "parent_id": "1", "text": "Who counted the steps?"}
    answer = {
        "id": "4",
        "parent_id": "3",
        "text": "We counted 212 steps to the clinic, which is a long way with a pram when it is icy.",
    }
    given = json.dumps({**THREAD, "comments": [*THREAD["comments"], short, answer]})
    assert "4" in json.loads(call(root, "-", given=given).stdout)["ranking"]
    assert call(root, "-", "--second-opinion", given=given).stdout == call(root, "-", given=given).stdout


def test_without_a_judge_there_is_no_second_opinion(root: Path) -> None:
    with pytest.raises(ConfigError, match="no judge is configured"):
        CliRunner().invoke(
            group, ["-C", str(root), "judge", "-", "--second-opinion"], "{}", catch_exceptions=False, standalone_mode=False
        )

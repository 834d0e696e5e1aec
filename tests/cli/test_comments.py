"""`digest comments`: what an editor types, and what is said."""

import asyncio
import getpass
import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.cli import group
from digest.errors import UsageError
from digest.text.raw_message import html_part
from tests.cli.running import running
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

TEXT = "Two corrections, meant kindly."  # of the recorded morning's best comment, number 220


def call(root: Path, *words: str, now: str = "2026-11-24T06:40:00+00:00") -> Result:
    """Run `digest …` in this process, at twenty to seven."""
    return CliRunner(env={"DIGEST_NOW": now}).invoke(group, ["-C", str(root), *words], catch_exceptions=False)


@pytest.fixture
async def paper(site: RecordedSite, relay: Relay, furnish: Furnish) -> Path:
    """A newsletter whose comments need a yes, and which has read its site."""
    root = furnish(site.base, relay.port, extra='[[editions]]\ncomments = "approved"\n')
    await asyncio.to_thread(call, root, "collect")
    return root


def key(site: RecordedSite) -> str:
    return f"{site.base}/?p=33#comment-220"


async def test_what_waits_is_listed_with_its_story_its_writer_and_what_it_answers(paper: Path, site: RecordedSite) -> None:
    lines = call(paper, "comments", "list").stdout.splitlines()
    assert re.fullmatch(
        r"Edition weekday-2026-11-24: \d+ comments without a yes(, \d+ held)?\. It closes on Tue 24 Nov 2026 07:00 GMT; "
        r"what you don't decide is not printed\.",
        lines[0],
    )
    assert re.fullmatch(re.escape(f"'{key(site)}' --seen ") + "[0-9a-f]{8}", lines[2])
    assert lines[3:5] == [
        "  Opinion: a vote nobody has to heed is worse than none",
        "  小潮, in reply to Zoë Trevanion: “Sensible piece. More like this, please.”",
    ]
    assert TEXT in " ".join(" ".join(lines).split())
    assert "Left out" not in "\n".join(lines)


async def test_with_all_every_comment_has_its_state_and_why(paper: Path, site: RecordedSite) -> None:
    text = call(paper, "comments", "list", "--all").stdout
    assert "  Left out (mostly capitals)" in text
    call(paper, "comments", "print", key(site), "--by", "Ada Quill")
    assert "  Printed (printed by Ada Quill) · score 0." in call(paper, "comments", "list", "--all").stdout


async def test_the_list_as_json_has_what_a_program_needs(paper: Path, site: RecordedSite) -> None:
    found = json.loads(call(paper, "comments", "list", "--json").stdout)["comments"]
    assert list(found[0]) == ["id", "edition", "article", "writer", "text", "wording", "answers", "state", "why", "score"]
    assert (found[0]["id"], found[0]["edition"], found[0]["state"]) == (key(site), "weekday-2026-11-24", "waiting")
    assert found[0]["answers"]["writer"] == "Zoë Trevanion"


async def test_a_yes_and_a_no_are_answered_in_the_words_of_the_desk(
    paper: Path, site: RecordedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ada")
    said = call(paper, "comments", "print", key(site)).stdout
    assert said == f"Printed by you in the edition of Tue 24 Nov 2026: 小潮 ({key(site)}).\n"
    said = call(paper, "comments", "refuse", key(site), "--reason", "not  of\nthis town", "--by", "Bo").stdout
    assert said == f"Refused by Bo: 小潮 ({key(site)}).\n"
    said = call(paper, "comments", "undo", key(site)).stdout
    assert said == f"Undone: refused by Bo: not of this town: 小潮 ({key(site)}).\nIt is printed by ada again.\n"
    row = json.loads(call(paper, "comments", "undo", key(site), "--json").stdout)
    assert (row["verb"], row["by"], row["undone_by"], row["printed_in"]) == ("print", "ada", "ada", None)


async def test_the_first_line_of_a_comment_is_what_a_yes_and_a_no_need(paper: Path, site: RecordedSite) -> None:
    first = next(line for line in call(paper, "comments", "list").stdout.splitlines() if key(site) in line)
    assert call(paper, "comments", "print", *shlex.split(first)).stdout.startswith("Printed by you in the edition of ")
    assert call(paper, "comments", "refuse", *shlex.split(first)).stdout.startswith("Refused by you: ")


async def test_a_yes_as_json_names_the_edition_that_prints_it(paper: Path, site: RecordedSite) -> None:
    row = json.loads(call(paper, "comments", "print", key(site), "--by", "Ada", "--reason", "fair", "--json").stdout)
    assert {name: row[name] for name in ("comment", "verb", "by", "reason", "gate", "printed_in", "notes")} == {
        "comment": key(site), "verb": "print", "by": "Ada", "reason": "fair", "gate": None, "printed_in": "weekday-2026-11-24",
        "notes": [],
    }  # fmt: skip


async def test_a_yes_that_comes_too_late_is_not_called_printed(paper: Path, site: RecordedSite) -> None:
    async with running("-C", paper, "send") as process:
        assert await process.process.wait() == 0
    late = "Too late for edition weekday-2026-11-24: it was made before, and nothing changes in it."
    said = call(paper, "comments", "print", key(site), now=NOW.isoformat()).stdout
    assert said.startswith(f"Your yes is kept: 小潮 ({key(site)}).\n")
    assert said.endswith(f"{late}\n")
    assert call(paper, "comments", "print", key(site), "--by", "Bo", now=NOW.isoformat()).stdout.startswith(
        "The yes of Bo is kept: "
    )
    assert late in call(paper, "comments", "refuse", key(site), now=NOW.isoformat()).stdout


async def test_the_preview_shows_what_has_a_yes_and_who_said_it(paper: Path, site: RecordedSite, tmp_path: Path) -> None:
    words = ("preview", "--format", "json", "--output", str(tmp_path / "edition.json"))
    await asyncio.to_thread(call, paper, *words)
    assert TEXT not in (tmp_path / "edition.json").read_text()
    call(paper, "comments", "print", key(site), "--by", "Ada Quill")
    await asyncio.to_thread(call, paper, *words)
    text = (tmp_path / "edition.json").read_text()
    assert TEXT in text
    assert "printed by Ada Quill" in text


async def test_another_process_prints_what_this_one_has_decided(paper: Path, site: RecordedSite, relay: Relay) -> None:
    async with running("-C", paper, "comments", "print", key(site), now="2026-11-24T06:40:00+00:00") as process:
        assert (await process.line()).startswith("Printed by you")
        assert await process.process.wait() == 0
    async with running("-C", paper, "send") as process:
        assert await process.process.wait() == 0
    assert TEXT in " ".join(html_part(relay.taken[0][1]).split())


def test_nothing_to_list_says_what_to_do(root: Path) -> None:
    assert call(root, "comments", "list").stdout == (
        "Edition weekday-2026-11-24 has no article yet: it takes what is published after Mon 23 Nov 2026 07:00 GMT. `digest collect` reads the sources.\n"
    )


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("automatic", "Edition weekday-2026-11-24: nothing waits for you. It is due now."),
        ("none", 'Edition weekday-2026-11-24 prints no comments (comments = "none").'),
    ],
)
async def test_a_mode_in_which_nothing_waits_says_so(mode: str, said: str, paper: Path) -> None:
    for row in json.loads(call(paper, "comments", "list", "--json").stdout)["comments"]:
        if row["state"] == "held":
            call(paper, "comments", "refuse", row["id"])
    config = (paper / "digest.toml").read_text()
    (paper / "digest.toml").write_text(config.replace('"approved"', f'"{mode}"'))
    assert call(paper, "comments", "list", now=NOW.isoformat()).stdout == f"{said}\n"


def test_a_login_without_a_name_is_asked_for_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    with pytest.raises(UsageError, match="this login has no name") as caught:
        call(root, "comments", "print", "c1")
    assert "--by NAME" in caught.value.remedy


async def test_decisions_are_exported_and_scored(paper: Path, site: RecordedSite, tmp_path: Path) -> None:
    call(paper, "comments", "print", key(site), "--by", "ada")
    call(paper, "comments", "print", f"{site.base}/?p=32#comment-211", "--by", "ada")
    file = tmp_path / "labels.jsonl"
    done = call(paper, "comments", "export", str(file))
    assert done.stderr == "2 labels in 2 threads.\n"
    assert json.loads(call(paper, "comments", "export", str(file), "--json").stdout) == {
        "file": str(file), "threads": 2, "labels": 2, "without_comment": 0,
    }  # fmt: skip
    assert call(paper, "comments", "export").stdout == file.read_text()
    score = json.loads(call(paper, "judge", "--score", str(file), "--json").stdout)
    assert (score["printed"]["picked"], score["printed"]["kept_out"], score["printed"]["gates"]) == (1, 1, {"short": 1})


async def test_an_export_says_what_it_has_not(paper: Path, site: RecordedSite, tmp_path: Path) -> None:
    call(paper, "comments", "print", key(site), "--by", "ada")
    site.drop(220)
    await asyncio.to_thread(call, paper, "collect")
    done = call(paper, "comments", "export")
    assert done.stdout == ""
    assert "1 decision not exported" in done.stderr


def test_an_export_does_not_overwrite_the_subscriber_list(root: Path) -> None:
    with pytest.raises(UsageError, match="this is the subscriber list itself"):
        call(root, "comments", "export", str(root / "subscribers.csv"))
    assert (root / "subscribers.csv").read_text().startswith("email\n")

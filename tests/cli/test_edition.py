"""`digest edition`: what the desk can do, a shell can do."""

import asyncio
import json
import re
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner, Result

from digest.app import open_newsletter
from digest.cli import group
from digest.desk.verbs import VERBS
from digest.publish import Unwatched, publish
from tests.conftest import Furnish
from tests.desk.conftest import CUTOFF, KEY, days_material
from tests.newsroom import RecordedSite
from tests.relay import Relay

HERE = "2026-11-24T06:40:00+00:00"


def call(root: Path, *words: str) -> Result:
    return CliRunner(env={"DIGEST_NOW": HERE}).invoke(group, ["-C", str(root), *words])


@pytest.fixture
def root(site: RecordedSite, relay: Relay, furnish: Furnish, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = furnish("http://127.0.0.1:9", relay.port)
    with open_newsletter(made, lambda: CUTOFF) as app:
        app.store.content.keep(days_material(), CUTOFF)
    monkeypatch.setenv("DIGEST_NOW", HERE)
    return made


def said(root: Path, *words: str) -> str:
    done = call(root, "edition", *words, "--by", "Ada")
    assert done.exit_code == 0, done.output
    return done.stdout


def ids(root: Path) -> list[str]:
    return [row["article"]["id"] for row in json.loads(call(root, "edition", "show", "--json").stdout)["content"]["stories"]]


def test_an_edition_is_shown_with_what_is_in_and_what_is_not(root: Path) -> None:
    text = call(root, "edition", "show").stdout
    assert text.startswith(f"{KEY}, Tue 24 Nov 2026, No. 1\nGoes at 07:00 unless you hold it.")
    assert re.search(r"  1\. .+ \(\d comments? printed(?:, 1 held)?\)\n     a\d", text)


def test_every_verb_of_the_desk_is_a_command(root: Path) -> None:
    known = set(click.Context(group).command.get_command(click.Context(group), "edition").commands)  # type: ignore[attr-defined]
    assert set(VERBS) <= known


def test_stories_are_steered(root: Path) -> None:
    first, second, third = ids(root)[:3]
    assert said(root, "leave-out", first).startswith("Left out: “")
    assert "leads now" in said(root, "lead", third)
    assert "Number 3 now" in said(root, "move", second, "--place", "3")
    assert said(root, "edit", second, "--headline", "Our own", "--kicker", "").startswith("Saved: headline, kicker")
    assert ids(root)[0] == third
    assert "Taken in as number 8" in said(root, "take-in", first)
    log = call(root, "edition", "log").stdout.splitlines()
    assert re.match(r" +6  Tue 06:40  Ada: Took in “", log[0])
    assert "Undone: Took in" in said(root, "undo")
    assert "undone by Ada" in call(root, "edition", "log").stdout


def test_comments_are_steered(root: Path) -> None:
    assert said(root, "release", "held", "--reason", "the number is the office’s").startswith("Printed by you: Ring Me")
    assert said(root, "refuse", "held", "--reason", "after all").startswith("Refused by you: Ring Me")
    assert str(call(root, "edition", "release", "abuse").exception) == "Say why it should be printed"
    assert said(root, "refuse-writer", "abuse", "--for-good").startswith("Refused for good: Rude")


def test_an_edition_is_held_and_let_go_approved_and_skipped(root: Path) -> None:
    said(root, "hold", "--reason", "the mayor rang")
    assert (
        "On hold. Nothing goes until somebody lets it go. By Ada at 06:40: “the mayor rang”."
        in call(root, "edition", "show").stdout
    )
    assert str(call(root, "edition", "approve").exception) == f"{KEY}: it is on hold. Let it go first."
    said(root, "let-go")
    said(root, "approve")
    assert "Approved. It goes at 07:00." in call(root, "edition", "show").stdout
    assert said(root, "send", "--at", "07:20").startswith("Goes at 07:20")
    said(root, "skip", "--reason", "a holiday")
    assert json.loads(call(root, "edition", "show", "--json").stdout)["goes_at"] is None


def test_everything_is_said_to_programs_too(root: Path) -> None:
    row = json.loads(said(root, "edition-edit", "--subject", "Our own", "--json"))
    assert (row["edition"], row["said"]) == (KEY, "Saved: subject")
    (decision,) = row["decisions"]
    assert (decision["by"], decision["verb"], decision["value"]["text"]) == ("Ada", "edit", "Our own")


def test_ids_are_completed_in_a_shell(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(root)
    shell = ShellComplete(group, {}, "digest", "_DIGEST_COMPLETE")
    found = shell.get_completions(["edition", "leave-out"], "a")
    assert {row.value for row in found} == set(ids(root))
    assert "held" in {row.value for row in shell.get_completions(["edition", "release"], "he")}


async def test_an_edition_that_has_gone_is_changed_and_corrected(root: Path) -> None:
    first = (await asyncio.to_thread(ids, root))[0]
    with open_newsletter(root, lambda: CUTOFF, retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.coming_slot(plan), Unwatched())
    assert (await asyncio.to_thread(said, root, "edit", first, "--headline", "Right", "--date", "2026-11-24")).startswith(
        "Saved: headline, on the web, once you correct it"
    )
    assert (await asyncio.to_thread(said, root, "correct", "It was wrong.", "--web", "--mail")).startswith(
        "Corrected it on the web, by mail to its readers"
    )
    with open_newsletter(root, lambda: CUTOFF) as app:
        frozen = app.store.editions.frozen(KEY)
        assert frozen is not None
        assert (frozen.revision, frozen.correction) == (1, "It was wrong.")
        assert "Right" in frozen.rendered.text
        assert [row.corrects for row in app.unfinished()] == [KEY]
    again = await asyncio.to_thread(call, root, "history", "--date", "2026-11-24")
    assert again.stdout.startswith(f"{KEY}, made again: 8 stories; 8 went out.\n  Another headline: Right (made again “")
    told = await asyncio.to_thread(call, root, "history", "--article", frozen.edition.stories[0].article.url)
    assert re.search(r"Tue 24 Nov \d\d:\d\d  Ada: Changed the headline", told.stdout)
    assert "  Number 1 in No. 1" in told.stdout
    nowhere = await asyncio.to_thread(call, root, "edition", "correct", "It was wrong.", "--by", "Ada")
    assert nowhere.exit_code != 0
    assert "Choose where it is corrected" in str(nowhere.exception)

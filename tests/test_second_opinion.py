"""An edition and a newsroom's own judge, from the site to the inbox, with real processes."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.app import App, open_newsletter
from digest.cli import group
from digest.edition.report import RunReport
from digest.model import Edition
from digest.publish import Unwatched, publish
from digest.render.renderer import Design
from digest.service.comment_desk import decide
from digest.service.dry_run import dry_run
from digest.text.raw_message import html_part, text_part
from tests.conftest import Furnish
from tests.judges import AGREES, install_judges, judge_table, write_judge
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

PRAISED = "thank you for walking the ground"  # of a comment that is printed
HOLDS_PRAISE = """
for thread in threads:
    held = [{"id": row["id"], "reason": "praise"} for row in thread["comments"] if "walking the ground" in row["text"]]
    print(json.dumps({"left_out": held}))
"""
KEEPS = """
open("asked.json", "w").write(json.dumps(threads))
open("environment.json", "w").write(json.dumps(dict(os.environ)))
"""
Paper = Callable[..., Path]


@pytest.fixture
def paper(site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path) -> Paper:
    """Make a newsletter's folder with a judge that does what a program's body says."""

    def make(body: str, **more: str) -> Path:
        return furnish(site.base, relay.port, extra=judge_table(write_judge(tmp_path, body), name="House rules", **more))

    return make


async def run(root: Path, min_articles: int = 1) -> RunReport:
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0].model_copy(update={"min_articles": min_articles})
        return await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())


def mail(relay: Relay) -> str:
    raw = next(raw for address, raw in relay.taken if address.startswith("ada"))
    return f"{html_part(raw)}{text_part(raw)}"


def frozen(root: Path) -> Edition:
    with open_newsletter(root, lambda: NOW) as app:
        found = app.store.editions.frozen("weekday-2026-11-24")
    assert found is not None
    return found.edition


def picked(edition: Edition) -> list[tuple[str, str]]:
    return [(row.comment.text, row.excerpt) for story in edition.stories for row in story.picks]


async def draft(root: Path) -> Edition:
    """The edition as it would be made now."""
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        return (await dry_run(app, plan, app.slot(plan, NOW.date()), ())).edition


async def test_a_held_comment_is_not_in_the_email_and_the_edition_says_whose_reason_it_was(
    paper: Paper, relay: Relay, app: App
) -> None:
    assert PRAISED in str(picked(await draft(app.config.root)))
    root = paper(HOLDS_PRAISE)
    report = await run(root)
    assert (report.status, report.counts["sent"], report.failures) == ("sent", 2, ())
    assert PRAISED not in mail(relay)
    assert "Two corrections, meant kindly" in mail(relay)  # the others are printed as before
    (reason,) = [row.reason for row in frozen(root).left_out if "House rules" in row.reason]
    assert reason == "House rules: praise; held"


async def test_a_lowered_comment_makes_room_for_another(paper: Paper, app: App) -> None:
    before = picked(await draft(app.config.root))
    body = 'for t in threads: print(json.dumps({"left_out": [], "scores": {r["id"]: 0.1 for r in t["comments"] if "walking" in r["text"]}}))'
    after = picked(await draft(paper(body)))
    assert [row for row in before if row not in after] == [row for row in before if PRAISED in row[0]]


async def test_nothing_that_a_gate_keeps_out_comes_back(paper: Paper, app: App) -> None:
    before = await draft(app.config.root)
    out = [row.id for row in before.left_out if row.kind == "comment"]
    body = f"""
    for thread in threads:
        ids = {out!r} + [row["id"] for row in thread["comments"]]
        print(json.dumps({{"left_out": [], "ranking": ids, "picks": [{{"id": key}} for key in ids], "scores": dict.fromkeys(ids, 1)}}))
    """
    after = await draft(paper(body))
    assert picked(after) == picked(before)
    assert after.left_out == before.left_out


async def test_the_judge_gets_the_threads_of_the_edition_and_nothing_else(
    paper: Paper, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST_SMTP_PASSWORD", "hush")
    root = paper(KEEPS + AGREES)
    report = await run(root)
    assert report.failures == ()
    asked = (root / "asked.json").read_text()
    assert {thread["article"]["title"] for thread in json.loads(asked)} == {story.article.title for story in frozen(root).stories}
    assert "readers.example" not in asked
    assert "hush" not in (root / "environment.json").read_text()


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ("time.sleep(600)", "did not answer within 1 second"),
        ("raise SystemExit(4)", "ended with exit code 4"),
        ('print("<html>502</html>")', "answered with 1 line of JSON for 2 threads"),
        ('sys.stdout.write("x" * 11_000_000)', "answered with more than 10 MB"),
    ],
)
async def test_if_the_judge_fails_the_edition_goes_out_as_it_is_and_says_so(
    paper: Paper, relay: Relay, app: App, body: str, complaint: str
) -> None:
    before = picked(await draft(app.config.root))
    root, began = paper(body, timeout="1s" if "sleep" in body else "30s"), time.monotonic()
    report = await run(root)
    assert time.monotonic() - began < 25
    assert (report.status, report.counts["sent"], report.exit_code) == ("sent", 2, 0)
    assert picked(frozen(root)) == before
    (failure,) = report.as_json()["failures"]
    assert failure["source"] == "second opinion by House rules"
    assert failure["reason"].startswith(f"{complaint}. The comments are judged without it.")


async def test_a_judge_that_fails_does_not_keep_a_thin_day_open(paper: Paper) -> None:
    report = await run(paper("1 / 0"), min_articles=3)
    assert report.status == "skipped"


async def test_no_judge_is_asked_if_no_comments_are_printed(paper: Paper) -> None:
    root = paper("1 / 0")
    (root / "digest.toml").write_text((root / "digest.toml").read_text() + "[[editions]]\ncomments_per_article = 0\n")
    assert (await run(root)).failures == ()


@pytest.mark.parametrize("mode", ["approved", "none"])
async def test_no_judge_is_asked_if_no_comment_is_printed_without_an_editors_yes(paper: Paper, mode: str) -> None:
    root = paper("1 / 0")
    (root / "digest.toml").write_text((root / "digest.toml").read_text() + f'[[editions]]\ncomments = "{mode}"\n')
    assert (await run(root)).failures == ()


async def test_a_comment_that_the_judge_holds_is_printed_once_an_editor_says_yes(paper: Paper, relay: Relay) -> None:
    root = paper(HOLDS_PRAISE.replace("walking the ground", "Two corrections"))
    with open_newsletter(root, lambda: NOW) as app:
        await app.gather(conditional=False)
        held = next(row.id for row in app.store.content.material(NOW - timedelta(days=3)).comments if "Two corrections" in row.text)
    assert "Two corrections" not in str(picked(await draft(root)))
    with open_newsletter(root, lambda: NOW) as app:
        assert decide(app, "print", held, "ada").printed_in
    assert (await run(root)).failures == ()
    assert "Two corrections, meant kindly" in mail(relay)


async def test_an_edition_that_is_made_once_more_does_not_ask_the_judge_again(paper: Paper, relay: Relay) -> None:
    root = paper('open("calls", "a").write("x")' + HOLDS_PRAISE.replace("walking the ground", "Two corrections"))
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan, designs = app.config.editions[0], list[Design]()

        def design() -> Design:  # called for the draft, and again to render what is frozen
            designs.append(app.design())
            if len(designs) == 2:
                material = app.store.content.material(NOW - timedelta(days=3))
                decide(app, "print", next(row.id for row in material.comments if "Two corrections" in row.text), "ada")
            return designs[-1]

        report = await publish(replace(app.pipeline, design=design), plan, app.slot(plan, NOW.date()), Unwatched())
    assert (report.status, report.failures, len(designs)) == ("sent", (), 4)  # it was made once more
    assert (root / "calls").read_text() == "x"
    assert "Two corrections, meant kindly" in mail(relay)


async def test_a_dry_run_and_a_preview_say_that_the_judge_failed(paper: Paper) -> None:
    root = paper("1 / 0")
    runner = CliRunner(env={"DIGEST_NOW": NOW.isoformat()})
    line = "warning: second opinion by House rules: ended with exit code 1: ZeroDivisionError"
    done = await asyncio.to_thread(runner.invoke, group, ["-C", str(root), "send", "--dry-run"])
    assert f"  {line}" in done.stdout
    words = ["-C", str(root), "preview", "--output", str(root / "out")]
    done = await asyncio.to_thread(runner.invoke, group, words)
    assert done.exit_code == 0
    assert line in done.stderr


async def test_a_function_of_an_installed_package_is_a_judge_too(
    site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = """
    def tide(threads):
        return [{"left_out": [{"id": row["id"], "reason": "ebb"} for row in thread["comments"]]} for thread in threads]
    """
    install_judges(tmp_path, monkeypatch, source, "tide")
    root = furnish(site.base, relay.port, extra='[judge]\nuse = "tide"\n')
    assert (await run(root)).failures == ()
    assert picked(frozen(root)) == []
    assert {row.reason for row in frozen(root).left_out if "held" in row.reason} == {"tide: ebb; held"}

"""`digest preview --output`: the bytes that would be sent, and what is said beside them."""

import asyncio
import json
import re
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from digest.app import open_newsletter
from digest.cli import group
from digest.cli.preview import EmptyError
from digest.publish import Unwatched, publish
from digest.render.templates import PACKAGED
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

KEY = "weekday-2026-11-24"
LONG = "a long word " * 5_000


async def preview(root: Path, *words: object, now: datetime = NOW) -> Result:
    given = ["-C", str(root), "preview", *map(str, words)]
    runner = CliRunner(env={"DIGEST_NOW": now.isoformat()})
    return await asyncio.to_thread(runner.invoke, group, given, catch_exceptions=False)


async def test_all_four_forms_are_written_and_named(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = await preview(furnish(site.base, 9), "--output", out)
    files = [str(out / f"{KEY}.{suffix}") for suffix in ("html", "txt", "eml", "json")]
    assert done.stdout == f"Edition {KEY}: {', '.join(files)}\n"
    assert (out / f"{KEY}.html").read_text().lstrip().lower().startswith("<!doctype html>")
    assert "The Harbour Gazette\n====" in (out / f"{KEY}.txt").read_text()
    assert b"To: ada@readers.example" in (out / f"{KEY}.eml").read_bytes()  # the first active one
    assert len(json.loads((out / f"{KEY}.json").read_text())["stories"]) == 2


async def test_one_form_is_written_to_the_file_that_is_named(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    target = tmp_path / "deep" / "mail.eml"
    done = await preview(furnish(site.base, 9), "--format", "eml", "--output", target, "--json")
    assert json.loads(done.stdout) == {"edition": KEY, "files": [str(target)]}
    assert b"To: ada@readers.example" in target.read_bytes()


async def test_another_theme_is_shown_and_nothing_is_changed(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    root = furnish(site.base, 9)
    for theme, font in (("broadsheet", "font:bold 34px/39px Georgia"), ("compact", "font:bold 24px/31px 'Segoe UI'")):
        done = await preview(root, "--theme", theme, "--format", "html", "--output", tmp_path / f"{theme}.html")
        assert done.exit_code == 0
        assert font in (tmp_path / f"{theme}.html").read_text()
    assert "theme" not in (root / "digest.toml").read_text()


async def test_one_form_is_written_into_a_folder(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    done = await preview(furnish(site.base, 9), "--format", "text", "--output", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == [f"{KEY}.txt"]
    assert done.exit_code == 0


async def test_who_is_not_on_the_list_is_shown_it_as_if_they_were(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    done = await preview(furnish(site.base, 9), "--as", "Me@Home.example", "--output", tmp_path)
    assert done.stderr == "warning: me@home.example is not on the subscriber list; shown as if it were\n"
    assert b"To: me@home.example" in (tmp_path / f"{KEY}.eml").read_bytes()


async def test_an_empty_list_has_a_reader_all_the_same(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    root = furnish(site.base, 9)
    (root / "subscribers.csv").write_text("email\n")
    await preview(root, "--output", tmp_path)
    assert b"To: reader@gazette.example" in (tmp_path / f"{KEY}.eml").read_bytes()


async def test_a_source_that_fails_is_named_beside_the_preview(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    dead = '[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\nallow_private = true\n'
    done = await preview(furnish(site.base, 9, extra=dead), "--output", tmp_path)
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: ")
    assert "http://127.0.0.1:9/feed" in done.stderr


async def test_what_has_no_room_is_told_before_the_edition_goes_out(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    root = furnish(site.base, 9)
    (root / "templates").mkdir()
    packaged = (PACKAGED / "story.mjml.j2").read_text()
    (root / "templates" / "story.mjml.j2").write_text(packaged + f"<tr><td>{LONG}{LONG}</td></tr>")
    done = await preview(root, "--output", tmp_path)
    assert done.exit_code == 0
    assert re.match(r"warning: 1 story and \d+ comments left out for want of room: mail programs cut off", done.stderr)


async def test_an_edition_that_is_still_open_says_so(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    done = await preview(furnish(site.base, 9), "--date", "2026-11-24", "--output", tmp_path, now=NOW - timedelta(hours=9))
    assert done.stderr.startswith("Tue 24 Nov 2026, so far: ")
    assert done.stderr.endswith("; it closes at 07:00 GMT.\n")


async def test_without_a_story_there_is_nothing_to_show(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    site.posts = []
    with pytest.raises(EmptyError, match="no articles since Mon 23 Nov 2026 07:00 GMT") as caught:
        await preview(furnish(site.base, 9), "--output", tmp_path / "out")
    assert "digest collect" in caught.value.remedy
    assert not (tmp_path / "out").exists()


async def test_until_there_is_a_new_story_the_last_edition_is_shown(
    site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path
) -> None:
    root = furnish(site.base, relay.port)
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
    done = await preview(root, "--output", tmp_path / "out", now=NOW + timedelta(hours=1))
    assert done.stdout.startswith(f"Edition {KEY}: ")
    assert (tmp_path / "out" / f"{KEY}.eml").read_bytes() == relay.taken[0][1]


async def test_a_text_that_the_frozen_edition_does_not_have_is_marked(
    site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path
) -> None:
    root = furnish(site.base, relay.port)
    (root / "subscribers.csv").write_text("email,topics\nada@readers.example,health\n")
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())
    (root / "subscribers.csv").write_text("email,topics\nada@readers.example,health\ncy@readers.example,tram\n")
    done = await preview(root, "--edition", "1", "--as", "cy@readers.example", "--output", tmp_path / "out")
    assert done.stderr.startswith("warning: Nobody on the list of this edition gets these stories")

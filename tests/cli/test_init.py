"""`digest init`: the folder of a newsletter, and what to do next."""

import asyncio
import json
import os
import pty
import re
import sys
from contextlib import suppress
from pathlib import Path

from click.testing import CliRunner, Result

from digest.cli import group
from digest.config import load
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay


def call(*words: object) -> Result:
    return CliRunner().invoke(group, ["init", *map(str, words)], catch_exceptions=False)


def test_a_person_is_told_what_to_do_next(tmp_path: Path) -> None:
    done = call(tmp_path / "paper")
    assert done.stdout.startswith(f"Created {tmp_path / 'paper'}: ")
    assert "1. Edit digest.toml" in done.stdout
    assert not list((tmp_path / "paper" / "templates").iterdir())


def test_the_files_are_listed_as_json(tmp_path: Path) -> None:
    found = json.loads(call(tmp_path / "paper", "--json").stdout)
    assert found["folder"] == str(tmp_path / "paper")
    assert sorted(found["files"]) == [".gitignore", "digest.toml", "subscribers.csv", "templates/"]


def test_a_subscriber_list_that_is_there_already_is_kept(tmp_path: Path) -> None:
    (tmp_path / "subscribers.csv").write_text("email\nada@readers.example\n")
    done = call(tmp_path, "--json")
    assert "subscribers.csv" not in json.loads(done.stdout)["files"]
    assert (tmp_path / "subscribers.csv").read_text() == "email\nada@readers.example\n"


# — the questions —


async def answered(folder: Path, answers: list[str], environment: dict[str, str]) -> str:
    """Run `digest init` on a terminal, and answer what it asks; return what a person sees."""
    ours, its = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "init", str(folder), stdin=its, stdout=its, stderr=its, env={**os.environ, **environment}
    )
    os.close(its)
    seen, left = "", list(answers)
    with suppress(OSError):  # the terminal is closed at the end
        while part := await asyncio.to_thread(os.read, ours, 4_096):
            seen += part.decode()
            if left and re.search(r": ?(\x1b\[\S*)*$", seen):
                os.write(ours, f"{left.pop(0)}\n".encode())
    os.close(ours)
    assert await process.wait() == 0, seen
    return seen


async def test_five_answers_make_a_newsletter_that_passes_check(site: RecordedSite, relay: Relay, tmp_path: Path) -> None:
    root = tmp_path / "paper"
    answers = ["http://127.0.0.1:9", site.base, "", "daily@gazette.example", f"smtp://127.0.0.1:{relay.port}", "me@home.example"]
    seen = await answered(root, answers, {"DIGEST_NOW": NOW.isoformat()})
    assert "127.0.0.1:9" in seen  # the first address was wrong, and asked for again
    assert "Found WordPress, with its comments (The Harbour Gazette, en-GB, Europe/London" in seen
    config = load(root)
    assert (config.newsletter.name, config.newsletter.timezone.key) == ("The Harbour Gazette", "Europe/London")
    assert config.newsletter.tagline == "News & views from the waterfront"
    assert (config.sources[0].kind, config.sources[0].url) == ("wordpress", site.base)
    assert config.design.accent not in {None, "#b8860b"}  # the site's colour, made dark enough to be read
    assert (root / "subscribers.csv").read_text().splitlines()[1].startswith("me@home.example,,active,")
    words = [sys.executable, "-m", "digest", "-C", str(root), "check", "--json"]
    process = await asyncio.create_subprocess_exec(
        *words, env={**os.environ, "DIGEST_NOW": NOW.isoformat()}, stdout=asyncio.subprocess.PIPE
    )
    found = json.loads((await process.communicate())[0])
    assert [row for row in found["findings"] if row["level"] == "error" and row["area"] != "dns"] == []
    assert {row["area"]: row["level"] for row in found["findings"]}["sources"] == "ok"


async def test_options_answer_beforehand(site: RecordedSite, tmp_path: Path) -> None:
    words = ["--site", site.base, "--name", 'The "Quay" <Post>', "--from", "post@quay.example", "--relay", "me@mail.quay.example"]
    done = await asyncio.to_thread(call, tmp_path / "paper", *words)
    assert done.exit_code == 0, done.output
    config = load(tmp_path / "paper")
    assert config.newsletter.name == 'The "Quay" <Post>'
    assert config.newsletter.sender == "The Quay Post <post@quay.example>"
    assert config.smtp.url == "smtp+starttls://me@mail.quay.example"
    assert "Edit digest.toml" not in done.output


async def test_an_answer_that_makes_no_newsletter_makes_no_folder(site: RecordedSite, tmp_path: Path) -> None:
    for words in (
        ["--name", "Post"],
        ["--site", "http://127.0.0.1:9"],
        ["--site", site.base, "--from", "nobody"],
        ["--site", site.base, "--reader", "x"],
    ):
        done = await asyncio.to_thread(lambda given: CliRunner().invoke(group, ["init", str(tmp_path / "paper"), *given]), words)
        assert done.exit_code != 0
        assert not (tmp_path / "paper").exists()


async def test_the_first_reader_is_added_in_the_manner_of_a_list_that_was_there(site: RecordedSite, tmp_path: Path) -> None:
    (tmp_path / "subscribers.csv").write_text("Name;Email;Status\nAda;ada@x.example;active\nBo;bo@x.example;active")
    done = await asyncio.to_thread(call, tmp_path, "--site", site.base, "--reader", "me@x.example")
    assert done.exit_code == 0, done.output
    lines = (tmp_path / "subscribers.csv").read_text().splitlines()
    assert lines[:3] == ["Name;Email;Status", "Ada;ada@x.example;active", "Bo;bo@x.example;active"]
    assert lines[3] == ";me@x.example;active"

"""What the documents tell people to type or to write is tried: the tutorial from end to end, every command line, every TOML."""

import asyncio
import os
import re
import shlex
import shutil
import sys
import tomllib
from pathlib import Path

import click
import pytest

from digest.cli import group
from digest.config import load
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.test_docs import DOCS, PAGES, ROOT

MINIMAL = """
[newsletter]
name = "The Harbour Gazette"
from = "The Harbour Gazette <daily@gazette.example>"
[[sources]]
kind = "wordpress"
url = "https://gazette.example"
"""
SMTP = '[smtp]\nurl = "smtp://localhost:25"\n'


def command_lines(page: Path) -> list[str]:
    """The lines beginning with `digest` that a page shows, indented or in backticks, without the remark behind two blanks."""
    text = page.read_text()
    shown = [re.split(r" {2,}|$", line, maxsplit=1)[0] for line in re.findall(r"^ {4}((?:digest|pip|cd) .*)$", text, re.MULTILINE)]
    return [part.strip() for line in shown for part in line.split("&&")] + re.findall(r"`(digest [^`]+)`", text)


def toml_blocks(page: Path) -> list[str]:
    return re.findall(r"^```toml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


def parsed(line: str) -> None:
    """Parse a command line as click does; raise click.UsageError for an unknown command or option."""
    command: click.Command = group
    context, words = click.Context(group), shlex.split(line)[1:]
    while isinstance(command, click.Group):
        _, words, _ = command.make_parser(context).parse_args(words)
        if not words:
            return
        _, inner, words = command.resolve_command(context, words)
        assert inner is not None
        command, context = inner, click.Context(inner, parent=context)
    command.make_parser(context).parse_args(words)


@pytest.mark.parametrize("page", [page for page in PAGES if command_lines(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_line_is_one_that_digest_knows(page: Path) -> None:
    for line in command_lines(page):
        if line.startswith("digest"):
            parsed(line)


def test_a_wrong_command_line_would_be_found() -> None:
    for line in ("digest sned", "digest send --tset-to a@b.example", "digest subscribers ad EMAIL"):
        with pytest.raises(click.UsageError):
            parsed(line)


@pytest.mark.parametrize("page", [page for page in PAGES if toml_blocks(page)], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_toml_can_be_read(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_IMAP_PASSWORD", "secret")
    secret = tmp_path / "secret"
    secret.write_text("secret\n")
    for block in toml_blocks(page):
        text = re.sub(r"^([a-z_]+)\* =", r"\1 =", block, flags=re.MULTILINE)
        text = re.sub(r'^((?:password|token)_file) = "[^"]+"', rf'\1 = "{secret}"', text, flags=re.MULTILINE)
        text = re.sub(r"^token_(?:command|file) = .*$", "", text, flags=re.MULTILINE) if "password_file" in text else text
        tables = tomllib.loads(text)
        if "project" in tables:
            continue  # of a package, see examples/
        added = "".join(f"\n[{part}" for part in MINIMAL.split("\n[") if part and part.partition("]")[0].strip("[") not in tables)
        (tmp_path / "digest.toml").write_text(f"{text}\n{added}\n{'' if 'smtp' in tables else SMTP}")
        assert load(tmp_path).newsletter.name == "The Harbour Gazette"


async def test_the_tutorial_from_nothing_to_the_first_edition(tmp_path: Path, site: RecordedSite, relay: Relay) -> None:
    page = DOCS / "tutorial.md"
    config = toml_blocks(page)[0].replace('url = "https://gazette.example"', f'url = "{site.base}"\nallow_private = true')
    config = config.replace("smtp+starttls://daily@relay.example:587", f"smtp://127.0.0.1:{relay.port}")
    here, done = tmp_path, list[str]()
    for line in command_lines(page):
        if line.startswith("cd "):
            here /= line.removeprefix("cd ")
            (here / "digest.toml").write_text(config)
        elif line.startswith(("digest init", "digest subscribers", "digest check", "digest send")):
            done.append(await run(line, here))
    assert re.search(r"sent 1|1 sent", done[-1]), done
    assert relay.message("you@home.example")["Subject"]


async def test_the_page_about_judges_from_the_example_to_its_effect(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    page, example = DOCS / "how-to" / "attach-your-own-judge.md", ROOT / "examples" / "house-rules"
    assert (example / "judge.py").read_text() in page.read_text()
    root, done = furnish(site.base, relay.port, extra=toml_blocks(page)[0]), list[str]()
    shutil.copytree(example, root, dirs_exist_ok=True)
    for line in command_lines(page):
        if line.startswith(("digest check", "digest judge threads")):
            done.append(await run(line, root))
    assert "✓ judge        House rules (command ./judge.py) judged a sample thread" in done[0]
    assert "House rules: mentions inquest; held" in done[1]


async def run(line: str, here: Path) -> str:
    """Run a line of a document in a process of its own, at the moment the site was recorded for."""
    env = {**os.environ, "DIGEST_NOW": NOW.isoformat(), "PYTHONPATH": str(ROOT)}
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        *shlex.split(line),
        cwd=here,
        env=env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(started.communicate(), 120)
    assert started.returncode == 0, (line, output.decode())
    return output.decode()

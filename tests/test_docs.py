"""The documents and the program say the same: commands, options, keys, exit codes, variables, files, rooms."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

import click
import pytest
from pydantic import BaseModel

import digest
from digest import errors
from digest.bounces.providers import ForgedError
from digest.cli import error_code, group
from digest.collect.sources import DISCUSSIONS, KINDS
from digest.config import Config
from digest.render.templates import PACKAGED

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
NEVER_PRINTED = {errors.FetchError, ForgedError}  # one becomes a Failure, the other the webhooks' 403
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]


def commands(command: click.Command = group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield path, command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, f"{path} {name}".strip())


def options(command: click.Command) -> set[str]:
    own = {option for row in command.params if isinstance(row, click.Option) for option in row.opts if option.startswith("--")}
    return own - {"--json", "--help"}


def keys(model: type[BaseModel]) -> Iterator[str]:
    """Every key of a table and of the tables in it, as digest.toml has them."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in [
            field.annotation,
            *get_args(field.annotation),
            *(row for arg in get_args(field.annotation) for row in get_args(arg)),
        ]:
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from keys(inner)


def test_every_command_and_option_is_in_the_reference_and_none_that_is_not_there() -> None:
    text = (REFERENCE / "commands.md").read_text()
    rows = re.findall(r"^\| `([a-z -]+)` \| `(--[a-z-]+)", text, re.MULTILINE)
    known = {(name, option) for name, command in commands() for option in options(command)}
    assert set(rows) == known
    for name, _ in commands():
        assert re.search(rf"`(?:digest )?{name}(?: [A-Z\-, ]+)?`|`{name.rpartition(' ')[2]}`|{name}", text), name


def test_every_key_is_in_the_reference_and_none_that_is_not_there() -> None:
    text = (REFERENCE / "configuration.md").read_text()
    known = set(keys(Config)) - {"root"}
    inline = set(re.findall(r"[{,] ?([a-z_]+) = ", text))
    inline |= set(re.findall(r"#.*\b([a-z_]+) = \"", text))
    written = set(re.findall(r"^([a-z_]+)\*? = ", text, re.MULTILINE)) | set(re.findall(r"`([a-z_]+) = ", text)) | inline
    tables = {part for table in re.findall(r"(?:^|`)\[+([a-z_.]+)\]+", text, re.MULTILINE) for part in table.split(".")}
    assert written <= known | {"points", "motto", "utm_source", "utm_medium"}, written - known
    assert known <= written | tables | {"options"}, known - written - tables


def test_every_kind_of_source_is_in_the_reference() -> None:
    text = (REFERENCE / "sources.md").read_text()
    assert [kind for kind in (*KINDS, *DISCUSSIONS) if not re.search(rf"\b{kind}\b", text)] == []


def test_every_exit_code_is_in_the_reference() -> None:
    documented = {int(code) for code in re.findall(r"^\| (\d) \|", (REFERENCE / "commands.md").read_text(), re.MULTILINE)}
    raised = {
        error.exit_code for error in vars(errors).values() if isinstance(error, type) and issubclass(error, errors.DigestError)
    }
    assert raised | {0, 3} == documented


def test_every_environment_variable_is_in_the_reference() -> None:
    text = (REFERENCE / "commands.md").read_text()
    used = {
        name for path in (ROOT / "digest").rglob("*.py") for name in re.findall(r"\bDIGEST_[A-Z]+(?:_[A-Z]+)*\b", path.read_text())
    }
    assert [name for name in used if name not in text] == []
    assert set(re.findall(r"^\| `(DIGEST_[A-Z_]+)`", text, re.MULTILINE)) <= used


def error_codes() -> set[str]:
    """The code of every error of the package that a command can print, as `--json` has it."""
    for module in pkgutil.walk_packages(digest.__path__, "digest."):
        if not module.name.startswith("digest.store.migrations.") and module.name != "digest.__main__":
            importlib.import_module(module.name)
    known: list[type[errors.DigestError]] = [errors.DigestError]
    for error in known:
        known += [row for row in error.__subclasses__() if row.__module__.startswith("digest.")]
    return {error_code(error("")) for error in known if error not in NEVER_PRINTED}


def test_every_error_code_is_in_the_reference_and_none_that_is_not_there() -> None:
    row = re.search(r"`code` \(([^)]+)\)", (REFERENCE / "json.md").read_text())
    assert row is not None
    assert set(re.findall(r"`([a-z_]+)`", row[1])) == error_codes() | {"file"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_document_names_is_there(page: Path) -> None:
    text = page.read_text()
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert [link for link in links if link and not (page.parent / link).exists()] == []
    code = {
        path.name for folder in ("digest", "tests", "benchmarks", "templates", "examples") for path in (ROOT / folder).rglob("*.*")
    }
    named = re.findall(r"`(?:[a-z_]+/)*([a-z_0-9]+\.(?:py|toml|j2|txt))`", text)
    own = {"pyproject.toml", "digest.toml", "scores.toml", "abuse.txt", "letter.mjml.j2"}
    assert [name for name in named if name not in code | own] == []


@pytest.mark.parametrize("path", sorted((ROOT / "digest").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_docstring_names_is_there(path: Path) -> None:
    code = {
        file.name for folder in ("digest", "tests", "benchmarks", "templates", "examples") for file in (ROOT / folder).rglob("*.*")
    }
    named = re.findall(r"\b([a-z_0-9]+\.py)\b", path.read_text())
    assert [name for name in named if name not in code] == []


def test_every_room_is_in_the_table() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    top = [path for path in (ROOT / "digest").iterdir() if not path.name.startswith("__") and path.suffix in {"", ".py"}]
    assert [path.name for path in top if f"`{path.name}{'/' if path.is_dir() else ''}`" not in text] == []


def test_every_template_is_in_the_reference() -> None:
    text = (REFERENCE / "templates.md").read_text()
    names = [path.name.removesuffix(".j2").removesuffix(".mjml").removesuffix(".txt") for path in PACKAGED.glob("*.j2")]
    names += [path.name for path in (PACKAGED / "emails").glob("*.j2")]
    names += [
        path.name.removesuffix(".j2").removesuffix(".html")
        for path in (PACKAGED / "web").glob("*.j2")
        if path.stem != "viewer.html"
    ]
    assert [name for name in names if name not in text] == []


def test_every_decision_is_in_the_list() -> None:
    index = (DOCS / "decisions" / "index.md").read_text()
    assert [path.name for path in (DOCS / "decisions").glob("0*.md") if f"({path.name})" not in index] == []


def test_the_alarms_are_in_the_words_that_the_program_prints() -> None:
    """Most pairs of words of each heading are in the program's strings; the others have a name or a number between them."""
    constants = (node for path in (ROOT / "digest").rglob("*.py") for node in ast.walk(ast.parse(path.read_text())))
    printed = "\n".join(str(node.value) for node in constants if isinstance(node, ast.Constant) and isinstance(node.value, str))
    headings = re.findall(r"^### .*$", (DOCS / "how-to" / "when-something-is-wrong.md").read_text(), re.MULTILINE)
    alarms = [alarm for heading in headings for alarm in re.findall(r"`([^`]{12,})`", heading) if "SOURCE" not in alarm]
    assert len(alarms) > 25
    stale = []
    for alarm in alarms:
        words = re.sub(r"…|\S*\d\S*", " ", alarm).split()
        pairs = [" ".join(pair) for pair in pairwise(words)]
        if sum(pair.strip(":,.()") in printed for pair in pairs) < 0.5 * len(pairs):
            stale.append(alarm)
    assert stale == []

"""What pyproject.toml promises to whoever installs it."""

import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

from tests.test_layers import FILES, imports

PROJECT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def canonical(name: str) -> str:
    """A distribution's name in one spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_library_that_is_imported_is_asked_for_by_name() -> None:
    promised = {canonical(re.split(r"[<>=!~\[ ]", text)[0]) for text in SETTINGS["dependencies"]}
    of = packages_distributions()
    used = {name.split(".")[0] for path in FILES for name in imports(path)} - {*sys.stdlib_module_names, "digest"}
    assert {name for name in used if not {canonical(one) for one in of[name]} & promised} == set()


def test_the_wheel_and_the_sources_hold_what_they_promise() -> None:
    assert (PROJECT / "digest" / "py.typed").is_file()
    named = re.findall(r"\]\(([\w./-]+)\)", (PROJECT / "README.md").read_text(encoding="utf-8"))
    build = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"]
    packed = build["sdist"]["include"]
    assert named
    for file in named:
        assert (PROJECT / file).exists(), file
        assert Path(file).parts[0] in packed, file

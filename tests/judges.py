"""Judges as a newsroom might write them: small programs, and functions in an installed package."""

import sys
from pathlib import Path
from textwrap import dedent

import pytest

READ = "import json, os, sys, time\nthreads = [json.loads(line) for line in sys.stdin]\n"
HOLDS_FIRST = """
for thread in threads:
    held = [{"id": row["id"], "gate": "house", "reason": "names a neighbour"} for row in thread["comments"][:1]]
    print(json.dumps({"left_out": held}))
"""
AGREES = 'for thread in threads:\n    print(json.dumps({"left_out": []}))\n'


def write_judge(folder: Path, body: str) -> tuple[str, ...]:
    """Write a program that reads the threads and does what `body` says; return its command."""
    path = folder / "judge.py"
    path.write_text(READ + dedent(body))
    return (sys.executable, str(path))


def judge_table(command: tuple[str, ...], **more: str) -> str:
    """The table [judge] of digest.toml for a command."""
    words = ", ".join(f'"{word}"' for word in command)
    return "\n".join(["[judge]", f"command = [{words}]", *(f'{key} = "{value}"' for key, value in more.items())]) + "\n"


def install_judges(folder: Path, monkeypatch: pytest.MonkeyPatch, source: str, *names: str) -> None:
    """Put a package with these functions on the path, each as an entry point `digest.judges` of its own name."""
    (folder / "tide_judge.py").write_text(dedent(source))
    metadata = folder / "tide_judge-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: tide-judge\nVersion: 1.0\n")
    points = "".join(f"{name} = tide_judge:{name}\n" for name in names)
    (metadata / "entry_points.txt").write_text(f"[digest.judges]\n{points}broken = no_such_module:judge\n")
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "tide_judge", raising=False)

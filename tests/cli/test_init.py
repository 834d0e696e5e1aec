"""`digest init`: the folder of a newsletter, and what to do next."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from digest.cli import group


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

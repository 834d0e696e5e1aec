"""What `--json` says to programs, also of what is wrong; and which edition the commands mean before its hour."""

import re
from pathlib import Path

from tests.cli.test_cli import Done, digest
from tests.conftest import Furnish
from tests.newsroom import RecordedSite
from tests.relay import Relay

EVENING = "2026-11-24T20:00:00+00:00"
KEYS = {"code", "message", "thing", "remedy", "exit_code"}


async def test_an_error_is_one_object_too(root: Path) -> None:
    async def told(*words: object) -> tuple[Done, dict[str, object]]:
        done = await digest(*words, "--json")
        assert set(done.json) == {"error"}
        assert set(done.json["error"]) == KEYS
        assert done.json["error"]["exit_code"] == done.code
        assert done.err == ""
        return done, done.json["error"]

    done, error = await told("subscribers", "restore", "ada@readers.example", "-C", root, "--reason", "asked")
    assert (done.code, error["code"], error["thing"]) == (2, "usage", "ada@readers.example")
    done, error = await told("status", "-C", root / "nowhere")
    assert done.code != 0
    assert "nowhere" in str(error["thing"]) + str(error["message"])
    done, error = await told("send", "--nonsense")
    assert (done.code, error["code"]) == (2, "usage")
    (root / "digest.toml").write_text("[newsletter]\nnam = 1\n")
    done, error = await told("status", "-C", root)
    assert error["code"] == "config"
    assert "digest.toml" in str(error["thing"]) + str(error["message"])


async def test_without_json_it_is_one_line(root: Path) -> None:
    done = await digest("subscribers", "restore", "ada@readers.example", "-C", root, "--reason", "asked")
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("error: ada@readers.example")


async def test_before_the_hour_the_coming_edition_is_meant(
    site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path
) -> None:
    root = furnish(site.base, relay.port)
    await digest("send", "-C", root)
    dry = await digest("send", "-C", root, "--dry-run", now=EVENING)
    assert "Wed 25 Nov 2026, so far:" in dry.out
    assert "it closes at 07:00" in dry.out
    preview = await digest("preview", "-C", root, "--output", tmp_path / "out", "--date", "2026-11-25", now=EVENING)
    assert "weekday-2026-11-25" in preview.out + preview.err
    status = (await digest("status", "-C", root, "--json", now=EVENING)).json
    assert {"due", "editions", "upcoming"} & set(status) >= {"due"}


async def test_a_time_has_no_zone_of_its_own(root: Path) -> None:
    path = root / "digest.toml"
    path.write_text(path.read_text() + '[[editions]]\nname = "weekday"\nat = "07:00+05:00"\n')
    done = await digest("status", "-C", root)
    assert done.code == 2
    assert "newsletter.timezone" in done.err or "timezone" in done.err


async def test_the_shapes_are_those_of_the_readme(site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path) -> None:
    root, new = furnish(site.base, relay.port), tmp_path / "new.csv"
    new.write_text("email\ncy@readers.example\n")
    text = (Path(__file__).parents[2] / "docs" / "reference" / "json.md").read_text()
    rows = dict(re.findall(r"^\| `([a-z -]+?)(?:`, `--test-to)?` \| (`.*) \|$", text, re.MULTILINE))
    calls: dict[str, tuple[object, ...]] = {
        "check": ("check",), "collect": ("collect",), "send --dry-run": ("send", "--dry-run"), "send": ("send",),
        "preview --output": ("preview", "--output", tmp_path / "out"), "status": ("status",),
        "subscribers import": ("subscribers", "import", new), "calendar": ("calendar",),
    }  # fmt: skip
    for name, words in calls.items():
        told = (await digest(*words, "-C", root, "--json")).json
        documented = set(re.findall(r"`([a-z_]+)`", rows[name]))
        if name.startswith("send -"):
            documented |= set(re.findall(r"`([a-z_]+)`", rows["send"]))
        assert set(told) <= documented, name

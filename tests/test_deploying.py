"""Units for systemd and files for containers: with the right paths, as tight as they claim, and their lines run without a path."""

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from digest.cli import group
from digest.config import load
from tests.conftest import Furnish, need
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay
from tests.test_docs import ROOT

PACKAGING = ROOT / "packaging"
MOST_EXPOSURE = 20  # tenths, of `systemd-analyze security`


@pytest.fixture
def written(site: RecordedSite, relay: Relay, furnish: Furnish) -> Path:
    """A newsletter's folder with all that `init` writes for it."""
    root = furnish(site.base, relay.port)
    done = CliRunner().invoke(group, ["init", str(root), "--systemd", "--docker"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return root


def ran(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)


def test_the_service_is_exposed_to_little(written: Path) -> None:
    analyze = need("systemd-analyze")
    unit = written / "systemd" / "digest.service"
    done = ran(analyze, "security", "--offline=yes", "--no-pager", f"--threshold={MOST_EXPOSURE}", unit)
    assert done.returncode == 0, done.stdout[-300:]
    assert float(re.search(r"exposure level for digest\.service: ([0-9.]+)", done.stdout)[1]) <= MOST_EXPOSURE / 10  # type: ignore[index]


@pytest.mark.parametrize(
    "name", ["digest.service", "digest-send.service", "digest-send.timer", "digest-collect.service", "digest-collect.timer"]
)
def test_systemd_can_read_each_unit(name: str, written: Path) -> None:
    done = ran(need("systemd-analyze"), "verify", written / "systemd" / name)
    own = [line for line in done.stderr.splitlines() if str(written) in line or "Unknown" in line]
    assert own == []


def test_no_placeholder_is_left_and_the_paths_are_there(written: Path) -> None:
    for name in ("systemd/digest.service", "systemd/digest-send.service", "Dockerfile", "compose.yaml", "Caddyfile"):
        assert not re.search("@[A-Z]+@", (written / name).read_text()), name
    unit = (written / "systemd" / "digest.service").read_text()
    program, folder = re.search(r'^ExecStart="(.+)" -C "(.+)" run$', unit, re.MULTILINE).groups()  # type: ignore[union-attr]
    assert Path(program).exists()
    assert Path(folder) == written


@pytest.mark.parametrize("name", ["digest-collect.service", "digest-send.service"])
async def test_the_lines_of_the_timers_run_under_a_bare_path(name: str, written: Path, relay: Relay) -> None:
    (line,) = re.findall(r"^ExecStart=(.*)$", (written / "systemd" / name).read_text(), re.MULTILINE)
    bare = {"PATH": "/usr/bin:/bin", "DIGEST_NOW": NOW.isoformat()}
    process = await asyncio.create_subprocess_shell(line, env=bare, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    assert len(relay.taken) == (2 if "send" in name else 0)


async def test_the_lines_for_cron_run_as_they_are_printed(written: Path, relay: Relay, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how-to" / "run-as-a-service.md").read_text()
    lines = re.findall(r"^ {4}(?:[0-9*/,-]+ +){5}(.*)$", page, re.MULTILINE)
    assert len(lines) == 2
    for line in lines:
        own = line.replace("/srv/digest/bin/digest", str(Path(sys.executable).with_name("digest"))).replace(
            "/srv/my-paper", str(written)
        )
        bare = {"PATH": "/usr/bin:/bin", "DIGEST_NOW": NOW.isoformat(), "HOME": str(tmp_path)}
        process = await asyncio.create_subprocess_shell(own, env=bare, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        out, _ = await process.communicate()
        assert process.returncode == 0, out.decode()
    assert len(relay.taken) == 2


def test_a_folder_may_have_a_space_in_its_name(tmp_path: Path) -> None:
    root = tmp_path / "my paper"
    CliRunner().invoke(group, ["init", str(root), "--systemd", "--docker"], catch_exceptions=False)
    done = ran(need("systemd-analyze"), "verify", root / "systemd" / "digest.service")
    assert [line for line in done.stderr.splitlines() if "my paper" in line or "Unknown" in line] == []
    assert load(root).web.host == "0.0.0.0"


def test_what_is_there_already_is_kept(written: Path) -> None:
    before = {path: path.read_bytes() for path in (written / "digest.toml", written / "subscribers.csv")}
    (written / "compose.yaml").write_text("services: {}\n")
    CliRunner().invoke(group, ["init", str(written), "--systemd", "--docker"], catch_exceptions=False)
    assert (written / "compose.yaml").read_text() == "services: {}\n"
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.parametrize("file", [ROOT / "Dockerfile", PACKAGING / "Dockerfile"], ids=["source", "package"])
def test_hadolint_has_nothing_to_say(file: Path) -> None:
    done = ran(need("hadolint"), file)
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("file", [ROOT / "Dockerfile", PACKAGING / "Dockerfile"], ids=["source", "package"])
def test_the_container_runs_as_nobody_in_particular_and_says_whether_it_is_well(file: Path) -> None:
    text = file.read_text()
    last = text[text.rindex("\nFROM ") :]
    assert re.search(r"^USER 10001:10001$", last, re.MULTILINE)
    assert "/health/live" in last
    assert "pip" not in last


def test_what_the_source_image_copies_is_there() -> None:
    for line in re.findall(r"^COPY (?!--from)(.*) \S+$", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        for name in line.split():
            assert (ROOT / name).exists(), name


def test_both_images_end_in_the_same_way() -> None:
    source, package = ((folder / "Dockerfile").read_text() for folder in (ROOT, PACKAGING))
    assert source[source.rindex("\nFROM ") :] == package[package.rindex("\nFROM ") :]

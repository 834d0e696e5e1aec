"""The demo, from beginning to end."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path


def test_once_delivers_and_leaves_nothing_behind() -> None:
    before = set(Path(tempfile.gettempdir()).glob("digest-demo-*"))
    done = subprocess.run(
        [sys.executable, "-m", "digest", "demo", "--once", "--json"], capture_output=True, text=True, timeout=60, check=True
    )
    report = json.loads(done.stdout)
    assert report["inbox"] == report["sent"] == 22
    assert (report["refused"], report["bad_rows"], report["failures"]) == (1, 1, [])
    assert report["url"].startswith("http://127.0.0.1:")
    assert set(Path(tempfile.gettempdir()).glob("digest-demo-*")) == before


def test_once_tells_a_person() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "digest", "demo", "--once"], capture_output=True, text=True, timeout=60, check=True
    )
    assert "22 messages delivered" in done.stdout
    assert "1 row skipped: subscribers.csv:10" in done.stdout
    assert "digest init" in done.stdout

"""How many readers a second can leave, each opt-out committed before its answer, while `wrk` asks over real HTTP.

    python benchmarks/readers.py [--seconds 10]

The service is killed (SIGKILL) while it is asked; then every answered opt-out is looked for in the store.
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import insert

from digest.compose.subscriber_links import SubscriberLinks
from digest.store import Store, schema

PEOPLE = 120_000
CONFIG = """
[newsletter]
name = "The Harbour Gazette"
from = "daily@gazette.example"
public_url = "https://news.gazette.example"

[[sources]]
kind = "feed"
url = "http://127.0.0.1:9/feed/"
allow_private = true

[web]
port = 0
"""
SCRIPT = """
local tokens = {}
for line in io.lines("%s") do tokens[#tokens + 1] = line end
local at, thread = 0, 0
function setup(t) t:set("offset", thread * 60000) thread = thread + 1 end
function request()
  at = at + 1
  local token = tokens[(offset + at) %% #tokens + 1]
  return wrk.format("POST", "/unsubscribe/" .. token, {["Content-Type"] = "application/x-www-form-urlencoded"},
    "List-Unsubscribe=One-Click")
end
local file
function response(status) if status == 200 then answered = (answered or 0) + 1 end end
function done(summary)
  io.write(string.format("answered %%d errors %%d\\n", summary.requests, summary.errors.status))
end
"""


def furnished(root: Path) -> None:
    """A newsletter with so many readers, each known by a token."""
    (root / "digest.toml").write_text(CONFIG)
    emails = [f"reader{number}@readers.example" for number in range(PEOPLE)]
    (root / "subscribers.csv").write_text("email,status\n" + "".join(f"{email},active\n" for email in emails))
    store = Store.open("sqlite:///state/digest.db", root)
    links = SubscriberLinks(public_url="https://news.gazette.example", secret=store.secret("readers"))
    rows = [{"email": email, "token": links.token(email)} for email in emails]
    with store.engine.begin() as connection:
        connection.execute(insert(schema.subscribers), rows)
    (root / "tokens").write_text("\n".join(row["token"] for row in rows) + "\n")
    (root / "wrk.lua").write_text(SCRIPT % (root / "tokens"))
    store.close()


def service(root: Path) -> tuple[subprocess.Popen[str], str]:
    """`digest run`, and where its pages are."""
    process = subprocess.Popen(
        [sys.executable, "-m", "digest", "run", "-C", str(root), "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "DIGEST_NOW": "2026-11-24T12:00:00+00:00"},
    )  # fmt: skip
    assert process.stdout is not None
    found = re.search(r'"pages": "([^"]+)"', process.stdout.readline())
    assert found
    return process, found[1]


def asked(root: Path, address: str, seconds: int) -> str:
    """What `wrk` says of so many seconds with 32 connections."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}s", "--latency", "-s", str(root / "wrk.lua"), address]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout


def main() -> None:
    """Ask, count, kill, count again."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--seconds", type=int, default=10)
    seconds = arguments.parse_args().seconds
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        furnished(root)
        process, address = service(root)
        time.sleep(1)
        told = asked(root, address, seconds)
        process.send_signal(signal.SIGKILL)
        process.wait()
        answered = int(re.search(r"answered (\d+)", told)[1])  # type: ignore[index]
        rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]
        slow = re.search(r"99%\s+(\S+)", told)[1]  # type: ignore[index]
        store = Store.open("sqlite:///state/digest.db", root)
        held = sum(1 for _ in store.suppressions.all())
        store.close()
    print(f"{rate:,.0f} opt-outs a second (goal 1,000), 99 of 100 within {slow}")
    print(f"{answered:,} answered, {held:,} in the store after SIGKILL: {'none lost' if held >= answered else 'LOST'}")


if __name__ == "__main__":
    main()

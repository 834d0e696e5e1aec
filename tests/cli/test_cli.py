"""The commands, as a person or a script calls them."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.app import open_newsletter
from digest.publish import Unwatched, publish
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

HEAVY = ("aiohttp", "sqlalchemy", "pydantic", "jinja2", "mjml", "apscheduler", "aiosmtplib", "feedparser")


@dataclass
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """Standard output as one JSON object."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


async def digest(*arguments: object, now: str = "2026-11-24T07:00:30+00:00") -> Done:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", *map(str, arguments),
        env={**os.environ, "DIGEST_NOW": now}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    return Done(process.returncode or 0, out.decode(), err.decode())


def one_line(done: Done) -> str:
    assert "Traceback" not in done.err
    assert len(done.err.strip().splitlines()) == 1, done.err
    return done.err


def test_help_imports_nothing_heavy() -> None:
    found = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "digest", "--help"], capture_output=True, text=True, check=True
    )
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in found.stderr.splitlines()}
    assert imported & set(HEAVY) == set()
    assert "subscribers.csv" in found.stdout


@pytest.mark.parametrize(
    "command", ["init", "demo", "check", "collect", "preview", "send", "run", "status", "subscribers", "calendar"]
)
async def test_every_command_explains_itself(command: str) -> None:
    done = await digest(command, "--help")
    assert done.code == 0
    assert len(done.out) > 200


async def test_a_mistyped_command_is_told_what_it_is_near_to() -> None:
    done = await digest("statuss")
    assert done.code == 2
    assert "Did you mean 'status'?" in done.err


async def test_init_makes_a_newsletter_that_checks(tmp_path: Path, relay: Relay, site: RecordedSite) -> None:
    root = tmp_path / "paper"
    done = await digest("init", root, "--with-templates")
    assert done.code == 0
    assert {path.name for path in root.iterdir()} == {"digest.toml", "subscribers.csv", "templates", ".gitignore"}
    assert (root / "templates" / "edition.mjml.j2").exists()
    assert (await digest("init", root)).code == 2
    text = (root / "digest.toml").read_text()
    text = text.replace('\nurl = "https://news.example"\n# allow_private = true ', f'\nurl = "{site.base}"\nallow_private = true ')
    (root / "digest.toml").write_text(
        text.replace('# [smtp]\n# url = "smtp://localhost:25"', f'[smtp]\nurl = "smtp://127.0.0.1:{relay.port}"')
    )
    done = await digest("subscribers", "add", "ada@readers.example", "--name", "Ada", "-C", root)
    assert done.code == 0, done.err
    assert (root / "subscribers.csv").read_text() == "email,name,status,joined\nada@readers.example,Ada,active,2026-11-24\n"
    done = await digest("check", "-C", root)
    assert done.code == 0, done.out
    assert "✗" not in done.out


async def test_the_morning(relay: Relay, site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    root = furnish(site.base, relay.port, emails=["ada@readers.example", "not an address", "refused@readers.example"])
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("refused") else None
    assert (await digest("collect", "-C", root, "--json")).json["articles"] == 6
    done = await digest("preview", "-C", root, "--output", tmp_path / "out", "--as", "ada@readers.example")
    assert done.code == 0
    eml = (tmp_path / "out" / "weekday-2026-11-24.eml").read_bytes()
    dry = await digest("send", "-C", root, "--dry-run")
    assert "2 subscribers would get this" in dry.out
    assert relay.taken == []
    sent = await digest("send", "-C", root, "--json")
    assert sent.code == 3
    assert {key: sent.json[key] for key in ("edition", "sent", "refused", "deferred", "unknown", "skipped", "bad_rows")} == {
        "edition": "weekday-2026-11-24", "sent": 1, "refused": 1, "deferred": 0, "unknown": 0, "skipped": 0, "bad_rows": 1,
    }  # fmt: skip
    assert relay.taken[0][1] == eml
    again = await digest("send", "-C", root)
    assert (again.code, "Nothing to send" in again.out) == (0, True)
    status = await digest("status", "-C", root)
    assert "1 refused, 1 sent" in status.out
    assert "weekday-2026-11-25" in status.out
    assert (await digest("send", "-C", root, "--edition", "1")).code == 0
    assert (await digest("send", "-C", root, "--edition", "7")).code == 2


async def test_calendar(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    done = await digest("calendar", "-C", root, "--count", "4", "--json")
    assert [row["edition"] for row in done.json["editions"]] == [f"weekday-2026-11-{day}" for day in (25, 26, 27, 30)]
    ends = [row["end"] for row in done.json["editions"]]
    assert [row["start"] for row in done.json["editions"]][1:] == ends[:-1]


async def test_subscribers(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    listed = await digest("subscribers", "list", "-C", root, "--json")
    assert [row["email"] for row in listed.json["subscribers"]] == ["ada@readers.example", "bo@readers.example"]
    assert (await digest("subscribers", "remove", "ada@readers.example", "-C", root)).code == 0
    assert (await digest("subscribers", "remove", "ada@readers.example", "-C", root)).code == 2
    assert (await digest("subscribers", "add", "nonsense", "-C", root)).code == 2
    assert (await digest("subscribers", "remove", "bo@readers.example", "-C", root)).code == 0
    assert (await digest("subscribers", "check", "-C", root)).code == 2


@pytest.mark.parametrize(
    ("spoil", "code", "told"),
    [
        (lambda root: (root / "digest.toml").write_text((root / "digest.toml").read_text().replace("[smtp]", "[smpt]")), 2, "smpt: unknown key. Did you mean smtp?"),
        (lambda root: (root / "subscribers.csv").write_text("name\nAda\n"), 2, "no email column"),
        (lambda root: (root / "subscribers.csv").unlink(), 2, "cannot be read"),
        (lambda root: ((root / "templates").mkdir(), (root / "templates" / "story.mjml.j2").write_text("a\nb {% endfor %}")), 2, "story.mjml.j2:2"),
        (lambda root: (root / "digest.toml").write_text((root / "digest.toml").read_text() + '\n[dkim]\ndomain = "d.example"\nselector = "s"\nkey_file = "none.pem"\n'), 2, "none.pem"),
        (lambda root: (root / "digest.toml").write_text((root / "digest.toml").read_text().replace('kind = "wordpress"', 'kind = "gopher"')), 2, "gopher"),
        (lambda root: (root / "digest.toml").unlink(), 2, "digest init"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_one_line_and_nothing_is_sent(
    site: RecordedSite, relay: Relay, furnish: Furnish, spoil: Any, code: int, told: str
) -> None:
    root = furnish(site.base, relay.port)
    spoil(root)
    done = await digest("send", "-C", root)
    assert done.code == code
    assert told in one_line(done)
    assert relay.taken == []


async def test_a_relay_that_is_not_there_loses_nothing(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, 9)
    done = await digest("send", "-C", root)
    assert done.code == 1
    assert "cannot connect" in one_line(done)
    furnish(site.base, relay.port)
    assert (await digest("send", "-C", root, "--json")).json["sent"] == 2
    assert set(relay.counts.values()) == {1}


async def test_an_edition_is_not_sent_before_its_hour(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    done = await digest("send", "-C", root, "--date", "2026-11-25")
    assert (done.code, relay.taken) == (1, [])
    assert "cannot be sent before" in one_line(done)
    saturday = await digest("send", "-C", root, "--date", "2026-11-28")
    assert (saturday.code, "Sat " in saturday.err) == (2, True)


async def test_the_folder_can_be_named_before_the_command(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    assert (await digest("-C", root, "calendar")).code == 0


async def test_sigterm_finishes_what_is_in_flight(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    relay.delay = 0.05
    root = furnish(site.base, relay.port, emails=[f"r{number}@readers.example" for number in range(200)])
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "send", "-C", str(root), "--json",
        env={**os.environ, "DIGEST_NOW": "2026-11-24T07:00:30+00:00"}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    while len(relay.taken) < 5:
        await asyncio.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    out, _ = await asyncio.wait_for(process.communicate(), 20)
    report = json.loads(out)
    assert (process.returncode, report["status"]) == (3, "unfinished")
    assert report["sent"] == len(relay.taken)
    assert report["total"]["queued"] == 200 - len(relay.taken)


async def test_the_service_publishes_serves_and_stops(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra="[web]\nport = 0\n")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "digest", "run", "-C", str(root), "--json",
        env={**os.environ, "DIGEST_NOW": "2026-11-24T06:59:57+00:00"}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(30):
            while len(relay.taken) < 2:
                await asyncio.sleep(0.05)
        process.send_signal(signal.SIGTERM)
        out, err = await asyncio.wait_for(process.communicate(), 20)
    finally:
        if process.returncode is None:
            process.kill()
    assert process.returncode == 0, err
    assert json.loads(out)["next"].startswith("2026-11-24")
    assert "weekday-2026-11-24 sent: 2 sent" in err.decode()
    assert set(relay.counts.values()) == {1}


async def test_yesterdays_rest_goes_with_todays_send(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra='give_up_after = "30h"\n')
    relay.rcpt = lambda address: "450 later" if address.startswith("bo") else None
    with open_newsletter(root, lambda: NOW - timedelta(days=1), retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, date(2026, 11, 23)), Unwatched())
    relay.rcpt = lambda address: None
    tuesday = await digest("send", "-C", root, "--json")
    assert (tuesday.code, tuesday.json["sent"]) == (0, 2)
    assert "weekday-2026-11-23: 1 sent" in tuesday.err
    assert relay.counts == {"ada@readers.example": 2, "bo@readers.example": 2}


async def test_who_opted_out_comes_back_only_when_asked(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    (root / "subscribers.csv").write_text("email,status\nada@readers.example,unsubscribed\n")
    await digest("send", "-C", root)
    assert (await digest("subscribers", "add", "ada@readers.example", "-C", root)).code == 2
    assert (await digest("subscribers", "restore", "ada@readers.example", "-C", root)).code == 2  # not without a reason
    assert (await digest("subscribers", "restore", "ada@readers.example", "--reason", "she rang", "-C", root)).code == 0
    assert (root / "subscribers.csv").read_text() == "email,status\nada@readers.example,active\n"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("init", "/proc/none/x"), "/proc"),
        (("preview", "--output", "/proc/none"), "/proc"),
        (("preview", "--format", "eml"), "--output"),
        (("preview", "--output", "digest.toml/x"), "digest.toml"),
    ],
)
async def test_paths_that_cannot_be_written_are_one_line(
    site: RecordedSite, relay: Relay, furnish: Furnish, arguments: tuple[str, ...], told: str
) -> None:
    root = furnish(site.base, relay.port)
    where = [] if arguments[0] == "init" else ["-C", root]
    done = await digest(*[root / given if given.startswith("digest.toml") else given for given in arguments], *where)
    assert done.code in {1, 2}
    assert told in one_line(done)


async def test_a_damaged_database_is_one_line(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port)
    assert (await digest("send", "-C", root)).code == 0
    database = root / "state" / "digest.db"
    data = bytearray(database.read_bytes())
    data[4096 : 4096 * 24] = b"\xff" * min(len(data) - 4096, 4096 * 23)
    for more in ("-wal", "-shm"):
        Path(f"{database}{more}").unlink(missing_ok=True)
    database.write_bytes(data)
    done = await digest("status", "-C", root)
    assert done.code == 1
    assert "backup" in one_line(done)


@pytest.mark.parametrize("now", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
async def test_a_clock_beyond_reason_is_refused(furnish: Furnish, now: str) -> None:
    done = await digest("calendar", "-C", furnish("http://127.0.0.1:9", 9), now=now)
    assert (done.code, "DIGEST_NOW" in one_line(done)) == (2, True)


async def test_preview_after_a_send_shows_what_was_sent(site: RecordedSite, relay: Relay, furnish: Furnish, tmp_path: Path) -> None:
    root = furnish(site.base, relay.port)
    await digest("send", "-C", root)
    done = await digest("preview", "-C", root, "--output", tmp_path / "out")
    assert done.code == 0, done.err
    assert (tmp_path / "out" / "weekday-2026-11-24.eml").exists()


async def test_check_sees_what_would_break(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra="ca_file = 'none.pem'\n")
    (root / "templates").mkdir()
    (root / "templates" / "storry.mjml.j2").write_text("x")
    (root / "subscribers.csv").write_text("email\nnobody\n")
    done = await digest("check", "-C", root, "--json")
    assert (done.code, done.json["ok"]) == (1, False)
    told = {(row["area"], row["level"]): row["text"] for row in done.json["findings"]}
    assert "Did you mean story.mjml.j2" in told["templates", "warning"]
    assert "no active subscribers" in told["subscribers", "error"]
    assert ("relay", "error") in told
    assert ("sources", "ok") in told


async def test_a_late_edition_wants_a_word_and_events_tell_how_it_goes(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root, noon = furnish(site.base, relay.port), "2026-11-24T14:00:00+00:00"
    refused = await digest("send", "-C", root, now=noon)
    assert refused.code == 1
    assert "edition weekday-2026-11-24 was due 7 hours ago" in one_line(refused)
    assert relay.taken == []
    sent = await digest("send", "-C", root, "--late", "--json", now=noon)
    assert (sent.code, sent.json["sent"], sent.json["waiting"]) == (0, 2, 0)
    assert sent.json["relays"] == [{"relay": "127.0.0.1", "state": "sent", "code": 250, "status": "", "count": 2, "example": ""}]
    events = [json.loads(line) for line in sent.err.splitlines()]
    assert [row["event"] for row in events] == ["started", "finished"]
    assert (events[0]["left"], events[-1]["sent"], events[-1]["left"]) == (2, 2, 0)


async def test_many_refusals_are_counted_by_reason(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    relay.rcpt = lambda address: "550 5.1.1 no such user" if int(address[1:3]) % 3 == 0 else None
    root = furnish(site.base, relay.port, emails=[f"r{number:02}@readers.example" for number in range(90)])
    held = await digest("send", "-C", root)
    assert held.code == 1
    assert "addresses bounced (limit 5.0%). The remaining messages stay queued." in one_line(held)
    assert "--anyway" in one_line(await digest("send", "-C", root))  # it holds until somebody says so
    done = await digest("send", "--anyway", "-C", root)
    assert done.code == 3
    assert " refused" in done.out.splitlines()[0]
    assert "… and 10 more:" in done.out
    assert "    30 refused by 127.0.0.1 550: 5.1.1 no such user" in done.out
    assert "30 refused by 127.0.0.1 550" in (await digest("status", "-C", root)).out


async def test_a_status_that_nobody_knows_is_shown_as_it_stands(furnish: Furnish) -> None:
    root = furnish("http://127.0.0.1:9", 9)
    (root / "subscribers.csv").write_text("email,status\nada@readers.example,active\nkim@readers.example,activ\n")
    listed = (await digest("subscribers", "list", "-C", root)).out
    assert "kim@readers.example  invalid (activ)" in listed
    assert "?" not in listed

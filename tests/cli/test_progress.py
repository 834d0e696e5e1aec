"""Progress of a send: a bar for a person, events for a program, and a line for each pause."""

import asyncio
import json
import os
import pty
import re
import sys

import pytest

from digest.cli import progress
from digest.cli.progress import ProgressEvents, SendTally
from digest.model import Outcome, Receipt, Recipient
from tests.cli.running import running
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay


def receipt(outcome: Outcome) -> Receipt:
    who = Recipient(id=1, email="ada@readers.example")
    return Receipt(recipient=who, outcome=outcome, at=NOW, message_id="<1@x>", code=250, reply="OK", relay="127.0.0.1")


def test_the_problems_of_a_send_are_counted_by_kind() -> None:
    tally = SendTally()
    tally.start(5)
    assert tally.problems() == ""
    for outcome in (Outcome.SENT, Outcome.REFUSED, Outcome.DEFERRED, Outcome.REFUSED, Outcome.UNKNOWN):
        tally.add(receipt(outcome))
    assert tally.problems() == "1 deferred, 2 refused, 1 unknown"
    assert tally.left == 0


def events(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_program_is_told_how_far_it_is(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "EVENT_INTERVAL", 0.0)
    with ProgressEvents() as told:
        told.started(3)
        told.answered(receipt(Outcome.SENT))
        told.answered(receipt(Outcome.DEFERRED))
        told.pausing(15.0, 2)
    rows = events(capsys.readouterr().err)
    assert [row["event"] for row in rows] == ["started", "progress", "progress", "pausing", "finished"]
    assert [row["left"] for row in rows] == [3, 2, 1, 1, 1]
    assert (rows[-1]["sent"], rows[-1]["deferred"]) == (1, 1)
    assert (rows[3]["waiting"], rows[3]["seconds"]) == (2, 15.0)


def test_a_program_is_not_told_of_every_message(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(progress, "EVENT_INTERVAL", 3_600.0)
    with ProgressEvents() as told:
        told.started(300)
        for _ in range(300):
            told.answered(receipt(Outcome.SENT))
    assert [row["event"] for row in events(capsys.readouterr().err)] == ["started", "finished"]


def test_a_program_is_told_nothing_of_a_send_that_has_nothing_to_send(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressEvents():
        pass
    assert capsys.readouterr().err == ""


async def test_a_person_sees_a_bar_on_a_terminal(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, emails=[f"r{number}@readers.example" for number in range(30)])
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("r7@") else None
    relay.delay = 0.05  # the bar is drawn ten times a second
    ours, its = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "digest", "send", "-C", str(root), stdout=asyncio.subprocess.PIPE, stderr=its,
            env={**os.environ, "DIGEST_NOW": NOW.isoformat(), "TERM": "xterm", "COLUMNS": "120"},
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        os.set_blocking(ours, False)
        drawn = os.read(ours, 1_000_000).decode(errors="ignore")  # a terminal holds so much, and may end within a letter
        shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", drawn)
    finally:
        os.close(its)
        os.close(ours)
    assert "Sending" in shown
    assert "/30" in shown
    assert "/s" in shown
    assert b"29 sent, 1 refused" in out


async def test_a_pause_says_why_and_that_it_is_safe_to_stop(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    relay.rcpt = lambda address: "450 4.2.0 later" if address.startswith("bo") else None
    async with running("send", "-C", furnish(site.base, relay.port)) as send:
        assert await send.error_line() == "1 message deferred. Trying again in 15 seconds; it is safe to stop.\n"
        code, out, _ = await send.stop()
    assert code == 3
    assert out.startswith("Edition weekday-2026-11-24: 1 sent, 1 deferred. 1 still to send. Run `digest send` again.\n")

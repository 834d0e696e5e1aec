"""`digest run` as a process: it reads its files again, stands by, stops in time, is measured, and logs for programs."""

import asyncio
import json
import os
import random
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import pytest

from tests.cli.running import Running, running
from tests.conftest import Furnish
from tests.newsroom import RecordedSite
from tests.relay import Relay

EVENING = "2026-11-24T20:00:00+00:00"
MORNING = "2026-11-24T06:59:57+00:00"
PORT = "[web]\nport = 0\n"


@asynccontextmanager
async def service(root: Path, now: str = EVENING) -> AsyncIterator[tuple[Running, str]]:
    """A service that has told where its pages are."""
    async with running("run", "-C", root, now=now) as process:
        line = await process.line()
        yield process, line.removeprefix("Reader pages at ").partition(". ")[0]


async def got(url: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as client, client.get(url) as answer:
        return answer.status, await answer.text()


async def logged(process: Running, what: str) -> dict[str, str]:
    """Wait for a line of the log."""
    async with asyncio.timeout(30):
        while True:
            line = await process.error_line()
            with suppress(json.JSONDecodeError):
                if what in (found := json.loads(line))["message"]:
                    return dict(found)


def edit(root: Path, old: str, new: str) -> None:
    path = root / "digest.toml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


async def test_on_hangup_a_changed_file_is_used_and_a_broken_one_changes_nothing(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra=PORT)
    async with service(root) as (process, pages):
        assert (await got(f"{pages}/subscribe"))[0] == 200
        edit(root, "[web]", "[web]\nsubscribe = false")
        edit(root, "The Harbour Gazette", "The Quay Courier")
        process.process.send_signal(signal.SIGHUP)
        await logged(process, "digest.toml has changed, and is used")
        assert (await got(f"{pages}/subscribe"))[0] == 404
        assert "The Quay Courier" in (await got(f"{pages}/archive"))[1]
        edit(root, "[web]", "[web")
        process.process.send_signal(signal.SIGHUP)
        await logged(process, "digest.toml is broken, and the settings from before are used: ")
        assert "The Quay Courier" in (await got(f"{pages}/archive"))[1]
        edit(root, "[web", "[web]")
        edit(root, "port = 0", "port = 1")
        edit(root, 'timezone = "Europe/London"', 'timezone = "Europe/London"\ntagline = "New"')
        process.process.send_signal(signal.SIGHUP)
        await logged(process, "digest.toml: web.port counts after a restart")
        code, _, err = await process.stop()
    assert code == 0
    assert "service stopped" in err


async def test_a_theme_that_is_not_there_or_a_key_that_cannot_be_read_changes_nothing(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra=PORT)
    async with service(root) as (process, pages):
        for table in ('[design]\ntheme = "nosuch"\n', '[dkim]\ndomain = "gazette.example"\nselector = "d"\nkey_file = "no.pem"\n'):
            text = (root / "digest.toml").read_text()
            (root / "digest.toml").write_text(text + table)
            process.process.send_signal(signal.SIGHUP)
            await logged(process, "digest.toml is broken")
            (root / "digest.toml").write_text(text)
        assert (await got(f"{pages}/archive"))[0] == 200


async def test_a_template_that_breaks_before_the_hour_does_not_stop_the_edition(
    site: RecordedSite, relay: Relay, furnish: Furnish
) -> None:
    root = furnish(site.base, relay.port, extra=PORT)
    (root / "templates").mkdir()
    own = root / "templates" / "footer.mjml.j2"
    own.write_text('{% extends "default/footer.mjml.j2" %}{% block imprint %}Printed on the quay.{{ super() }}{% endblock %}')
    async with service(root, MORNING) as (process, _):
        own.write_text("{% if %}")
        await logged(process, "the templates are broken: ")
        sent = await logged(process, "weekday-2026-11-24 ")
    assert sent["message"].startswith("weekday-2026-11-24 sent: 2 sent")
    assert sent["edition"] == "weekday-2026-11-24"
    assert all(b"Printed on the quay." in raw for _, raw in relay.taken)


async def test_the_first_template_of_ones_own_may_be_broken(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra=PORT)
    async with service(root, MORNING) as (process, _):
        (root / "templates").mkdir()
        (root / "templates" / "subject.txt.j2").write_text("{{ 1 / 0 }}")
        await logged(process, "the templates are broken: ")
        assert (await logged(process, "weekday-2026-11-24 "))["message"].startswith("weekday-2026-11-24 sent: 2 sent")


async def test_a_second_service_stands_by_and_takes_over_when_the_first_is_killed(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra=PORT)
    async with service(root) as (first, _), running("run", "-C", root, now=EVENING) as second:
        await logged(second, "this one stands by")
        first.process.kill()
        assert (await second.line()).startswith("Reader pages at ")
        await logged(second, "takes over")
        assert (await second.stop())[0] == 0


async def test_one_that_stands_by_stops_when_it_is_asked(site: RecordedSite, furnish: Furnish) -> None:
    root = furnish(site.base, 9, extra=PORT)
    async with service(root), running("run", "-C", root, now=EVENING) as second:
        await logged(second, "this one stands by")
        assert (await second.stop())[0] == 0


@pytest.mark.parametrize("now", [MORNING, "2026-11-24T07:10:00+00:00"], ids=["at its hour", "at a start after it"])
async def test_a_relay_that_does_not_answer_holds_up_no_stop(now: str, site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    relay.delay = 60.0
    root = furnish(site.base, relay.port, extra=PORT)
    text = (root / "digest.toml").read_text()
    (root / "digest.toml").write_text('drain = "1s"\n' + text)
    async with service(root, now) as (process, _):
        async with asyncio.timeout(30):
            while not relay.open:
                await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)
        began = asyncio.get_running_loop().time()
        code, _, err = await process.stop()
        assert asyncio.get_running_loop().time() - began < 25  # the relay would take a minute
    assert code == 0
    assert "with work unfinished" in err


async def test_the_metrics_are_on_an_address_of_their_own_and_name_no_reader(
    site: RecordedSite, relay: Relay, furnish: Furnish
) -> None:
    root = furnish(site.base, relay.port, extra=f"{PORT}[metrics]\nport = 0\n")
    async with service(root, MORNING) as (process, pages):
        address = (await logged(process, "metrics at "))["message"].removeprefix("metrics at ")
        await logged(process, "weekday-2026-11-24 sent: 2 sent")
        status, text = await got(address)
        assert (await got(f"{pages}/metrics"))[0] == 404
    assert status == 200
    for line in (
        'digest_messages_total{outcome="sent",relay="127.0.0.1"} 2.0',
        'digest_edition_messages{edition="weekday",state="sent"} 2.0',
        'digest_editions{edition="weekday",state="made"} 1.0',
        'digest_queue{edition="weekday"} 0.0',
        "digest_collect_seconds_count ",
        'digest_subscribers{status="active"} 2.0',
        'digest_last_success_timestamp_seconds{edition="weekday"} 1.795',
        'digest_next_edition_timestamp_seconds{edition="weekday"} 1.795',
        "digest_troubles 0.0",
        "process_resident_memory_bytes ",
    ):
        assert line in text, line
    assert "@" not in text


async def test_systemd_is_told_when_it_is_ready_reloads_and_stops(site: RecordedSite, furnish: Furnish, tmp_path: Path) -> None:
    root, heard = furnish(site.base, 9, extra=PORT), tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(heard))
        supervisor.settimeout(30)
        environment = {"NOTIFY_SOCKET": str(heard), "WATCHDOG_USEC": "400000"}
        async with running("run", "-C", root, now=EVENING, environment=environment) as process:
            told: list[str] = []

            async def until(what: str) -> None:
                while not any(line.startswith(what) for line in told):
                    told.extend((await asyncio.to_thread(supervisor.recv, 4_096)).decode().split("\n"))

            await until("READY=1")
            told.clear()
            await until("WATCHDOG=1")
            process.process.send_signal(signal.SIGHUP)
            await until("RELOADING=1")
            assert any(line.startswith("MONOTONIC_USEC=") for line in told)
            await until("READY=1")
            process.process.send_signal(signal.SIGTERM)
            await until("STOPPING=1")


async def test_no_reader_is_named_in_the_log(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    relay.rcpt = lambda address: f"550 5.1.1 <{address}>: no such user" if address.startswith("nell") else None
    root = furnish(site.base, relay.port, extra=PORT)
    async with service(root) as (process, pages), aiohttp.ClientSession() as client:
        async with client.post(f"{pages}/subscribe", data={"email": "nell@readers.example"}) as answer:
            assert answer.status == 200
        line = await logged(process, "could not send an email to ")
        _, out, err = await process.stop()
    assert "n…@readers.example: 550" in line["message"]
    assert "nell@" not in line["message"] + out + err


async def test_a_kill_while_it_reads_its_files_again_loses_nothing(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    rng, root = random.Random(8), furnish(site.base, relay.port, extra=PORT)
    (root / "templates").mkdir()
    own = root / "templates" / "footer.mjml.j2"
    for number in range(int(os.environ.get("KILLS", "6"))):
        own.write_text(
            f'{{% extends "default/footer.mjml.j2" %}}{{% block imprint %}}Quay {number}.{{{{ super() }}}}{{% endblock %}}'
        )
        async with service(root) as (process, _):
            own.write_text(own.read_text().replace("Quay", "Pier"))
            edit(root, "[smtp]", f"# {number}\n[smtp]")
            process.process.send_signal(signal.SIGHUP)
            await asyncio.sleep(rng.uniform(0, 0.3))
            process.process.kill()
            await process.process.wait()
    async with service(root, MORNING) as (process, _):
        assert (await logged(process, "weekday-2026-11-24 "))["message"].startswith("weekday-2026-11-24 sent: 2 sent")
    assert len(relay.taken) == 2

"""What is on: a newsroom's calendar, as programs write it and as nobody should."""

from collections.abc import AsyncIterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from aiohttp import web

from digest.app import open_newsletter
from digest.collect import calendar_events as module
from digest.collect.calendar_events import calendar_events
from digest.collect.fetch import Fetcher, Limits
from digest.config import EventsPlan
from digest.errors import FetchError, SourceError
from digest.model import Event
from digest.publish import make_draft
from digest.web.pages import serve_http
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

DAY, LONDON = date(2026, 11, 24), ZoneInfo("Europe/London")


def calendar(*events: str) -> str:
    rows = "\r\n".join(f"BEGIN:VEVENT\r\n{event.strip()}\r\nEND:VEVENT" for event in events)
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Harbour//EN\r\n{rows}\r\nEND:VCALENDAR\r\n"


async def read(tmp_path: Path, text: str | bytes, **plan: object) -> tuple[Event, ...]:
    (tmp_path / "town.ics").write_bytes(text if isinstance(text, bytes) else text.encode())
    async with Fetcher() as fetcher:
        return await calendar_events(EventsPlan.model_validate({"file": "town.ics", **plan}), tmp_path, DAY, LONDON, fetcher)


CHOIR = "UID:1\r\nDTSTART:20261124T193000\r\nSUMMARY:Choir\\, carols &amp; cake\r\nLOCATION:The Net Loft\r\nURL:https://gazette.example/choir"


async def test_an_event_has_its_title_time_place_and_address(tmp_path: Path) -> None:
    (event,) = await read(tmp_path, calendar(CHOIR))
    assert event == Event(
        title="Choir, carols & cake", begins=datetime(2026, 11, 24, 19, 30, tzinfo=LONDON), place="The Net Loft",
        url="https://gazette.example/choir",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "begins"),
    [
        ("DTSTART:20261124T193000Z", "2026-11-24T19:30:00+00:00"),
        ("DTSTART;TZID=Europe/Paris:20261124T193000", "2026-11-24T18:30:00+00:00"),
        ("DTSTART;VALUE=DATE:20261125", "2026-11-25T00:00:00+00:00"),
        ("DTSTART:20261103T080000\r\nRRULE:FREQ=WEEKLY", "2026-11-24T08:00:00+00:00"),
        ("DTSTART:20260101T080000\r\nRRULE:FREQ=MONTHLY;BYDAY=4WE\r\nEXDATE:20260128T080000", "2026-11-25T08:00:00+00:00"),
        ("DTSTART;VALUE=DATE:20261120\r\nDTEND;VALUE=DATE:20261130", "2026-11-24T00:00:00+00:00"),
    ],
)
async def test_when_it_begins(tmp_path: Path, row: str, begins: str) -> None:
    (event,) = await read(tmp_path, calendar(f"UID:1\r\nSUMMARY:x\r\n{row}"))
    assert event.begins == datetime.fromisoformat(begins)


@pytest.mark.parametrize(
    "row",
    [
        "DTSTART:20261123T193000", "DTSTART:20261127T000000", "DTSTART:20261124T193000\r\nSTATUS:CANCELLED",
        "DTSTART:20261124T193000\r\nCLASS:PRIVATE", "DTSTART:20261124T193000\r\nSUMMARY:",
    ],
)  # fmt: skip
async def test_what_is_over_far_cancelled_or_private_is_not_told(tmp_path: Path, row: str) -> None:
    text = calendar(f"UID:1\r\n{row}" if "SUMMARY" in row else f"UID:1\r\nSUMMARY:x\r\n{row}")
    assert await read(tmp_path, text) == ()


async def test_they_are_in_their_order_and_at_most_so_many(tmp_path: Path) -> None:
    rows = [f"UID:{n}\r\nSUMMARY:E{n}\r\nDTSTART:20261124T{20 - n:02}0000" for n in range(9)]
    assert [event.title for event in await read(tmp_path, calendar(*rows), most=3)] == ["E8", "E7", "E6"]


async def test_a_rule_that_never_ends_does_not_hold_anything_up(tmp_path: Path) -> None:
    text = calendar(CHOIR, "UID:2\r\nSUMMARY:x\r\nDTSTART:20200101T000000\r\nRRULE:FREQ=SECONDLY")
    assert [event.title for event in await read(tmp_path, text)] == ["Choir, carols & cake"]


async def test_a_calendar_that_takes_too_long_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "READ_TIMEOUT", 0.01)
    with pytest.raises(SourceError, match=r"town\.ics: the calendar could not be read within"):
        await read(tmp_path, calendar(CHOIR))


@pytest.mark.parametrize("data", [b"", b"<html>Log in</html>", b"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", b"\xff\xfe\x00" * 50])
async def test_what_is_no_calendar_is_named(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(SourceError, match=r"town\.ics: no calendar that can be read"):
        await read(tmp_path, data)


async def test_a_file_that_is_not_there_and_one_that_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"away\.ics: cannot be read: No such file"):
        await read(tmp_path, "", file="away.ics")
    with pytest.raises(SourceError, match="larger than 2 MB"):
        await read(tmp_path, b"x" * 2_000_001)


@pytest.fixture
async def town() -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=200, text=calendar(CHOIR)) if request.path == "/town.ics" else web.Response(status=404)

    application = web.Application()
    application.router.add_get("/{name}", answer)
    async with serve_http(application, "127.0.0.1", 0) as address:
        yield address


async def test_a_calendar_on_the_web(town: str, tmp_path: Path) -> None:
    async with Fetcher(limits=Limits(attempts=1)) as fetcher:
        plan = EventsPlan(url=f"{town}/town.ics", allow_private=True)
        assert len(await calendar_events(plan, tmp_path, DAY, LONDON, fetcher)) == 1
        with pytest.raises(FetchError, match="HTTP 404"):
            await calendar_events(EventsPlan(url=f"{town}/x.ics", allow_private=True), tmp_path, DAY, LONDON, fetcher)


async def test_they_stand_in_the_edition(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra='[events]\nfile = "town.ics"\ntitle = "In the harbour"')
    (root / "town.ics").write_text(calendar(CHOIR))
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        draft = await make_draft(app.pipeline, plan, app.slot(plan, DAY))
        out = app.design().render(draft.edition)
    assert draft.failures == ()
    for part in (out.html, out.text):
        assert "In the harbour" in part
        assert "19:30" in part
        assert "The Net Loft" in part
    assert "https://gazette.example/choir" in out.text.splitlines()


async def test_a_calendar_that_cannot_be_read_is_reported(site: RecordedSite, relay: Relay, furnish: Furnish) -> None:
    root = furnish(site.base, relay.port, extra='[events]\nfile = "town.ics"')
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        draft = await make_draft(app.pipeline, plan, app.slot(plan, DAY))
    assert draft.edition.stories
    (failure,) = draft.failures
    assert str(failure) == "town.ics: cannot be read: No such file or directory. The edition goes without its events."


async def test_one_bad_event_costs_no_other(tmp_path: Path) -> None:
    bad = ["UID:2\r\nSUMMARY:No day", "UID:3\r\nSUMMARY:Twice\r\nDTSTART:20261124T100000\r\nDTSTART:20261124T110000",
           "UID:4\r\nSUMMARY:Long ago\r\nDTSTART:00010101T000000\r\nRRULE:FREQ=YEARLY",
           "UID:5\r\nSUMMARY:Bad\r\nDTSTART:20261399",
           "UID:6\r\nSUMMARY:Over\r\nDTSTART:20261101T100000\r\nRRULE:FREQ=NEVER\r\nEXDATE:x\r\nDURATION:y\r\nRECURRENCE-ID:z"]  # fmt: skip
    assert [event.title for event in await read(tmp_path, calendar(*bad, CHOIR))] == ["Choir, carols & cake"]


async def test_of_two_titles_the_first_is_told(tmp_path: Path) -> None:
    (event,) = await read(tmp_path, calendar("UID:1\r\nSUMMARY:One\r\nSUMMARY:Two\r\nDTSTART:20261124T100000"))
    assert event.title == "One"


@pytest.mark.parametrize("row", ["STATUS:Cancelled", "CLASS:private", "CLASS:Confidential"])
async def test_cancelled_in_small_letters_is_cancelled(tmp_path: Path, row: str) -> None:
    assert await read(tmp_path, calendar(f"UID:1\r\nSUMMARY:x\r\nDTSTART:20261124T100000\r\n{row}")) == ()


async def test_what_begins_today_comes_before_what_has_been_on_for_weeks(tmp_path: Path) -> None:
    weeks = "UID:2\r\nSUMMARY:Exhibition\r\nDTSTART:20261101T100000\r\nDTEND:20261220T170000"
    assert [event.title for event in await read(tmp_path, calendar(weeks, CHOIR), most=1)] == ["Choir, carols & cake"]

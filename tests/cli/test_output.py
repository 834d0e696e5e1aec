"""What `digest send` tells a person at its end."""

import pytest

from digest.app import App, open_newsletter
from digest.cli.output import left_out_line, print_report
from digest.edition.report import RunReport
from digest.model import LeftOut
from digest.publish import Unwatched, publish
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

DEAD = '[[sources]]\nkind = "feed"\nurl = "http://127.0.0.1:9/feed"\nallow_private = true\n'


async def run(app: App) -> RunReport:
    plan = app.config.editions[0]
    return await publish(app.pipeline, plan, app.slot(plan, NOW.date()), Unwatched())


async def printed(app: App, capsys: pytest.CaptureFixture[str]) -> tuple[list[str], list[str]]:
    """What is told of a run: on standard output, and on standard error."""
    print_report(app, await run(app), as_json=False)
    told = capsys.readouterr()
    return told.out.splitlines(), told.err.splitlines()


async def test_addresses_that_are_dead_now_are_counted(app: App, relay: Relay, capsys: pytest.CaptureFixture[str]) -> None:
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address.startswith("bo") else None
    out, err = await printed(app, capsys)
    assert out == [
        "Edition weekday-2026-11-24: 1 sent, 1 refused.",
        "  refused   bo@readers.example: 550 5.1.1 no such user",
        "  1 address bounced and will get no more mail (now on the suppression list).",
    ]
    assert err == []


async def test_what_waits_is_told_with_what_the_relay_said(app: App, relay: Relay, capsys: pytest.CaptureFixture[str]) -> None:
    relay.rcpt = lambda address: "450 4.2.0 later" if address.startswith("bo") else None
    out, _ = await printed(app, capsys)
    assert out == [
        "Edition weekday-2026-11-24: 1 sent, 1 deferred. 1 still to send. Run `digest send` again.",
        "  deferred  bo@readers.example: 450 4.2.0 later",
    ]


async def test_what_failed_and_what_was_skipped_is_a_warning(
    site: RecordedSite, relay: Relay, furnish: Furnish, capsys: pytest.CaptureFixture[str]
) -> None:
    root = furnish(site.base, relay.port, emails=["ada@readers.example", "not an address"], extra=DEAD)
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        out, err = await printed(app, capsys)
    assert out == ["Edition weekday-2026-11-24: 1 sent."]
    assert err[0].startswith("warning: http://127.0.0.1:9/feed")
    assert err[1] == "warning: skipped 1 row of subscribers.csv. Run `digest subscribers check` to see them."


@pytest.mark.parametrize(
    ("setting", "fate"),
    [("", "may have got this edition twice"), ('in_doubt = "hold"\n', "may not have got this edition")],
)
async def test_whose_connection_was_lost_is_named_with_what_that_may_mean(
    site: RecordedSite, relay: Relay, furnish: Furnish, capsys: pytest.CaptureFixture[str], setting: str, fate: str
) -> None:
    relay.dropping = lambda address: address.startswith("bo")
    with open_newsletter(furnish(site.base, relay.port, extra=setting), lambda: NOW, retry_delays=()) as app:
        out, _ = await printed(app, capsys)
    assert out[-1] == f"  1 subscriber {fate}, because a run or connection was interrupted: bo@readers.example"


async def test_many_lost_connections_are_not_all_named(
    site: RecordedSite, relay: Relay, furnish: Furnish, capsys: pytest.CaptureFixture[str]
) -> None:
    people = [f"r{number:02}@readers.example" for number in range(12)]
    relay.dropping = lambda address: True
    with open_newsletter(furnish(site.base, relay.port, emails=people), lambda: NOW, retry_delays=()) as app:
        out, _ = await printed(app, capsys)
        (row,) = [line for line in out if "was interrupted" in line]
    assert row.startswith("  12 subscribers may have got this edition twice")
    assert row.endswith(", …")
    assert row.count("@") == 10


async def test_an_edition_that_has_no_story_says_so(app: App, site: RecordedSite, capsys: pytest.CaptureFixture[str]) -> None:
    site.posts = []
    out, _ = await printed(app, capsys)
    assert len(out) == 1
    assert out[0].startswith("No edition: ")


async def test_what_has_no_room_is_a_warning(app: App, capsys: pytest.CaptureFixture[str]) -> None:
    (app.config.root / "templates").mkdir()
    story = "<tr><td>{{ item.article.title }} " + "a long word " * 9_000 + "</td></tr>"
    (app.config.root / "templates" / "story.mjml.j2").write_text(story)
    out, err = await printed(app, capsys)
    assert out == ["Edition weekday-2026-11-24: 2 sent."]
    assert err[0].startswith("warning: 1 story and ")


def cut(kind: str, count: int) -> list[LeftOut]:
    return [LeftOut(kind=kind, id=str(n), label="", url="", reason="no room") for n in range(count)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (cut("article", 2), "warning: 2 stories left out"),
        (cut("comment", 1), "warning: 1 comment left out"),
        ([*cut("article", 1), *cut("comment", 3)], "warning: 1 story and 3 comments left out"),
    ],
)
def test_what_was_left_out_is_counted_by_kind(rows: list[LeftOut], told: str) -> None:
    assert left_out_line(rows).startswith(f"{told} for want of room")

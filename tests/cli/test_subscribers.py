"""`digest subscribers list`, `add`, `remove`, `check` and `show`."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from digest.app import open_newsletter
from digest.cli.subscribers import MAX_PROBLEMS
from digest.publish import Unwatched, publish
from digest.store import Preference
from tests.cli.running import call
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

ADA, BO = "ada@readers.example", "bo@readers.example"


# — show —


@pytest.fixture
async def told(site: RecordedSite, relay: Relay, furnish: Furnish) -> Path:
    """A newsletter of which Ada has an edition and has chosen; the relay refused Bo."""
    root = furnish(site.base, relay.port)
    (root / "subscribers.csv").write_text(f"email,name,town\n{ADA},Ada,Quay\n{BO},,\n")
    relay.rcpt = lambda address: "550 5.1.1 no such user" if address == BO else None
    with open_newsletter(root, lambda: NOW, retry_delays=()) as app:
        plan = app.config.editions[0]
        await publish(app.pipeline, plan, app.slot(plan, app.calendar(plan).latest(NOW)), Unwatched())
        until = NOW.date() + timedelta(days=7)
        chosen = Preference(email=ADA, topics=("Health", "Traffic"), paused_until=until, comments=False)
        app.store.subscribers.set_preference(chosen, NOW, "on the page")
    return root


def test_what_is_known_of_a_subscriber_is_shown(told: Path) -> None:
    done = call(told, "show", "Ada@Readers.example")
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{ADA}: line 2, active",
        "  preferences: topics Health, Traffic; paused until 2026-12-01; no comments",
        "  Tue 24 Nov 2026 07:00 UTC preferences: on the page",
        "  weekday-2026-11-24: sent 250",
    ]


def test_why_somebody_gets_no_mail_is_shown(told: Path) -> None:
    lines = call(told, "show", BO).stdout.splitlines()
    assert lines[0] == f"{BO}: line 3, active"
    assert lines[1].startswith("  suppressed: bounced, Tue 24 Nov 2026 07:00 UTC (")
    assert "no such user" in lines[1]
    assert lines[-1] == "  weekday-2026-11-24: refused 550 5.1.1 no such user"


def test_a_record_as_json_has_the_row_the_choices_and_the_editions(told: Path) -> None:
    found = json.loads(call(told, "show", ADA, "--json").stdout)
    assert found["email"] == ADA
    assert found["subscription"] == {"name": "Ada", "status": "active", "line": 2, "extra": {"town": "Quay"}}
    assert found["suppressed"] is None
    own = {"topics": ["Health", "Traffic"], "paused_until": "2026-12-01", "comments": False, "frequency": None, "timezone": None}
    assert found["preferences"] == own
    assert [entry["event"] for entry in found["history"]] == ["preferences"]
    assert [(row["edition"], row["state"], row["code"]) for row in found["deliveries"]] == [("weekday-2026-11-24", "sent", 250)]


def test_a_suppression_as_json_has_its_reason_and_its_day(told: Path) -> None:
    found = json.loads(call(told, "show", BO, "--json").stdout)["suppressed"]
    assert (found["reason"], found["since"]) == ("bounced", NOW.isoformat())
    assert "no such user" in found["detail"]


def test_of_an_address_that_nobody_knows_there_is_no_record_and_the_exit_code_says_so(root: Path) -> None:
    done = call(root, "show", "nobody@readers.example")
    assert (done.exit_code, done.stdout) == (1, "nobody@readers.example: no record.\n")


def test_who_left_the_list_still_has_a_history(root: Path) -> None:
    call(root, "remove", ADA)
    lines = call(root, "show", ADA).stdout.splitlines()
    assert lines == [f"{ADA}: not on the subscriber list", "  Tue 24 Nov 2026 07:00 UTC removed: by hand"]


def test_a_record_is_shown_although_the_list_cannot_be_read(root: Path) -> None:
    call(root, "suppress", ADA, "--reason", "legal")
    (root / "subscribers.csv").write_text(f"name\n{ADA}\n")
    lines = call(root, "show", ADA).stdout.splitlines()
    assert lines[0] == f"{ADA}: not on the subscriber list"
    assert lines[1] == "  suppressed: suppressed, Tue 24 Nov 2026 07:00 UTC (by hand: legal)"


def test_topics_that_a_reader_has_not_chosen_are_said_to_be_the_lists(root: Path) -> None:
    with open_newsletter(root, lambda: NOW) as app:
        app.store.subscribers.set_preference(Preference(email=ADA, comments=False), NOW)
        app.store.subscribers.set_preference(Preference(email=BO, topics=(), comments=False), NOW)
    assert "  preferences: topics from subscribers.csv; no comments" in call(root, "show", ADA).stdout
    assert "  preferences: topics all; no comments" in call(root, "show", BO).stdout


def test_a_status_that_nobody_knows_is_shown_as_the_list_has_it(root: Path) -> None:
    (root / "subscribers.csv").write_text(f"email,status\n{ADA},activ\n")
    assert call(root, "show", ADA).stdout == f"{ADA}: line 2, invalid (activ)\n"


# — the others —


def test_a_list_is_shown_by_status_and_counted(root: Path) -> None:
    (root / "subscribers.csv").write_text(f"email,name,status\n{ADA},Ada,active\n{BO},,unsubscribed\n")
    assert call(root, "list").stdout == f"{ADA}  active  Ada\n{BO}  unsubscribed\n"
    assert call(root, "list", "--status", "unsubscribed").stdout == f"{BO}  unsubscribed\n"
    assert call(root, "list").stderr == "2 subscribers.\n"


def test_a_suppression_counts_before_what_the_list_says(root: Path) -> None:
    call(root, "suppress", ADA, "--reason", "legal")
    assert call(root, "list", "--status", "suppressed").stdout == f"{ADA}  suppressed\n"


def test_the_consent_of_who_is_added_by_hand_is_kept(root: Path) -> None:
    done = call(root, "add", "Nell <new@readers.example>", "--consent", "on paper, 3 May")
    assert done.stdout == "Added new@readers.example to subscribers.csv.\n"
    assert (
        "  Tue 24 Nov 2026 07:00 UTC added: by hand; consent: on paper, 3 May" in call(root, "show", "new@readers.example").stdout
    )


def test_problems_of_a_list_are_shown_by_line(root: Path) -> None:
    (root / "subscribers.csv").write_text(f"email\n{ADA}\nnot an address\n{ADA}\n")
    done = call(root, "check")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("subscribers.csv:3: ")
    assert done.stdout.splitlines()[1].startswith("subscribers.csv:4: ")
    assert done.stdout.splitlines()[-1] == "1 subscriber (1 active), 2 rows skipped."


def test_many_problems_are_not_all_shown_unless_they_are_asked_for(root: Path) -> None:
    bad = "".join(f"not an address {number}\n" for number in range(MAX_PROBLEMS + 3))
    (root / "subscribers.csv").write_text(f"email\n{ADA}\n{bad}")
    some, everything = call(root, "check").stdout.splitlines(), call(root, "check", "--all").stdout.splitlines()
    assert sum("(skipped)" in line for line in some) == MAX_PROBLEMS
    assert "More problems not shown. Use --all to list them." in some
    assert sum("(skipped)" in line for line in everything) == MAX_PROBLEMS + 3
    assert "More problems not shown. Use --all to list them." not in everything


def test_a_list_without_problems_as_json_has_none(root: Path) -> None:
    found = json.loads(call(root, "check", "--json").stdout)
    assert (found["subscribers"], found["active"], found["problems"]) == (2, 2, [])


def test_a_list_without_anybody_active_fails_the_check_as_json_too(root: Path) -> None:
    (root / "subscribers.csv").write_text(f"email,status\n{ADA},unsubscribed\nnot an address,\n")
    done = call(root, "check", "--json")
    assert done.exit_code == 2
    assert [(row["line"], row["skipped"]) for row in json.loads(done.stdout)["problems"]] == [(3, True)]


def test_a_language_without_words_and_an_odd_habit_are_listed(root: Path) -> None:
    (root / "subscribers.csv").write_text("email,language,frequency\nada@r.example,Klingon,\nbo@r.example,Deutsch,fortnight\n")
    text = call(root, "check").stdout
    assert "language 'Klingon' of 1 subscriber has no words" in text
    assert "Deutsch" not in text
    assert "subscribers.csv:3: unknown frequency 'fortnight'" in text

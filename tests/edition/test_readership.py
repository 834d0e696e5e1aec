"""What a frequency and a time zone of a list mean."""

from datetime import UTC, date, datetime, timedelta

import pytest

from digest.config import EditionPlan
from digest.edition.readership import frequency_remark, gets, local_hours
from digest.model import Slot, Window
from digest.text.time_zones import known_zone


def plan(**keys: object) -> EditionPlan:
    return EditionPlan.model_validate(keys)


WEEKDAY, BEST = plan(title="Every weekday"), plan(name="best", title="The best of the week", days="sat", readers="chosen")
PLANS = (WEEKDAY, BEST)


@pytest.mark.parametrize(
    ("frequency", "weekday", "best"),
    [
        ("", True, False),
        ("weekday", True, False),
        ("Weekly", False, True),
        (" once  a week ", False, True),
        ("best", False, True),
        ("The Best of the Week", False, True),
        ("weekday, best", True, True),
        ("daily;weekly", True, True),
        ("täglich", True, False),
        ("Weekly digest", False, True),
        ("One email, daily", True, False),
        ("Daily or weekly", True, False),
        ("no emails", False, False),
        ("never", False, False),
        ("None", False, False),
        ("fortnightly", True, False),
        ("fortnightly, weekly", False, True),
        ("=cmd|' /C calc'!A0", True, False),
    ],
)
def test_what_a_frequency_means(frequency: str, weekday: bool, best: bool) -> None:
    assert (gets(WEEKDAY, PLANS)(frequency), gets(BEST, PLANS)(frequency)) == (weekday, best)


def test_a_word_that_no_edition_answers_to_is_named_and_counts_as_no_choice() -> None:
    assert frequency_remark("weekly", [WEEKDAY]) == "unknown frequency 'weekly'. Use weekday"
    assert gets(WEEKDAY, [WEEKDAY])("weekly")
    assert [frequency_remark(word, PLANS) for word in ("", "never", "daily", "best")] == [""] * 4


@pytest.mark.parametrize(
    "name",
    ["", "Mars/Olympus", "../../etc/passwd", "Europe", "\0", "Europe/London\n; rm", "x" * 5_000, "GMT+15", "+99", "GMT+2:99"],
)
def test_a_zone_that_is_none_is_none(name: str) -> None:
    assert known_zone(name) is None


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("GMT+2", 2),
        ("utc-03:30", -3.5),
        ("+0545", 5.75),
        ("EST", -5),
        (" Asia/Kolkata ", 5.5),
        ("UTC", 0),
        ("asia/kolkata", 5.5),
        ("America/New York", -5),
    ],
)
def test_a_zone_may_be_an_offset(name: str, hours: float) -> None:
    zone = known_zone(name)
    assert zone is not None
    assert datetime(2026, 1, 5, 7, tzinfo=zone).utcoffset() == timedelta(hours=hours)


def test_a_reader_gets_it_at_its_hour_or_at_once() -> None:
    end = datetime(2026, 3, 9, 7, tzinfo=UTC)
    slot = Slot(name="weekday", day=date(2026, 3, 9), window=Window(start=datetime(2026, 3, 6, 7, tzinfo=UTC), end=end))
    hours = local_hours(WEEKDAY, slot)
    assert hours("America/New_York") == datetime(2026, 3, 9, 11, tzinfo=UTC)  # on summer time since the day before; London is not
    assert hours("Europe/London") is None
    assert hours("Asia/Kolkata") is None
    assert hours("nowhere") is None
    assert local_hours(plan(local_time=False), slot)("America/New_York") is None


def test_an_edition_answers_to_its_earlier_names_and_who_chose_one_that_is_gone_gets_no_other() -> None:
    daily, sports = plan(name="daily"), plan(name="sports", formerly="sport", days="sat")
    assert (gets(daily, (daily, sports))("sport", True), gets(sports, (daily, sports))("sport", True)) == (False, True)
    renamed, series = plan(name="sports", days="sat"), {"daily": "daily", "sports": "sport"}
    assert gets(renamed, (daily, renamed), series)("sport", True)
    assert not gets(daily, (daily, renamed), series)("sport", True)
    assert not gets(daily, (daily,))("sport", True)  # the edition is gone
    assert gets(daily, (daily,))("sport")  # a word of a list that nobody understands
    assert gets(daily, (daily,))("", True)

"""Windows tile time, over ten years and several zones."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.config import EditionPlan
from digest.edition.edition_calendar import EditionCalendar
from digest.errors import ConfigError, UsageError

LONDON = ZoneInfo("Europe/London")


@pytest.mark.parametrize(
    "zone", ["Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC"]
)
@pytest.mark.parametrize("hour", [time(7), time(1, 30), time(0)])
def test_ten_years_without_gap_or_overlap(zone: str, hour: time) -> None:
    calendar = EditionCalendar(EditionPlan(at=hour), ZoneInfo(zone))
    day, previous, count = date(2024, 1, 1), None, 0
    while day < date(2034, 1, 1):
        if calendar.has(day):
            window = calendar.slot(day, previous).window
            assert window.start < window.end
            assert previous is None or window.start == previous
            assert window.end.astimezone(ZoneInfo(zone)).date() in {day, day + timedelta(days=1)}
            previous, count = window.end, count + 1
        day += timedelta(days=1)
    assert count == sum((date(2024, 1, 1) + timedelta(days=n)).weekday() < 5 for n in range((day - date(2024, 1, 1)).days))


def test_monday_covers_friday_to_monday() -> None:
    window = EditionCalendar(EditionPlan(), LONDON).slot(date(2026, 11, 23), None).window
    assert (window.start, window.end) == (datetime(2026, 11, 20, 7, tzinfo=UTC), datetime(2026, 11, 23, 7, tzinfo=UTC))


def test_summer_time_moves_the_cutoff_and_not_the_wall_clock() -> None:
    calendar = EditionCalendar(EditionPlan(), LONDON)
    assert calendar.cutoff(date(2026, 3, 27)) == datetime(2026, 3, 27, 7, tzinfo=UTC)
    assert calendar.cutoff(date(2026, 3, 30)) == datetime(2026, 3, 30, 6, tzinfo=UTC)


def test_holidays_are_left_out() -> None:
    calendar = EditionCalendar(EditionPlan(holidays="GB-ENG"), LONDON)
    assert not calendar.has(date(2026, 12, 25))
    assert calendar.before(date(2026, 12, 29)) == date(2026, 12, 24)
    with pytest.raises(UsageError, match="digest calendar"):
        calendar.slot(date(2026, 12, 25), None)


def test_a_holiday_list_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigError, match="XX"):
        EditionCalendar(EditionPlan(holidays="XX"), LONDON).has(date(2026, 1, 1))


@given(st.integers(0, 5 * 365 * 86_400).map(lambda seconds: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)))
def test_an_instant_belongs_to_exactly_one_window(moment: datetime) -> None:
    calendar = EditionCalendar(EditionPlan(), LONDON)
    closing = next(calendar.upcoming(moment))
    assert moment in calendar.slot(closing, None).window
    assert moment not in calendar.slot(calendar.latest(moment), None).window
    assert calendar.latest(moment) == calendar.before(closing)


def test_after_a_pause_the_window_reaches_back_to_the_last_edition_made() -> None:
    calendar = EditionCalendar(EditionPlan(), LONDON)
    made = calendar.cutoff(date(2026, 11, 17))
    assert calendar.slot(date(2026, 11, 24), made).window.start == made


def test_an_edition_that_has_no_day_in_a_year_is_a_mistake_in_the_file() -> None:
    calendar = EditionCalendar(EditionPlan().model_copy(update={"days": frozenset()}), LONDON)
    with pytest.raises(ConfigError, match="no publishing day in the next year"):
        next(calendar.upcoming(datetime(2026, 11, 24, 7, tzinfo=UTC)))

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
    calendar = EditionCalendar(EditionPlan(holidays=("GB-ENG",)), LONDON)
    assert not calendar.has(date(2026, 12, 25))
    assert calendar.before(date(2026, 12, 29)) == date(2026, 12, 24)
    with pytest.raises(UsageError, match="digest calendar"):
        calendar.slot(date(2026, 12, 25), None)


def test_a_holiday_list_nobody_knows_is_named() -> None:
    with pytest.raises(ConfigError, match="XX"):
        EditionCalendar(EditionPlan(holidays=("XX",)), LONDON).has(date(2026, 1, 1))


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


def plan(**keys: object) -> EditionPlan:
    return EditionPlan.model_validate(keys)


def test_days_off_of_ones_own_recesses_and_days_of_every_year() -> None:
    calendar = EditionCalendar(plan(closed=["2026-12-23", "2027-07-26 to 2027-08-06", "12-28 to 01-04"]), LONDON)
    assert [calendar.why_not(date(2026, 12, day)) for day in (22, 23, 24, 28)] == ["", "closed", "", "closed"]
    assert [calendar.has(date(2027, 7, 23)), calendar.has(date(2027, 7, 26)), calendar.has(date(2027, 8, 9))] == [True, False, True]
    assert not calendar.has(date(2031, 12, 31))
    assert not calendar.has(date(2032, 1, 2))
    assert calendar.has(date(2032, 1, 5))


def test_an_extra_day_has_an_edition_whatever_else_it_is() -> None:
    calendar = EditionCalendar(plan(holidays="GB-ENG", closed=["12-24 to 12-31"], extra=["2026-12-26", "2026-12-25"]), LONDON)
    assert calendar.has(date(2026, 12, 26))
    assert calendar.before(date(2027, 1, 4)) == date(2026, 12, 26)
    assert calendar.why_not(date(2026, 12, 28)) == "closed"


def test_a_holiday_is_named_and_of_several_calendars_each_counts() -> None:
    calendar = EditionCalendar(plan(holidays=["DE-NI", "GB-ENG"]), LONDON)
    assert "Good Friday" in calendar.why_not(date(2027, 3, 26))
    assert not calendar.has(date(2026, 5, 14))  # Ascension Day, in Germany only
    with pytest.raises(UsageError, match=r"on Fri 26 Mar 2027: .*Good Friday"):
        calendar.slot(date(2027, 3, 26), None)


@pytest.mark.parametrize("text", ["24.12.2026", "2026-13-01", "2026-08-20 to 2026-07-26", "12-24 to 2027-01-01", "02-30", ""])
def test_a_day_that_is_none_is_a_mistake_in_the_file(text: str) -> None:
    with pytest.raises(ValueError, match="closed"):
        plan(closed=[text])


def test_the_leap_day_is_a_day() -> None:
    assert EditionCalendar(plan(closed=["02-29"]), LONDON).why_not(date(2028, 2, 29)) == "closed"


def test_with_a_lead_it_closes_before_it_goes_also_over_midnight_and_a_change_of_the_clocks() -> None:
    calendar = EditionCalendar(plan(at="00:10", lead="30m", days="mon-sun"), LONDON)
    assert calendar.due(date(2026, 11, 24)) == datetime(2026, 11, 24, 0, 10, tzinfo=UTC)
    assert calendar.cutoff(date(2026, 11, 24)) == datetime(2026, 11, 23, 23, 40, tzinfo=UTC)
    at = datetime(2026, 11, 23, 23, 50, tzinfo=UTC)
    assert (calendar.latest(at), calendar.latest_due(at)) == (date(2026, 11, 24), date(2026, 11, 23))
    assert next(calendar.upcoming(at)) == date(2026, 11, 25)
    assert calendar.next_due(at) == datetime(2026, 11, 24, 0, 10, tzinfo=UTC)
    skipped = EditionCalendar(plan(at="01:30", lead="1h", days="mon-sun"), LONDON)  # 01:30 is not on 29 March 2026
    assert skipped.due(date(2026, 3, 29)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert skipped.cutoff(date(2026, 3, 29)) == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def test_a_day_that_a_zone_never_had_has_no_edition() -> None:
    calendar = EditionCalendar(plan(days="mon-sun"), ZoneInfo("Pacific/Apia"))
    assert calendar.why_not(date(2011, 12, 30)) == "Pacific/Apia had no such day"
    assert calendar.before(date(2011, 12, 31)) == date(2011, 12, 29)


def test_an_hour_that_comes_twice_has_one_edition() -> None:
    calendar = EditionCalendar(plan(at="01:30", days="mon-sun"), LONDON)  # 25 October 2026: 01:30 comes twice
    first = calendar.due(date(2026, 10, 25))
    assert first == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert calendar.next_due(first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)

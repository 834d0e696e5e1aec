"""Dates as feeds write them, each the same morning at the harbour: 07:15 UTC on 24 November 2026, unless it says otherwise."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from digest.collect.sources.dates import UTC_STYLE, DateStyle, date_style, moment
from digest.config import SourcePlan

MORNING = datetime(2026, 11, 24, 7, 15, tzinfo=UTC)
MIDNIGHT = datetime(2026, 11, 24, tzinfo=UTC)


def minute(text: str, zone: str = "UTC", language: str = "en-GB") -> str:
    found = moment(text, DateStyle(ZoneInfo(zone), language))
    return f"{found:%Y-%m-%d %H:%M}" if found else "none"


@pytest.mark.parametrize(
    "text",
    [
        "Tue, 24 Nov 2026 07:15:00 GMT", "Tue, 24 Nov 26 07:15:00 +0000", "24 Nov 2026 07:15 GMT", "24 Nov 26 02:15:00 EST",
        "Mon, 23 Nov 2026 23:15:00 PST", "Tue, 24 Nov 2026 00:15:00 PDT", "Tue, 24 Nov 2026 08:15:00 BST",
        "Tue, 24 Nov 2026 09:15:00 CEST", "Tue, 24 Nov 2026 12:45:00 IST", "Tue, 24 Nov 2026 18:15:00 AEDT",
        "Tue, 24 Nov 2026 08:15:00 +01:00", "Tue, 24 Nov 2026 08:15:00 GMT+0100", "Tue, 24 Nov 2026 08:15 UTC+1",
        "Tue, 24 Nov 2026 07:15:00 -0000", "Tue, 24 Nov 2026 02:15:00 -0500 (EST)", "Tue,24  Nov 2026\n 07:15:00 Z",
        "Tuesday 24 November 2026 07:15:00 GMT", "Tue, 24-Nov-26 07:15:00 GMT", "Tue, 24 Nov 2026 08:15:00 Europe/Berlin",
        "Sat, 24 Nov 2026 07:15:00 GMT", "24 November 2026, 07:15", "Updated 07:15, 24 November 2026", "24 Nov 2026 7.15am",
        "Nov 24, 2026 2:15 am EST", "November 24th, 2026 at 7:15 a.m.", "Tue, 11/24/2026 - 07:15", "24.11.2026 07:15",
        "2026-11-24T07:15:00Z", "2026-11-24t07:15z", "2026-11-24T08:15:00+01:00", "2026-11-24T08:15:00+0100",
        "2026-11-24T08:15:00+01", "2026-11-24T02:15:00\u221205:00", "2026-11-24T07:15:00.123Z", "2026-11-24T07:15:00,123456Z",
        "2026-11-24T08:15:00+01:00[Europe/Berlin]", "2026-11-24 07:15:00", "2026-11-24 08:15:00 +0100", "2026/11/24 07:15",
        "20261124T071500Z", "20261124071500", "1795504500", "1795504500000", "Tue Nov 24 07:15:00 2026",
        "Tue Nov 24 07:15:00 GMT 2026", "Tue Nov 24 2026 08:15:00 GMT+0100 (Central European Standard Time)",
        '<time datetime="2026-11-24T07:15:00Z">24 November</time>', "<p>24 November 2026 07:15</p>",
    ],
)  # fmt: skip
def test_one_morning_in_many_forms(text: str) -> None:
    assert moment(text) == MORNING


@pytest.mark.parametrize(
    "text", ["2026-11-24", "20261124", "24/11/2026", "11/24/2026", "Nov 24 2026", "24.11.26", "24th Nov. 2026"]
)
def test_a_day_without_a_time_begins_at_midnight(text: str) -> None:
    assert moment(text) == MIDNIGHT


def test_the_zones_of_american_newspapers_follow_the_clock() -> None:
    assert moment("Nov 24, 2026 2:15 am ET") == MORNING
    assert minute("June 24, 2026 2:15 am ET") == "2026-06-24 06:15"
    assert (
        minute("Nov 24, 2026 1:15 am CT")
        == minute("Nov 24, 2026 12:15 am MT")
        == minute("Nov 23, 2026 11:15 pm PT")
        == f"{MORNING:%Y-%m-%d %H:%M}"
    )


def test_what_is_no_time_of_day_and_no_zone_leaves_the_day() -> None:
    assert minute("24 Nov 2026 25:30") == "2026-11-24 00:00"
    assert minute("24 Nov 2026 07:15 +9900") == "2026-11-24 07:15"
    assert minute("24 Nov 2026 07:15 Europe/Nowhere") == "2026-11-24 07:15"


def test_the_hours_about_noon_and_midnight() -> None:
    assert minute("Nov 24, 2026 12:05 am") == "2026-11-24 00:05"
    assert minute("Nov 24, 2026 12:05 pm") == "2026-11-24 12:05"
    assert minute("24 November 2026 at 7pm") == "2026-11-24 19:00"
    assert minute("2026-11-24T24:00:00Z") == "2026-11-25 00:00"
    assert minute("2026-11-24T07:15:60Z") == "2026-11-24 07:16"


@pytest.mark.parametrize(
    ("language", "zone", "text"),
    [
        ("de", "Europe/Berlin", "24. November 2026, 08:15 Uhr"), ("de", "Europe/Berlin", "Di, 24 Nov 2026 08:15:00 +0100"),
        ("fr", "Europe/Paris", "24 novembre 2026 à 08h15"), ("fr", "Europe/Paris", "mar. 24 nov. 2026 07:15:00 +0000"),
        ("es", "Europe/Madrid", "24 de noviembre de 2026 08:15"), ("nl", "Europe/Amsterdam", "di 24 nov 2026 08:15"),
        ("pl", "Europe/Warsaw", "24 listopada 2026 08:15"), ("it", "Europe/Rome", "24 novembre 2026, 08:15"),
    ],
)  # fmt: skip
def test_months_of_other_languages(language: str, zone: str, text: str) -> None:
    assert moment(text, DateStyle(ZoneInfo(zone), language)) == MORNING


@pytest.mark.parametrize(
    "text",
    [
        "24 de noviembre de 2026, 7:15 a. m.", "mardi 24 novembre 2026 à 7 h 15", "2026-W48-2 07:15", "/Date(1795504500000)/",
        "2026年11月24日 上午7:15", "2026년 11월 24일 오전 7:15", "November 24, 2026 7:15 am",
    ],
)  # fmt: skip
def test_hours_as_other_languages_and_programs_write_them(text: str) -> None:
    assert moment(text) == MORNING
    assert moment("2026年11月24日 下午7:15") == moment("2026-11-24 19:15")
    assert moment("24 décembre 2026 à 7h") == moment("2026-12-24 07:00")


def test_months_that_are_not_spelled_like_the_english_ones() -> None:
    assert minute("24. März 2026", language="de") == minute("24 maart 2026", language="nl") == "2026-03-24 00:00"
    assert minute("Do, 24. Dezember 2026", language="de") == "2026-12-24 00:00"
    assert minute("1er août 2026", language="fr") == "2026-08-01 00:00"
    assert minute("24 enero 2026", language="es") == "2026-01-24 00:00"
    assert minute("24 lipca 2026", language="pl") == "2026-07-24 00:00"


def test_which_figure_is_the_day_is_a_matter_of_language() -> None:
    assert minute("11/12/2026") == minute("11/12/2026", language="de") == "2026-12-11 00:00"
    assert minute("11/12/2026", language="en-US") == minute("11/12/2026", language="en_us") == "2026-11-12 00:00"
    assert minute("25/12/2026", language="en-US") == minute("12/25/2026") == "2026-12-25 00:00"


def test_without_a_zone_it_is_the_newsletters_own_and_clocks_change() -> None:
    plan = SourcePlan(kind="feed", url="https://gazette.example/feed/", timezone=ZoneInfo("Europe/London"))
    assert moment("2026-03-29 00:59", date_style(plan)) == datetime(2026, 3, 29, 0, 59, tzinfo=UTC)
    assert moment("2026-03-29 02:00", date_style(plan)) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
    assert moment("24 June 2026 08:15", date_style(plan)) == datetime(2026, 6, 24, 7, 15, tzinfo=UTC)
    assert moment("24 June 2026 08:15 GMT", date_style(plan)) == datetime(2026, 6, 24, 8, 15, tzinfo=UTC)
    assert date_style(SourcePlan(kind="feed", url="https://gazette.example/feed/")) == UTC_STYLE


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "now", "yesterday", "3 hours ago", "Monday", "24 November", "November 2026", "2026", "0", "12345", "1" * 200,
        "x" * 5_000, "2026-13-45", "2026-02-30", "31 Nov 2026", "0000-00-00 00:00:00", "0001-01-01T00:00:00Z", "9999-12-31",
        "1970-01-01T00:00:00Z", "Wed, 31 Dec 1969 19:00:00 -0500", "Tue, 24 Nov 126 07:15:00 GMT", "24 Nov 20266", "2201-01-01",
    ],
)  # fmt: skip
def test_what_is_no_date_of_a_publication_is_none(text: str) -> None:
    assert moment(text) is None

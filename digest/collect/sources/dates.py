"""Dates as publishers write them, read as instants. This module reads ISO 8601, RFC 5322 and the many forms that come close.
The rest goes to dateparser, which knows the months, days and zones of other languages.

A date without a zone is in the source's zone, or in the newsletter's. A number is seconds or milliseconds since 1970.
"""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from digest.config import SourcePlan

FIRST_YEAR, END_YEAR = 1990, 2200  # the years of publication dates: from FIRST_YEAR until before END_YEAR
MAX_DATE_CHARS = 120  # of a date; the rest is not read

# Hours from UTC. Abbreviations with several meanings (IST, CST, BST) are read as most feeds mean them.
_ZONES: Mapping[str, float] = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0, "west": 1, "bst": 1, "ist": 5.5, "cet": 1, "mez": 1, "cest": 2, "mesz": 2,
    "eet": 2, "eest": 3, "msk": 3, "trt": 3, "gst": 4, "pkt": 5, "wib": 7, "ict": 7, "hkt": 8, "sgt": 8, "awst": 8, "pht": 8,
    "jst": 9, "kst": 9, "acst": 9.5, "acdt": 10.5, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13, "sast": 2, "wat": 1, "cat": 2,
    "eat": 3, "brt": -3, "art": -3, "clt": -4, "clst": -3, "nst": -3.5, "ndt": -2.5, "ast": -4, "adt": -3, "est": -5, "edt": -4,
    "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7, "akst": -9, "akdt": -8, "hst": -10,
}  # fmt: skip
_AMERICAN = {"et": "America/New_York", "ct": "America/Chicago", "mt": "America/Denver", "pt": "America/Los_Angeles"}
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
            ("jul", "july"), ("aug", "august"), ("sep", "sept", "september"), ("oct", "october"), ("nov", "november"),
            ("dec", "december"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_CLOCK = r"(?P<h>\d{1,2})[:.h](?P<m>\d{2})(?:[:.](?P<s>\d{2})(?:[.,]\d+)?)?"
_TIME = re.compile(
    rf"(?<![\d:.]){_CLOCK}\s*(?P<half>[ap]\.?\s?m\.?(?![a-z]))?|(?<![\d:.])(?P<ho>\d{{1,2}})\s*(?P<halfo>[ap]\.?m\.?)(?![a-z])",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:(?:utc|gmt|ut)\s*)?(?P<sign>[+\u2212-])(?P<oh>\d{1,2}):?(?P<om>\d{2})?(?!\d)\s*z?\b", re.IGNORECASE)
_COMPACT = re.compile(r"(?<!\d)(\d{4})(\d{2})(\d{2})(?:t?(\d{2})(\d{2})(\d{2})?)?(?!\d)", re.IGNORECASE)
_YMD = re.compile(r"(?<!\d)(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMBERS = re.compile(r"(?<!\d)(\d{1,2})[-/.]\s?(\d{1,2})[-/.]\s?(\d{4}|\d{2})(?!\d)")
_DMY = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?[\s.\-/,]+([a-z]{3,9})\.?[\s.\-/,]+(\d{4}|\d{2})(?!\d)", re.IGNORECASE)
_MDY = re.compile(r"\b([a-z]{3,9})\.?[\s\-]+(\d{1,2})(?:st|nd|rd|th)?(?!\d)[\s,\-]+(\d{4})(?!\d)", re.IGNORECASE)
_CTIME = re.compile(r"\b([a-z]{3})\s+(\d{1,2})\s+[\d:]+(?:\s+(?:[a-z]{2,5}|[+-]\d{4}))?\s+(\d{4})(?!\d)", re.IGNORECASE)
_PLACE = re.compile(r"\b[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z_]+)?\b")
_MORNINGS = ("上午", "午前", "오전", "凌晨", "早上")
_HALF_BEFORE = re.compile(r"(上午|午前|오전|凌晨|早上|下午|午後|오후|晚上)\s*(\d{1,2}[:：]\d{2}(?:[:：]\d{2})?)")
_HALF_APART = re.compile(r"\b([ap])\.?\s?m\.(?!\w)", re.IGNORECASE)
_HOUR = re.compile(r"(?<![\d:])(\d{1,2})\s?h(?:\s?(\d{2}))?(?![\w:])", re.IGNORECASE)
_WEEK = re.compile(r"(?<!\d)(\d{4})-W(\d{2})-(\d)(?!\d)")
_DOTNET = re.compile(r"/Date\((\d{9,14})(?:[+-]\d{4})?\)/")
_NUMBER = re.compile(r"\d{9,14}(?:\.\d+)?\Z")
_WORD = re.compile(r"[a-z]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DateStyle:
    """What a source's dates mean if they do not say so themselves: its time zone and its language (BCP 47)."""

    zone: ZoneInfo
    language: str = "en-GB"

    @property
    def is_american(self) -> bool:
        """Whether 11/12 means the twelfth of November."""
        return self.language.replace("_", "-").casefold() in {"en-us", "en-ph", "en-ca"}


UTC_STYLE = DateStyle(ZoneInfo("UTC"))


def date_style(plan: SourcePlan) -> DateStyle:
    """Return how a source writes its dates."""
    return DateStyle(plan.timezone or UTC_STYLE.zone, plan.language or UTC_STYLE.language)


@lru_cache(maxsize=512)
def moment(text: str, style: DateStyle = UTC_STYLE) -> datetime | None:
    """Return the instant of a date, in UTC; None if it cannot be read or is not in the years of publication dates."""
    text = _normalised(" ".join(text.replace("&nbsp;", " ").split())[:MAX_DATE_CHARS])
    if not text:
        return None
    found = _timestamp(text) or _english_date(text, style) or _foreign_date(text, style)
    return found if found and FIRST_YEAR <= found.year < END_YEAR else None


def _normalised(text: str) -> str:
    """Return the text with unusual forms made usual: `2:30 p. m.`, `14 h 30`, `下午3:30`, an ISO week, .NET's `/Date(…)/`."""
    text = _HALF_BEFORE.sub(lambda found: f" {found[2]} {'am' if found[1] in _MORNINGS else 'pm'}", text)
    text = _HOUR.sub(lambda found: f"{found[1]}:{found[2] or '00'}", _HALF_APART.sub(r"\1m", text))
    if week := _WEEK.search(text):
        with suppress(ValueError):
            return f"{date.fromisocalendar(*map(int, week.groups()))}{text[week.end() :]}"
    stamp = _DOTNET.fullmatch(text)
    return stamp[1] if stamp else text


def _timestamp(text: str) -> datetime | None:
    """Return the instant of a number: seconds since 1970, or milliseconds above 1e11. A compact date is not a number."""
    if not _NUMBER.match(text) or _COMPACT.fullmatch(text):
        return None
    value = float(text)
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value / 1000 if value > 1e11 else value)


def _english_date(text: str, style: DateStyle) -> datetime | None:
    """Return a date in figures or with an English month, with the time and zone from the rest of the text."""
    day, rest = _day(text, style)
    if day is None:
        return None
    clock, rest = (timedelta(), rest) if _OFFSET.fullmatch(rest.strip()) else _clock(rest)  # a zone alone is not a time
    try:
        local = datetime.combine(date(*day), time()) + clock
    except (ValueError, OverflowError):
        return None
    zone = _zone(rest)
    return (local.replace(tzinfo=style.zone) if zone is None else local.replace(tzinfo=zone)).astimezone(UTC)


def _day(text: str, style: DateStyle) -> tuple[tuple[int, int, int] | None, str]:
    """Return year, month and day (None if there are none), and the text without them."""
    for pattern, order in ((_YMD, "ymd"), (_DMY, "dmy"), (_MDY, "mdy"), (_CTIME, "mdy"), (_NUMBERS, "?"), (_COMPACT, "compact")):
        found = pattern.search(text)
        if found is None:
            continue
        if order == "compact":
            clock = f" {found[4]}:{found[5]}:{found[6] or '00'}" if found[4] else ""
            return (int(found[1]), int(found[2]), int(found[3])), text[: found.start()] + clock + text[found.end() :]
        day = _year_month_day(found, order, style)
        if day is not None:
            cut = text[: found.start()] + " " + text[found.end() :].lstrip(":")  # as in a server log: 24/Nov/2026:07:15:00
            return day, text if pattern is _CTIME else cut
    return None, text


def _year_month_day(found: re.Match[str], order: str, style: DateStyle) -> tuple[int, int, int] | None:
    one, two, three = found[1], found[2], found[3]
    if order == "?":
        american = int(two) > 12 or (style.is_american and int(one) <= 12 and found[0].count("/") == 2)
        order = "mdy" if american else "dmy"
    year, month, day = {"ymd": (one, two, three), "dmy": (three, two, one), "mdy": (three, one, two)}[order]
    number = int(month) if month.isdigit() else _MONTHS.get(month.casefold())
    full = int(year) + (0 if len(year) > 2 else 1900 if int(year) >= 50 else 2000)  # RFC 5322, section 4.3
    return (full, number, int(day)) if number and 1 <= number <= 12 and 1 <= int(day) <= 31 else None


def _clock(text: str) -> tuple[timedelta, str]:
    """Return the time of day, and the text without it; midnight if there is none. A leap second and 24:00 roll over."""
    found = _TIME.search(text)
    if found is None:
        return timedelta(), text
    hours, half = int(found["h"] or found["ho"]), (found["half"] or found["halfo"] or "").casefold()
    if half and 1 <= hours <= 12:
        hours = hours % 12 + (12 if half.startswith("p") else 0)
    clock = timedelta(hours=hours, minutes=int(found["m"] or 0), seconds=int(found["s"] or 0))
    if clock > timedelta(days=1, seconds=1):
        return timedelta(), text
    return clock, text[: found.start()] + " " + text[found.end() :]


def _zone(text: str) -> tzinfo | None:
    """Return the zone in the rest of a date, in figures or by name; None if there is none."""
    place = _PLACE.search(text)
    if place is not None:
        with suppress(OSError, ValueError, KeyError):
            return ZoneInfo(place[0])
    offset = _OFFSET.search(text)
    if offset is not None:
        ahead = timedelta(hours=int(offset["oh"]), minutes=int(offset["om"] or 0))
        if ahead <= timedelta(hours=15):
            return timezone(ahead if offset["sign"] == "+" else -ahead)
    words = [word.casefold() for word in _WORD.findall(text)]
    if here := next((_AMERICAN[word] for word in words if word in _AMERICAN), None):
        return ZoneInfo(here)
    named = next((_ZONES[word] for word in words if word in _ZONES), None)
    return None if named is None else timezone(timedelta(hours=named))


def _foreign_date(text: str, style: DateStyle) -> datetime | None:
    """Return a date in another language; None if it has no year or counts from today."""
    if not re.search(r"\d{4}", text):
        return None
    from dateparser import parse  # noqa: PLC0415  it takes a tenth of a second, and few feeds need it

    settings = {
        "TIMEZONE": style.zone.key, "RETURN_AS_TIMEZONE_AWARE": True, "REQUIRE_PARTS": ["day", "month", "year"],
        "DATE_ORDER": "MDY" if style.is_american else "DMY", "PARSERS": ["absolute-time"], "DEFAULT_LANGUAGES": ["en"],
    }  # fmt: skip
    own, found = style.language.partition("-")[0].casefold(), None
    for languages in ([own], None):  # a month's name may mean another month in another language
        with suppress(ValueError, OverflowError, TypeError, AttributeError, KeyError, RecursionError):  # some texts cause these
            found = found or parse(text, languages=languages, settings=settings)
    if found is None:
        return None
    if not _TIME.search(text):
        found = datetime.combine(found.date(), time(), found.tzinfo)
    instant: datetime = found.astimezone(UTC)
    return instant

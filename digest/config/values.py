"""How single values are written in digest.toml: durations, rates, days, zones, addresses."""

import re
from datetime import date, time, timedelta
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

_WEEK = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def _weekdays(value: object) -> frozenset[int]:
    """Return the numbers of the days in `mon-fri` or `mon,wed`; Monday is 0."""
    found: set[int] = set()
    for part in str(value).lower().replace(" ", "").split(","):
        first, _, last = part.partition("-")
        if first not in _WEEK or (last or first) not in _WEEK:
            raise ValueError('must be days like "mon-fri" or "mon,wed,fri"')
        a, b = _WEEK.index(first), _WEEK.index(last or first)
        found |= {day % 7 for day in range(a, b + 1 if b >= a else b + 8)}
    return frozenset(found)


class DaySpan(NamedTuple):
    """Days from the first to the last, both included; of one year, or if `yearly` of every year (their own years mean nothing)."""

    first: date
    last: date
    yearly: bool = False

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        if not self.yearly:
            return self.first <= day <= self.last
        at, first, last = ((found.month, found.day) for found in (day, self.first, self.last))
        return first <= at <= last if first <= last else at >= first or at <= last


_LEAP = "2000-"  # so that "02-29" is a day


def _day_spans(value: object) -> tuple[DaySpan, ...]:
    """Return the days in `["2026-12-24", "2027-07-26 to 2027-08-20", "12-27 to 01-01"]`; a month and a day are of every year."""
    if not isinstance(value, list | tuple):
        raise ValueError('must be a list like ["2026-12-24", "2027-07-26 to 2027-08-20", "12-31"]')  # noqa: TRY004  pydantic's
    return tuple(_day_span(str(row)) for row in value)


def _day_span(text: str) -> DaySpan:
    first, _, last = (part.strip() for part in text.partition(" to "))
    yearly = all(re.fullmatch("[0-9]{2}-[0-9]{2}", part) for part in (first, last or first))
    before = _LEAP if yearly else ""
    try:
        span = DaySpan(date.fromisoformat(before + first), date.fromisoformat(before + (last or first)), yearly)
    except ValueError:
        raise ValueError(f'{text[:40]!r} is no day like "2026-12-24" or "12-24", nor two of them with " to " between') from None
    if span.first > span.last and not yearly:
        raise ValueError(f"{text[:40]!r} ends before it begins")
    return span


def _calendars(value: object) -> tuple[str, ...]:
    """Return the codes of calendars of holidays in `"GB-ENG"` or `["DE-NI", "DE-HB"]`."""
    codes = tuple(map(str, value)) if isinstance(value, list | tuple) else (str(value),) if value else ()
    for code in codes:
        if not re.fullmatch("[A-Z]{2}(-[A-Z0-9]{1,3})?", code):
            raise ValueError(f'{code[:20]!r} is no code of a country and region like "GB-ENG"')
    return codes


def _span(least: str, most: str, examples: str) -> BeforeValidator:
    """Return what reads a span of time, such as `4h`, `90m`, `90s` or `2d`, between two others."""

    def read(value: object) -> timedelta:
        text = str(value).strip().lower()
        if not re.fullmatch("[0-9]{1,9}[smhd]", text):
            raise ValueError(f"must be a duration like {examples}")
        if not _time_in(least) <= _time_in(text) <= _time_in(most):
            raise ValueError(f'must be between "{least}" and "{most}"')
        return _time_in(text)

    return BeforeValidator(read)


def _time_in(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def _hour(value: object) -> time:
    """Return the time of day in `07:00`."""
    try:
        found = time.fromisoformat(str(value)) if ":" in str(value) else _reject_hour()
    except ValueError:
        return _reject_hour()
    return found if found.tzinfo is None and not found.second else _reject_hour()


def _reject_hour() -> time:
    raise ValueError('must be a time like "07:00"; its zone is newsletter.timezone')


def _rate(value: object) -> float:
    """Return the messages a second in `50/s`, `600/m` or `5000/h`."""
    count, _, unit = str(value).replace(" ", "").partition("/")
    if not re.fullmatch("[0-9]{1,9}", count) or not int(count) or unit not in _UNITS:
        raise ValueError('must be a rate like "50/s" or "600/m"')
    return int(count) / _UNITS[unit]


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (OSError, ValueError, KeyError) as error:
        raise ValueError('unknown time zone; use a name like "Europe/London"') from error


def _web(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError("must start with https:// or http://")
    return value


def split_mailbox(value: str) -> tuple[str, str]:
    """Return the display name and address of `Name <address>`; the name may hold commas, and loses quotation marks around it."""
    name, angle, address = value.strip().rpartition("<")
    if not angle or not address.endswith(">"):
        return "", value.strip()
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] == '"':
        name = re.sub(r"\\(.)", r"\1", name[1:-1])
    return name, address[:-1].strip()


def _mailbox(value: str) -> str:
    _, address = split_mailbox(value)
    if not address.isascii():
        raise ValueError("must be ASCII; write the domain as xn--…")
    if not re.fullmatch(r"[^\s@<>,;\"()]+@[^\s@<>,;\"()]+", address) or any(ord(letter) < 32 for letter in value):
        raise ValueError('must look like "The Gazette <daily@gazette.example>"')
    return value


def _link_parameter(value: str) -> str:
    if not re.fullmatch("[A-Za-z0-9_.-]{1,40}", value):
        raise ValueError("must be made of letters, digits, full stops, hyphens and underscores")
    return value


LinkParameter = Annotated[str, AfterValidator(_link_parameter)]
Web = Annotated[str, AfterValidator(_web)]
Mailbox = Annotated[str, AfterValidator(_mailbox)]
Duration = Annotated[timedelta, _span("1m", "365d", '"90m", "4h" or "2d"')]
Wait = Annotated[timedelta, _span("1s", "10m", '"30s" or "2m"')]
Rate = Annotated[float, BeforeValidator(_rate)]
Hour = Annotated[time, BeforeValidator(_hour)]
Count = Annotated[int, Field(strict=True)]
Yes = Annotated[bool, Field(strict=True)]
Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Days = Annotated[frozenset[int], BeforeValidator(_weekdays)]
DaySpans = Annotated[tuple[DaySpan, ...], BeforeValidator(_day_spans)]
HolidayCalendars = Annotated[tuple[str, ...], BeforeValidator(_calendars)]
Retention = Annotated[timedelta, _span("21d", "3650d", '"30d" or "365d"')]
Lead = Annotated[timedelta, _span("0m", "12h", '"20m" or "2h"')]


class Table(BaseModel):
    """A table that rejects unknown keys and never changes."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, arbitrary_types_allowed=True)

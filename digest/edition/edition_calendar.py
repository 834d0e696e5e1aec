"""Which editions exist, the window of time that each one covers, and when each goes.

An edition belongs to a local day. It goes on that day at the plan's hour, in the newsletter's time zone, and its cut-off is the
plan's lead before that. Its window runs from the previous edition's cut-off to its own. The previous edition is the last one that
was really made, if there is one. So there is no gap and no overlap over weekends, holidays, clock changes and downtime.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from digest.config import EditionPlan
from digest.errors import ConfigError, UsageError
from digest.model import Slot, Window
from digest.text.formats import day_text

_LONGEST_PAUSE = 400  # days searched for a day with an edition


@dataclass(frozen=True)
class EditionCalendar:
    """The days of one edition plan."""

    plan: EditionPlan
    zone: ZoneInfo

    def has(self, day: date) -> bool:
        """Return whether an edition belongs to a local day."""
        return not self.why_not(day)

    def why_not(self, day: date) -> str:
        """Return why a local day has no edition; empty if it has one. A day named as extra has one whatever else it is."""
        if not _exists(day, self.zone):
            return f"{self.zone.key} had no such day"
        if any(day in span for span in self.plan.extra):
            return ""
        if day.weekday() not in self.plan.days:
            return "not one of its days"
        if any(day in span for span in self.plan.closed):
            return "closed"
        return "; ".join(filter(None, (_holidays(code).get(day) for code in self.plan.holidays)))

    def due(self, day: date) -> datetime:
        """Return the instant at which the day's edition goes; an hour that the clock skips counts as before the change, and of an
        hour that comes twice the first counts.
        """
        return datetime.combine(day, self.plan.at, self.zone).astimezone(UTC)

    def cutoff(self, day: date) -> datetime:
        """Return the instant at which the day's edition closes."""
        return self.due(day) - self.plan.lead

    def before(self, day: date) -> date:
        """Return the nearest earlier day with an edition."""
        return next(self._walk(day - timedelta(days=1), -1))

    def latest(self, now: datetime) -> date:
        """Return the day of the latest cut-off that has passed."""
        tomorrow = now.astimezone(self.zone).date() + timedelta(days=1)  # whose cut-off may be today, with a lead
        return next(day for day in self._walk(tomorrow, -1) if self.cutoff(day) <= now)

    def latest_due(self, now: datetime) -> date:
        """Return the day of the latest edition whose hour has come."""
        return self.latest(now - self.plan.lead)

    def upcoming(self, now: datetime) -> Iterator[date]:
        """Return the days of the cut-offs still to come."""
        yesterday = now.astimezone(self.zone).date() - timedelta(days=1)  # whose hour may be after midnight, if the clock skips it
        return (day for day in self._walk(yesterday, 1) if self.cutoff(day) > now)

    def next_due(self, now: datetime) -> datetime:
        """Return the next instant at which an edition goes."""
        yesterday = now.astimezone(self.zone).date() - timedelta(days=1)
        return next(due for day in self._walk(yesterday, 1) if (due := self.due(day)) > now)

    def _walk(self, day: date, step: int) -> Iterator[date]:
        idle = 0
        while idle < _LONGEST_PAUSE:
            if self.has(day):
                idle = 0
                yield day
            idle += 1
            day += timedelta(days=step)
        raise ConfigError(
            f"edition {self.plan.name!r} has no publishing day in the next year",
            thing="digest.toml",
            remedy="Check its days, holidays and closed days.",
        )

    def slot(self, day: date, previous: datetime | None, series: str = "") -> Slot:
        """Return the slot of a day; `previous` is the cut-off of the last edition made before it, if any. UsageError if the day
        has no edition. The slot has the plan's name if `series` is empty.
        """
        if not self.has(day):
            raise UsageError(
                f"no {self.plan.name} edition on {day_text(day)}: {self.why_not(day)}",
                remedy="See `digest calendar` for coming editions.",
            )
        end = self.cutoff(day)
        start = previous if previous is not None and previous < end else self.cutoff(self.before(day))
        return Slot(name=series or self.plan.name, day=day, window=Window(start=start, end=end))


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Return whether a zone has a day: Samoa had no 30 December 2011, and Kwajalein no 21 August 1993."""
    return datetime.combine(day, time(12), zone).astimezone(UTC).astimezone(zone).date() == day


@cache
def _holidays(code: str) -> holidays.HolidayBase:
    country, _, region = code.partition("-")
    try:
        return holidays.country_holidays(country, subdiv=region or None)
    except NotImplementedError as error:
        message = f"editions.holidays: unknown calendar {code!r}"
        raise ConfigError(message, thing="digest.toml", remedy='Use a code like "GB-ENG".') from error

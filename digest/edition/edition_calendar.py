"""Which editions exist, and the window of time that each one covers.

An edition belongs to a local day and has a cut-off: that day at the plan's hour, in the newsletter's time zone. Its window
runs from the previous edition's cut-off to its own. The previous edition is the last one that was really made, if there is
one. So there is no gap and no overlap over weekends, holidays, clock changes and downtime.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
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

    @cached_property
    def _holidays(self) -> holidays.HolidayBase | None:
        if not self.plan.holidays:
            return None
        country, _, region = self.plan.holidays.partition("-")
        try:
            return holidays.country_holidays(country, subdiv=region or None)
        except NotImplementedError as error:
            message = f"editions.holidays: unknown calendar {self.plan.holidays!r}"
            raise ConfigError(message, thing="digest.toml", remedy='Use a code like "GB-ENG".') from error

    def has(self, day: date) -> bool:
        """Return whether an edition belongs to a local day."""
        return day.weekday() in self.plan.days and not (self._holidays is not None and day in self._holidays)

    def cutoff(self, day: date) -> datetime:
        """Return the instant at which the day's edition closes; an hour that the clock skips counts as before the change."""
        return datetime.combine(day, self.plan.at, self.zone).astimezone(UTC)

    def before(self, day: date) -> date:
        """Return the nearest earlier day with an edition."""
        return next(self._walk(day - timedelta(days=1), -1))

    def latest(self, now: datetime) -> date:
        """Return the day of the latest cut-off that has passed."""
        return next(day for day in self._walk(now.astimezone(self.zone).date(), -1) if self.cutoff(day) <= now)

    def upcoming(self, now: datetime) -> Iterator[date]:
        """Return the days of the cut-offs still to come."""
        return (day for day in self._walk(now.astimezone(self.zone).date(), 1) if self.cutoff(day) > now)

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
            remedy="Check its days and holidays.",
        )

    def slot(self, day: date, previous: datetime | None, series: str = "") -> Slot:
        """Return the slot of a day; `previous` is the cut-off of the last edition made before it, if any. UsageError if the day
        has no edition. The slot has the plan's name if `series` is empty.
        """
        if not self.has(day):
            raise UsageError(
                f"no {self.plan.name} edition on {day_text(day)}",
                remedy="See `digest calendar` for coming editions.",
            )
        end = self.cutoff(day)
        start = previous if previous is not None and previous < end else self.cutoff(self.before(day))
        return Slot(name=series or self.plan.name, day=day, window=Window(start=start, end=end))

"""The timetable: the editions to come, and the days off between them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from heapq import merge
from typing import NamedTuple

from digest.app import App
from digest.config import EditionPlan
from digest.model import Slot


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduledEdition:
    """An edition to come, and when it goes."""

    plan: EditionPlan
    slot: Slot
    due: datetime


class DayOff(NamedTuple):
    """A day on which an edition would come out, and why it does not."""

    edition: str
    day: date
    why: str


def scheduled_editions(app: App) -> Iterator[ScheduledEdition]:
    """Yield the editions to come, without end, in the order in which they go."""
    return merge(*(_of_plan(app, plan) for plan in app.config.editions), key=lambda row: row.due)


def _of_plan(app: App, plan: EditionPlan) -> Iterator[ScheduledEdition]:
    calendar, slot = app.calendar(plan), None
    for day in calendar.upcoming(app.clock() - plan.lead):  # those whose hour is still to come
        slot = app.slot(plan, day) if slot is None else calendar.slot(day, slot.window.end, slot.name)
        yield ScheduledEdition(plan=plan, slot=slot, due=calendar.due(day))


def days_off(app: App, until: date) -> Iterator[DayOff]:
    """Yield the days from today to another on which an edition does not come out although it is one of its days."""
    today = app.clock().astimezone(app.config.newsletter.timezone).date()
    for day in (today + timedelta(days=ahead) for ahead in range((until - today).days + 1)):
        for plan in app.config.editions:
            if day.weekday() in plan.days and (why := app.calendar(plan).why_not(day)):
                yield DayOff(app.series[plan.name], day, why)

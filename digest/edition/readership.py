"""Who gets which edition, and at what hour: what a subscriber's `frequency` and `timezone` mean.

Lists come from elsewhere, so a frequency may be an edition's name or title, or a word that people use, such as "weekly". What
nobody understands counts as no choice, and `digest subscribers check` names it. A plain no, such as "never", is a no.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from typing import Protocol

from digest.batching import batched
from digest.config import EditionPlan
from digest.model import NOTHING, Slot
from digest.store import Store
from digest.subscribers import SubscriberFile
from digest.text.time_zones import known_zone

DAILY = frozenset({"daily", "weekday", "weekdays", "every day", "every weekday"}) | frozenset(
    {"täglich", "werktags", "quotidien", "diario", "codziennie", "dyddiol"}
)
WEEKLY = frozenset({"weekly", "every week", "once a week", "wöchentlich", "hebdomadaire", "semanal", "co tydzień", "wythnosol"})
NEVER = frozenset({"never", "none", "no", "off", "nie", "jamais", "nunca", "nigdy", "byth"})
DAYS_OF_A_DAILY = 4  # days a week from which an edition is called a daily one


def chosen_editions(frequency: str, plans: Sequence[EditionPlan], series: Mapping[str, str] = NOTHING) -> frozenset[str] | None:
    """Return the names of the editions that a frequency means; None if it means no choice, or nobody understands it.

    `series` has the lasting id of each edition's series, by its name: an edition answers to that, and to what it was called before.
    """
    words = [" ".join(part.split()).casefold() for part in re.split("[,;|/]", frequency)]
    found = [_named(word, plans, series) for word in words if word]
    understood = [names for names in found if names is not None]
    return frozenset().union(*understood) if understood else None


def _named(word: str, plans: Sequence[EditionPlan], series: Mapping[str, str]) -> frozenset[str] | None:
    """Return the editions that one part of a frequency means: `weekly`, or `a weekly digest`; None if nobody understands it."""
    own = frozenset(
        plan.name for plan in plans if word in {plan.name, plan.title.casefold(), plan.formerly, series.get(plan.name, plan.name)}
    )
    said = {word, *re.findall(r"\w+", word)}
    if own or said & NEVER:
        return own
    daily, weekly = bool(said & DAILY), bool(said & WEEKLY)
    if daily == weekly:
        return None
    fitting = [plan for plan in plans if (len(plan.days) >= DAYS_OF_A_DAILY if daily else len(plan.days) == 1)]
    return frozenset(plan.name for plan in fitting) or None


class Gets(Protocol):
    """Says whether somebody gets an edition, by their frequency, and whether that is their own choice or the list's."""

    def __call__(self, frequency: str, own: bool = False, /) -> bool:
        """Return whether they get it."""


@dataclass(frozen=True, slots=True)
class Readership:
    """Who gets the editions of one plan: `gets` says it of a frequency, and whether that is the reader's own choice, and `hours`
    when it goes where they are.
    """

    plan: EditionPlan
    gets: Gets

    def hours(self, slot: Slot) -> Callable[[str], datetime | None]:
        """Return what says when the edition of a slot goes into a time zone, by its name."""
        return local_hours(self.plan, slot)


def readership(plan: EditionPlan, plans: Sequence[EditionPlan], series: Mapping[str, str] = NOTHING) -> Readership:
    """Return who gets the editions of one plan among those that a newsletter has."""
    return Readership(plan, gets(plan, plans, series))


def gets(plan: EditionPlan, plans: Sequence[EditionPlan], series: Mapping[str, str] = NOTHING) -> Gets:
    """Return a function that says whether somebody with a frequency gets an edition.

    Who has chosen editions that are there no more gets none: they did not ask for the others.
    """

    @cache
    def wants(frequency: str, own: bool = False) -> bool:
        chosen = chosen_editions(frequency, plans, series)
        if chosen is not None:
            return plan.name in chosen
        return plan.readers == "all" and not (own and frequency.strip())

    return wants


def local_hours(plan: EditionPlan, slot: Slot) -> Callable[[str], datetime | None]:
    """Return a function that says at which instant the edition's hour comes in a zone, by its name; None for at once.

    That is so without a zone, or with one that is unknown, and where the hour is over when the edition goes.
    """

    @cache
    def hour(name: str) -> datetime | None:
        zone = known_zone(name) if plan.local_time else None
        if zone is None:
            return None
        at = datetime.combine(slot.day, plan.at, zone).astimezone(UTC)
        return at if at > plan.due(slot) else None

    return hour


def frequency_remark(frequency: str, plans: Sequence[EditionPlan]) -> str:
    """Return what is odd about a frequency in a list of subscribers; empty if nothing is."""
    if not frequency or chosen_editions(frequency, plans) is not None:
        return ""
    return f"unknown frequency {frequency[:40]!r}. Use {' or '.join(plan.name for plan in plans)}"


def count_recipients(store: Store, subscriber_file: SubscriberFile, day: date, which: Iterable[Gets]) -> tuple[int, ...]:
    """Return how many subscribers would get the editions of a day, one number for each: those who are active in the list, without
    a pause of their own, not suppressed, and have not chosen another edition. `which` are `Readership.gets`.
    """
    counts = Counter[tuple[str, bool]]()
    for rows in batched(row for row in subscriber_file.distinct() if row.status_on(day) == "active"):
        emails = [row.email for row in rows]
        gone, chosen = store.suppressions.among(emails), store.subscribers.preferences_of(emails)
        for row in rows:
            own = chosen.get(row.email)
            if row.email not in gone and not (own and own.paused_until and day < own.paused_until):
                chosen_here = own is not None and own.frequency is not None
                counts[(own.frequency or "", True) if own and chosen_here else (row.frequency, False)] += 1
    return tuple(sum(count for who, count in counts.items() if gets(*who)) for gets in which)

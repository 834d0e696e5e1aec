"""Ten years of mornings in zones that are hard: each working day has one edition at its hour, and each article is in one of them."""

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from digest.app import App
from digest.config import Config, EditionPlan, Newsletter, SourcePlan
from digest.curate.articles import ArticleRules, choose
from digest.edition.edition_calendar import EditionCalendar
from digest.edition.readership import local_hours
from digest.model import Article, ArticleSigns, Edition, Rendered, Slot
from digest.service.catch_up import CatchUp
from digest.store import MAX_LOOKBACK, RecipientRules, Store
from digest.store.content import ResponseCache
from digest.text.article_identity import signs_of

ZONES = [
    "Europe/London",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Pacific/Apia",
]
FIRST, LAST = date(2010, 1, 1), date(2020, 1, 1)  # Samoa skipped a day in 2011, Egypt changed its mind in 2014, Morocco in 2018
NOTHING = Rendered(subject="", preheader="", html="", text="")
DAY = timedelta(days=1)
YEARS = 10 if os.environ.get("DIGEST_LONG") else 1  # of trouble; ten in each zone take seven minutes


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("lead", [timedelta(), timedelta(minutes=40)])
def test_each_working_day_has_one_edition_at_its_hour_and_the_windows_tile(zone: str, lead: timedelta) -> None:
    here = ZoneInfo(zone)
    days_off = {"closed": ["12-24 to 12-28"], "extra": ["2014-12-27"]}
    plan = EditionPlan.model_validate({"lead": f"{lead.seconds // 60}m", **days_off})
    calendar, now, previous, days = EditionCalendar(plan, here), datetime(2010, 1, 2, tzinfo=UTC), None, list[date]()
    while (due := calendar.next_due(now)).date() < LAST:
        day = calendar.latest_due(due)
        slot = calendar.slot(day, previous)
        assert due.astimezone(here).time() == time(7)  # no zone changes its clocks at seven
        assert due.astimezone(here).date() == day
        assert plan.due(slot) == due
        assert previous is None or slot.window.start == previous
        now, previous = due, slot.window.end
        days.append(day)
    assert len(days) == len(set(days))
    wanted = [FIRST + timedelta(days=ahead) for ahead in range(3, (LAST - FIRST).days - 7)]
    assert [day for day in wanted if day not in days and day.weekday() < 5 and not _is_closed(day)] == _lost_days(zone)
    assert date(2014, 12, 27) in days  # a Saturday on a closed day, named as an extra


def _is_closed(day: date) -> bool:
    return day.month == 12 and 24 <= day.day <= 28


def _lost_days(zone: str) -> list[date]:
    return [date(2011, 12, 30)] if zone == "Pacific/Apia" else []  # Samoa went over the date line


@dataclass
class World:
    """A newsroom, what it has published by when, and the service with its troubles."""

    store: Store
    root: Path
    chance: random.Random
    config: Config
    now: datetime
    articles: list[Article]
    ahead: timedelta = timedelta()  # of the machine's clock
    windows: dict[str, list[Slot]] = field(default_factory=dict)
    printed: Counter[tuple[str, str]] = field(default_factory=Counter)
    used: dict[str, list[ArticleSigns]] = field(default_factory=dict)

    def clock(self) -> datetime:
        return self.now + self.ahead

    def app(self) -> App:
        return App(self.config, self.store, self.clock, ResponseCache(self.store.engine, self.clock))

    def wake(self) -> None:
        """What the service does in a minute: make what is due. A restart before each, so nothing is remembered."""
        app = self.app()
        service = CatchUp(app)
        for plan in self.config.editions:
            if (slot := service.due(plan)) is not None:
                self.make(slot, app)

    def make(self, slot: Slot, app: App) -> None:
        """Make an edition of what the site has published by now."""
        at = self.clock()
        there = [row for row in self.articles if slot.window.start - MAX_LOOKBACK <= row.published < min(slot.window.end, self.now)]
        known = [
            row for row in self.used.get(slot.name, []) if row.published and row.published > slot.window.start - 3 * MAX_LOOKBACK
        ]
        choice = choose(there, slot.window, known, ArticleRules(limit=10_000, source_weights={}, comment_counts={}))
        assert not self.store.editions.has_slot(slot.key)
        number = self.store.editions.next_number()
        edition = Edition(newsletter="Gazette", slot=slot, number=number, stories=(), left_out=(), frozen_at=at)
        self.store.editions.freeze(edition, NOTHING, [], RecipientRules(token=str))
        self.windows.setdefault(slot.name, []).append(slot)
        settled = [row for row, _ in choice.chosen] + [
            row for row in there if row.id in {out.id for out in choice.left_out if out.final}
        ]
        self.used.setdefault(slot.name, []).extend(map(signs_of, settled))
        self.printed.update((slot.name, row.id) for row in settled)


def stream(chance: random.Random, start: datetime, end: datetime) -> Iterator[Article]:
    """What a site publishes, at any hour."""
    at, number = start, 0
    while at < end:
        at += timedelta(hours=chance.expovariate(1 / 30))
        number += 1
        text = f"Number {number} of all that a town has to tell, {chance.random()} and {chance.random()} and {chance.random()}."
        url = f"https://gazette.example/{number}/"
        yield Article(id=str(number), source="g", url=url, title=f"Story {number}", body_text=text, published=at, updated=at)


def moments(world: World, end: datetime) -> Iterator[datetime]:
    """When the service is awake: the second at which each edition is due, and now and then; not while the machine is down."""
    while world.now < end:
        coming = min(EditionCalendar(plan, world.config.newsletter.timezone).next_due(world.now) for plan in world.config.editions)
        if world.chance.random() < 0.01:  # a night without power, a holiday of the operator
            coming += timedelta(hours=world.chance.choice([1, 5, 30, 24 * 8]))
        yield min(coming, world.now + timedelta(hours=world.chance.uniform(1, 40)))


def newsletter(zone: str, **plan: object) -> Config:
    """A newsletter with a weekday edition, a best of the week and a Sunday letter."""
    weekday = EditionPlan.model_validate({"name": "weekday", **plan})
    best = EditionPlan.model_validate({"name": "best", "days": "sat", "at": "09:00", "holidays": "GB-ENG"})
    letter = EditionPlan.model_validate({"name": "letter", "days": "sun", "at": "18:30", "lead": "2h"})
    return Config(
        root=Path(),
        newsletter=Newsletter.model_validate({"name": "Gazette", "from": "daily@gazette.example", "timezone": zone}),
        sources=(SourcePlan(kind="feed", url="https://gazette.example/feed/"),),
        editions=(weekday, best, letter),
    )


def changed(chance: random.Random) -> Config:
    """The newsletter as an operator changes it: its days, hour, lead, zone, holidays."""
    plan = {
        "days": chance.choice(["mon-fri", "mon-fri", "mon-thu", "mon-sun", "tue,fri"]),
        "at": chance.choice(["05:30", "07:00", "00:00", "02:30", "23:45"]),
        "lead": chance.choice(["0m", "0m", "20m", "3h"]),
        "holidays": chance.choice(["GB-ENG", "DE", ["EG", "MA"]]),
        "closed": chance.choice([[], ["08-01 to 08-21"]]),
    }
    return newsletter(chance.choice(ZONES), **plan)


@pytest.mark.parametrize("zone", ZONES)
def test_years_of_trouble_lose_no_article_and_print_none_twice(zone: str, tmp_path: Path) -> None:
    chance, first = random.Random(zone), 2010 if YEARS == 10 else 2010 + ZONES.index(zone)
    start, end = datetime(first, 1, 4, tzinfo=UTC), datetime(first + YEARS, 1, 4, tzinfo=UTC)
    articles = list(stream(chance, start, end))
    with closing(Store.open("sqlite:///digest.db", tmp_path)) as store:
        world = World(store, tmp_path, chance, newsletter(zone), start, articles)
        for moment in moments(world, end):
            world.now = moment
            world.ahead = (
                chance.choice([timedelta(hours=-3), timedelta(hours=5), 2 * DAY]) if chance.random() < 0.005 else timedelta()
            )
            world.wake()
            if chance.random() < 0.002:
                world.config = changed(chance)
        check_all(world, end)


def check_all(world: World, end: datetime) -> None:
    """Every article of the time is in one edition of each series; no day has two; windows never run backwards."""
    due = [row for row in world.articles if world.windows["weekday"][0].window.end < row.published < end - 30 * DAY]
    for name in ("weekday", "best", "letter"):
        slots = world.windows[name]
        assert len({slot.key for slot in slots}) == len(slots)
        assert all(slot.window.start < slot.window.end for slot in slots)
        first = slots[0].window.end
        assert Counter(world.printed[name, row.id] for row in due if row.published > first).keys() == {1}


@pytest.mark.parametrize("zone", ZONES)
def test_every_reader_of_the_world_gets_each_edition_once_at_their_hour_or_at_once(zone: str) -> None:
    plan = EditionPlan(at=time(7))
    calendar, day = EditionCalendar(plan, ZoneInfo(zone)), FIRST
    while day < LAST:
        if calendar.has(day):
            slot = calendar.slot(day, None)
            hours = local_hours(plan, slot)
            for reader in ZONES:
                at = hours(reader)
                assert at is None or plan.due(slot) < at <= plan.due(slot) + timedelta(hours=26)
                assert at is None or at.astimezone(ZoneInfo(reader)).time() == time(7)
                if at is None:  # their seven o'clock of that day is over, or is now
                    assert datetime.combine(day, plan.at, ZoneInfo(reader)) <= plan.due(slot)
        day += DAY


def test_what_a_week_of_downtime_leaves_is_one_edition(tmp_path: Path) -> None:
    articles = list(stream(random.Random(1), datetime(2026, 11, 2, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)))
    with closing(Store.open("sqlite:///digest.db", tmp_path)) as store:
        world = World(
            store, tmp_path, random.Random(1), newsletter("Europe/London"), datetime(2026, 11, 9, 7, tzinfo=UTC), articles
        )
        world.wake()
        world.now = datetime(2026, 11, 17, 9, tzinfo=UTC)
        for _ in range(3):
            world.wake()
        weekday = world.windows["weekday"]
        assert [slot.day for slot in weekday] == [date(2026, 11, 9), date(2026, 11, 17)]
        assert weekday[1].window.start == weekday[0].window.end
        assert _printed_once(world, weekday)


def _printed_once(world: World, slots: Sequence[Slot]) -> bool:
    inside = [row for row in world.articles if slots[0].window.start <= row.published < slots[-1].window.end]
    return {world.printed["weekday", row.id] for row in inside} == {1}

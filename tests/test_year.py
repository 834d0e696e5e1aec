"""A year of mornings over a site that does all that sites do to their articles: each is printed once, or left out for a reason."""

import random
from collections import Counter
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from digest.collect.fetch import Response
from digest.collect.sources import feed
from digest.config import SourcePlan
from digest.curate import Rules, curate
from digest.curate.judge import load_scoring_rules
from digest.model import LOOKBACK, Edition, Harvest, Rendered, Slot, Window
from digest.store import MAX_LOOKBACK, RecipientRules, Store

START = datetime(2026, 1, 5, 7, tzinfo=UTC)
DAY = timedelta(days=1)
SHOWN = timedelta(days=21)  # how far back the site's feed goes
WORDS = [
    "harbour",
    "council",
    "ferry",
    "lantern",
    "bridge",
    "quay",
    "market",
    "lifeboat",
    "tram",
    "orchard",
    "library",
    "kiln",
    "weir",
    "chapel",
    "allotment",
    "regatta",
    "budget",
    "timetable",
    "planning",
    "school",
    "vote",
    "flood",
    "heritage",
    "bakery",
    "signal",
    "canal",
    "lamp",
    "warden",
    "pier",
    "sluice",
    "museum",
    "carnival",
]
RULES = Rules(newsletter="The Harbour Gazette", articles=50, comments_per_article=0, scoring_rules=load_scoring_rules(Path()))
PLAN = SourcePlan(kind="feed", url="http://gazette.example/feed/")
WAYS = ("plain", "plain", "plain", "edited", "moved", "guid", "twice", "undated", "late", "backdated")


class Post:
    """An article with what the site will do to it; `number` is in its words, so that each one printed can be recognised."""

    def __init__(self, number: int, posted: datetime, way: str, chance: random.Random) -> None:
        self.number, self.posted, self.way = number, posted, way
        self.title = f"{' '.join(chance.sample(WORDS, 4)).capitalize()}"
        self.text = " ".join(chance.choices(WORDS, k=60))
        self.link = f"http://gazette.example/{number}/"
        self.guid = f"http://gazette.example/?p={number}"
        self.dated = posted - timedelta(days=chance.uniform(3, 19)) if way in {"late", "backdated"} else posted
        self.changes = posted + timedelta(days=chance.uniform(0.1, 6))

    def items(self, now: datetime) -> str:
        """Its entries in the feed of a moment."""
        changed = now >= self.changes
        title, text, link, guid = self.title, self.text, self.link, self.guid
        if changed and self.way == "edited":
            title, text = f"{title}, corrected", f"Correction: {text} {text}"
        if changed and self.way == "moved":
            link = link.replace("gazette.example/", "gazette.example/archive/story-")
        if changed and self.way == "guid":
            guid = f"{link}#again"
        date = "" if self.way == "undated" else f"<pubDate>{format_datetime(self.dated)}</pubDate>"
        item = (
            f"<item><title>{title}</title><link>{link}</link><guid isPermaLink='false'>{guid}</guid>{date}"
            f"<description>Story {self.number}. {text}</description></item>"
        )
        if self.way == "twice":  # in two of the site's sections, as two posts
            item += item.replace("gazette.example/", "gazette.example/town/").replace("?p=", "?town=")
        return item


def year(seed: int) -> list[Post]:
    """Its posts, some before the first morning; about one a day, at any hour."""
    chance = random.Random(seed)
    posts, at = list[Post](), START - 10 * DAY
    while at < START + 365 * DAY:
        at += timedelta(hours=chance.expovariate(1 / 22))
        posts.append(Post(len(posts), at, chance.choice(WAYS), chance))
    return posts


async def harvested(posts: list[Post], now: datetime) -> Harvest:
    """What the feed says at a moment, read as any feed is."""
    there = [post for post in posts if post.posted <= now < post.posted + SHOWN]
    body = f"<rss version='2.0'><channel><title>Gazette</title>{''.join(post.items(now) for post in there)}</channel></rss>"

    async def get(url: str) -> Response:
        status = 200 if url == PLAN.url else 404
        return Response(status=status, url=url, headers={"content-type": "application/rss+xml"}, body=body.encode())

    return await feed.read(PLAN, get, now - 3 * DAY - LOOKBACK)


def editions(at: datetime) -> Slot:
    """The slot of a weekday at 07:00; Monday's goes back to Friday."""
    back = 3 if at.weekday() == 0 else 1
    return Slot(name="weekday", day=at.date(), window=Window(start=at - back * DAY, end=at))


def number_of(edition: Edition) -> list[int]:
    return [int(story.article.body_text.removeprefix("Correction: ").split("Story ")[1].split(".")[0]) for story in edition.stories]


@pytest.mark.parametrize("seed", range(10))
async def test_every_article_of_a_year_is_printed_once_or_left_out_with_a_reason(seed: int, tmp_path: Path) -> None:
    posts, printed, reasons = year(seed), Counter[int](), dict[str, str]()
    with closing(Store.open("sqlite:///state/digest.db", tmp_path)) as store:
        before = await harvested(posts, START - DAY)
        store.content.keep(replace(before, read=(PLAN.label,)), START - DAY)
        for day in range(365):
            at = START + day * DAY
            if at.weekday() > 4 or random.Random(f"{seed} {day}").random() < 0.03:  # a holiday, or a night without power
                continue
            slot = editions(at)
            harvest = await harvested(posts, at)
            store.content.keep(replace(harvest, read=(PLAN.label,)), at)
            material, settled = store.content.material(slot.window.start - MAX_LOOKBACK), store.editions.used_articles(slot.name)
            edition = curate(slot, material, settled, RULES, number=store.editions.next_number(), now=at)
            store.editions.freeze(edition, Rendered(subject="", preheader="", html="", text=""), [], RecipientRules(token=str))
            printed.update(number_of(edition))
            reasons |= {row.url: row.reason for row in edition.left_out if row.kind == "article"}
            last = at
    due = [post for post in posts if START < post.posted <= last - 3 * DAY]  # what was there before the first is old
    assert {post.number: post.way for post in due if printed[post.number] > 1} == {}
    assert {post.number: (post.way, reasons.get(post.link)) for post in due if not printed[post.number]} == {}
    early = [post for post in posts if START - DAY < post.posted <= START and not printed[post.number]]
    assert {reasons[post.link] for post in early} <= {"published before the first edition's window"}

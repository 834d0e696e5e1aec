"""Choosing articles and comments."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.fetch import Fetcher
from digest.collect.sources import wordpress
from digest.config import SourcePlan
from digest.curate import Rules, chosen_threads, curate
from digest.curate.judge import load_scoring_rules
from digest.model import Article, ArticleSigns, Comment, Edition, Harvest, Image, Slot, Window
from digest.text.article_identity import signs_of
from tests.newsroom import DATA, RecordedSite

END = datetime(2026, 11, 24, 7, tzinfo=UTC)
SLOT = Slot(name="weekday", day=date(2026, 11, 24), window=Window(start=END - timedelta(days=1), end=END))
STANDARDS = load_scoring_rules(Path("/nowhere"))
RULES = Rules(newsletter="G", articles=8, comments_per_article=2, scoring_rules=STANDARDS)
SENSIBLE = "I worked on the ferry for eleven winters and the berth was never the problem; the tide table was, and 40 lorries change nothing about it."  # fmt: skip

OTHER = "My mother ran the kiosk at the pier for 30 years, and the lamps went out every single winter until the harbour office paid for a new cable."  # fmt: skip
THIRD = "We counted 212 steps from the bus stop to the clinic, which is a long way with a pram or a stick when the path has not been gritted."  # fmt: skip


def article(name: str, hours: float = 5, **more: object) -> Article:
    published = END - timedelta(hours=hours)
    fields: dict[str, object] = {
        "id": name,
        "source": "s",
        "url": f"https://g.example/{name}",
        "title": f"Title {name}",
        "published": published,
        "updated": published,
    }
    return Article(**{**fields, **more})  # type: ignore[arg-type]


def comment(name: str, text: str = SENSIBLE, on: str = "a", **more: object) -> Comment:
    fields: dict[str, object] = {
        "id": name,
        "article_id": on,
        "author": f"Writer {name}",
        "text": text,
        "written": END - timedelta(hours=2),
        "url": f"https://g.example/{on}#{name}",
    }
    return Comment(**{**fields, **more})  # type: ignore[arg-type]


def made(
    articles: Sequence[Article] = (), comments: Sequence[Comment] = (), settled: Sequence[ArticleSigns] = (), rules: Rules = RULES
) -> Edition:
    return curate(SLOT, Harvest(articles=tuple(articles), comments=tuple(comments)), settled, rules, number=1, now=END)


def reason(edition: Edition, name: str) -> str:
    return next(row.reason for row in edition.left_out if row.id == name)


def printed(edition: Edition) -> list[str]:
    return [pick.comment.id for story in edition.stories for pick in story.picks]


def test_the_window_is_half_open() -> None:
    edition = made([article("start", 24), article("before", 24.001), article("end", 0), article("in", 1)])
    assert {story.article.id for story in edition.stories} == {"start", "in"}
    assert "first edition" in reason(edition, "before")
    assert not any(row.id == "end" for row in edition.left_out)


def test_what_came_in_late_is_taken_once_there_was_an_edition() -> None:
    edition = made([article("late", 30)], settled=[ArticleSigns("other", "g.example/other")])
    assert edition.stories[0].reasons[-1].startswith("arrived too late")


def test_what_was_settled_is_not_printed_again_under_another_id_either() -> None:
    assert made([article("a")], settled=[signs_of(article("a"))]).stories == ()
    assert (
        made([article("b", url="http://www.g.example/a/?utm_source=x")], settled=[ArticleSigns("a", "g.example/a")]).stories == ()
    )


def test_copies_are_united_with_their_comments() -> None:
    copies = [article("a", 6), article("b", 5, url="http://www.g.example/a/?utm_source=feed", source="other")]
    edition = made(copies, [comment("c", on="b")])
    assert [story.article.id for story in edition.stories] == ["a"]
    assert printed(edition) == ["c"]
    assert reason(edition, "b") == "the same article as https://g.example/a"


def test_the_same_text_on_two_sites_is_one_article_and_the_same_title_alone_is_not() -> None:
    text = " ".join(f"word{n}" for n in range(60))
    one = article("a", title="Letters", body_text=text)
    two = article("b", 4, title="Letters", body_text=text + " and a little more", url="https://other.example/x")
    three = article("c", 3, title="Letters", body_text=" ".join(f"other{n}" for n in range(60)))
    assert [story.article.id for story in made([one, two, three]).stories] == ["c", "a"]


def test_the_most_discussed_leads_and_the_rest_is_newest_first() -> None:
    edition = made([article("new", 1), article("old", 9), article("mid", 5)], [comment(f"c{n}", on="old") for n in range(9)])
    assert [story.article.id for story in edition.stories] == ["old", "new", "mid"]


def test_where_there_are_too_many_one_topic_does_not_fill_the_edition() -> None:
    rows = [article(f"h{n}", n + 1, topics=("Harbour",), comment_count=9) for n in range(4)] + [
        article("l", 6, topics=("Library",), comment_count=5)
    ]
    edition = made(rows, rules=replace(RULES, articles=3))
    assert "l" in {story.article.id for story in edition.stories}
    assert "most discussed" in edition.stories[0].reasons


def test_a_source_weighs_what_the_editor_says() -> None:
    rows = [article("a", 1, comment_count=9), article("b", 2, source="other")]
    assert made(rows).stories[0].article.id == "a"
    heavy = made(rows, rules=replace(RULES, source_weights={"other": 9.0}))
    assert heavy.stories[0].article.id == "b"
    assert heavy.stories[0].reasons[-1] == "source weight 9"


def test_what_does_not_fit_is_left_out_with_the_reason() -> None:
    rules = Rules(newsletter="G", articles=2, comments_per_article=2, scoring_rules=STANDARDS)
    edition = made([article(f"a{n}", n + 1) for n in range(5)], rules=rules)
    assert len(edition.stories) == 2
    assert [row.reason for row in edition.left_out] == ["over the limit of 2 articles"] * 3


def test_a_date_that_is_far_ahead_is_a_mistake_that_may_be_mended() -> None:
    edition = made([article("a", -24 * 400), article("b")])
    assert [story.article.id for story in edition.stories] == ["b"]
    (left,) = edition.left_out
    assert left.reason == "dated Wed 29 Dec 2027, far ahead"
    assert not left.final


def test_an_article_that_its_site_has_taken_down_is_left_out_with_what_the_site_said() -> None:
    harvest = Harvest(articles=(article("a"), article("b")))
    edition = curate(SLOT, harvest, (), RULES, number=1, now=END, taken_down={"a": "taken down by its site: 410"})
    assert [story.article.id for story in edition.stories] == ["b"]
    (left,) = edition.left_out
    assert left.id == "a"
    assert left.reason == "taken down by its site: 410"
    assert not left.final


def test_an_article_that_two_sources_bring_under_one_id_is_one() -> None:
    edition = made([article("a"), article("a", source="other")])
    assert [story.article.id for story in edition.stories] == ["a"]
    assert edition.left_out == ()


def test_a_password_is_a_reason() -> None:
    assert reason(made([article("a", access="protected")]), "a") == "password-protected"


def test_a_picture_helps_an_article_to_lead() -> None:
    edition = made([article("plain", 1), article("seen", 5, image=Image(url="https://g.example/i.jpg"))])
    assert edition.stories[0].article.id == "seen"


def test_one_of_a_writer_and_one_of_a_subthread() -> None:
    others = [
        comment("b", OTHER, author="Writer c"),
        comment("d", THIRD, parent_id="c"),
    ]
    assert len(printed(made([article("a")], [comment("c"), *others]))) == 1
    apart = [comment("b", OTHER), comment("d", THIRD)]
    assert len(printed(made([article("a")], [comment("c"), *apart]))) == 2


@given(st.randoms())
def test_order_of_input_does_not_matter(rng: random.Random) -> None:
    articles = [article(f"a{n}", n + 1) for n in range(4)]
    comments = [comment(f"c{n}", f"{SENSIBLE} Number {n}.", on=f"a{n % 4}") for n in range(12)]
    first = made(articles, comments)
    rng.shuffle(articles)
    rng.shuffle(comments)
    assert made(articles, comments) == first


async def test_the_recorded_site_prints_nothing_it_should_not(site: RecordedSite) -> None:
    async with Fetcher() as fetcher:
        get = partial(fetcher.get, allow_private=True)
        harvest = await wordpress.read(SourcePlan(kind="wordpress", url=site.base), get, datetime(2026, 1, 1, tzinfo=UTC))
    window = Window(start=datetime(2026, 7, 1, tzinfo=UTC), end=END)
    rules = Rules(newsletter="G", articles=30, comments_per_article=3, scoring_rules=STANDARDS)
    edition = curate(Slot(name="w", day=END.date(), window=window), harvest, (), rules, number=1, now=END)
    picks = [pick for story in edition.stories for pick in story.picks]
    hidden = [text for text in json.loads((DATA / "hidden.json").read_text()) if "<" not in text]
    assert len(picks) > 20
    texts = [pick.comment.text for pick in picks]
    assert len(set(texts)) == len(texts)
    assert not [text for text in texts for bad in hidden if bad in text]
    assert not [text for text in texts if text.startswith("[…]")]
    insults = ("windbag", "drivel", "poodle", "fool", "silly", "clueless", "rag for printing")
    assert not [text for text in texts if any(word in text.lower() for word in insults)]
    assert all(pick.parent_excerpt for pick in picks if pick.comment.parent_id)


def test_the_threads_of_an_edition_are_those_of_the_articles_that_it_prints() -> None:
    harvest = Harvest(articles=(article("a"), article("b", 30)), comments=(comment("c"), comment("d", OTHER, on="b")))
    found = chosen_threads(SLOT, harvest, (), RULES)
    assert [(story.id, [row.id for row in rows]) for story, rows in found] == [("a", ["c"])]


@pytest.mark.parametrize(("mode", "most", "picks"), [("automatic", 2, True), ("automatic", 0, False), ("approved", 2, False)])
def test_the_machine_picks_only_where_it_may(mode: Literal["automatic", "approved"], most: int, picks: bool) -> None:
    rules = replace(RULES, comments=mode, comments_per_article=most)
    assert rules.machine_picks is picks
    assert bool(printed(made([article("a")], [comment("c")], rules=rules))) is picks


@pytest.mark.parametrize("mode", ["automatic", "none"])
def test_a_thread_elsewhere_is_linked_whoever_is_printed(mode: Literal["automatic", "none"]) -> None:
    rules = replace(RULES, comments=mode)
    (elsewhere,) = made([article("a")], [comment("c", url="https://talk.example/t/1/3")], rules=rules).stories
    assert elsewhere.thread_url == "https://talk.example/t/1/3"
    (here,) = made([article("a")], [comment("c")], rules=rules).stories
    assert here.thread_url == ""


def test_a_thin_day_is_filled_with_what_there_was_no_room_for() -> None:
    spare = [signs_of(article(name, 30 + number))._replace(spare=True) for number, name in enumerate(("old1", "old2", "printed"))]
    settled = [*spare[:2], spare[2]._replace(spare=False), signs_of(article("ages", 24 * 9))._replace(spare=True)]
    there = [
        article("new"),
        article("old1", 30),
        article("old2", 31, image=Image(url="https://g.example/i.png")),
        article("printed", 32),
    ]
    there.append(article("ages", 24 * 9))
    wide = replace(RULES, fill_to=2)
    assert [story.article.id for story in made(there, settled=settled, rules=wide).stories] == ["new", "old2"]  # the heavier
    assert "an earlier edition had no room for it" in made(there, settled=settled, rules=wide).stories[1].reasons
    assert [story.article.id for story in made(there, settled=settled).stories] == ["new"]
    assert made(there[1:], settled=settled, rules=wide).stories == ()  # a day without news is none
    locked = [article("new"), article("old1", 30, access="protected")]
    assert [story.article.id for story in made(locked, settled=settled, rules=wide).stories] == ["new"]
    enough = [*there, article("new2", 2)]
    assert {story.article.id for story in made(enough, settled=settled, rules=wide).stories} == {"new", "new2"}


def test_on_a_thin_day_there_may_be_more_comments() -> None:
    comments = [comment(str(number), text) for number, text in enumerate([SENSIBLE, OTHER, THIRD])]
    few = replace(RULES, comments_per_article=1)
    assert len(printed(made([article("a")], comments, rules=few))) == 1
    assert len(printed(made([article("a")], comments, rules=replace(few, talk_below=3)))) >= 2
    assert len(printed(made([article("a")], comments, rules=replace(few, talk_below=1)))) == 1
    assert printed(made([article("a")], comments, rules=replace(few, talk_below=3, comments_per_article=0))) == []

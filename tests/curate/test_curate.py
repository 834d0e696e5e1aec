"""Choosing articles and comments."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.collect.fetch import Fetcher
from digest.collect.sources import wordpress
from digest.config import SourcePlan
from digest.curate import Rules, abuse, curate
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


@pytest.mark.parametrize("kind", ["pingback", "trackback"])
def test_another_sites_link_is_no_comment(kind: str) -> None:
    edition = made([article("a")], [comment("c", kind=kind)])
    assert printed(edition) == []
    assert reason(edition, "c") == f"{kind}, not an approved comment"


def test_some_words_are_printed_in_no_language() -> None:
    swedish = "Nu är det slut på bryggan, och vi har inte en enda båt kvar i hamnen; det är en cunt till nämnd vi har."
    edition = made([article("a")], [comment("c", swedish), comment("d", swedish.replace("en cunt till", "den"))])
    assert printed(edition) == ["d"]
    assert reason(edition, "c") == "abuse: “cunt”"


def test_a_password_is_a_reason() -> None:
    assert reason(made([article("a", access="protected")]), "a") == "password-protected"


def test_a_picture_helps_an_article_to_lead() -> None:
    edition = made([article("plain", 1), article("seen", 5, image=Image(url="https://g.example/i.jpg"))])
    assert edition.stories[0].article.id == "seen"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Well said.", "fewer than 12 words"),
        ("> " + SENSIBLE, "only a quotation"),
        ("https://a.example/" + "x" * 200, "fewer than 12 words"),
        (SENSIBLE + " https://a.example https://b.example https://c.example", "3 links or more"),
        (SENSIBLE.upper(), "mostly capitals"),
        (SENSIBLE + " You absolute moron.", "abuse"),
        (SENSIBLE + " You are pathetic.", "abuse"),
        (SENSIBLE + " What an i d i o t.", "abuse"),
        (SENSIBLE + " What an 1d1ot he is, a real id1ot.", "abuse"),
        (
            "My last comment was deleted by the moderators and I want to know why that was, since it was polite.",
            "about the comments",
        ),
    ],
)
def test_gates_have_names(text: str, why: str) -> None:
    edition = made([article("a")], [comment("c", text)])
    assert printed(edition) == []
    assert why in reason(edition, "c")


def test_an_insult_is_one_only_where_it_is_aimed() -> None:
    at_writer = "Tandy has plainly never done a day's work in the open air, and what a silly and lazy piece of writing this is."
    of_weather = (
        "The stupid wind took two slates again last night and the lazy gutter man has promised to come since the spring of 2019."
    )
    edition = made([article("a", author="Osric Tandy")], [comment("x", at_writer), comment("y", of_weather)])
    assert printed(edition) == ["y"]


@pytest.mark.parametrize(
    "text",
    [
        "I am a gay man and have lived on this row for nineteen years; nobody asked us about the lorries before the notice went up.",
        "Our Muslim neighbours brought soup to the whole street when the pump failed, and the council has still not thanked them.",
        "As a blind reader I count the steps to the pier: there are 212, and the new kerb adds a step that no map shows.",
        "My Jewish grandmother ran the bakery on this corner until 1974, and the ovens are still behind that wall.",
        "As a black woman who drives the number 6 I see who waits at 21:10, and it is mostly nurses from the late shift.",
    ],
)
def test_who_somebody_is_is_no_reason(text: str) -> None:
    assert printed(made([article("a")], [comment("c", text)])) == ["c"]


@pytest.mark.parametrize(
    "text",
    [
        "Fracking under the harbour would need fire retardant, and the council's feedback form has no fickle or feckless box for it.",
        "Arsenal lost, and the arsenic in the old gasworks soil is a niggling worry that no trolley full of reports has settled.",
        "You can put your rubbish and garbage out on Monday; the boring machine is dense and thick, but you would be mad to move it.",
        "Most women do not mind the early tram, men are the ones who miss it, and these women have asked you for a shelter since 2019.",
        "The shops shut up at four, you know. Later the same evening it was said that the nets were useless and the buoys a disgrace.",
        "The office took length*width of the berth, x*y in the county's table, and select*from in its open data is no better.",
        "Our dog breeder has a poodle and a Maine Coon, and you may see how the sheep and the donkeys lie on the slag heap.",
    ],
)
def test_fair_words_are_no_abuse(text: str) -> None:
    ruling = abuse.assess(text, ["osric tandy"], STANDARDS.lists)
    assert ruling.state is not abuse.AbuseState.BLOCKED, ruling.reason


@pytest.mark.parametrize(
    "text",
    [
        "Censorship of the ferry log is what the moderators of Thursday's meeting should have asked about, and nobody did in 90 minutes.",
        "The posts on the quay were removed in 1976, and this path has been blocked by the harbour office since the spring of 2019.",
    ],
)
def test_censorship_may_be_what_the_talk_is_about(text: str) -> None:
    assert printed(made([article("a")], [comment("c", text)])) == ["c"]


@pytest.mark.parametrize("word", ["f*ck", "f***", "sh*t", "bullsh*t", "a**hole"])
def test_masked_swear_words_are_swear_words(word: str) -> None:
    assert abuse.assess(f"What is this {word} about, after eleven winters?", [], STANDARDS.lists).state is abuse.AbuseState.BLOCKED


def test_a_star_of_gender_masks_nothing() -> None:
    text = "Die Lehrer*innen und die Schüler*innen haben mit dem Rat gesprochen, und er hat nicht zugehört."
    assert abuse.assess(text, [], STANDARDS.lists).state is abuse.AbuseState.CLEAR
    assert abuse.assess("**Bold** words and a *quiet* one, 2*3 is 6.", [], STANDARDS.lists).state is abuse.AbuseState.CLEAR


def test_duplicates_keep_the_earliest() -> None:
    early, late = comment("z", written=END - timedelta(hours=9)), comment("a2", SENSIBLE.replace(",", ""))
    edition = made([article("a")], [late, early])
    assert printed(edition) == ["z"]
    assert reason(edition, "a2") == "repeats another comment"


@pytest.mark.parametrize("state", ["held", "spam", "deleted"])
def test_only_approved_comments(state: str) -> None:
    assert printed(made([article("a")], [comment("c", state=state)])) == []


def test_a_reply_has_its_parents_words_or_is_not_printed() -> None:
    parent = comment("p", "Who decides?")
    edition = made([article("a")], [parent, comment("r", parent_id="p"), comment("o", OTHER, parent_id="gone")])
    (pick,) = edition.stories[0].picks
    assert pick.comment.id == "r"
    assert pick.parent_author == "Writer p"
    assert pick.parent_excerpt == "Who decides?"
    assert reason(edition, "o") == "replies to a comment that is missing or not approved"


def test_an_answer_to_abuse_is_not_printed() -> None:
    edition = made([article("a")], [comment("p", "You moron."), comment("r", parent_id="p")])
    assert printed(edition) == []
    assert reason(edition, "r") == "replies to a comment that was left out"


def test_an_answer_to_what_a_gate_holds_is_not_printed() -> None:
    links = SENSIBLE + " https://a.example https://b.example https://c.example"
    edition = made([article("a")], [comment("p", links), comment("r", SENSIBLE.replace("ferry", "boat"), parent_id="p")])
    assert printed(edition) == []


def test_half_the_town_is_called_town() -> None:
    text = "It is a joke that the upper town has waited eleven winters for a bus, and I have counted 212 steps instead of it."
    aimed = "gannet77 is a joke, and the upper town has waited eleven winters for a bus while I have counted 212 steps."
    others = [comment("n", author="Upper Town Ned", text="One."), comment("g", author="gannet77", text="Two.")]
    assert printed(made([article("a")], [*others, comment("c", text)])) == ["c"]
    assert printed(made([article("a")], [*others, comment("c", aimed)])) == []


def test_a_name_is_read_as_well() -> None:
    assert printed(made([article("a")], [comment("c", author="Total Arsehole")])) == []


def test_one_of_a_writer_and_one_of_a_subthread() -> None:
    others = [
        comment("b", OTHER, author="Writer c"),
        comment("d", THIRD, parent_id="c"),
    ]
    assert len(printed(made([article("a")], [comment("c"), *others]))) == 1
    apart = [comment("b", OTHER), comment("d", THIRD)]
    assert len(printed(made([article("a")], [comment("c"), *apart]))) == 2


def test_a_comment_left_under_two_articles_is_printed_once() -> None:
    twice = [comment("x", on="a"), comment("y", SENSIBLE.upper().capitalize(), on="b")]
    edition = made([article("a"), article("b", 6)], twice)
    assert printed(edition) == ["x"]
    assert reason(edition, "y") == "printed under another article"


def test_a_circle_of_parents_ends() -> None:
    circle = [comment("x", parent_id="y"), comment("y", SENSIBLE.replace("ferry", "tram"), parent_id="x")]
    assert len(printed(made([article("a")], circle))) == 1


def test_other_languages_are_not_harmed() -> None:
    german = "Ich habe elf Winter auf der Fähre gearbeitet, und der Liegeplatz war nie das Problem, sondern der Fahrplan von 2019."
    chinese = "我在渡輪上工作了十一個冬天,泊位從來都不是問題,問題是2019年的時刻表,四十輛卡車也改變不了什麼。"
    assert len(printed(made([article("a")], [comment("g", german), comment("h", chinese)]))) == 2
    initials = "我们在NHS以及BBC和RNLI还有UN都说过,渡輪的泊位從來都不是問題,問題是時刻表,四十輛卡車也改變不了什麼。"
    assert printed(made([article("a")], [comment("i", initials)])) == ["i"]


def test_a_newsletters_own_list_adds_and_takes_out() -> None:
    lists = abuse.load_lists(["[always]\nmoron*\nbarmy", "[always]\n-barmy\n[aimed]\ndaft"])
    assert lists.always.search("what morons")
    assert not lists.always.search("barmy")
    assert lists.aimed.search("daft as a brush")


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

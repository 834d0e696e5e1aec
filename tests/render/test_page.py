"""An edition laid out: ranks, sections, voices, and what leaves no trace."""

import re
from dataclasses import replace

import pytest

from digest.config import DesignPlan, Ranks, Section
from digest.model import Edition, Image, ImageSize
from digest.render.page import Item, Layout, Page, Rendering, lay_out
from digest.render.pictures import lead_picture, shown_image, thumbnail
from digest.render.plain_lines import wrapped
from digest.render.renderer import Design
from tests.render.editions import GAZETTE, edition_of, eight_with_comments, picture, sixteen, story, with_thread

BLOCKS = ("lead", "stories", "brief", "comment-of-the-day", "discussed")
USUAL = Layout(blocks=BLOCKS, full=5, voiced=5, voices=1, pictures=True)


def laid_out(edition: Edition, layout: Layout = USUAL, sections: tuple[Section, ...] = (), reply: tuple[str, ...] = ()) -> Page:
    return lay_out(edition, layout, sections, Rendering(shown=lambda article: article.image, reply_words=reply))


def titles(items: tuple[Item, ...]) -> list[str]:
    return [item.title.split()[0] for item in items]


def test_ranks() -> None:
    page = laid_out(sixteen())
    assert page.lead.number == 1
    assert [item.number for item in page.stories] == [2, 3, 4, 5]
    assert [item.number for section in page.sections for item in section.items] == list(range(6, 17))
    assert [len(item.voices) for item in page.items] == [1] * 5 + [0] * 11
    assert page.comment_of_the_day is not None
    assert page.comment_of_the_day.item.number == 6
    assert titles(page.discussed) == ["Tram", "Night", "Two"]
    assert page.blocks == BLOCKS


def test_the_lead_may_have_two_voices_and_nobody_is_printed_twice() -> None:
    page = laid_out(eight_with_comments())
    assert [len(item.voices) for item in page.items] == [2, 1, 1, 1, 1, 0, 0, 0]
    ids = [voice.pick.comment.id for voice in page.voices]
    assert len(set(ids)) == len(ids)


def test_what_an_editor_approved_is_printed_in_every_rank() -> None:
    made = sixteen()
    last = made.stories[14]
    approved = replace(with_thread(last, 3), picks=tuple(replace(p, approved=True) for p in with_thread(last, 3).picks))
    page = laid_out(edition_of(*made.stories[:14], approved, made.stories[15]), replace(USUAL, voices=0, voiced=0))
    assert [len(item.voices) for item in page.items] == [0] * 14 + [3, 0]


def test_an_empty_part_leaves_no_trace() -> None:
    page = laid_out(edition_of(story(15, 0)))
    assert page.blocks == ("lead",)
    assert page.discussed == ()
    assert page.comment_of_the_day is None


def test_sections_take_their_stories_and_the_rest_stays_in_brief() -> None:
    sections = (Section(title="On the move", topics=("transport",)), Section(title="Next door", sources=("The Other Paper",)))
    made = sixteen()
    elsewhere = replace(made.stories[10], article=replace(made.stories[10].article, source="The Other Paper"))
    page = laid_out(edition_of(*made.stories[:10], elsewhere, *made.stories[11:]), sections=sections)
    assert [(section.title, len(section.items)) for section in page.sections] == [("On the move", 2), ("Next door", 1), ("", 8)]
    assert len(page.items) == 16
    assert [item.source for item in page.items][10:12] == ["The Gazette", "The Gazette"]


def test_one_section_is_none_and_without_a_second_source_none_is_named() -> None:
    page = laid_out(sixteen(), sections=(Section(title="On the move", topics=("Transport",)),))
    assert [section.title for section in page.sections] == [""]
    assert {item.source for item in page.items} == {""}


def test_long_things_are_cut() -> None:
    row = story(0)
    names = ", ".join(f"Writer Number {n}" for n in range(7))
    long = replace(row.article, title="word " * 60, author=names, topics=("A topic that says more than a topic should",))
    item = laid_out(edition_of(replace(row, article=long))).lead
    assert len(item.title) <= 110
    assert (item.authors, item.more_authors) == (("Writer Number 0", "Writer Number 1"), 5)
    assert len(item.topic) <= 30


@pytest.mark.parametrize(("words", "minutes"), [(0, 0), (100, 0), (230, 1), (700, 3), (2_300, 10)])
def test_minutes_are_told_if_the_whole_text_is_known(words: int, minutes: int) -> None:
    row = story(0)
    item = laid_out(edition_of(replace(row, article=replace(row.article, body_text="word " * words)))).lead
    assert item.minutes == minutes


def test_the_thread_is_where_the_comments_are() -> None:
    row = story(0, 1)
    assert laid_out(edition_of(row)).lead.thread_url == "https://gazette.example/2026/11/story-0/#comments"
    assert laid_out(edition_of(replace(row, thread_url="https://talk.example/t/1"))).lead.thread_url == "https://talk.example/t/1"


def test_what_a_comment_answers_is_shown_if_it_cannot_be_read_without() -> None:
    row = story(0, 1)
    reply = replace(
        row.picks[0], excerpt="They never asked us, and that is all.", parent_author="Bo", parent_excerpt="They asked. " * 20
    )
    (voice,) = laid_out(edition_of(replace(row, picks=(reply,))), reply=("they",)).lead.voices
    assert voice.answered.startswith("They asked.")
    assert len(voice.answered) <= 90
    (voice,) = laid_out(edition_of(replace(row, picks=(reply,)))).lead.voices
    assert (voice.answered, voice.answering) == ("", "Bo")


def test_one_sentence_only_if_it_may_stand_alone() -> None:
    row = story(0, 2)
    first, second = row.picks
    page = laid_out(edition_of(replace(row, picks=(replace(first, sentence=""), second))), replace(USUAL, one_sentence=True))
    assert [voice.text for voice in page.lead.voices] == [second.sentence]


def test_votes_are_told_where_there_are_some() -> None:
    row = story(0, 1)
    for up, agree in ((None, 0), (1, 0), (412, 412)):
        pick = replace(row.picks[0], comment=replace(row.picks[0].comment, up=up))
        assert laid_out(edition_of(replace(row, picks=(pick,)))).lead.voices[0].agree == agree


@pytest.mark.parametrize(
    ("image", "lead", "thumb"),
    [
        (None, None, None),
        (picture("p"), ("p.png", 584, 328), ("p-300x169.png", 128, 72)),
        (picture("p", 300, 200), None, ("p.png", 128, 85)),
        (picture("p", 600, 600), None, ("p-300x300.png", 96, 96)),
        (picture("p", 60, 45), None, None),
        (picture("p", 2_000, 300), None, ("p-150x150.png", 96, 96)),
        (replace(picture("p", 2_000, 300), sizes=()), None, None),
        (picture("p", 600, 1_200), None, ("p-150x150.png", 96, 96)),
        (Image(url="https://gazette.example/uploads/u.png"), ("u.png", 584, 0), None),
    ],
)
def test_a_picture_is_shown_in_a_shape_and_size_that_fit(
    image: Image | None, lead: tuple[str, int, int] | None, thumb: tuple[str, int, int] | None
) -> None:
    for placed, wanted in ((lead_picture(image), lead), (thumbnail(image), thumb)):
        assert (placed and (placed.url.rpartition("/")[2], placed.width, placed.height)) == wanted


def test_a_size_on_another_host_is_not_shown() -> None:
    row = story(1)
    elsewhere = Image(
        url="https://gazette.example/p.png", width=1_200, height=800,
        sizes=(ImageSize(url="https://cdn.elsewhere.example/p-300.png", width=300, height=200),),
    )  # fmt: skip
    html = Design(GAZETTE).render(edition_of(story(0), replace(row, article=replace(row.article, image=elsewhere)))).html
    assert "elsewhere.example" not in html
    assert "gazette.example/p.png" in html


def test_a_picture_of_a_stranger_is_shown_on_no_host_but_the_newsrooms() -> None:
    image = Image(url="https://cdn.gazette.example/a.jpg", width=1_200, height=675)
    assert shown_image(image, "https://elsewhere.example/x/", {"gazette.example"}) == image
    theirs = replace(image, url="https://elsewhere.example/a.jpg")
    assert shown_image(theirs, "https://elsewhere.example/x/", {"gazette.example"}) is None
    assert shown_image(theirs, "https://elsewhere.example/x/", set()) == theirs


@pytest.mark.parametrize("theme", ["broadsheet", "compact", "letter"])
def test_every_theme_shows_what_a_comment_answers(theme: str) -> None:
    row = story(0, 1)
    reply = replace(row.picks[0], excerpt="They never asked us.", parent_author="Bo", parent_excerpt="Nobody wanted the boat back.")
    html = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition_of(replace(row, picks=(reply,)))).html
    assert "answering Bo" in html


def test_the_contents_are_numbered_without_a_gap() -> None:
    lines = Design(GAZETTE).render(sixteen()).text.splitlines()
    start = lines.index("In this edition")
    numbers = [int(line.split(".")[0]) for line in lines[start + 2 : start + 60] if re.match(r"\d+\. ", line)]
    assert numbers == list(range(1, 17))


def test_a_space_that_must_not_break_does_not() -> None:
    line = wrapped("x" * 66 + " 40\u00a0000\u00a0€ more")
    assert line.splitlines() == ["x" * 66, "40\u00a0000\u00a0€ more"]


def test_ranks_of_ones_own() -> None:
    design = Design(GAZETTE, plan=DesignPlan(ranks=Ranks(full=2, voices=0), blocks=("lead", "brief", "stories")))
    page = design.page(eight_with_comments())
    assert page.blocks == ("lead", "brief", "stories")
    assert len(page.stories) == 1
    assert page.voices == ()


@pytest.mark.parametrize(
    ("title", "topic", "shown"),
    [
        ("Opinion: turn the lights off", "Opinion", "Turn the lights off"),
        ("OPINION: turn", "Opinion", "Turn"),
        ("Opinion:", "Opinion", "Opinion:"),
        ("Opinion: turn", "", "Opinion: turn"),
        ("Opinion polls: what they show", "Opinion", "Opinion polls: what they show"),
    ],
)
def test_the_topic_above_a_headline_is_not_said_again(title: str, topic: str, shown: str) -> None:
    row = story(3)
    topics = (topic,) if topic else ()
    page = laid_out(edition_of(replace(row, article=replace(row.article, title=title, topics=topics))))
    assert page.lead.title == shown


def test_an_edition_takes_as_long_to_read_as_its_words_do() -> None:
    page = laid_out(sixteen())
    assert 2 <= page.minutes <= 5  # some 700 words; the stories behind the links have 10,000


def test_what_an_editor_writes_below_a_story_is_in_every_rank_and_in_both_parts() -> None:
    rows = [replace(story(at, 1), note=f"More on [day {at}](https://gazette.example/{at}/more).") for at in range(7)]
    for theme in ("broadsheet", "compact", "letter"):
        out = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition_of(*rows))
        for at in range(7):
            assert out.html.count(f"https://gazette.example/{at}/more") == 1
            assert out.text.count(f"https://gazette.example/{at}/more") == 1
        assert out.html.count("Editor’s note") == out.text.count("Editor’s note") == 7


def test_an_editor_chooses_kicker_and_section_and_does_without_a_block() -> None:
    rows = [story(at, 2) for at in range(8)]
    rows[6] = replace(rows[6], kicker="Breaking", section="Also")
    rows[7] = replace(rows[7], kicker="")
    sections = (Section(title="Transport", topics=("Transport",)), Section(title="Also", topics=("x",)))
    page = laid_out(edition_of(*rows), USUAL, sections)
    assert [(heading.title, len(heading.items)) for heading in page.sections] == [("Transport", 1), ("Also", 1), ("", 1)]
    assert [item.topic for item in page.items[5:]] == ["", "Breaking", "Town"]
    edition = edition_of(*rows)
    parts = replace(edition.parts, without=("comment-of-the-day", "lead", "brief"))
    assert "comment-of-the-day" in Design(GAZETTE).page(edition).blocks
    assert Design(GAZETTE).page(replace(edition, parts=parts)).blocks == ("lead", "stories", "brief", "discussed", "support")


@pytest.mark.parametrize("theme", ["broadsheet", "compact", "letter"])
def test_a_topic_that_a_headline_begins_with_is_printed_once_and_a_list_has_it_too(theme: str) -> None:
    rows = [story(at, 1) for at in range(8)]
    for at in (0, 2, 7):  # the lead, a story, and one in brief where there are such
        rows[at] = replace(rows[at], article=replace(rows[at].article, title=f"Sponsored: buy boat {at}", topics=("Sponsored",)))
    rows[1] = replace(rows[1], kicker="Exclusive")
    out = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition_of(*rows))
    shown = " ".join(re.sub("<[^>]+>", " ", out.html.replace("&nbsp;", " ")).split())
    contents = out.text[out.text.index("In this edition") :].split("\n\n\n")[0]
    for at in (0, 2, 7):
        assert f"Sponsored Buy boat {at}" in shown
        assert f"Sponsored: buy boat {at}" in contents
        assert f"Buy boat {at}\n----------\n\nSponsored\n" in out.text
    assert "Exclusive" in shown
    assert "Exclusive" in out.text


@pytest.mark.parametrize("theme", ["broadsheet", "compact", "letter"])
def test_what_a_comment_answers_stands_near_it_and_says_whose_words_they_are(theme: str) -> None:
    row = story(0, 2)
    first, second = (
        replace(pick, excerpt=f"They never asked {at}.", sentence=f"They never asked {at}.") for at, pick in enumerate(row.picks)
    )
    second = replace(second, parent_author="Bo", parent_excerpt="Nobody wanted the boat back.")
    out = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition_of(replace(row, picks=(first, second))))
    quoted = re.search(
        r'<p class="q" style="margin:(\d+)px 0 (\d+)[^"]*">Bo: “Nobody wanted the boat back.”</p>(.{0,40})', out.html
    )
    assert quoted is not None
    assert int(quoted[1]) >= 2 * int(quoted[2]) + 6
    assert re.search(r'margin:(?:0|4px 0 0)["; ]', out.html[quoted.end(2) :])
    assert "    Bo: “Nobody wanted the boat back.”\n" in out.text


@pytest.mark.parametrize("theme", ["broadsheet", "compact", "letter"])
def test_an_editors_note_is_not_signed_by_the_writer_of_the_story(theme: str) -> None:
    rows = [replace(story(at, 1), note=f"Note {at}.") for at in range(2)]
    out = Design(GAZETTE, plan=DesignPlan(theme=theme)).render(edition_of(*rows))
    for part in (out.html, out.text):
        assert part.index("Nell Arkwright") < part.index("Note 0.") < part.index("Ifan Pryce") < part.index("Note 1.")


def test_the_minutes_are_of_what_is_printed() -> None:
    long = " ".join(["word"] * 100) + ". "
    rows = [story(at) for at in range(4)]
    rows = [replace(row, article=replace(row.article, summary=long * 5), picks=()) for row in rows]
    edition = edition_of(*rows)
    assert laid_out(edition, replace(USUAL, full=16)).minutes == 9  # 4 × 500 words
    assert laid_out(edition, replace(USUAL, full=16, one_sentence=True)).minutes == 4  # 500 + 3 × 100
    assert laid_out(replace(edition, parts=replace(edition.parts, correction=long * 10)), replace(USUAL, full=16)).minutes == 13

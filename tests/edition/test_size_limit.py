"""An edition that is too large for mail programs: what goes is said, and all its forms are one."""

from dataclasses import replace
from html import escape

import pytest

from digest.config import DesignPlan, Ranks
from digest.edition.size_limit import NO_ROOM, fit_size, without_room
from digest.errors import TemplateError
from digest.model import Edition
from digest.render.renderer import MAX_HTML_BYTES, Design
from tests.render.test_renderer import NEWSLETTER, edition

SHARED = NEWSLETTER.model_copy(update={"share": ("email", "bluesky", "facebook", "linkedin", "mastodon", "whatsapp")})
ALL = DesignPlan(ranks=Ranks(full=16, voices=5))


class Plain:
    """A design whose stories and comments take so many bytes each; it counts how often it renders."""

    def __init__(self, room: int, part: int = 1_000) -> None:
        self.room, self.part, self.renderings = room, part, 0

    def html(self, made: Edition) -> str:
        self.renderings += 1
        rows = [text for story in made.stories for text in (f'"{escape(story.article.url)}"', *(p.excerpt for p in story.picks))]
        return "".join(row.ljust(self.part, ".") for row in rows)

    def sent_size(self, html: str) -> int:
        return MAX_HTML_BYTES - self.room + len(html)


def numbered(*titles: str, picks: int) -> Edition:
    """An edition in which no two comments are alike."""
    made = edition(*titles, picks=picks)
    stories = [
        replace(story, picks=tuple(replace(pick, excerpt=f"Comment {story.position}-{n}.") for n, pick in enumerate(story.picks)))
        for story in made.stories
    ]
    return replace(made, stories=tuple(stories))


def test_what_fits_stays_whole() -> None:
    made = edition("One", "Two", picks=2)
    assert fit_size(made, Plain(6_000)) is made


@pytest.mark.parametrize("room", range(2, 9))
def test_comments_go_first_from_the_last_story_upwards_then_the_last_stories(room: int) -> None:
    made, design = numbered("One", "Two", "Three", picks=2), Plain(room * 700 + 690, 700)
    out = fit_size(made, design)
    assert design.renderings == 2
    kept = [len(story.picks) for story in out.stories]
    assert kept == sorted(kept, reverse=True)
    assert len(out.stories) == 3 or not any(kept)
    printed = len(out.stories) + sum(kept)
    assert printed == room
    cut = without_room(out)
    assert len(cut) == 9 - printed
    assert sum(row.kind == "comment" for row in cut) == 6 - sum(kept)


def test_an_estimate_that_was_too_hopeful_is_mended() -> None:
    class Hopeful(Plain):
        def sent_size(self, html: str) -> int:
            return MAX_HTML_BYTES - self.room + len(html) + (900 if self.renderings > 1 else 0)

    made, design = numbered("One", "Two", "Three", picks=2), Hopeful(4_700)
    out = fit_size(made, design)
    assert design.sent_size(design.html(out)) <= MAX_HTML_BYTES


def test_templates_in_which_nothing_is_found_are_cut_all_the_same() -> None:
    class Strange(Plain):
        def html(self, made: Edition) -> str:
            return "x" * sum(700 for story in made.stories for _ in (story, *story.picks))

    made, design = numbered("One", "Two", "Three", picks=2), Strange(4_000)
    out = fit_size(made, design)
    assert design.sent_size(design.html(out)) <= MAX_HTML_BYTES
    assert len(out.stories) == 3


def test_a_large_edition_is_small_enough_when_it_leaves_and_nothing_vanishes() -> None:
    titles = [f"Портовый совет решил сохранить ночной паром {n}: {'длинный заголовок ' * 3}" for n in range(16)]
    made, design = edition(*titles, picks=5, words_each=90), Design(SHARED, plan=ALL)
    assert design.sent_size(design.html(made)) > MAX_HTML_BYTES
    out = fit_size(made, design)
    assert design.sent_size(design.html(out)) <= MAX_HTML_BYTES
    whole = sum(1 + len(story.picks) for story in made.stories)
    assert len(without_room(out)) == whole - sum(1 + len(story.picks) for story in out.stories) > 0


def test_one_more_would_not_have_fitted() -> None:
    made, design = edition(*(f"Story {n} {'and more ' * 9}" for n in range(16)), picks=5, words_each=180), Design(SHARED, plan=ALL)
    out = fit_size(made, design)
    assert MAX_HTML_BYTES - 5_000 < design.sent_size(design.html(out)) <= MAX_HTML_BYTES


def test_a_mail_that_no_cut_makes_small_enough_is_an_error_that_says_what_to_change() -> None:
    with pytest.raises(TemplateError, match=r"one story alone makes 120 KB.*newsletter\.support"):
        fit_size(edition("One", "Two"), Plain(-20_000, 10))


def test_reasons_say_it() -> None:
    out = fit_size(edition("One", "Two", picks=0), Plain(1_700))
    assert [(row.kind, row.reason) for row in out.left_out] == [("article", NO_ROOM)]
    assert replace(out, left_out=()).stories == edition("One", "Two", picks=0).stories[:1]

"""An edition that is too large for mail programs: what goes is said, and all its forms are one."""

from dataclasses import replace

import pytest

from digest.edition.size_limit import NO_ROOM, fit_size, without_room
from digest.errors import TemplateError
from digest.model import Edition
from digest.render.renderer import MAX_HTML_BYTES, Design
from tests.render.test_renderer import NEWSLETTER, edition

SHARED = NEWSLETTER.model_copy(update={"share": ("email", "bluesky", "facebook", "linkedin", "mastodon", "whatsapp")})


def test_what_fits_stays_whole() -> None:
    made = edition("One", "Two", picks=2)
    assert fit_size(made, lambda _: MAX_HTML_BYTES) is made


@pytest.mark.parametrize("room", range(2, 9))
def test_comments_go_first_from_the_last_story_upwards_then_the_last_stories(room: int) -> None:
    made = edition("One", "Two", "Three", picks=2)

    def size(row: Edition) -> int:
        return MAX_HTML_BYTES - room + len(row.stories) + sum(len(story.picks) for story in row.stories)

    out = fit_size(made, size)
    assert size(out) == MAX_HTML_BYTES
    kept = [len(story.picks) for story in out.stories]
    assert kept == sorted(kept, reverse=True)
    assert len(out.stories) == 3 or not any(kept)
    printed = len(out.stories) + sum(kept)
    cut = without_room(out)
    assert len(cut) == 9 - printed
    assert {row.id for row in cut if row.kind == "comment"} | {pick.comment.id for s in out.stories for pick in s.picks} == {
        pick.comment.id for story in made.stories for pick in story.picks
    }


def test_a_large_edition_is_small_enough_when_it_leaves_and_nothing_vanishes() -> None:
    titles = [f"Портовый совет решил сохранить ночной паром {n}: {'длинный заголовок ' * 3}" for n in range(16)]
    made, design = edition(*titles, picks=3, words_each=60), Design(SHARED, [])
    assert design.size(made) > MAX_HTML_BYTES
    out = fit_size(made, design.size)
    assert design.size(out) <= MAX_HTML_BYTES
    rendered = design.render(out)
    assert rendered.text.count("— O'Brien") == sum(len(story.picks) for story in out.stories)
    whole = sum(1 + len(story.picks) for story in made.stories)
    assert len(without_room(out)) == whole - sum(1 + len(story.picks) for story in out.stories) > 0


def test_one_more_would_not_have_fitted() -> None:
    made, design = edition(*(f"Story {n} {'and more ' * 9}" for n in range(16)), picks=5, words_each=90), Design(SHARED, [])
    out = fit_size(made, design.size)
    assert MAX_HTML_BYTES - 5_000 < design.size(out) <= MAX_HTML_BYTES


def test_a_mail_that_no_cut_makes_small_enough_is_an_error_that_says_what_to_change() -> None:
    with pytest.raises(TemplateError, match=r"one story alone makes 120 KB.*newsletter\.support"):
        fit_size(edition("One", "Two"), lambda _: 120_000)


def test_reasons_say_it() -> None:
    out = fit_size(edition("One", "Two", picks=0), lambda row: MAX_HTML_BYTES - 1 + len(row.stories))
    assert [(row.kind, row.reason) for row in out.left_out] == [("article", NO_ROOM)]
    assert replace(out, left_out=()).stories == edition("One", "Two", picks=0).stories[:1]

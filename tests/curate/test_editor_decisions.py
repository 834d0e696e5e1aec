"""What editors decide, laid over the machine's edition: what is in, where, and in which words; undone, it leaves no trace."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.curate import curate
from digest.curate.comment_decisions import GAP, wording, writer_key
from digest.curate.editor_decisions import editor_decisions
from digest.curate.story_decisions import SINCE_APPROVAL, edited_parts
from digest.model import Article, ArticleSigns, Comment, Decision, Edition, EditorNote, EditorParts, Harvest
from digest.store.edition_rows import as_json
from tests.curate.test_curate import END, OTHER, RULES, SENSIBLE, SLOT, THIRD, article, comment, printed, reason

KEY = SLOT.key
ABUSE = f"You are a bunch of wankers. {SENSIBLE}"
ARTICLES = tuple(article(name, hours) for name, hours in (("a", 5), ("b", 4), ("c", 3), ("d", 2)))
COMMENTS = (
    comment("a1"),
    comment("a2", OTHER),
    comment("a3", THIRD),
    comment("abuse", ABUSE, on="b"),
    comment("b1", THIRD, on="b", author="Writer abuse"),
)
Said = tuple[str, str, str, dict[str, Any]]  # kind, id, verb and value


def rows(*said: Said, edition: str = KEY) -> list[Decision]:
    """Decisions as the log has them."""
    return [
        Decision(id=at, thing_kind=kind, thing_id=key, verb=verb, value=value, made_by="Ada", made_at=END, edition=edition)
        for at, (kind, key, verb, value) in enumerate(said, 1)
    ]


def edited(
    decisions: Sequence[Decision], articles: Sequence[Article] = ARTICLES, comments: Sequence[Comment] = COMMENTS, **more: Any
) -> Edition:
    said = editor_decisions(decisions, KEY, SLOT.name)
    harvest = Harvest(articles=tuple(articles), comments=tuple(comments))
    return curate(SLOT, harvest, (), replace(RULES, **more.pop("rules", {})), number=1, now=END, decisions=said, **more)


def order(edition: Edition) -> list[str]:
    return [story.article.id for story in edition.stories]


# — what is in, and where —


def test_a_story_is_left_out_and_the_others_stay_where_they_are() -> None:
    machine = order(edited([]))
    edition = edited(rows(("article", machine[1], "leave-out", {})))
    assert order(edition) == [name for name in machine if name != machine[1]]
    assert reason(edition, machine[1]) == "left out by Ada"
    assert next(row for row in edition.left_out if row.id == machine[1]).final


def test_a_story_that_is_kept_for_tomorrow_stays_open_and_is_in_tomorrow() -> None:
    (out,) = [row.id for row in edited([], rules={"articles": 3}).left_out if row.kind == "article"]
    said = rows(("article", out, "keep", {}))
    kept = next(row for row in edited(said).left_out if row.id == out)
    assert (kept.reason, kept.final) == ("kept for the next edition by Ada", False)
    earlier = [replace(row, edition="weekday-2026-11-23") for row in said]
    assert order(edited(earlier, rules={"articles": 3}))[-1] == out
    for series in ("weekend", "weekday-late"):
        other_series = [replace(row, edition=f"{series}-2026-11-23") for row in said]
        assert out not in order(edited(other_series, rules={"articles": 3}))


def test_one_over_the_limit_is_taken_in_and_nothing_makes_room() -> None:
    (out,) = [row.id for row in edited([], rules={"articles": 3}).left_out if row.kind == "article"]
    edition = edited(rows(("article", out, "take-in", {})), rules={"articles": 3})
    assert order(edition)[-1] == out
    assert len(edition.stories) == 4
    assert "taken in by Ada" in edition.stories[-1].reasons


def test_a_story_is_taken_in_by_its_address() -> None:
    value = {
        "article": {
            "id": "x", "source": "County", "url": "https://county.example/x", "title": "From elsewhere",
            "published": END.isoformat(), "updated": END.isoformat(),
        }
    }  # fmt: skip
    edition = edited(rows(("article", "x", "take-in", value), ("article", "x", "lead", {})))
    assert order(edition)[0] == "x"
    assert edition.stories[0].article.title == "From elsewhere"


def test_a_story_taken_in_by_its_address_is_kept_for_tomorrow_and_printed_once() -> None:
    hand = {
        "id": "x",
        "source": "County",
        "url": "https://c.example/x",
        "title": "X",
        "published": END.isoformat(),
        "updated": END.isoformat(),
    }
    said = [replace(row, edition="weekday-2026-11-23") for row in rows(("article", "x", "keep", {"article": hand}))]
    assert "x" in order(edited(said))
    harvest = Harvest(articles=ARTICLES)
    used = [ArticleSigns(id="x", address="c.example/x")]
    again = curate(SLOT, harvest, used, RULES, number=1, now=END, decisions=editor_decisions(said, KEY, SLOT.name))
    assert "x" not in order(again)


def test_what_the_site_says_now_counts_more_than_what_was_read_by_hand() -> None:
    hand = {
        "id": "b",
        "source": "s",
        "url": "https://g.example/b",
        "title": "Old",
        "published": END.isoformat(),
        "updated": END.isoformat(),
    }
    said = rows(("article", "b", "take-in", {"article": hand}))
    locked = [row if row.id != "b" else replace(row, access="protected") for row in ARTICLES]
    assert "b" not in order(edited(said, locked))
    assert next(row for row in edited(said).stories if row.article.id == "b").article.title == "Title b"


def test_what_is_gone_from_its_site_or_behind_a_password_is_not_printed_whatever_was_said() -> None:
    assert "b" not in order(edited(rows(("article", "b", "take-in", {})), taken_down={"b": "taken down"}))
    secret = [*ARTICLES, article("s", access="protected")]
    assert "s" not in order(edited(rows(("article", "s", "take-in", {})), secret))


def test_a_move_says_above_which_story_and_the_moves_of_others_do_not_shift_it() -> None:
    machine = order(edited([]))
    first, second, third, fourth = machine
    assert order(edited(rows(("article", fourth, "lead", {})))) == [fourth, first, second, third]
    up: Said = ("article", third, "move", {"before": [second, fourth]})
    assert order(edited(rows(up))) == [first, third, second, fourth]
    assert order(edited(rows(("article", second, "leave-out", {}), up))) == [first, third, fourth]
    assert order(edited(rows(("article", first, "move", {"before": []})))) == [second, third, fourth, first]
    assert order(edited(rows(("article", second, "leave-out", {}), ("article", second, "lead", {})))) == [first, third, fourth]


# — in which words —


def test_a_story_in_the_editors_words_keeps_the_article_of_its_source() -> None:
    said = rows(
        ("article", "a", "edit", {"field": "headline", "text": "Another headline"}),
        ("article", "a", "edit", {"field": "summary", "text": ""}),
        ("article", "a", "edit", {"field": "kicker", "text": "Town"}),
        ("article", "a", "edit", {"field": "note", "text": "More *tomorrow*."}),
    )
    story = next(row for row in edited(said).stories if row.article.id == "a")
    shown = (story.article.title, story.article.summary, story.kicker, story.note)
    assert shown == ("Another headline", "", "Town", "More *tomorrow*.")
    assert story.source_article.title == "Title a"
    back = [*said, *(replace(row, id=9, value={"field": "headline", "text": None}) for row in said[:1])]
    assert next(row for row in edited(back).stories if row.article.id == "a").article.title == "Title a"


def test_a_subject_and_a_note_come_before_those_of_the_file() -> None:
    file = EditorParts(subject="Old", note=EditorNote(text="Old note", name="Hesper Lund"))
    said = rows(
        ("edition", KEY, "edit", {"field": "subject", "text": "New"}),
        ("edition", KEY, "edit", {"field": "note", "text": "New note"}),
        ("edition", KEY, "edit", {"field": "without", "text": ["poll"]}),
        ("edition", KEY, "edit", {"field": "sponsor", "text": {"text": "Books.", "url": "https://b.example", "link": "See"}}),
    )
    parts = edited_parts(file, editor_decisions(said, KEY, SLOT.name))
    assert (parts.subject, parts.without) == ("New", ("poll",))
    assert parts.note == EditorNote(text="New note", name="Hesper Lund")
    assert parts.sponsor is not None
    assert edited_parts(file, editor_decisions([], KEY, SLOT.name)) == file
    gone = rows(("edition", KEY, "edit", {"field": "note", "text": ""}))
    assert edited_parts(file, editor_decisions(gone, KEY, SLOT.name)).note is None


# — comments —


def yes(about: Comment, **more: Any) -> Said:
    return "comment", about.id, "print", {"wording": wording(about, None), "reason": "", **more}


def test_one_comment_takes_the_place_of_another_in_this_edition_only() -> None:
    before = printed(edited([]))
    third = next(row for row in COMMENTS if row.article_id == "a" and row.id not in before)
    out = next(key for key in before if key.startswith("a"))
    said = rows(yes(third, instead_of=out))
    assert third.id in printed(edited(said))
    assert out not in printed(edited(said))
    assert reason(edited(said), out) == "left out by Ada"
    elsewhere = [replace(row, edition="weekday-2026-11-23") for row in said]
    assert third.id in printed(edited(elsewhere))
    assert not any(row.id == out for row in edited(elsewhere).left_out)


def test_a_comment_that_is_left_out_may_still_stand_above_an_answer() -> None:
    answer = comment("answer", OTHER, parent_id="a1")
    said = rows(("comment", "a1", "leave-out", {"wording": "", "reason": ""}))
    assert "answer" in printed(edited(said, comments=[comment("a1"), answer]))
    refused = rows(("comment", "a1", "refuse", {"wording": "", "reason": ""}))
    assert "answer" not in printed(edited(refused, comments=[comment("a1"), answer]))


def test_a_comment_is_cut_at_the_ends_of_its_sentences_and_no_word_is_added() -> None:
    long = comment("a1", f"First things first, and briefly. {SENSIBLE} {OTHER}")
    said = rows(yes(long, keep=[0, 2]))
    (pick,) = [pick for story in edited(said, comments=[long]).stories for pick in story.picks]
    assert pick.excerpt == f"First things first, and briefly. {GAP} {OTHER}"
    changed = replace(long, text=f"{long.text} And more.")
    assert printed(edited(rows(("comment", "a1", "cut", {"keep": [0], "wording": wording(long, None)})), comments=[changed])) == []


def test_what_was_cut_out_of_a_comment_does_not_stand_above_an_answer_to_it() -> None:
    parent = comment("a1", f"Councillor Vane lives at 14 Mill Lane. {SENSIBLE}")
    answer = comment("answer", f"You say that so often. {OTHER}", parent_id="a1")
    for keep in ([1], [1, 9]):
        said = rows(yes(parent, keep=keep), ("comment", "answer", "print", {"wording": wording(answer, parent), "reason": ""}))
        picks = [pick for story in edited(said, comments=[parent, answer]).stories for pick in story.picks]
        assert {pick.comment.id for pick in picks} == {"a1", "answer"}
        assert not any("Mill Lane" in pick.parent_excerpt + pick.excerpt for pick in picks)


@pytest.mark.parametrize(("until", "elsewhere"), [("edition", True), ("good", False)])
def test_a_writer_is_refused_for_an_edition_or_for_good(until: str, elsewhere: bool) -> None:
    said = rows(("writer", writer_key(" writer  A1 "), "refuse-writer", {"until": until, "reason": "unkind"}))
    assert "a1" not in printed(edited(said))
    assert reason(edited(said), "a1") == "refused by Ada: unkind"
    another_day = edited([replace(row, edition="weekday-2026-11-20") for row in said])
    assert (not any(row.id == "a1" for row in another_day.left_out)) == elsewhere
    a1 = next(row for row in COMMENTS if row.id == "a1")
    assert "a1" in printed(edited([*said, *(replace(row, id=9) for row in rows(yes(a1)))]))


def test_comments_are_printed_in_the_place_that_an_editor_gives_them() -> None:
    a1, a2 = COMMENTS[:2]
    assert printed(edited(rows(yes(a1, place=1), yes(a2, place=0))))[:2] == ["a2", "a1"]
    assert printed(edited(rows(yes(a2, place=1), yes(a1, place=0))))[:2] == ["a1", "a2"]


# — approved as it stands —


def approval(edition: Edition) -> Said:
    comments = {pick.comment.id: wording(pick.comment, None) for story in edition.stories for pick in story.picks}
    return "edition", KEY, "approve", {"stories": order(edition), "comments": comments}


def test_what_comes_in_after_an_approval_waits_for_tomorrow() -> None:
    seen = edited([])
    late = [*ARTICLES, article("late", 0.1, comment_count=900)]
    more = [*COMMENTS, comment("a9", f"{OTHER} {THIRD}", up=99, down=0)]
    edition = edited(rows(approval(seen)), late, more)
    assert order(edition) == order(seen)
    assert printed(edition) == printed(seen)
    assert (reason(edition, "late"), next(row.final for row in edition.left_out if row.id == "late")) == (SINCE_APPROVAL, False)


def test_what_the_site_takes_down_comes_out_of_an_approved_edition_and_people_may_still_change_it() -> None:
    seen = edited([])
    said = rows(approval(seen))
    assert "b" not in order(edited(said, taken_down={"b": "taken down"}))
    first = next(key for key in printed(seen) if key.startswith("a"))
    assert first not in printed(edited(said, comments=[row for row in COMMENTS if row.id != first]))
    changed = [replace(row, text=f"{row.text} Edited.") if row.id == first else row for row in COMMENTS]
    assert first not in printed(edited(said, comments=changed))
    later = [*said, *(replace(row, id=9) for row in rows(("article", "c", "lead", {})))]
    assert order(edited(later))[0] == "c"


# — the whole —

_TARGETS = st.sampled_from(["a", "b", "c", "d", "gone"])
_STORY = st.builds(
    lambda verb, key, below: ("article", key, verb, {"before": below}),
    st.sampled_from(["leave-out", "take-in", "lead", "move", "keep"]),
    _TARGETS,
    st.lists(_TARGETS, max_size=3),
)
_TEXT = st.builds(
    lambda key, name, text: ("article", key, "edit", {"field": name, "text": text}),
    _TARGETS,
    st.sampled_from(["headline", "summary", "kicker", "picture", "note", "section"]),
    st.none() | st.text(max_size=9),
)
_COMMENT = st.builds(
    lambda verb, about, keep, place: ("comment", about.id, verb, {
        "wording": wording(about, None), "reason": "", "keep": keep, "place": place
    }),
    st.sampled_from(["print", "refuse", "leave-out", "cut"]),
    st.sampled_from(COMMENTS),
    st.none() | st.lists(st.integers(0, 5), max_size=3),
    st.none() | st.integers(0, 3),
)  # fmt: skip
_WRITER = st.builds(
    lambda about, until: ("writer", writer_key(about.author), "refuse-writer", {"until": until, "reason": ""}),
    st.sampled_from(COMMENTS),
    st.sampled_from(["edition", "good"]),
)
_APPROVAL = st.just(approval(edited([])))
_ANY = st.lists(_STORY | _TEXT | _COMMENT | _WRITER | _APPROVAL, max_size=12)


@given(_ANY, st.sets(st.integers(1, 12)), st.permutations(ARTICLES), st.permutations(COMMENTS))
def test_any_decisions_and_undos(said: list[Said], undone: set[int], articles: list[Article], comments: list[Comment]) -> None:
    """Whatever is decided: the same each time, nothing twice, and nothing abusive without a reason."""
    standing = [row for row in rows(*said) if row.id not in undone]
    edition = edited(standing, articles, comments)
    assert as_json(edition) == as_json(edited(standing))
    ids = order(edition)
    assert len(set(ids)) == len(ids)
    assert "gone" not in ids
    assert "abuse" not in printed(edition)


def test_nothing_decided_is_the_machines_edition() -> None:
    machine = curate(SLOT, Harvest(articles=ARTICLES, comments=COMMENTS), (), RULES, number=1, now=END)
    assert as_json(edited([])) == as_json(machine)


@given(_ANY)
def test_no_word_is_printed_that_nobody_wrote(said: list[Said]) -> None:
    texts = {row.id: row.text for row in COMMENTS}
    for story in edited(rows(*said)).stories:
        for pick in story.picks:
            for part in pick.excerpt.removesuffix("…").split(GAP):
                assert part.strip() in texts[pick.comment.id]

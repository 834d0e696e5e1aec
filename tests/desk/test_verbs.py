"""What an editor does before an edition goes: recorded once, told to the other, undone one by one, and in the mail."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from digest.app import App
from digest.config import DeskPlan
from digest.desk.acts import Act, ConflictError, Done
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.people import people
from digest.desk.values import ValueFieldError, comment_sentences
from digest.desk.verbs import VERBS, Verbs
from digest.errors import HeldError, UsageError
from digest.model import Harvest
from digest.publish import Permit, Unwatched, make_draft, publish
from digest.service.catch_up import CatchUp
from digest.store import TooLateError
from digest.store.edition_rows import as_json
from tests.desk.conftest import CUTOFF, KEY, days_material
from tests.newsroom import Moment
from tests.relay import Relay
from tests.web.conftest import plain

ADA, TOM = "Ada Quill", "Tom Lacey"


def act(
    verbs: Verbs, verb: str, key: str = "", *, by: str = ADA, seen: int | None = None, once: str | None = None, **fields: str
) -> Done:
    given = {name.replace("_", "-"): text for name, text in fields.items()} | ({"id": key} if key else {})
    return verbs.do(KEY, Act(verb=verb, fields=given, by=by, seen=seen, once=once))


def look(desk: Desk) -> DeskEdition:
    return desk.by_key(KEY)


def held(edition: DeskEdition) -> list[str]:
    return [
        row.comment.id for story in edition.threads.values() for row in story.thread.judged if row.rejection and row.rejection.held
    ]


def not_printed(edition: DeskEdition, at: int = 0) -> Any:
    """A comment of a story that is good, and not printed."""
    for story in edition.threads.values():
        picked = {pick.comment.id for pick in story.thread.picks}
        for row in story.thread.judged:
            if row.rejection is None and row.comment.id not in picked and picked:
                return story, row.comment, story.thread.picks[at].comment
    raise AssertionError("there is none")


async def sent(app: App) -> Any:
    """The edition as it is made and sent now."""
    plan = app.config.editions[0]
    await publish(app.pipeline, plan, app.coming_slot(plan), Unwatched())
    frozen = app.store.editions.frozen(KEY)
    assert frozen is not None
    return frozen


# — the verbs, and the mail —


async def test_what_was_decided_is_in_the_mail_and_nowhere_else(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    before = look(desk)
    first, second, third = before.order[:3]
    act(verbs, "leave-out", first)
    act(verbs, "lead", third)
    act(verbs, "edit", second, headline="A headline of our own", note="More on [Friday](https://gazette.example/friday).")
    act(verbs, "edition-edit", subject="A subject of our own", note="Good morning from **Ada**.")
    shown = look(desk)
    assert shown.order[:2] == [third, second]
    moment.now = CUTOFF + timedelta(seconds=1)
    frozen = await sent(app)
    assert [story.article.id for story in frozen.edition.stories] == shown.order
    mail = relay.message("ada@readers.example")
    body = mail.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert mail["Subject"] == "A subject of our own"
    assert "A headline of our own" in text
    assert "https://gazette.example/friday" in text
    assert before.edition.stories[0].article.title not in text
    assert app.store.editions.edition_of(first) == KEY  # left out for good


def test_every_verb_says_what_it_did_and_is_undone(desk: Desk, verbs: Verbs) -> None:
    machine = as_json(look(desk).edition)
    order = look(desk).order
    story, other, printed = not_printed(look(desk))
    said = [
        act(verbs, "move", order[3], place="2").said,
        act(verbs, "move", order[0], before=order[2]).said,
        act(verbs, "keep", order[4]).said,
        act(verbs, "take-in", order[4]).said,
        act(verbs, "comment-take", other.id, instead_of=printed.id).said,
        act(verbs, "comment-leave-out", other.id).said,
        act(verbs, "comment-pin", printed.id, place="1").said,
        act(verbs, "comment-cut", printed.id, keep="1").said,
        act(verbs, "refuse-writer", printed.id, until="good", reason="unkind").said,
        act(verbs, "hold", reason="the mayor rang").said,
        act(verbs, "skip", reason="a holiday").said,
    ]
    assert said[0] == "Number 2 now"
    assert said[4] == f"Printed in place of {printed.author}’s: {other.author}"
    assert story.article.id in look(desk).threads
    assert as_json(look(desk).edition) != machine
    for _ in said:
        assert verbs.undo(KEY, None, ADA).said.startswith("Undone: ")
    assert as_json(look(desk).edition) == machine
    with pytest.raises(UsageError, match="nothing of yours to undo"):
        verbs.undo(KEY, None, ADA)


def test_an_undone_decision_is_made_again(desk: Desk, verbs: Verbs) -> None:
    order = look(desk).order
    (made,) = act(verbs, "leave-out", order[0]).decisions
    verbs.undo(KEY, made.id, TOM)
    assert look(desk).order == order
    assert verbs.redo(KEY, made.id, Act(verb="redo", by=TOM)).decisions[0].made_by == TOM
    assert look(desk).order == order[1:]
    with pytest.raises(UsageError, match="was not undone"):
        verbs.redo(KEY, look(desk).log[-1].id, Act(verb="redo", by=TOM))


def test_one_decision_is_undone_and_the_others_stand(desk: Desk, verbs: Verbs) -> None:
    order = look(desk).order
    (lead,) = act(verbs, "lead", order[2]).decisions
    act(verbs, "leave-out", order[1])
    verbs.undo(KEY, lead.id, ADA)
    assert look(desk).order == [order[0], *order[2:]]


def test_a_held_comment_is_printed_by_name_and_abuse_only_with_a_reason(app: App, desk: Desk, verbs: Verbs) -> None:
    edition = look(desk)
    assert held(edition) == ["held"]
    story, comment = edition.comment("held")
    assert act(verbs, "release", comment.id).said == f"Printed by you: {comment.author}"
    assert comment.id in {pick.comment.id for row in look(desk).edition.stories for pick in row.picks}
    assert act(verbs, "refuse", comment.id).said == f"Refused by you: {comment.author}"
    assert comment.id not in {pick.comment.id for row in look(desk).edition.stories for pick in row.picks}
    with pytest.raises(ValueFieldError, match="Say why it should be printed"):
        act(verbs, "release", "abuse")
    (row,) = act(verbs, "release", "abuse", reason="it is the news").decisions
    assert (row.value["gate"], row.value["reason"]) == ("abuse", "it is the news")
    assert story.article.id in edition.order


def test_what_the_site_has_not_approved_is_not_printed(desk: Desk, verbs: Verbs) -> None:
    with pytest.raises(UsageError, match="Approve it on your site first"):
        act(verbs, "release", "unapproved", reason="please")
    assert look(desk).log == ()


@pytest.mark.parametrize(
    ("verb", "fields", "words"),
    [
        ("leave-out", {"id": "nothing"}, "that story is not in this edition"),
        ("leave-out", {}, "needs an id"),
        ("take-in", {"id": "nothing"}, "no story has this id"),
        ("move", {"place": "0"}, "Choose a place from 1 to"),
        ("move", {"place": "²"}, "Choose a place from 1 to"),
        ("move", {"before": "nothing"}, "that story is not in this edition"),
        ("edit", {"headline": " "}, "The headline is empty"),
        ("edit", {"headline": "x" * 201}, "The headline is 201 characters; 200 is the most"),
        ("edit", {"reset": "nothing"}, "no field 'nothing'"),
        ("edition-edit", {"subject": "x" * 111}, "The subject is 111 characters; 110 is the most"),
        ("edition-edit", {"sponsor": "Books", "sponsor-url": "javascript:alert(1)"}, "needs an address"),
        ("edition-edit", {"sponsor": "Books", "sponsor-url": "https://b.example"}, "link needs words"),
        ("release", {"id": "nothing"}, "that comment is not in this edition"),
        ("send", {"at": "04:00"}, "04:00 has passed"),
        ("send", {"at": "23:00"}, "23:00 is too late; choose a time before 13:00"),
        ("send", {"at": "soon"}, "Write a time like 07:20"),
        ("no-verb", {}, "no verb 'no-verb'"),
    ],
)
def test_what_cannot_be_done_says_why_and_records_nothing(
    app: App, desk: Desk, verbs: Verbs, verb: str, fields: dict[str, str], words: str
) -> None:
    given = {"id": look(desk).order[0], **fields} if verb in {"move", "edit"} else fields
    with pytest.raises(UsageError, match=words):
        verbs.do(KEY, Act(verb=verb, fields=given, by=ADA))
    assert app.store.decisions.count() == 0


def test_a_comment_keeps_at_least_one_sentence(desk: Desk, verbs: Verbs) -> None:
    _, comment, printed = not_printed(look(desk))
    assert comment.id != printed.id
    for keep in ("", "0", "99", "x"):
        with pytest.raises(ValueFieldError, match="Keep at least one sentence"):
            act(verbs, "comment-cut", printed.id, keep=keep)
    act(verbs, "comment-cut", printed.id, keep="1")
    pick = next(pick for story in look(desk).edition.stories for pick in story.picks if pick.comment.id == printed.id)
    assert pick.excerpt.startswith(comment_sentences(printed)[0])


# — twice, and two editors —


def test_a_form_that_is_posted_twice_decides_once(app: App, desk: Desk, verbs: Verbs) -> None:
    key = look(desk).order[0]
    first = act(verbs, "edit", key, once="r4nd0m", headline="One", summary="Two")
    again = act(verbs, "edit", key, once="r4nd0m", headline="One", summary="Two")
    assert [row.id for row in again.decisions] == [row.id for row in first.decisions]
    assert app.store.decisions.count() == 2


def test_who_has_not_seen_what_another_decided_of_the_same_is_told(app: App, desk: Desk, verbs: Verbs) -> None:
    key, other = look(desk).order[:2]
    seen = look(desk).seen
    act(verbs, "edit", key, by=TOM, headline="Tom’s headline")
    with pytest.raises(ConflictError, match=r"Tom Lacey changed the headline of .* while you were looking") as told:
        act(verbs, "edit", key, seen=seen, headline="Ada’s headline")
    assert told.value.theirs is not None
    assert told.value.theirs.value["text"] == "Tom’s headline"
    act(verbs, "edit", key, seen=seen, summary="Ada’s summary")  # another field
    act(verbs, "edit", other, seen=seen, headline="Another story")
    act(verbs, "edit", key, seen=look(desk).seen, headline="Ada’s headline")  # now she has seen it
    assert look(desk).story(key).article.title == "Ada’s headline"
    assert app.store.decisions.count() == 4


def test_a_hold_comes_before_everything(desk: Desk, verbs: Verbs) -> None:
    seen = look(desk).seen
    act(verbs, "approve", by=TOM, shown=look(desk).fingerprint)
    act(verbs, "hold", by=ADA, seen=seen)  # whoever approved meanwhile
    for verb in ("approve", "send"):
        with pytest.raises(ConflictError, match="Ada Quill put it on hold while you were looking"):
            act(verbs, verb, by=TOM, seen=seen)
    with pytest.raises(UsageError, match="it is on hold"):
        act(verbs, "approve", by=TOM, seen=look(desk).seen)
    with pytest.raises(ConflictError):
        verbs.let_go(KEY, TOM, seen)
    act(verbs, "hold", by=TOM)
    verbs.let_go(KEY, TOM, look(desk).seen)
    assert look(desk).word.hold is None


def test_only_what_was_seen_is_approved(desk: Desk, verbs: Verbs) -> None:
    shown = look(desk).fingerprint
    act(verbs, "leave-out", look(desk).order[0])
    with pytest.raises(UsageError, match="it has changed since you looked"):
        act(verbs, "approve", shown=shown)


# — when it goes —


async def test_an_edition_on_hold_goes_when_somebody_lets_it_go(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    act(verbs, "hold", reason="the mayor rang")
    moment.now = CUTOFF + timedelta(minutes=5)
    await CatchUp(app).publish_due()
    with pytest.raises(HeldError, match=r"is on hold by Ada Quill: the mayor rang\. `digest edition undo`"):
        await sent(app)
    assert not relay.counts
    verbs.let_go(KEY, TOM)
    await CatchUp(app).publish_due()
    assert sum(relay.counts.values()) == 2


async def test_an_edition_that_needs_a_yes_waits_for_it(app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay) -> None:
    plan = app.config.editions[0].model_copy(update={"approval": "required"})
    app.config = app.config.model_copy(update={"editions": (plan,)})
    moment.now = CUTOFF + timedelta(minutes=5)
    service = CatchUp(app)
    await service.publish_due()
    with pytest.raises(HeldError, match="waits for an editor's yes"):
        await sent(app)
    act(verbs, "approve")
    await service.publish_due()
    assert sum(relay.counts.values()) == 2


async def test_an_edition_goes_early_or_late_if_an_editor_says_so(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    act(verbs, "hold")
    act(verbs, "send", at="07:20", seen=look(desk).seen)
    moment.now = CUTOFF + timedelta(minutes=19)
    await CatchUp(app).publish_due()
    assert not relay.counts
    moment.now = CUTOFF + timedelta(minutes=20)
    await CatchUp(app).publish_due()
    assert sum(relay.counts.values()) == 2


async def test_send_now_does_not_wait_for_the_hour(app: App, desk: Desk, verbs: Verbs, relay: Relay) -> None:
    assert act(verbs, "send").said == "Goes now"
    await CatchUp(app).publish_due()
    assert sum(relay.counts.values()) == 2


async def test_a_day_that_is_skipped_has_no_edition_and_its_stories_stay(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    act(verbs, "skip", reason="a holiday")
    moment.now = CUTOFF + timedelta(minutes=1)
    await CatchUp(app).publish_due()
    assert not relay.counts
    assert app.store.editions.skipped(KEY) == ""  # it may still be taken back
    moment.now = CUTOFF + timedelta(hours=6, minutes=1)
    await CatchUp(app).publish_due()
    assert not relay.counts
    assert "skipped by Ada Quill on Tue 24 Nov 2026 06:40 GMT: a holiday" in app.store.editions.skipped(KEY)
    assert app.store.editions.used_articles("weekday") == ()


async def test_what_comes_too_late_is_said_and_not_recorded(app: App, desk: Desk, verbs: Verbs, moment: Moment) -> None:
    before = look(desk)
    act(verbs, "hold")
    verbs.let_go(KEY, ADA)
    moment.now = CUTOFF + timedelta(seconds=1)
    await sent(app)
    with pytest.raises((TooLateError, UsageError)):
        act(verbs, "leave-out", before.order[0])
    with pytest.raises(TooLateError, match="has been made, and your change was not"):
        act(verbs, "hold")
    with pytest.raises(UsageError, match="nothing of yours"):
        verbs.undo(KEY, None, ADA)
    assert app.store.decisions.count() == 2


async def test_a_hold_while_the_edition_is_made_holds_it(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the draft and the freeze: the last moment that there is."""

    async def draft(*given: Any) -> Any:
        made = await make_draft(*given)
        act(verbs, "hold")
        return made

    monkeypatch.setattr("digest.publish.make_draft", draft)
    moment.now = CUTOFF + timedelta(seconds=1)
    with pytest.raises(HeldError):
        await sent(app)
    assert not relay.counts


def test_every_verb_has_its_words() -> None:
    assert all(verb.__doc__ for verb in VERBS.values())


# — what was tried against it —


async def test_a_day_that_was_skipped_goes_after_all_if_that_is_taken_back(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    (skipped,) = act(verbs, "skip").decisions
    for verb in ("approve", "send"):
        with pytest.raises(UsageError, match="there is no edition today"):
            act(verbs, verb)
    moment.now = CUTOFF + timedelta(minutes=5)
    await CatchUp(app).publish_due()
    with pytest.raises(AssertionError):
        await sent(app)
    verbs.undo(KEY, skipped.id, TOM)
    await CatchUp(app).publish_due()
    assert sum(relay.counts.values()) == 2


async def test_a_skip_while_the_edition_is_made_counts(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def draft(*given: Any) -> Any:
        made = await make_draft(*given)
        if not look(desk).word.skip:
            act(verbs, "skip")
        return made

    monkeypatch.setattr("digest.publish.make_draft", draft)
    moment.now = CUTOFF + timedelta(seconds=1)
    await CatchUp(app).publish_due()
    assert not relay.counts


async def test_no_command_sends_what_an_editor_wants_later_or_not_at_all(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    plan = app.config.editions[0]
    act(verbs, "send", at="07:30")
    moment.now = CUTOFF + timedelta(seconds=1)
    everything = Permit(late=True, again=True, anyway=True)
    with pytest.raises(HeldError, match=r"Ada Quill wants edition .* to go later, in 30 minutes"):
        await publish(app.pipeline, plan, app.coming_slot(plan), Unwatched(), everything)
    verbs.undo(KEY, None, ADA)
    act(verbs, "skip")
    report = await publish(app.pipeline, plan, app.coming_slot(plan), Unwatched(), everything)
    assert report.status == "skipped"
    assert not relay.counts


def test_what_is_undone_about_when_it_goes_is_said_anew(desk: Desk, verbs: Verbs) -> None:
    (row,) = act(verbs, "send", at="07:20").decisions
    verbs.undo(KEY, row.id, ADA)
    act(verbs, "hold", by=TOM, reason="lawyer")
    with pytest.raises(UsageError, match="say it anew"):
        verbs.redo(KEY, row.id, Act(verb="redo", by=ADA))
    assert look(desk).word.hold is not None


def test_it_is_too_late_to_let_an_edition_go_in_the_afternoon(desk: Desk, verbs: Verbs, moment: Moment) -> None:
    act(verbs, "hold")
    moment.now = CUTOFF + timedelta(hours=6, minutes=1)
    for verb in ("send", "approve"):
        with pytest.raises(UsageError, match="it is too late: it could go until 13:00"):
            act(verbs, verb)
    with pytest.raises(UsageError, match="it is too late"):
        verbs.let_go(KEY, ADA)


async def test_who_sends_a_thin_edition_gets_it_sent(app: App, desk: Desk, verbs: Verbs, relay: Relay) -> None:
    plan = app.config.editions[0].model_copy(update={"min_articles": 20})
    app.config = app.config.model_copy(update={"editions": (plan,)})
    act(verbs, "send")
    await CatchUp(app).publish_due()
    assert sum(relay.counts.values()) == 2


def test_a_yes_is_for_the_words_that_were_read(app: App, desk: Desk, verbs: Verbs) -> None:
    story, comment = look(desk).comment("held")
    wording, shown = look(desk).wording(story, comment), look(desk).fingerprint
    changed = replace(comment, text=f"Mr Jones of 14 Mill Lane is a thief. {comment.text}")
    app.store.content.keep(Harvest(comments=(changed,)), app.clock())
    with pytest.raises(UsageError, match="has changed on the site since you read it"):
        act(verbs, "release", "held", wording=wording)
    printed = next(pick for row in look(desk).edition.stories for pick in row.picks)
    app.store.content.keep(Harvest(comments=(replace(printed.comment, text=f"{printed.comment.text} So there."),)), app.clock())
    with pytest.raises(UsageError, match="it has changed since you looked"):
        act(verbs, "approve", shown=shown)


async def test_what_was_approved_goes_in_the_words_that_stood_there(
    app: App, desk: Desk, verbs: Verbs, moment: Moment, relay: Relay
) -> None:
    act(verbs, "approve", shown=look(desk).fingerprint)
    before = look(desk).story("a1").article
    later = replace(days_material().articles[1], title="Another headline", summary="Another summary.")
    app.store.content.keep(Harvest(articles=(later,)), app.clock())
    moment.now = CUTOFF + timedelta(seconds=1)
    frozen = await sent(app)
    article = next(story.article for story in frozen.edition.stories if story.article.id == "a1")
    assert (article.title, article.summary) == (before.title, before.summary)
    assert article.title in plain(relay.message("ada@readers.example")).replace("\n", " ")


def test_leaving_out_what_is_held_does_not_print_its_words_above_an_answer(app: App, desk: Desk, verbs: Verbs) -> None:
    story, comment = look(desk).comment("held")
    text = f"No. {next(row.comment.text for row in story.thread.judged if row.rejection is None)}"
    answer = replace(comment, id="kid", author="Kid", text=text, parent_id="held")
    app.store.content.keep(Harvest(comments=(answer,)), app.clock())
    good = next(row.comment.id for row in story.thread.judged if row.rejection is None)
    for verb in ("comment-leave-out", "comment-take", "refuse", "comment-leave-out", "comment-take"):
        act(verbs, verb, good if verb == "comment-take" else "held", instead_of="held")
        shown = [pick.parent_excerpt + pick.excerpt for row in look(desk).edition.stories for pick in row.picks]
        assert not any("07700" in text for text in shown), verb


def test_a_form_of_several_fields_is_recorded_whole_or_not_at_all(
    app: App, desk: Desk, verbs: Verbs, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    def fail(connection: object, once: str) -> str:
        calls.append(once)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return once

    monkeypatch.setattr("digest.store.decisions._unused", fail)
    with pytest.raises(KeyboardInterrupt):
        act(verbs, "edit", "a1", once="x", headline="One", summary="Two")
    assert app.store.decisions.count() == 0
    monkeypatch.undo()
    assert len(act(verbs, "edit", "a1", once="x", headline="One", summary="Two").decisions) == 2


def test_a_form_that_was_undone_decides_again_and_nobody_takes_the_form_of_another(desk: Desk, verbs: Verbs) -> None:
    act(verbs, "leave-out", "a1", once="x")
    verbs.undo(KEY, None, ADA)
    act(verbs, "leave-out", "a1", once="x")  # the browser's Back, and the same button
    assert "a1" not in look(desk).order
    act(verbs, "hold", by=TOM, once="x")
    assert look(desk).word.hold is not None


async def test_a_writer_refused_for_good_is_let_in_again_later(app: App, desk: Desk, verbs: Verbs, moment: Moment) -> None:
    (row,) = act(verbs, "refuse-writer", "held", until="good").decisions
    moment.now = CUTOFF + timedelta(seconds=1)
    await sent(app)
    verbs.undo(KEY, row.id, TOM)
    assert app.store.decisions.standing("writer") == []


def test_what_was_cut_is_whole_again_when_it_is_printed_whole(desk: Desk, verbs: Verbs) -> None:
    act(verbs, "release", "held", keep="2")
    act(verbs, "release", "held", keep="all")
    pick = next(pick for row in look(desk).edition.stories for pick in row.picks if pick.comment.id == "held")
    assert "[…]" not in pick.excerpt


def test_two_editors_at_the_same_instant_cannot_both_be_unaware(app: App, desk: Desk, verbs: Verbs) -> None:
    other, seen = Verbs(Desk(app)), look(desk).seen
    look(desk)
    act(verbs, "edit", "a1", seen=seen, headline="Ada’s")
    with pytest.raises(ConflictError):
        act(other, "edit", "a1", by=TOM, seen=seen, headline="Tom’s")


def test_a_decision_on_another_edition_does_not_make_this_one_again(app: App, desk: Desk, verbs: Verbs) -> None:
    before = app.store.decisions.count(KEY)
    app.store.decisions.add(("edition", "weekend-2026-11-28"), "hold", {}, TOM, app.clock(), edition="weekend-2026-11-28")
    assert app.store.decisions.count(KEY) == before
    act(verbs, "hold")
    assert app.store.decisions.count(KEY) == before + 1


async def test_what_was_said_for_an_edition_that_is_never_made_counts_for_the_next(
    app: App, desk: Desk, verbs: Verbs, moment: Moment
) -> None:
    lead, second, third = look(desk).order[:3]
    act(verbs, "leave-out", second)
    act(verbs, "edit", lead, headline="Our own")
    act(verbs, "lead", third)
    act(verbs, "skip")
    moment.now = CUTOFF + timedelta(hours=7)
    await CatchUp(app).publish_due()
    following = desk.coming()
    assert following.key == "weekday-2026-11-25"
    assert second not in following.order
    assert following.story(lead).article.title == "Our own"


def test_two_of_one_name_are_told_apart() -> None:
    plan = DeskPlan.model_validate(
        {"editors": ["Ada Quill <ada@gazette.example>", "Ada Quill <ada2@gazette.example>", "Tom <t@gazette.example>"]}
    )
    assert [person.name for person in people(plan).values()] == [
        "Ada Quill (ada@gazette.example)", "Ada Quill (ada2@gazette.example)", "Tom",
    ]  # fmt: skip

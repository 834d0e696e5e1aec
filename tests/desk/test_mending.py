"""An edition with a mistake in it: stopped half way, changed, sent on; and corrected for those who have it already."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy

import pytest

from digest.app import App
from digest.desk.acts import Act, ConflictError
from digest.desk.correcting import carry_out_all
from digest.desk.edition_view import Desk
from digest.desk.state import state_of
from digest.desk.values import ValueFieldError
from digest.desk.verbs import Verbs
from digest.errors import UsageError
from digest.model import Rendered
from digest.publish import Unwatched, publish
from digest.service.catch_up import CatchUp
from digest.store import Preference, RecipientRules, TooLateError
from tests.desk.conftest import CUTOFF, KEY, days_material
from tests.desk.crowd import READERS, crowd
from tests.newsroom import Moment
from tests.relay import Relay

__all__ = ["crowd"]  # the fixture

NOTHING_RENDERED = Rendered(subject="x", preheader="", html="", text="")
WRONG, RIGHT = "Night ferry returns after six winters", "Night ferry returns after seven winters"


def parts(raw: bytes) -> tuple[str, str, str]:
    """The subject, the text part and the HTML part of a message."""
    message = message_from_bytes(raw, policy=policy.default)
    text, html = (message.get_body((kind,)) for kind in ("plain", "html"))
    assert text is not None
    assert html is not None
    return str(message["Subject"]), str(text.get_content()), str(html.get_content())


async def stopped(app: App, relay: Relay, after: int = 30) -> Verbs:
    """The verbs on an edition that somebody has stopped while it was sent."""
    plan, verbs = app.config.editions[0], Verbs(Desk(app))
    run = asyncio.create_task(publish(app.pipeline, plan, app.coming_slot(plan), Unwatched()))
    while len(relay.taken) < after:
        await asyncio.sleep(0.01)
    verbs.made.stop(KEY, "Ada")
    await run
    relay.delay = 0
    return verbs


async def sent(app: App) -> Verbs:
    plan = app.config.editions[0]
    await publish(app.pipeline, plan, app.coming_slot(plan), Unwatched())
    return Verbs(Desk(app))


def mend(verbs: Verbs, verb: str, by: str = "Ada", revision: int = 0, **fields: str) -> str:
    return verbs.do(KEY, Act(verb=verb, fields={**fields, "revision": str(revision)}, by=by)).said


def correct(verbs: Verbs, once: str | None = None, **fields: str) -> str:
    return verbs.made.correct(KEY, Act(verb="correct", fields=fields, by="Ada", once=once)).said


async def test_who_waits_gets_it_mended_and_who_has_it_gets_nothing_twice(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    had, article = set(relay.counts), Desk(app).by_key(KEY).order
    url = Desk(app).by_key(KEY).story(article[2]).article.url
    said = mend(verbs, "edit", id=article[0], headline=RIGHT)
    assert said == "Saved: headline, for those who have not got it yet"
    mend(verbs, "leave-out", by="Tom", id=article[2])
    mend(verbs, "edition-edit", subject="The ferry, put right")
    assert len(Desk(app).by_key(KEY).pending) == 3
    assert verbs.made.carry_on(KEY, "Tom").said == f"Goes on, to {READERS - len(had)} readers, as it was changed"
    await CatchUp(app).run()
    assert set(relay.counts.values()) == {1}
    assert len(relay.counts) == READERS
    for to, raw in relay.taken:
        subject, text, html = parts(raw)
        is_new = to not in had
        assert (RIGHT in text, RIGHT in html) == (is_new, is_new)
        assert (url in text, f'href="{url}"' in html) == (not is_new, not is_new)
        assert (subject == "The ferry, put right") == is_new
    frozen = app.store.editions.frozen(KEY)
    assert frozen is not None
    assert (frozen.revision, frozen.rendered.subject) == (1, "The ferry, put right")
    (before,) = app.store.revisions.past(KEY)
    assert before.rendered.subject != frozen.rendered.subject
    assert app.store.revisions.count_older(KEY, 1) == len(had)


async def test_a_change_that_waits_is_undone_and_one_that_has_gone_is_not(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    article = Desk(app).by_key(KEY).order[0]
    mend(verbs, "edit", id=article, headline="Nonsense")
    assert verbs.undo(KEY, None, "Ada").said.startswith("Undone: Changed the headline")
    number = app.store.decisions.log(KEY)[-1].id
    verbs.redo(KEY, number, Act(verb="redo", by="Ada"))
    verbs.undo(KEY, None, "Ada")
    assert verbs.made.carry_on(KEY, "Ada").said.endswith("readers")
    mend_at = app.store.editions.frozen(KEY)
    assert mend_at is not None
    assert mend_at.revision == 0
    await CatchUp(app).run()
    mend(verbs, "edit", id=article, headline=RIGHT)
    correct(verbs, web="1", text="It was seven winters.")
    with pytest.raises(TooLateError):
        verbs.undo(KEY, None, "Ada")


async def test_what_is_sent_or_seen_otherwise_is_not_changed_unseen(app: App, relay: Relay) -> None:
    desk = Desk(app)
    article = desk.coming().order[0]
    relay.delay = 0
    verbs = await sent(app)
    with pytest.raises(TooLateError):  # from a page that was opened before it went
        verbs.do(KEY, Act(verb="edit", fields={"id": article, "headline": RIGHT}, by="Ada"))
    with pytest.raises(TooLateError):
        mend(verbs, "move", id=article, place="2")
    assert mend(verbs, "edit", id=article, headline=RIGHT) == "Saved: headline, on the web, once you correct it"
    correct(verbs, web="1", text="It was seven winters.")
    with pytest.raises(TooLateError):  # from a page of the first revision
        mend(verbs, "edit", id=article, headline=WRONG)
    mend(verbs, "edit", revision=1, id=article, headline=WRONG)


async def test_the_last_story_stays(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    *others, last = Desk(app).by_key(KEY).order
    for article in others:
        mend(verbs, "leave-out", id=article)
    with pytest.raises(UsageError, match="no story would be left"):
        mend(verbs, "leave-out", id=last)


async def test_a_comment_comes_out(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    edition = Desk(app).by_key(KEY)
    pick = edition.edition.stories[0].picks[0]
    words = re.split(r"[.?!]", pick.excerpt)[0]
    mend(verbs, "comment-leave-out", id=pick.comment.id)
    verbs.made.carry_on(KEY, "Ada")
    got = len(relay.taken)
    await CatchUp(app).run()
    for at, (_, raw) in enumerate(relay.taken):
        assert (words in " ".join(parts(raw)[1].split())) == (at < got)


async def test_each_language_and_choice_is_mended(app: App, relay: Relay) -> None:
    for number in range(0, READERS, 2):
        app.store.subscribers.set_preference(Preference(email=f"r{number:03}@readers.example", topics=("Health",)), app.clock())
    verbs = await stopped(app, relay, after=20)
    had, order = set(relay.counts), Desk(app).by_key(KEY).edition.stories
    for story in order:
        if "Health" in story.article.topics or not story.article.topics:
            mend(verbs, "leave-out", id=story.article.id)
    mend(verbs, "edit", id=order[0].article.id, headline=RIGHT)
    verbs.made.carry_on(KEY, "Ada")
    await CatchUp(app).run()
    late = {to: parts(raw)[1] for to, raw in relay.taken if to not in had}
    assert late
    assert all(int(email[1:4]) % 2 for email in late)  # who reads of health only has no story any more
    assert all(RIGHT in text for text in late.values())
    counts = app.store.deliveries.counts(KEY)
    assert counts["skipped"] == READERS - len(had) - len(late)
    frozen = app.store.editions.frozen(KEY)
    assert frozen is not None
    assert frozen.finished_at is not None


async def test_a_correction_goes_to_those_who_have_it_wrong_and_to_nobody_else(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    had = set(relay.counts)
    left = min(had)
    mend(verbs, "edit", id=Desk(app).by_key(KEY).order[0], headline=RIGHT)
    verbs.made.carry_on(KEY, "Ada")
    await CatchUp(app).run()
    app.store.suppressions.add(left, "unsubscribed", app.clock())
    text = "The ferry came back after **seven** winters, not six."
    assert correct(verbs, once="form", web="1", mail="1", text=text) == "Corrected it on the web, by mail to its readers"
    correct(verbs, once="form", web="1", mail="1", text=text)  # a second tap
    before = len(relay.taken)
    await CatchUp(app).run()
    await CatchUp(app).run()
    mails = relay.taken[before:]
    assert {to for to, _ in mails} == had - {left}
    assert len(mails) == len(had) - 1
    subject, plain, html = parts(mails[0][1])
    assert subject == f"Correction: {app.store.revisions.past(KEY)[0].rendered.subject}"
    assert "seven winters, not six" in plain
    assert "<b>seven</b>" in html
    assert f"/archive/{KEY}" in plain
    assert "In this edition" not in plain
    assert message_from_bytes(mails[0][1])["List-Unsubscribe"]
    assert [row.key for row in app.store.editions.headlines(9)] == [KEY]  # the archive has no page of it
    assert app.store.editions.next_number() == 2
    moment_later = Desk(app).by_key(KEY)
    assert state_of(moment_later, app.config.newsletter.timezone).kind == "sent"


@pytest.mark.parametrize("cut_off", ["set_correction", "add_correction"])
async def test_a_correction_that_was_cut_off_is_carried_out_once(
    app: App, relay: Relay, monkeypatch: pytest.MonkeyPatch, cut_off: str
) -> None:
    relay.delay = 0
    verbs = await sent(app)
    with monkeypatch.context() as broken:
        broken.setattr(type(app.store.revisions), cut_off, lambda *_given: (_ for _ in ()).throw(OSError("the machine died")))
        with pytest.raises(OSError, match="died"):
            correct(verbs, web="1", mail="1", tomorrow="1", text="It was seven.")
    for _ in range(3):
        await CatchUp(app).run()
    assert relay.counts == dict.fromkeys(relay.counts, 2)
    frozen = app.store.editions.frozen(KEY)
    assert frozen is not None
    assert frozen.correction == "It was seven."
    carry_out_all(app)
    assert Desk(app).coming().edition.parts.correction == "It was seven."


async def test_tomorrows_line_is_in_the_next_edition_that_is_made(app: App, relay: Relay, moment: Moment) -> None:
    relay.delay = 0
    verbs = await sent(app)
    correct(verbs, tomorrow="1", text="It was seven winters.")
    moment.now += timedelta(minutes=1)
    correct(verbs, tomorrow="1", text="And it is Cooper’s Row.")
    coming = Desk(app).coming()
    assert coming.edition.parts.correction == "It was seven winters.\n\nAnd it is Cooper’s Row."
    verbs.do(coming.key, Act(verb="skip", by="Tom"))
    moment.now = CUTOFF + timedelta(days=1, hours=9)
    assert Desk(app).coming().edition.parts.correction.startswith("It was seven winters.")  # the day without an edition keeps it


async def test_a_lost_database_sends_no_correction_twice(app: App, relay: Relay) -> None:
    relay.delay = 0
    verbs = await sent(app)
    correct(verbs, mail="1", text="It was seven.")
    key = f"weekday-correction-{app.store.decisions.log(KEY)[-1].id}-2026-11-24"
    assert key in {row.key for row in app.pipeline.sent_log.editions()}


async def test_a_correction_says_something_somewhere(app: App, relay: Relay) -> None:
    relay.delay = 0
    verbs = Verbs(Desk(app))
    with pytest.raises(UsageError, match="once it has gone"):
        verbs.made.correct(KEY, Act(verb="correct", fields={"web": "1", "text": "x"}, by="Ada"))
    await sent(app)
    with pytest.raises(ValueFieldError, match="Choose where"):
        correct(verbs, text="x")
    with pytest.raises(ValueFieldError, match="Write what was wrong"):
        correct(verbs, web="1", text="  ")


async def test_who_waits_is_not_forgotten_by_a_correction(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    with pytest.raises(UsageError, match="would get it as it is"):
        correct(verbs, mail="1", text="It was seven.")
    mend(verbs, "edit", id=Desk(app).by_key(KEY).order[0], headline=RIGHT)
    correct(verbs, mail="1", text="It was seven.")  # those who wait get it right


async def test_everybody_may_have_it_wrong(app: App, relay: Relay) -> None:
    verbs = await stopped(app, relay)
    had = set(relay.counts)
    mend(verbs, "edit", id=Desk(app).by_key(KEY).order[0], headline=RIGHT)
    verbs.made.carry_on(KEY, "Ada")
    await CatchUp(app).run()
    relay.taken.clear()
    correct(verbs, mail="1", text="It was seven.")
    await CatchUp(app).run()
    assert set(relay.counts) == had
    relay.taken.clear()
    correct(verbs, mail="1", everyone="1", text="And the quay is closed.")
    await CatchUp(app).run()
    assert len(relay.counts) == READERS


async def test_two_who_correct_at_once_mail_it_once_and_who_paused_gets_none(app: App, relay: Relay, moment: Moment) -> None:
    relay.delay = 0
    verbs = await sent(app)
    paused = Preference(email="r001@readers.example", paused_until=moment().date() + timedelta(days=9))
    app.store.subscribers.set_preference(paused, moment())
    seen = Desk(app).by_key(KEY).seen
    fields = {"mail": "1", "text": "It was seven."}
    verbs.made.correct(KEY, Act(verb="correct", fields=fields, by="Ada", seen=seen))
    with pytest.raises(ConflictError, match="Ada corrected it"):
        verbs.made.correct(KEY, Act(verb="correct", fields=fields, by="Tom", seen=seen))
    await CatchUp(app).run()
    assert relay.counts == {address: 2 - (address == "r001@readers.example") for address in relay.counts}


async def test_tomorrows_line_skips_an_edition_that_was_sent_early(app: App, relay: Relay, moment: Moment) -> None:
    relay.delay = 0
    verbs = await sent(app)
    moment.now = CUTOFF + timedelta(hours=23)
    coming = Desk(app).coming()
    app.store.content.keep(days_material(), moment())
    app.store.editions.skip(coming.slot, "for the test", moment())
    app.store.editions.freeze(
        replace(coming.edition, slot=coming.slot), NOTHING_RENDERED, [], RecipientRules(token=str, variant=lambda *_given: "")
    )
    correct(verbs, tomorrow="1", text="It was seven.")
    made = [row for row in app.store.decisions.of_verb("edit", CUTOFF) if row.value.get("field") == "correction"]
    assert [row.edition for row in made] == ["weekday-2026-11-26"]

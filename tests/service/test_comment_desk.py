"""The whole line with an editor in it: a site, the store, what is decided, and the mail that arrives."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digest.app import App, open_newsletter
from digest.curate.comment_decisions import Verb
from digest.curate.editor_decisions import COMMENT
from digest.edition.report import RunReport
from digest.errors import UsageError
from digest.model import Slot
from digest.publish import Unwatched, publish
from digest.render.renderer import Design
from digest.service.comment_desk import coming_editions, decide, listed_comments, undo
from digest.service.dry_run import dry_run
from digest.text.raw_message import html_part, text_part
from digest.web.preview import Preview
from tests.conftest import Furnish
from tests.newsroom import NOW, RecordedSite
from tests.relay import Relay

BEFORE = NOW - timedelta(minutes=20)
FERRY = "I worked on the ferry for eleven winters, and the berth was never the problem: the tide table was."
HELD = f"{FERRY} Ring me at home on 07700 900123 and I will show you the log of 1976."
BLOCKED = f"You are a bunch of wankers. {FERRY}"
ANSWER = "That is not how I remember it: the berth was rebuilt after the storm, with money that was meant for the pool."
PRINTED = "If you want to help, we meet on the first Tuesday"  # of a comment under post 32, number 206
BEST = "a promise to undo it if it failed"  # of the one that is picked there, number 210
Open = Callable[..., App]


@pytest.fixture
def open_app(site: RecordedSite, relay: Relay, furnish: Furnish) -> Iterator[Open]:
    """Open the newsletter anew, as another command does, with its comments in a mode and at a moment."""
    opened = []

    def make(mode: str = "automatic", *, now: Any = BEFORE, more: str = "") -> App:
        root = furnish(site.base, relay.port, extra=f'[[editions]]\ncomments = "{mode}"\n{more}')
        manager = open_newsletter(root, lambda: now, retry_delays=())
        opened.append(manager)
        return manager.__enter__()

    yield make
    for manager in reversed(opened):
        manager.__exit__(None, None, None)


def written(site: RecordedSite, number: int, text: str, parent: int = 0, post: int = 32, author: str = "Perpetua Voss") -> str:
    """A reader comments on the site; return the id that the comment gets in the store."""
    row = next(row for row in site.comments if row["post"] == post)
    new = {"id": number, "parent": parent, "author_name": author, "content": {"rendered": f"<p>{text}</p>"}}
    link = {
        "link": f"http://gazette.example/?p={post}#comment-{number}",
        "date_gmt": "2026-11-23T21:00:00",
        "date": "2026-11-23T21:00:00",
    }
    site.comments.append({**row, **new, **link})
    return key(site, number, post)


def key(site: RecordedSite, number: int, post: int = 32) -> str:
    return f"{site.base}/?p={post}#comment-{number}"


def changed(site: RecordedSite, number: int, text: str) -> None:
    row = next(row for row in site.comments if row["id"] == number)
    row["content"] = {"rendered": f"<p>{text}</p>"}


def due(app: App) -> Slot:
    plan = app.config.editions[0]
    return app.slot(plan, NOW.date())


async def sent(app: App) -> RunReport:
    app.clock = lambda: NOW
    return await publish(app.pipeline, app.config.editions[0], due(app), Unwatched())


def mails(relay: Relay) -> str:
    raw = relay.taken[-1][1]
    return f"{text_part(raw)}\n{html_part(raw)}".replace("\n", " ")


def states(app: App) -> dict[str, str]:
    return {row.comment.id: row.state for edition in coming_editions(app) for row in listed_comments(edition)}


async def test_with_approved_the_mail_goes_at_its_hour_without_a_comment(open_app: Open, relay: Relay) -> None:
    report = await sent(open_app("approved"))
    assert (report.status, report.counts["sent"]) == ("sent", 2)
    assert "Walk-in clinic to shut on Wednesdays" in mails(relay)
    assert PRINTED not in mails(relay)


async def test_with_approved_what_has_a_yes_is_printed_and_nothing_else(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app = open_app("approved")
    await app.gather(conditional=False)
    assert states(app)[key(site, 206)] == "waiting"
    done = decide(app, "print", key(site, 206), "ada")
    assert done.printed_in == due(app)
    assert done.notes == ()
    await sent(app)
    assert PRINTED in mails(relay)
    (frozen,) = app.store.editions.made(1)
    assert [row.comment.id for story in frozen.edition.stories for row in story.picks] == [key(site, 206)]


async def test_preview_dry_run_and_the_real_send_go_the_same_way(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app = open_app("approved")
    await app.gather(conditional=False)
    decide(app, "print", key(site, 206), "ada")
    app.clock = lambda: NOW
    rehearsed = await dry_run(app, app.config.editions[0], due(app), [])
    seen = Preview(app, rehearsed.edition, "").message("ada@readers.example").raw
    assert "(1 comment)" in rehearsed.text()
    await sent(app)
    assert next(raw for address, raw in relay.taken if address.startswith("ada")) == seen


async def test_with_none_there_are_no_comments(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app = open_app("none")
    await app.gather(conditional=False)
    done = decide(app, "print", key(site, 206), "ada")
    assert done.printed_in is None
    assert done.notes == ("Edition weekday-2026-11-24 prints no comments.",)
    assert set(states(app).values()) <= {"not picked", "left out", "held"}
    await sent(app)
    assert PRINTED not in mails(relay)


async def test_a_held_comment_is_released_by_a_yes(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app, held = open_app(), written(site, 900, HELD)
    await app.gather(conditional=False)
    (row,) = [row for edition in coming_editions(app) for row in listed_comments(edition) if row.comment.id == held]
    assert row.state == "held"
    assert "telephone number" in row.why
    done = decide(app, "print", held, "ada")
    assert (done.decision.value["gate"], done.printed_in) == ("contact", due(app))
    await sent(app)
    assert "the berth was never the problem" in mails(relay)
    assert BEST in mails(relay)  # the machine fills up the rest


async def test_a_held_comment_without_a_word_is_not_printed(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app = open_app()
    written(site, 900, HELD)
    await sent(app)
    assert "the berth was never the problem" not in mails(relay)


async def test_a_refused_comment_makes_room_for_another(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app, best = open_app(more="comments_per_article = 1\n"), key(site, 220, 33)
    await app.gather(conditional=False)
    assert (states(app)[best], states(app)[key(site, 216, 33)]) == ("printed", "not picked")
    done = decide(app, "refuse", best, "ada", "not of this town")
    assert done.printed_in is None
    assert states(app)[best] == "refused"
    await sent(app)
    assert "Two corrections, meant kindly" not in mails(relay)
    assert "thank you for walking the ground" in mails(relay)


@pytest.mark.parametrize("mode", ["automatic", "approved"])
async def test_a_comment_that_changed_on_the_site_needs_a_new_yes(
    mode: str, open_app: Open, relay: Relay, site: RecordedSite
) -> None:
    app, held = open_app(mode), written(site, 900, HELD)
    await app.gather(conditional=False)
    decide(app, "print", held, "ada")
    changed(site, 900, f"{HELD} And all of them have been bought, every single one.")
    await app.gather(conditional=False)
    (row,) = [row for edition in coming_editions(app) for row in listed_comments(edition) if row.comment.id == held]
    assert row.state == "held"
    assert row.why.endswith("; changed on the site since ada said yes")
    await sent(app)
    assert "the berth was never the problem" not in mails(relay)


async def test_a_new_yes_counts_for_the_new_words(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app, held = open_app("approved"), written(site, 900, HELD)
    await app.gather(conditional=False)
    decide(app, "print", held, "ada")
    changed(site, 900, HELD.replace("winters", "summers"))
    await app.gather(conditional=False)
    decide(app, "print", held, "bo")
    await sent(app)
    assert "eleven summers" in mails(relay)


@pytest.mark.parametrize("verb", ["print", "refuse"])
async def test_what_changed_between_reading_and_deciding_is_not_decided(
    verb: Verb, open_app: Open, relay: Relay, site: RecordedSite
) -> None:
    app, held = open_app("approved"), written(site, 900, HELD)
    await app.gather(conditional=False)
    (seen,) = [row.wording for edition in coming_editions(app) for row in listed_comments(edition) if row.comment.id == held]
    changed(site, 900, HELD.replace("winters", "summers"))
    await app.gather(conditional=False)
    with pytest.raises(UsageError, match="has changed since you read it"):
        decide(app, verb, held, "ada", seen=seen[:8])
    assert app.store.decisions.of((COMMENT, held)) == []
    await sent(app)
    assert "eleven summers" not in mails(relay)


async def test_a_change_that_comes_with_the_last_reading_is_seen_too(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app, held = open_app("approved"), written(site, 900, HELD)
    await app.gather(conditional=False)
    decide(app, "print", held, "ada")
    changed(site, 900, HELD.replace("winters", "summers"))
    await sent(app)
    assert "the berth was never the problem" not in mails(relay)


async def test_a_comment_that_was_deleted_on_the_site_is_out_whatever_was_said(
    open_app: Open, relay: Relay, site: RecordedSite
) -> None:
    app = open_app("approved")
    await app.gather(conditional=False)
    decide(app, "print", key(site, 206), "ada")
    site.drop(206)
    await sent(app)
    assert PRINTED not in mails(relay)
    assert undo(app, key(site, 206), "ada").writer == ""
    with pytest.raises(UsageError, match="no comment has this id"):
        decide(app, "print", key(site, 206), "ada")


async def test_what_is_undone_counts_no_more_and_what_was_before_counts_again(
    open_app: Open, relay: Relay, site: RecordedSite
) -> None:
    app = open_app("approved")
    await app.gather(conditional=False)
    decide(app, "print", key(site, 206), "ada")
    decide(app, "refuse", key(site, 206), "bo", "unkind")
    back = undo(app, key(site, 206), "ada")
    assert (back.decision.verb, back.printed_in) == ("refuse", due(app))
    assert back.notes == ("It is printed by ada again.",)
    gone = undo(app, key(site, 206), "ada")
    assert (gone.decision.verb, gone.printed_in, gone.notes) == ("print", None, ())
    with pytest.raises(UsageError, match="no decision stands on this comment"):
        undo(app, key(site, 206), "ada")
    await sent(app)
    assert PRINTED not in mails(relay)


async def test_a_decision_survives_the_process_that_made_it(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app = open_app("approved")
    await app.gather(conditional=False)
    decide(app, "print", key(site, 206), "ada")
    await sent(open_app("approved"))
    assert PRINTED in mails(relay)


async def test_a_run_that_goes_on_sends_what_was_frozen_whatever_is_decided_since(
    open_app: Open, relay: Relay, site: RecordedSite
) -> None:
    app = open_app("approved")
    await app.gather(conditional=False)
    decide(app, "print", key(site, 206), "ada")
    relay.rcpt = lambda address: "451 later" if address.startswith("bo") else None
    assert (await sent(app)).status == "unfinished"
    late = undo(app, key(site, 206), "ada")
    assert late.notes == ("Too late for edition weekday-2026-11-24: it was made before, and nothing changes in it.",)
    relay.rcpt = lambda address: None
    await sent(open_app("approved"))
    assert set(relay.counts.values()) == {1}
    assert PRINTED in mails(relay)


async def test_a_yes_after_the_freeze_is_told_that_it_is_too_late(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app = open_app("approved")
    await sent(app)
    done = decide(app, "print", key(site, 206), "ada")
    assert done.printed_in is None
    assert done.notes == (
        "Its article is not in the next edition as it stands.",
        "Too late for edition weekday-2026-11-24: it was made before, and nothing changes in it.",
    )


@pytest.mark.parametrize("undone", [False, True])
async def test_what_is_decided_while_the_edition_is_made_is_in_the_mail(
    undone: bool, open_app: Open, relay: Relay, site: RecordedSite
) -> None:
    app = open_app("approved", now=NOW)
    await app.gather(conditional=False)
    if undone:
        decide(app, "print", key(site, 206), "ada")
    calls, told = [], []

    def design() -> Design:  # called for the draft, and again to render what is frozen
        calls.append(1)
        if len(calls) == 2:
            told.append(undo(app, key(site, 206), "ada") if undone else decide(app, "print", key(site, 206), "ada"))
        return app.design()

    line = replace(app.pipeline, design=design)
    report = await publish(line, app.config.editions[0], due(app), Unwatched())
    assert (report.counts["sent"], len(calls)) == (2, 4)  # it was made once more
    assert told[0].printed_in == (None if undone else due(app))
    assert (PRINTED in mails(relay)) is not undone


async def test_what_is_blocked_as_abuse_is_printed_only_with_a_reason(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app, blocked = open_app(), written(site, 901, BLOCKED)
    await app.gather(conditional=False)
    assert states(app)[blocked] == "left out"
    with pytest.raises(UsageError, match="blocked as abuse") as caught:
        decide(app, "print", blocked, "ada")
    assert "--reason" in caught.value.remedy
    assert app.store.decisions.of(("comment", blocked)) == []
    decide(app, "print", blocked, "ada", "the minister said it of us")
    await sent(app)
    assert "bunch of wankers" in mails(relay)


async def test_what_the_site_has_not_approved_cannot_be_printed(open_app: Open, site: RecordedSite) -> None:
    app, spam = open_app(), written(site, 902, FERRY)
    site.comments[-1]["type"] = "pingback"
    await app.gather(conditional=False)
    assert states(app)[spam] == "left out"
    with pytest.raises(UsageError, match="cannot be printed: pingback") as caught:
        decide(app, "print", spam, "ada", "I like it")
    assert "on your site" in caught.value.remedy


async def test_a_reply_waits_for_what_it_answers_and_the_editor_is_told(open_app: Open, relay: Relay, site: RecordedSite) -> None:
    app, parent = open_app(), written(site, 900, HELD)
    reply = written(site, 903, ANSWER, parent=900, author="Zoë Trevanion")
    await app.gather(conditional=False)
    first = decide(app, "print", reply, "ada")
    told = f"It is not printed as it stands: replies to a comment that was left out. It answers {parent}."
    assert (first.printed_in, first.notes) == (None, (told,))
    decide(app, "print", parent, "ada")
    assert states(app)[reply] == "printed"
    await sent(app)
    assert "money that was meant for the pool" in mails(relay)


async def test_more_yeses_than_room_print_the_best_and_say_so(open_app: Open, site: RecordedSite) -> None:
    app = open_app("approved", more="comments_per_article = 1\n")
    await app.gather(conditional=False)
    decide(app, "print", key(site, 220, 33), "ada")
    (note,) = decide(app, "print", key(site, 222, 33), "ada").notes
    assert note == (
        "Others with a yes score higher, and edition weekday-2026-11-24 prints 1 under an article (comments_per_article)."
    )


async def test_an_id_that_nobody_knows_is_named_with_the_remedy(open_app: Open) -> None:
    app = open_app()
    verbs: tuple[Verb, ...] = ("print", "refuse")
    for verb in verbs:
        with pytest.raises(UsageError, match="no comment has this id") as caught:
            decide(app, verb, "c-1", "ada")
        assert caught.value.thing == "c-1"
        assert "digest comments list --all" in caught.value.remedy
    with pytest.raises(UsageError, match="no comment has this id"):
        undo(app, "c-1", "ada")


async def test_what_waits_is_listed_the_best_first_and_what_is_held_last(open_app: Open, site: RecordedSite) -> None:
    app, held = open_app("approved"), written(site, 900, HELD)
    await app.gather(conditional=False)
    (edition,) = coming_editions(app)
    rows = [row for row in listed_comments(edition) if row.state in {"waiting", "held"}]
    assert rows[-1].comment.id == held
    scores = [row.score for row in rows[:-1]]
    assert len(scores) > 4
    assert scores == sorted(scores, reverse=True)
    assert rows[0].answers is not None  # the best one answers another comment, which the editor must see


def test_the_mode_is_one_of_three(furnish: Furnish, tmp_path: Path) -> None:
    root = furnish("http://127.0.0.1:9", 9, extra='[[editions]]\ncomments = "sometimes"\n')
    with pytest.raises(UsageError, match="comments"), open_newsletter(root, lambda: NOW):
        pass

"""The mails to the editors: the draft, what has changed since by itself, that a yes is missing, who held it, and what became of it.

Each is sent once, whatever is restarted; the links in them lead to a page that asks once more.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from digest.app import App
from digest.audience.signed_links import SignedLinks
from digest.audience.transactional_emails import TransactionalEmails
from digest.config import EditionPlan
from digest.desk.acts import sentence, undone_sentence
from digest.desk.edition_view import Desk, DeskEdition
from digest.desk.numbers import count_readers
from digest.desk.people import Person, people
from digest.desk.reasons import left_out_sentence, reason_of
from digest.desk.state import state_of
from digest.model import Decision, Slot
from digest.text.prose import counted, shorten

BEFORE = timedelta(minutes=30)  # the draft goes so long before the edition, unless `draft_at` says when
CHANGED_EVERY = timedelta(minutes=10)
QUIET_BEFORE = timedelta(minutes=3)  # no mail that something has changed so shortly before the edition goes
REMIND_AFTER = (timedelta(0), timedelta(minutes=15), *(timedelta(hours=hour) for hour in range(1, 25)))
LINKS_WORK = timedelta(days=2)
MAX_LISTED = 12


@dataclass(frozen=True, slots=True)
class LinkedAct:
    """What a link in a mail to an editor is for: one person, one edition, one verb."""

    email: str
    edition: str
    verb: str


class Notices:
    """The mails about the editions of one newsletter."""

    def __init__(self, app: App, emails: TransactionalEmails, desk: Desk) -> None:
        self._app = app
        self._emails = emails
        self._desk = desk
        self._base = (app.config.newsletter.public_url or "").rstrip("/")
        self.links = SignedLinks(app, "desk/link", LINKS_WORK)

    def linked(self, token: str) -> LinkedAct | None:
        """Return what a link is for; None if it is forged, changed or too old."""
        value = self.links.value(token)
        return LinkedAct(*value) if isinstance(value, list) and len(value) == 3 else None

    @property
    def _editors(self) -> list[Person]:
        return [person for person in people(self._app.config.desk).values() if person.may_change]

    async def tell(self) -> None:
        """Send what is due now; a mail that cannot be sent is logged, and holds nothing up."""
        if not self._editors or not self._base:
            return
        for plan in self._app.config.editions:
            if plan.approval != "none":
                await self._tell_before(plan)
            await self._tell_after(plan)

    # — before it goes —

    def draft_at(self, plan: EditionPlan, slot: Slot) -> datetime:
        """Return when the editors get the draft of an edition: at its cut-off, or half an hour before it goes."""
        due = plan.due(slot)
        if plan.draft_at is None:
            return due - max(BEFORE, plan.lead)
        zone = self._app.config.newsletter.timezone
        at = datetime.combine(due.astimezone(zone).date(), plan.draft_at, zone)
        return at if at <= due else at - timedelta(days=1)

    async def _tell_before(self, plan: EditionPlan) -> None:
        now, slot = self._app.clock(), self._app.coming_slot(plan)
        if now < self.draft_at(plan, slot):
            return
        store = self._app.store.desk
        if store.notice(slot.key, "draft") is None:
            await self._app.gather(conditional=True)
            edition = await asyncio.to_thread(self._desk.open, plan, slot)
            await self._send(
                edition, "draft", self._draft_subject(edition), await asyncio.to_thread(self._draft_lines, edition), acts=True
            )
            return
        edition = await asyncio.to_thread(self._desk.open, plan, slot)
        if now >= plan.due(slot):
            await self._remind(edition, now)
        elif plan.due(slot) - now > QUIET_BEFORE:
            await self._tell_changes(edition, now)

    def _draft_subject(self, edition: DeskEdition) -> str:
        rendered = self._app.design().render(edition.edition) if edition.edition.stories else None
        title = state_of(edition, self._app.config.newsletter.timezone).title.rstrip(".")
        return f"{title}: {rendered.subject}" if rendered else title

    def _draft_lines(self, edition: DeskEdition) -> list[str]:
        """Return what the draft says: how much there is, what is in, what is held, and what is left out."""
        readers = count_readers(self._app, edition)
        stories = edition.edition.stories
        held = [
            (story.article.title, row)
            for story in edition.threads.values()
            for row in story.thread.judged
            if row.rejection and row.rejection.held
        ]
        much = f"{counted(len(stories), 'story', 'stories')}, {counted(len(edition.printed), 'comment')}"
        much = f"{much} to {counted(readers, 'reader')}."
        waiting = f" {counted(len(held), 'comment')} held for you: not printed without your yes." if held else ""
        lines = [much + waiting, *(f"{at}. {shorten(story.article.title, 100)}" for at, story in enumerate(stories, 1))]
        for title, row in held[:MAX_LISTED]:
            lines.append(f"Held: {row.comment.author} on “{shorten(title, 60)}”. {reason_of(edition, row).why}")
        lines += [f"Left out: {shorten(row.label, 70)}. {left_out_sentence(row.reason)}." for row in edition.left_out[:MAX_LISTED]]
        return lines

    async def _tell_changes(self, edition: DeskEdition, now: datetime) -> None:
        """Tell what the machine has changed since the last mail, at most every ten minutes; what people did, they know."""
        store = self._app.store.desk
        at, said = max(
            (found for kind in ("draft", "changed") if (found := store.notice(edition.key, kind))), key=lambda row: row[0]
        )
        before, after = said["stories"], _stories(edition)
        if now - at < CHANGED_EVERY or set(before) == set(after) or said["decided"] != len(edition.log):
            if said["decided"] != len(edition.log) and now - at >= CHANGED_EVERY:
                store.note(edition.key, "changed", self._data(edition), now)
            return
        lines = [f"Came in: {title}" for key, title in after.items() if key not in before]
        lines += [f"Went out: {title}" for key, title in before.items() if key not in after]
        subject = f"Changed since the draft: {counted(len(lines), 'story', 'stories')}"
        await self._send(edition, "changed", subject, lines, acts=True)

    async def _remind(self, edition: DeskEdition, now: datetime) -> None:
        """Tell that an edition waits for a yes: when it is due, a quarter of an hour later, and then hourly."""
        if edition.plan.approval != "required" or edition.word.approved or edition.word.hold or edition.word.skip:
            return
        overdue = now - edition.plan.due(edition.slot)
        number = sum(overdue >= span for span in REMIND_AFTER)
        before = self._app.store.desk.notice(edition.key, "waiting")
        if overdue > edition.plan.late_after or (before and before[1]["number"] >= number):
            return
        due = f"{edition.plan.due(edition.slot).astimezone(self._app.config.newsletter.timezone):%H:%M}"
        lines = ["Nobody has approved it yet. It goes as soon as one of you does."]
        await self._send(edition, "waiting", f"Waiting for your yes: it was due at {due}", lines, acts=True, number=number)

    def tell_others(self, decision: Decision, edition: DeskEdition) -> None:
        """Tell the other editors that somebody held the edition, let it go, skipped, stopped or corrected it."""
        by = decision.undone_by or decision.made_by
        what = undone_sentence(decision) if decision.undone_by else sentence(decision)
        subject = f"{by}: {what[:1].lower()}{what[1:]}"
        state = state_of(edition, self._app.config.newsletter.timezone)
        for person in self._editors:
            if person.name != by:
                self._mail(person, edition, subject, [state.sentence], acts=False)

    # — after it has gone —

    async def _tell_after(self, plan: EditionPlan) -> None:
        """Tell what became of the last edition, once."""
        slot = self._app.slot(plan, self._app.calendar(plan).latest(self._app.clock()))
        frozen, store = self._app.store.editions.frozen(slot.key), self._app.store.desk
        if frozen is None or frozen.finished_at is None or store.notice(slot.key, "sent") is not None:
            return
        if self._app.clock() - frozen.finished_at > timedelta(hours=12):
            return  # from before there was a desk
        counts = self._app.store.deliveries.counts(slot.key)
        edition = await asyncio.to_thread(self._desk.open, plan, slot)
        await self._send(
            edition, "sent", f"Sent to {counted(counts.get('sent', 0), 'reader')}: {frozen.rendered.subject}", _result(counts)
        )

    # — one mail —

    def _data(self, edition: DeskEdition, **more: Any) -> dict[str, Any]:
        return {"stories": _stories(edition), "decided": len(edition.log), **more}

    async def _send(
        self, edition: DeskEdition, kind: str, subject: str, lines: Sequence[str], *, acts: bool = False, **data: Any
    ) -> None:
        """Note that a mail of this kind is sent, and send it to every editor: rather one too few than one each minute."""
        self._app.store.desk.note(edition.key, kind, self._data(edition, **data), self._app.clock())
        for person in self._editors:
            self._mail(person, edition, subject, lines, acts=acts)

    def _mail(self, person: Person, edition: DeskEdition, subject: str, lines: Sequence[str], *, acts: bool) -> None:
        more = {verb: self.links.url([person.email, edition.key, verb]) for verb in ("hold", "approve")} if acts else {}
        url = f"{self._base}/desk/{edition.key}"
        send = partial(self._emails.send, person.email, "desk_notice", url, more=more, language="en", lines=lines, about=subject)
        self._emails.run(send())


def _stories(edition: DeskEdition) -> dict[str, str]:
    return {story.article.id: story.article.title for story in edition.edition.stories}


def _result(counts: Mapping[str, int]) -> list[str]:
    """Return what became of an edition, a line for each outcome that there was."""
    said = {
        "sent": "{} sent",
        "refused": "{} refused: no such mailbox, or the relay would not take it",
        "unknown": "{} in doubt: the relay did not answer; not sent again",
        "deferred": "{} put off by the relay",
        "skipped": "{} without stories for their topics, or gone since",
    }
    return [f"{words.format(f'{counts[state]:,}')}." for state, words in said.items() if counts.get(state)]

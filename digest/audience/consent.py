"""Consent: how and when a subscriber agreed. The form asks for it by double opt-in; a person who adds or imports notes it.

A request is answered by an email; only the link in it adds the address to the list. Both are kept in the address's history.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import NamedTuple

from digest.app import App
from digest.audience.exporter import FORMULA_PREFIXES
from digest.audience.preferences import Preferences, listed_row
from digest.audience.rate_limiter import RateLimiter
from digest.audience.signed_links import SignedLinks
from digest.audience.transactional_emails import NO_EMAILS, TransactionalEmails
from digest.edition.readership import chosen_editions
from digest.store import HistoryEvent, OptInRequest, Preference
from digest.store.batch_writer import BatchWriter
from digest.store.history import CONFIRMED
from digest.store.opt_in import CONFIRMATION_TTL
from digest.subscribers import NewRow, activate, normalise

log = logging.getLogger("digest")
MAX_NAME_CHARS = 100
WELCOME_STORIES = 3  # of the last edition, in the welcome


def consent_detail(how: str, consent: str) -> str:
    """Return the detail of a history event that adds a subscriber: how, and how they consented if that is known."""
    return f"{how}; consent: {consent}" if consent else how


class Confirmed(NamedTuple):
    """Somebody who has confirmed: their topics, whether they had left before, and whether this answer is the first."""

    email: str
    topics: tuple[str, ...]
    came_back: bool
    first: bool


class DoubleOptIn:
    """Subscribing by the form of one newsletter: a request, an email, a confirmation."""

    def __init__(self, app: App, emails: TransactionalEmails, preferences: Preferences) -> None:
        self._app = app
        self._emails = emails
        self._preferences = preferences
        self._links = SignedLinks(app, "confirm", CONFIRMATION_TTL)
        self._joining = BatchWriter(self._add_confirmed)
        self._mailboxes = RateLimiter(4, 6 * 3_600)  # emails to one mailbox, whatever follows a plus in its address

    def request(self, email: str, name: str, topics: Sequence[str], source: str = "") -> None:
        """Answer a request for the newsletter by email, even if the address is listed; raise SubscriberFileError if it is invalid.

        `NO_EMAILS` and the limits on emails apply. A name loses any beginning that a spreadsheet would run as a formula. An
        address with such a beginning gets no email. Otherwise both would end up in the list.
        """
        address = normalise(email)
        if address.startswith(FORMULA_PREFIXES):
            log.warning("somebody asked for the newsletter with a formula for an address; nothing was sent")
            return
        self._emails.run(
            self._answer(address, " ".join(name.split()).lstrip("".join(FORMULA_PREFIXES))[:MAX_NAME_CHARS], topics, source)
        )

    async def _answer(self, email: str, name: str, topics: Sequence[str], source: str) -> None:
        app, mailbox = self._app, _mailbox(email)
        reason = (await asyncio.to_thread(app.store.suppressions.among, [email])).get(email)
        if reason in NO_EMAILS or not self._mailboxes.allow(mailbox):
            return  # before the request is renewed: the link that was sent keeps working
        row = await asyncio.to_thread(listed_row, app, email)
        request = await asyncio.to_thread(app.store.opt_in_requests.add, email, name, topics, app.clock(), source)
        if request is None:
            self._mailboxes.refund(mailbox)
        elif row is not None and reason is None and row.status in {"active", "paused"}:
            until = await asyncio.to_thread(self._preferences.pause_end, row)
            await self._emails.send(email, "already_subscribed", app.links.urls(email, "")[2], paused_until=until)
        else:
            await self._emails.send(email, "confirmation", self._links.url([request.id, request.nonce]))

    async def confirm(self, token: str) -> tuple[str, ...] | None:
        """Add the person who asked to the subscriber list, and return the topics they chose.

        Return None if the token is forged, answered, replaced by a newer one or too old, or the address must not be written to.
        """
        confirmed = await self._joining(token)
        if confirmed is None:
            return None
        if confirmed.first and self._app.config.web.welcome:
            self._emails.run(self._welcome(confirmed))
        return confirmed.topics

    async def _welcome(self, confirmed: Confirmed) -> None:
        """Greet somebody who has joined, with the last edition; somebody who comes back in other words."""
        app = self._app
        last = next(iter(await asyncio.to_thread(app.store.editions.made, 1)), None)
        stories = last.edition.stories[:WELCOME_STORIES] if last else ()
        public, manage = app.links.public_url, app.links.urls(confirmed.email, "")[2]
        following = min(app.calendar(plan).next_due(app.clock()) for plan in app.config.editions)
        more = {str(story.position): story.article.url for story in stories} | {"manage": manage}
        await self._emails.send(
            confirmed.email, "welcome", f"{public}/archive/{last.key}" if last and app.config.web.archive else manage, more,
            came_back=confirmed.came_back, following=following.astimezone(app.config.newsletter.timezone).date(),
            headlines={str(story.position): story.article.title for story in stories},
            has_edition=bool(last and app.config.web.archive),
        )  # fmt: skip

    def is_valid(self, token: str) -> bool:
        """Return whether a confirmation token is ours and not too old; it may have been answered already."""
        return self._links.value(token) is not None

    def _add_confirmed(self, tokens: Sequence[str]) -> Sequence[Confirmed | None]:
        """Add several people at once, because each write of the list is costly. A request stays open until its row is there."""
        app, now = self._app, self._app.clock()
        requests = [self._find_request(token) for token in tokens]
        asked = {request.email: request for request in requests if request is not None}
        reasons = app.store.suppressions.among(asked)
        asked = {email: request for email, request in asked.items() if reasons.get(email) not in NO_EMAILS}
        for email in asked:  # before the list is written, or `CsvSync` would write the old opt-out into it
            app.store.suppressions.release(email, "subscribed again with the form and confirmed", now)
        if asked:
            activate(app.subscriber_path, [_confirmed_row(request, now.date().isoformat()) for request in asked.values()])
        new = {email for email, request in asked.items() if self._record(request)}
        found: list[Confirmed | None] = []
        for request in requests:
            if request is None or (email := request.email) not in asked:
                found.append(None)
                continue
            found.append(Confirmed(email, tuple(request.topics), came_back=email in reasons, first=email in new))
            new.discard(email)  # whoever pressed the button twice has joined once
        return found

    def _record(self, request: OptInRequest) -> bool:
        """Keep what somebody consented to, and close the request; return False if another answer closed it first."""
        store, email, now = self._app.store, request.email, self._app.clock()
        store.suppressions.notify_released(email)
        store.subscribers.readmit(email, self._app.links.token(email))
        # no pause, nor a “never” of the list: they have just asked for the newsletter
        preference = Preference(email=email, topics=request.topics or None, frequency=self._frequency(email))
        store.subscribers.set_preference(preference, now, f"chosen when subscribing: {', '.join(request.topics) or 'everything'}")
        origin = f"form:{request.source}" if request.source else ""
        how = "confirmed by email (double opt-in)"
        store.history.note([HistoryEvent(email=email, at=now, event=CONFIRMED, origin=origin, detail=how)])
        return store.opt_in_requests.close(request)

    def _frequency(self, email: str) -> str | None:
        """Return the editions of somebody who wanted none before; None if the list may go on saying which."""
        row, plans = listed_row(self._app, email), self._app.config.editions
        if row is None or chosen_editions(row.frequency, plans, self._app.series) != frozenset():
            return None
        return ", ".join(plan.name for plan in plans if plan.readers == "all") or plans[0].name

    def _find_request(self, token: str) -> OptInRequest | None:
        match self._links.value(token):
            case [int(number), str(nonce)]:
                return self._app.store.opt_in_requests.find(number, nonce, self._app.clock())
        return None


def _mailbox(address: str) -> str:
    """Return the mailbox of an address: `ada+news@` is Ada's (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _confirmed_row(request: OptInRequest, today: str) -> NewRow:
    values = {"status": "active", "joined": today, "topics": ", ".join(request.topics)}
    return NewRow(email=request.email, name=request.name, values=values)

"""What a person may ask for about their own data: a link, all that is stored, and its deletion (GDPR, articles 15 and 17)."""

import asyncio
from datetime import timedelta

from digest.app import App
from digest.audience.rate_limiter import RateLimiter
from digest.audience.signed_links import SignedLinks
from digest.audience.subscriber_record import SubscriberRecord, record_of
from digest.audience.transactional_emails import NO_EMAILS, TransactionalEmails
from digest.subscribers import normalise, remove
from digest.subscribers.import_journal import ImportJournal

LINK_TTL = timedelta(hours=1)


class DataRequests:
    """The data requests of one newsletter."""

    def __init__(self, app: App, emails: TransactionalEmails) -> None:
        self._app = app
        self._emails = emails
        self._links = SignedLinks(app, "mine", LINK_TTL)
        self._links_sent = RateLimiter(3, 3_600)

    def send_link(self, email: str) -> None:
        """Email the owner of a known address a link to their data; raise SubscriberFileError if the address is invalid."""
        address = normalise(email)
        if self._links_sent.allow(address):
            self._emails.run(self._send_link(address))

    async def _send_link(self, email: str) -> None:
        found = await asyncio.to_thread(record_of, self._app, email)
        reason = found.suppression.reason if found.suppression else ""
        if found.is_known and reason not in NO_EMAILS:
            token = self._app.links.token(email)
            await asyncio.to_thread(self._app.store.subscribers.enrol, email, token)
            unsubscribe, _, manage = self._app.links.urls(email, "")
            more = {"data": self._links.url(token), "unsubscribe": unsubscribe}
            await self._emails.send(email, "manage", manage, more=more)

    def record(self, token: str) -> SubscriberRecord | None:
        """Return what is known of the person to whom a link was sent, or None if the link is forged or too old."""
        value = self._links.value(token)
        email = self._app.store.subscribers.email_of_token(str(value)) if value is not None else None
        return record_of(self._app, email) if email else None

    def erase(self, email: str) -> None:
        """Delete what is stored about a person; raise DigestError and delete nothing if the list cannot be written."""
        if self._app.subscriber_file().find(email) is not None:
            remove(self._app.subscriber_path, email)
        ImportJournal.forget(self._app.subscriber_path, email)
        self._app.store.subscribers.erase(email, self._app.links.token(email), self._app.clock())

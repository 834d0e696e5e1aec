"""What subscribers do themselves, by a page or by email: subscribe, unsubscribe, choose, see their data, have it deleted.

Every action is committed before it is answered. Emails go out after the answer, so neither its text nor its timing tells a
stranger whether an address is on the list.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from itsdangerous import BadData, BadSignature, URLSafeTimedSerializer
from itsdangerous.encoding import base64_decode, base64_encode

from digest.app import App
from digest.audience.csv_sync import CsvSync
from digest.audience.exporter import FORMULA
from digest.audience.rate_limiter import RateLimiter
from digest.audience.subscriber_record import SubscriberRecord, record_of
from digest.compose import Composer
from digest.deliver import deliver_unrecorded
from digest.errors import DigestError, SubscriberFileError
from digest.model import Recipient, Subscriber
from digest.store import HistoryEvent, OptInRequest, Preference
from digest.store.batch_writer import BatchWriter
from digest.store.history import CONFIRMED
from digest.store.opt_in import CONFIRMATION_TTL
from digest.subscribers import FileEdit, NewRow, normalise, remove, rewrite
from digest.subscribers.columns import Columns
from digest.subscribers.csv_table import CsvTable
from digest.subscribers.edit import Edit, Edits, column_edit
from digest.subscribers.import_journal import ImportJournal

log = logging.getLogger("digest")
DATA_LINK_TTL = timedelta(hours=1)  # how long a link to one's own data works
NOT_WRITTEN_TO = ("complained", "suppressed")  # an address suppressed for one of these gets no email, whoever asks


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """One request to unsubscribe: whose token it came with, and how it was made."""

    token: str
    how: str


class Subscriptions:
    """The subscriptions to one newsletter; `csv_sync` copies what subscribers do into the subscriber list."""

    def __init__(self, app: App) -> None:
        secret = app.store.secret("readers")
        self._app = app
        self._confirmations = URLSafeTimedSerializer(secret, salt="confirm")
        self._data_links = URLSafeTimedSerializer(secret, salt="mine")
        self._leaving = BatchWriter(self._opt_out)
        self._joining = BatchWriter(self._add_confirmed)
        self._behind: set[asyncio.Task[None]] = set()
        self.csv_sync = CsvSync(app.store, app.subscriber_file)
        self._links_sent = RateLimiter(3, 3_600)
        self._mailboxes = RateLimiter(4, 6 * 3_600)  # emails to one mailbox, whatever follows a plus in its address

    async def close(self) -> None:
        """Wait until the emails are sent and the subscriber list is written."""
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self.csv_sync.close()

    # — leaving —

    async def leave(self, token: str, how: str) -> bool:
        """Unsubscribe the owner of a token for good; return False if the token never was anybody's."""
        email = await self._leaving(Unsubscription(token, how))
        if email is not None:
            self.csv_sync.note(email, {"status": "unsubscribed"})
        return email is not None or self.erased(token)

    def erased(self, token: str) -> bool:
        """Return whether the token was that of somebody who had their data deleted."""
        return bool(self._app.store.suppressions.forgotten([token]))

    def _opt_out(self, rows: Sequence[Unsubscription]) -> Sequence[str | None]:
        now = self._app.clock()
        return self._app.store.suppressions.opt_out([(row.token, row.how) for row in rows], now)

    # — joining —

    def ask(self, email: str, name: str, topics: Sequence[str]) -> None:
        """Answer a request for the newsletter by email, even if the address is listed; raise SubscriberFileError if it is invalid.

        `NOT_WRITTEN_TO` and the limits on emails apply. A name loses any beginning that a spreadsheet would run as a formula. An
        address with such a beginning gets no email. Otherwise both would end up in the list.
        """
        address = normalise(email)
        if address.startswith(FORMULA):
            log.warning("somebody asked for the newsletter with a formula for an address; nothing was sent")
            return
        self._run_in_background(self._answer(address, " ".join(name.split()).lstrip("".join(FORMULA))[:100], topics))

    async def _answer(self, email: str, name: str, topics: Sequence[str]) -> None:
        app = self._app
        reason = (await asyncio.to_thread(app.store.suppressions.among, [email])).get(email)
        if reason in NOT_WRITTEN_TO:
            return
        row = await asyncio.to_thread(self._row, email)
        mailbox = _mailbox(email)
        if not self._mailboxes.allow(mailbox):
            return  # before the request is renewed: the link that was sent keeps working
        request = await asyncio.to_thread(app.store.opt_in_requests.add, email, name, topics, app.clock())
        if request is None:
            self._mailboxes.give_back(mailbox)
            return
        if row is not None and reason is None and row.status in {"active", "paused"}:
            until = await asyncio.to_thread(self._pause_end, row)
            await self._send(email, "already_subscribed", app.links.pages(email, "")[2], paused_until=until)
        else:
            await self._send(email, "confirmation", self._confirmation_url(request))

    async def confirm(self, token: str) -> tuple[str, ...] | None:
        """Add the person who asked to the subscriber list, and return the topics they chose.

        Return None if the token is forged, answered, replaced by a newer one or too old, or the address must not be written to.
        """
        return await self._joining(token)

    def _add_confirmed(self, tokens: Sequence[str]) -> Sequence[tuple[str, ...] | None]:
        """Add several people at once, because each write of the list is costly. A request stays open until its row is there."""
        app, now = self._app, self._app.clock()
        requests = [self._request(token) for token in tokens]
        asked = {request.email: request for request in requests if request is not None}
        reasons = app.store.suppressions.among(asked)
        asked = {email: request for email, request in asked.items() if reasons.get(email) not in NOT_WRITTEN_TO}
        for email in asked:  # before the list is written, or `CsvSync` would write the old opt-out into it
            app.store.suppressions.release(email, "subscribed again with the form and confirmed", now)
        if asked:
            listed = {email for email in asked if self._row(email) is not None}
            rewrite(app.subscriber_path, _confirmed_edit(asked, listed, now.date().isoformat()))
        for email, request in asked.items():
            app.store.suppressions.notify_released(email)
            app.store.subscribers.readmit(email, app.links.token(email))
            wish = Preference(email=email, topics=request.topics or None)  # no pause: they have just asked for the newsletter
            app.store.subscribers.set_preference(wish, now, f"chosen when subscribing: {', '.join(request.topics) or 'everything'}")
            app.store.history.note(
                [HistoryEvent(email=email, at=now, event=CONFIRMED, detail="confirmed by email (double opt-in)")]
            )
            app.store.opt_in_requests.close(request)
        return [tuple(request.topics) if request is not None and request.email in asked else None for request in requests]

    def plausible(self, token: str) -> bool:
        """Return whether a confirmation token is ours and not too old; it may have been answered already."""
        with suppress(BadData):
            self._confirmations.loads(_check_canonical(token), max_age=int(CONFIRMATION_TTL.total_seconds()))
            return True
        return False

    def _request(self, token: str) -> OptInRequest | None:
        with suppress(BadData, TypeError, ValueError):
            number, nonce = self._confirmations.loads(_check_canonical(token), max_age=int(CONFIRMATION_TTL.total_seconds()))
            return self._app.store.opt_in_requests.find(int(number), str(nonce), self._app.clock())
        return None

    # — choosing —

    def known(self, token: str) -> str | None:
        """Return the address that a token belongs to, or None."""
        return self._app.store.subscribers.email_of_token(token)

    def preference(self, email: str) -> Preference:
        """Return what a subscriber has chosen; until they choose topics, those of the subscriber list count."""
        wish = self._app.store.subscribers.preference(email)
        if wish.topics is not None:
            return wish
        row = self._row(email)
        return Preference(email=email, topics=row.topics if row else (), paused_until=wish.paused_until, comments=wish.comments)

    async def prefer(self, wish: Preference) -> None:
        """Save what a subscriber chooses, and have it written to the subscriber list if the list has columns for it."""
        until = wish.paused_until.isoformat() if wish.paused_until else ""
        topics = ", ".join(wish.topics or ())
        summary = f"topics: {topics or 'all'}; pause: {until or 'none'}; comments: {'yes' if wish.comments else 'no'}"
        await asyncio.to_thread(self._app.store.subscribers.set_preference, wish, self._app.clock(), summary)
        self.csv_sync.note(wish.email, {"topics": topics, "paused_until": until})

    # — seeing and being forgotten —

    def send_link(self, email: str) -> None:
        """Email the owner of a known address a link to their data; raise SubscriberFileError if the address is invalid."""
        address = normalise(email)
        if self._links_sent.allow(address):
            self._run_in_background(self._send_data_link(address))

    async def _send_data_link(self, email: str) -> None:
        found = await asyncio.to_thread(record_of, self._app, email)
        reason = found.suppression.reason if found.suppression else ""
        if found.known and reason not in NOT_WRITTEN_TO:
            token = self._app.links.token(email)
            await asyncio.to_thread(self._app.store.subscribers.enrol, email, token)
            leave, _, manage = self._app.links.pages(email, "")
            await self._send(email, "manage", manage, more={"data": self._data_url(token), "unsubscribe": leave})

    def mine(self, token: str) -> SubscriberRecord | None:
        """Return what is known of the person to whom a link was sent, or None if the link is forged or too old."""
        with suppress(BadData):
            email = self.known(str(self._data_links.loads(_check_canonical(token), max_age=int(DATA_LINK_TTL.total_seconds()))))
            return record_of(self._app, email) if email else None
        return None

    def forget(self, email: str) -> None:
        """Delete what is stored about a person; raise DigestError and delete nothing if the list cannot be written."""
        if self._app.subscriber_file().find(email) is not None:
            remove(self._app.subscriber_path, email)
        ImportJournal.forget(self._app.subscriber_path, email)
        self._app.store.subscribers.erase(email, self._app.links.token(email), self._app.clock())

    # — emails to one person —

    async def _send(self, email: str, name: str, url: str, **values: Any) -> None:
        app, now = self._app, self._app.clock()
        rendered = app.design().email(name, url, **values)
        compose = Composer(app.pipeline.sender, rendered, f"letter-{now.timestamp():.6f}", now, transactional=True)
        message = compose(Recipient(id=0, email=email))
        (receipt,) = await deliver_unrecorded(app.config.smtp, app.config.newsletter.address, app.clock, [message])
        if receipt.outcome != "sent":
            log.warning("could not send an email to %s: %s %s", email, receipt.code, receipt.reply)

    def _pause_end(self, row: Subscriber) -> date | None:
        """Return when the pause of a subscriber ends, or None if there is none."""
        until = self.preference(row.email).paused_until or row.paused_until
        return until if until and until > self._app.clock().date() else None

    def _confirmation_url(self, request: OptInRequest) -> str:
        return f"{self._public_url}/confirm/{self._confirmations.dumps([request.id, request.nonce])}"

    def _data_url(self, token: str) -> str:
        return f"{self._public_url}/mine/{self._data_links.dumps(token)}"

    @property
    def _public_url(self) -> str:
        return (self._app.config.newsletter.public_url or "").rstrip("/")

    def _row(self, email: str) -> Subscriber | None:
        try:
            return self._app.subscriber_file().find(email)
        except SubscriberFileError:
            return None

    def _run_in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._run_and_log(work))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _run_and_log(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DigestError as error:
            log.warning("could not send an email: %s", error)


def _mailbox(address: str) -> str:
    """Return the mailbox of an address: `ada+news@` is Ada's (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _check_canonical(token: str) -> str:
    """Return a signed token; raise BadSignature if its last letter was changed in the bits that Base64 leaves unused."""
    body, _, signature = token.rpartition(".")
    if base64_encode(base64_decode(signature)).decode() != signature:
        raise BadSignature(body)
    return token


def _confirmed_edit(asked: dict[str, OptInRequest], listed: set[str], today: str) -> FileEdit:
    """Return the edit for those who have confirmed: rows on the list become active, others are appended."""

    def edits(table: CsvTable, columns: Columns) -> Edits:
        edit = column_edit(table, columns, {"status": "active", "paused_until": ""})
        return dict.fromkeys(listed, edit) if edit else dict[str, Edit]()

    new = [
        NewRow(
            email=email,
            name=request.name,
            values={"status": "active", "joined": today, "topics": ", ".join(request.topics)},
        )
        for email, request in asked.items()
        if email not in listed
    ]
    return FileEdit(edits=edits, rows=lambda: new)

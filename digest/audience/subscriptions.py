"""What readers do themselves: join, leave, choose, see what is known of them, be forgotten; by a page or by mail.

Every deed is committed before it is answered. Emails go out behind the answer, so that neither its words nor its time tell
a stranger whether an address is on the list.
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
from digest.store.readers import CONFIRMATION_TTL
from digest.subscribers import FileEdit, NewRow, normalise, remove, rewrite
from digest.subscribers.columns import Columns
from digest.subscribers.csv_table import CsvTable
from digest.subscribers.edit import Edit, Edits, column_edit
from digest.subscribers.import_journal import ImportJournal

log = logging.getLogger("digest")
DATA_LINK_TTL = timedelta(hours=1)  # that a link to one's own data works
NOT_WRITTEN_TO = ("complained", "suppressed")  # no email either, whoever asks for one


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """Somebody leaves: by which token, and how."""

    token: str
    how: str


class Subscriptions:
    """The readers of one newsletter; `csv_sync` shows in the subscriber list what they did."""

    def __init__(self, app: App) -> None:
        secret = app.store.secret("readers")
        self._app = app
        self._confirmations = URLSafeTimedSerializer(secret, salt="confirm")
        self._own = URLSafeTimedSerializer(secret, salt="mine")
        self._leaving = BatchWriter(self._left)
        self._joining = BatchWriter(self._joined)
        self._behind: set[asyncio.Task[None]] = set()
        self.csv_sync = CsvSync(app.store, app.subscriber_file)
        self._links_sent = RateLimiter(3, 3_600)
        self._mailboxes = RateLimiter(4, 6 * 3_600)  # emails to one mailbox, whatever stands behind a plus

    async def close(self) -> None:
        """Let the emails go and the subscriber list be written."""
        await asyncio.gather(*self._behind, return_exceptions=True)
        await self.csv_sync.close()

    # — leaving —

    async def leave(self, token: str, how: str) -> bool:
        """Take the reader of a token off the list, for good; False for a token that is nobody's."""
        email = await self._leaving(Unsubscription(token, how))
        if email is not None:
            self.csv_sync.note(email, {"status": "unsubscribed"})
        return email is not None or self.erased(token)

    def erased(self, token: str) -> bool:
        """Whether it was the token of somebody who had their data deleted."""
        return bool(self._app.store.suppressions.forgotten([token]))

    def _left(self, rows: Sequence[Unsubscription]) -> Sequence[str | None]:
        now = self._app.clock()
        return self._app.store.suppressions.opt_out([(row.token, row.how) for row in rows], now)

    # — joining —

    def ask(self, email: str, name: str, topics: Sequence[str]) -> None:
        """Somebody asks for the newsletter: an email goes to the address, whatever is known of it; SubscriberFileError if invalid.

        What a spreadsheet would run is no name, and an address that it would run is nobody's: both would stand in the list.
        """
        address = normalise(email)
        if address.startswith(FORMULA):
            log.warning("somebody asked for the newsletter with a formula for an address; nothing was sent")
            return
        self._later(self._answer(address, " ".join(name.split()).lstrip("".join(FORMULA))[:100], topics))

    async def _answer(self, email: str, name: str, topics: Sequence[str]) -> None:
        app = self._app
        reason = (await asyncio.to_thread(app.store.suppressions.among, [email])).get(email)
        if reason in NOT_WRITTEN_TO:
            return
        row = await asyncio.to_thread(self._row, email)
        request = await asyncio.to_thread(app.store.readers.ask, email, name, topics, app.clock())
        if request is None or not self._mailboxes.allow(_mailbox(email)):
            return
        if row is not None and reason is None and row.status in {"active", "paused"}:
            until = await asyncio.to_thread(self._pause, row)
            await self._send(email, "already_subscribed", app.links.pages(email, "")[2], paused_until=until)
        else:
            await self._send(email, "confirmation", self._confirmation(request))

    async def confirm(self, token: str) -> tuple[str, ...] | None:
        """Add the one who asked to the subscriber list, and give the topics chosen; None for a token that is forged, answered,
        renewed or too old.
        """
        return await self._joining(token)

    def _joined(self, tokens: Sequence[str]) -> Sequence[tuple[str, ...] | None]:
        """Several at once, since each costs a writing of the subscriber list. A request is open until its row is there."""
        app, now = self._app, self._app.clock()
        requests = [self._request(token) for token in tokens]
        asked = {request.email: request for request in requests if request is not None}
        reasons = app.store.suppressions.among(asked)
        asked = {email: request for email, request in asked.items() if reasons.get(email) not in NOT_WRITTEN_TO}
        for email in asked:  # before the subscriber list says so, or the CSV writer would write down what is over
            app.store.suppressions.release(email, "subscribed again with the form and confirmed", now)
        if asked:
            there = {email for email in asked if self._row(email) is not None}
            rewrite(app.subscriber_path, _joining(asked, there, now.date().isoformat()))
        for email, request in asked.items():
            app.store.suppressions.back(email)
            app.store.readers.remember(email, app.links.token(email))
            wish = Preference(email=email, topics=request.topics or None)  # an old pause is over: they have just asked for it
            app.store.readers.prefer(wish, now, f"chosen when subscribing: {', '.join(request.topics) or 'everything'}")
            app.store.history.note(
                [HistoryEvent(email=email, at=now, event="confirmed", detail="confirmed by email (double opt-in)")]
            )
            app.store.readers.answer(request)
        return [tuple(request.topics) if request is not None and request.email in asked else None for request in requests]

    def plausible(self, token: str) -> bool:
        """Whether a confirmation is one of ours and not too old; it may be answered already."""
        with suppress(BadData):
            self._confirmations.loads(_canonical(token), max_age=int(CONFIRMATION_TTL.total_seconds()))
            return True
        return False

    def _request(self, token: str) -> OptInRequest | None:
        with suppress(BadData, TypeError, ValueError):
            number, nonce = self._confirmations.loads(_canonical(token), max_age=int(CONFIRMATION_TTL.total_seconds()))
            return self._app.store.readers.asking(int(number), str(nonce), self._app.clock())
        return None

    # — choosing —

    def known(self, token: str) -> str | None:
        """Whose token it is."""
        return self._app.store.readers.of_token(token)

    def preference(self, email: str) -> Preference:
        """What a reader has chosen, the subscriber list's topics where they have not."""
        wish = self._app.store.readers.preference(email)
        if wish.topics is not None:
            return wish
        row = self._row(email)
        return Preference(email=email, topics=row.topics if row else (), paused_until=wish.paused_until, comments=wish.comments)

    async def prefer(self, wish: Preference) -> None:
        """Keep what a reader chooses, and have it shown in the subscriber list where that has columns for it."""
        until = wish.paused_until.isoformat() if wish.paused_until else ""
        topics = ", ".join(wish.topics or ())
        told = f"topics: {topics or 'all'}; pause: {until or 'none'}; comments: {'yes' if wish.comments else 'no'}"
        await asyncio.to_thread(self._app.store.readers.prefer, wish, self._app.clock(), told)
        self.csv_sync.note(wish.email, {"topics": topics, "paused_until": until})

    # — seeing and being forgotten —

    def send_link(self, email: str) -> None:
        """Send a reader the way to their own data; nothing happens for an address that is unknown. SubscriberFileError for none."""
        address = normalise(email)
        if self._links_sent.allow(address):
            self._later(self._link(address))

    async def _link(self, email: str) -> None:
        found = await asyncio.to_thread(record_of, self._app, email)
        gone = found.suppression.reason if found.suppression else ""
        if found.known and gone not in NOT_WRITTEN_TO:
            token = self._app.links.token(email)
            await asyncio.to_thread(self._app.store.readers.enrol, email, token)
            leave, _, manage = self._app.links.pages(email, "")
            await self._send(email, "manage", manage, more={"data": self._data(token), "unsubscribe": leave})

    def mine(self, token: str) -> SubscriberRecord | None:
        """What is known of the reader whom a link was sent to; None for one that is forged or too old."""
        with suppress(BadData):
            email = self.known(str(self._own.loads(_canonical(token), max_age=int(DATA_LINK_TTL.total_seconds()))))
            return record_of(self._app, email) if email else None
        return None

    def forget(self, email: str) -> None:
        """Keep nothing of a reader; DigestError where the subscriber list cannot be written, and then nothing is done."""
        if self._app.subscriber_file().find(email) is not None:
            remove(self._app.subscriber_path, email)
        ImportJournal.forget(self._app.subscriber_path, email)
        self._app.store.readers.forget(email, self._app.links.token(email), self._app.clock())

    # — emails to one person —

    async def _send(self, email: str, name: str, url: str, **values: Any) -> None:
        app, now = self._app, self._app.clock()
        rendered = app.design().email(name, url, **values)
        compose = Composer(app.pipeline.sender, rendered, f"letter-{now.timestamp():.6f}", now, transactional=True)
        message = compose(Recipient(id=0, email=email))
        (receipt,) = await deliver_unrecorded(app.config.smtp, app.config.newsletter.address, app.clock, [message])
        if receipt.outcome != "sent":
            log.warning("could not send an email to %s: %s %s", email, receipt.code, receipt.reply)

    def _pause(self, row: Subscriber) -> date | None:
        """When the pause of somebody ends; None where there is none."""
        until = self.preference(row.email).paused_until or row.paused_until
        return until if until and until > self._app.clock().date() else None

    def _confirmation(self, request: OptInRequest) -> str:
        return f"{self._public}/confirm/{self._confirmations.dumps([request.id, request.nonce])}"

    def _data(self, token: str) -> str:
        return f"{self._public}/mine/{self._own.dumps(token)}"

    @property
    def _public(self) -> str:
        return (self._app.config.newsletter.public_url or "").rstrip("/")

    def _row(self, email: str) -> Subscriber | None:
        try:
            return self._app.subscriber_file().find(email)
        except SubscriberFileError:
            return None

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(self._told(work))
        self._behind.add(task)
        task.add_done_callback(self._behind.discard)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except DigestError as error:
            log.warning("could not send an email: %s", error)


def _mailbox(address: str) -> str:
    """The mailbox of an address: `ada+news@` is Ada's (RFC 5233)."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def _canonical(token: str) -> str:
    """A signed token as we write it; BadSignature for one whose last letter was turned where Base64 has bits to spare."""
    body, _, signature = token.rpartition(".")
    if base64_encode(base64_decode(signature)).decode() != signature:
        raise BadSignature(body)
    return token


def _joining(asked: dict[str, OptInRequest], there: set[str], today: str) -> FileEdit:
    """The rows of those who have confirmed: new ones, and those that are there made active."""

    def edits(table: CsvTable, columns: Columns) -> Edits:
        edit = column_edit(table, columns, {"status": "active", "paused_until": ""})
        return dict.fromkeys(there, edit) if edit else dict[str, Edit]()

    new = [
        NewRow(
            email=email,
            name=request.name,
            values={"status": "active", "joined": today, "topics": ", ".join(request.topics)},
        )
        for email, request in asked.items()
        if email not in there
    ]
    return FileEdit(edits=edits, rows=lambda: new)

"""What follows from mail that comes back: a dead address and a complaint count at once, a full mailbox if it stays full.

A stranger can write a bounce about anybody. A report must therefore prove that it is about mail of ours. The proof is the
address it was sent to (a variable envelope return path), or our own Message-ID or link in it. A provider proves itself by its
signature or password. A report without proof is logged and changes nothing.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from time import monotonic

from digest.app import App
from digest.audience.csv_sync import write_suppressions
from digest.bounces import FAILURE_KINDS, BounceReport, classify
from digest.bounces.mailboxes import MAX_MESSAGES, ImapMailbox, count_new, read_new
from digest.bounces.providers import WebhookEvent
from digest.compose.verp import parse_verp
from digest.errors import DigestError
from digest.store import HistoryEvent, Suppression
from digest.store.bounces import REFUSED_US, SOFT, UNDELIVERED
from digest.subscriber_statuses import Origin

log = logging.getLogger("digest")
EVENT_BY_KIND = {"full": SOFT, "soft": UNDELIVERED, "ours": REFUSED_US}
REASON_BY_KIND = {"hard": "bounced", "complaint": "complained", "leave": "unsubscribed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceOutcome:
    """What followed for one subscriber. `event` is unsubscribed, bounced or complained; soft bounce (a full or disabled mailbox),
    undelivered or refused for our sake; or unproven, if nothing followed.
    """

    email: str
    event: str
    detail: str


class BounceHandler:
    """The one place that turns reports into opt-outs."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._is_csv_stale = False  # whether the subscriber list does not show a suppression yet

    def process_message(self, raw: bytes) -> tuple[BounceReport, list[BounceOutcome]]:
        """Process one message; processing the same bytes again changes nothing."""
        report = classify(raw)
        return report, self._process(f"mail {hashlib.sha256(raw).hexdigest()}", report, proven=False)

    def process_event(self, event: WebhookEvent) -> list[BounceOutcome]:
        """Process what a provider reports; the caller has checked that it is the provider."""
        return self._process(event.id, event.report, proven=True)

    def _process(self, key: str, report: BounceReport, *, proven: bool) -> list[BounceOutcome]:
        unsubscribing = list(self._unsubscribing(report))
        if report.unattributed:
            report = replace(report, kind="soft")
        if unsubscribing:
            report = BounceReport(kind="leave", addresses=tuple(unsubscribing), detail="by email to the List-Unsubscribe address")
            proven = True
        if report.kind not in {*REASON_BY_KIND, *EVENT_BY_KIND}:
            return []
        emails, known = self._attribute(report)
        emails = self._drop_forgotten(emails or (list(report.addresses) if proven else []))
        detail = " ".join(filter(None, [report.status, report.detail]))
        if not (proven or known):
            return [BounceOutcome(email=email, event="unproven", detail=detail) for email in emails]
        if report.kind in EVENT_BY_KIND:
            return self._record(key, emails, EVENT_BY_KIND[report.kind], detail)
        return self._suppress(key, emails, REASON_BY_KIND[report.kind], detail)

    def _suppress(self, key: str, emails: list[str], reason: str, detail: str) -> list[BounceOutcome]:
        now, origin = self._app.clock(), Origin.MAIL if reason == "bounced" else Origin.READER
        rows = [Suppression(email=email, reason=reason, since=now, origin=origin, detail=detail) for email in emails]
        new = self._app.store.bounces.report(key, rows, now)
        return [BounceOutcome(email=email, event=reason, detail=detail) for email in new]

    def _record(self, key: str, emails: list[str], event: str, detail: str) -> list[BounceOutcome]:
        """Record the bounces. Only a full or disabled mailbox counts: its subscriber is suppressed if it stays so."""
        now, bounces = self._app.clock(), self._app.config.bounces
        entries = [HistoryEvent(email=email, at=now, event=event, detail=detail) for email in emails]
        limit, since = bounces.soft_limit, now - bounces.soft_within
        recorded, dead = self._app.store.bounces.report_soft(key, entries, now, limit=limit, since=since)
        return [BounceOutcome(email=email, event="bounced" if email in dead else event, detail=detail) for email in recorded]

    def _drop_forgotten(self, emails: list[str]) -> list[str]:
        """Return the addresses without those who had their data deleted: nothing more is recorded of them."""
        tokens = {self._app.links.token(email): email for email in emails}
        forgotten = self._app.store.suppressions.forgotten(tokens)
        return [email for token, email in tokens.items() if token not in forgotten]

    def _unsubscribing(self, report: BounceReport) -> Iterator[str]:
        """Yield the subscribers to whose own unsubscribe address the message was sent, unless a machine sent it."""
        if report.kind != "other" or report.unattributed:
            return
        yield from self._subscribers_by_verp(report, "leave")

    def _subscribers_by_verp(self, report: BounceReport, purpose: str) -> Iterator[str]:
        for address in report.sent_to:
            verp = parse_verp(self._app.links.secret, address)
            if verp and verp[0] == purpose and (email := self._app.store.subscribers.email_of_id(verp[1])):
                yield email

    def _attribute(self, report: BounceReport) -> tuple[list[str], bool]:
        """Return which subscribers a report is about, and whether it proves that it is about mail of ours."""
        store, links = self._app.store, self._app.links
        by_token = (email for token in report.tokens if (email := store.subscribers.email_of_token(token)))
        if by_verp_or_token := list(dict.fromkeys([*self._subscribers_by_verp(report, "bounce"), *by_token])):
            return by_verp_or_token, True
        key = report.message_id.strip("<>").partition("@")[0].rpartition(".")[0]
        by_message_id = [email for email in report.addresses if key and report.message_id == self._message_id(email, key)]
        if by_message_id:
            return by_message_id, True
        return [email for email in report.addresses if store.subscribers.email_of_token(links.token(email))], False

    def _message_id(self, email: str, key: str) -> str:
        return f"<{self._app.links.message_id_left(email, key)}@{self._app.config.newsletter.domain}>"

    # — the mailbox —

    def read_mailbox(self) -> tuple[int, list[BounceOutcome]]:
        """Process the new messages of the configured mailbox; return how many there were, and what followed.

        They are read MAX_MESSAGES at a time, so that the service can stop in between and a mail server can deliver into an mbox.
        Messages that arrive meanwhile may wait for the next time, so this ends.
        """
        bounces, outcomes = self._app.config.bounces, list[BounceOutcome]()
        mailbox = (bounces.mailbox, self._app.config.root, bounces.password)

        def handle(raw: bytes) -> None:
            outcomes.extend(self._process_and_log(raw))

        count = batch = read_new(*mailbox, handle)
        left = count_new(*mailbox) if batch == MAX_MESSAGES else 0
        while batch and left > 0 and not self._app.stop.is_set():
            batch = read_new(*mailbox, handle)
            count, left = count + batch, left - batch
        self._write_suppressions()
        return count, outcomes

    def _write_suppressions(self) -> None:
        """Show in the subscriber list who is suppressed now."""
        if self._is_csv_stale:
            self._is_csv_stale = False
            write_suppressions(self._app.store, self._app.subscriber_file())

    def _process_and_log(self, raw: bytes) -> list[BounceOutcome]:
        report, outcomes = self.process_message(raw)
        self._is_csv_stale = self._is_csv_stale or any(outcome.event in REASON_BY_KIND.values() for outcome in outcomes)
        for outcome in outcomes:
            log.info("%s: %s %s", outcome.email, outcome.event, outcome.detail)
        if not outcomes and report.kind in {*FAILURE_KINDS, "complaint"}:
            log.info("ignored a %s report about unknown addresses: %s", report.kind, ", ".join(report.addresses))
        return outcomes

    def _watch_imap(self) -> None:
        """Read what is there, then what arrives, over one connection, for an hour or until the service stops."""
        bounces, stop = self._app.config.bounces, self._app.stop

        def handle(raw: bytes) -> None:
            self._process_and_log(raw)

        with ImapMailbox.connect(bounces.mailbox, bounces.password) as imap:
            began = monotonic()
            while not stop.is_set() and monotonic() - began < 3_600:
                while imap.read_new(handle) and not stop.is_set():
                    self._write_suppressions()
                imap.wait(bounces.every.total_seconds(), stop.is_set)

    async def watch(self) -> None:
        """Read the mailbox as long as the service runs; log what fails and try again."""
        stop = self._app.stop
        while not stop.is_set():
            bounces = self._app.config.bounces  # which may change
            by_imap = bounces.mailbox.startswith("imap")
            pause = bounces.every.total_seconds() if not by_imap else 1.0
            try:
                if bounces.mailbox:
                    await asyncio.to_thread(self._watch_imap if by_imap else self.read_mailbox)
            except DigestError as error:
                log.warning("%s", error)
                pause = max(60.0, bounces.every.total_seconds())
            try:
                async with asyncio.timeout(pause):
                    await stop.wait()
            except TimeoutError:
                continue

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
from digest.audience.csv_sync import catch_up
from digest.bounces import FAILED, BounceReport, classify
from digest.bounces.mailboxes import Imap, read_new
from digest.bounces.providers import WebhookEvent
from digest.compose.verp import parse_verp
from digest.errors import DigestError
from digest.statuses import Origin
from digest.store import HistoryEvent, Suppression
from digest.store.bounces import REFUSED_US, SOFT, UNDELIVERED

log = logging.getLogger("digest")
MAX_REMEMBERED = 1_000  # outcomes kept of earlier messages
NOTED = {"full": SOFT, "soft": UNDELIVERED, "ours": REFUSED_US}
SUPPRESSING = {"hard": "bounced", "complaint": "complained", "leave": "unsubscribed"}


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
        self.outcomes: list[BounceOutcome] = []  # of the messages read from the mailbox
        self._changed = False  # whether the subscriber list does not show a suppression yet

    def take(self, raw: bytes) -> tuple[BounceReport, list[BounceOutcome]]:
        """Process one message; processing the same bytes again changes nothing."""
        report = classify(raw)
        return report, self._dealt(f"mail {hashlib.sha256(raw).hexdigest()}", report, vouched=False)

    def take_event(self, event: WebhookEvent) -> list[BounceOutcome]:
        """Process what a provider reports; the caller has checked that it is the provider."""
        return self._dealt(event.id, event.report, vouched=True)

    def _dealt(self, key: str, report: BounceReport, *, vouched: bool) -> list[BounceOutcome]:
        leaving = list(self._leaving(report))
        if report.doubt:
            report = replace(report, kind="soft")
        if leaving:
            report = BounceReport(kind="leave", addresses=tuple(leaving), detail="by email to the List-Unsubscribe address")
            vouched = True
        if report.kind not in {*SUPPRESSING, *NOTED}:
            return []
        emails, known = self._whose(report)
        emails = self._remembered(emails or (list(report.addresses) if vouched else []))
        told = " ".join(filter(None, [report.status, report.detail]))
        if not (vouched or known):
            return [BounceOutcome(email=email, event="unproven", detail=told) for email in emails]
        if report.kind in NOTED:
            return self._noted(key, emails, NOTED[report.kind], told)
        return self._suppressed(key, emails, SUPPRESSING[report.kind], told)

    def _suppressed(self, key: str, emails: list[str], reason: str, told: str) -> list[BounceOutcome]:
        now, origin = self._app.clock(), Origin.MAIL if reason == "bounced" else Origin.READER
        rows = [Suppression(email=email, reason=reason, since=now, origin=origin, detail=told) for email in emails]
        new = self._app.store.bounces.report(key, rows, now)
        return [BounceOutcome(email=email, event=reason, detail=told) for email in new]

    def _noted(self, key: str, emails: list[str], event: str, told: str) -> list[BounceOutcome]:
        """Record the bounces. Only a full or disabled mailbox counts: its subscriber is suppressed if it stays so."""
        now, bounces = self._app.clock(), self._app.config.bounces
        entries = [HistoryEvent(email=email, at=now, event=event, detail=told) for email in emails]
        limit, since = bounces.soft_limit, now - bounces.soft_within
        noted, dead = self._app.store.bounces.report_soft(key, entries, now, limit=limit, since=since)
        return [BounceOutcome(email=email, event="bounced" if email in dead else event, detail=told) for email in noted]

    def _remembered(self, emails: list[str]) -> list[str]:
        """Return the addresses without those who had their data deleted: nothing more is recorded of them."""
        tokens = {self._app.links.token(email): email for email in emails}
        forgotten = self._app.store.suppressions.forgotten(tokens)
        return [email for token, email in tokens.items() if token not in forgotten]

    def _leaving(self, report: BounceReport) -> Iterator[str]:
        """Yield the subscribers to whose own unsubscribe address the message was sent, unless a machine sent it."""
        if report.kind != "other" or report.doubt:
            return
        yield from self._marked(report, "leave")

    def _marked(self, report: BounceReport, purpose: str) -> Iterator[str]:
        for address in report.sent_to:
            meant = parse_verp(self._app.links.secret, address)
            if meant and meant[0] == purpose and (email := self._app.store.subscribers.email_of_id(meant[1])):
                yield email

    def _whose(self, report: BounceReport) -> tuple[list[str], bool]:
        """Return which subscribers a report is about, and whether it proves that it is about mail of ours."""
        store, links = self._app.store, self._app.links
        marked = [
            *self._marked(report, "bounce"),
            *(email for token in report.tokens if (email := store.subscribers.email_of_token(token))),
        ]
        if marked:
            return list(dict.fromkeys(marked)), True
        key = report.message_id.strip("<>").partition("@")[0].rpartition(".")[0]
        ours = [email for email in report.addresses if key and report.message_id == self._message_id(email, key)]
        if ours:
            return ours, True
        return [email for email in report.addresses if store.subscribers.email_of_token(links.token(email))], False

    def _message_id(self, email: str, key: str) -> str:
        return f"<{self._app.links.message_id(email, key)}@{self._app.config.newsletter.domain}>"

    # — the mailbox —

    def read_mailbox(self) -> int:
        """Process the new messages of the configured mailbox; return how many there were."""
        bounces = self._app.config.bounces
        count = read_new(bounces.mailbox, self._app.config.root, bounces.password, self._heed)
        self._write_down()
        return count

    def _write_down(self) -> None:
        """Show in the subscriber list who is suppressed now."""
        if self._changed:
            self._changed = False
            catch_up(self._app.store, self._app.subscriber_file())

    def _heed(self, raw: bytes) -> None:
        report, outcomes = self.take(raw)
        self.outcomes = [*self.outcomes[-MAX_REMEMBERED:], *outcomes]
        self._changed = self._changed or any(outcome.event in SUPPRESSING.values() for outcome in outcomes)
        for outcome in outcomes:
            log.info("%s: %s %s", outcome.email, outcome.event, outcome.detail)
        if not outcomes and report.kind in {*FAILED, "complaint"}:
            log.info("ignored a %s report about unknown addresses: %s", report.kind, ", ".join(report.addresses))

    def _watch_imap(self) -> None:
        """Read what is there, then what arrives, over one connection, for an hour or until the service stops."""
        bounces, stop = self._app.config.bounces, self._app.stop
        with Imap.connected(bounces.mailbox, bounces.password) as imap:
            began = monotonic()
            while not stop.is_set() and monotonic() - began < 3_600:
                while imap.read_new(self._heed) and not stop.is_set():
                    self._write_down()
                imap.wait(bounces.every.total_seconds(), stop.is_set)

    async def watch(self) -> None:
        """Read the mailbox as long as the service runs; log what fails and try again."""
        bounces, stop = self._app.config.bounces, self._app.stop
        if not bounces.mailbox:
            return
        by_imap = bounces.mailbox.startswith("imap")
        while not stop.is_set():
            pause = bounces.every.total_seconds() if not by_imap else 1.0
            try:
                await asyncio.to_thread(self._watch_imap if by_imap else self.read_mailbox)
            except DigestError as error:
                log.warning("%s", error)
                pause = max(60.0, bounces.every.total_seconds())
            try:
                async with asyncio.timeout(pause):
                    await stop.wait()
            except TimeoutError:
                continue

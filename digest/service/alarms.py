"""Alarms: the operator is told what is wrong, once, and once more when it is over; and another machine is told that all is well.

A trouble is told when it was there on two looks, half a minute apart, and is over when it was not for ten minutes: one that comes
and goes tells nobody ten times in an hour.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from digest.app import App
from digest.collect.fetch import post
from digest.config import Smtp, split_mailbox
from digest.deliver import deliver_unrecorded
from digest.errors import DigestError
from digest.model import Message, Outcome, Recipient
from digest.service.troubles import certificate_trouble, troubles
from digest.store import Trouble
from digest.text.prose import counted

log = logging.getLogger("digest")
LOOKS = 2  # before a trouble is told
QUIET_LOOKS = 20  # before it is over
CERTIFICATE_EVERY = timedelta(hours=12)
_PINGED = "pinged"


class Alarms:
    """The alarms of one newsletter. `said` has the errors of the last runs by the edition's key, and `also` tells other
    troubles; each look reads both.
    """

    def __init__(self, app: App, said: Mapping[str, str], also: Callable[[], Iterable[Trouble | None]] = lambda: ()) -> None:
        self._app = app
        self._also = also
        self._said = said
        self._present: Counter[str] = Counter()
        self._absent: Counter[str] = Counter()
        self._looking = asyncio.Lock()
        self._certificate: tuple[datetime, Trouble | None] | None = None

    async def look(self) -> None:
        """Look for what is wrong, and tell what is new and what is over; what no way took is told the next time."""
        async with self._looking:
            await self._look()

    async def wait_until_idle(self) -> None:
        """Wait until no look is in progress."""
        async with self._looking:
            return

    async def _look(self) -> None:
        now = await self._now_wrong()
        told = await asyncio.to_thread(self._app.store.alarms.told)
        for key, trouble in now.items():
            self._present[key] += 1
            self._absent.pop(key, None)
            if key not in told and self._present[key] >= LOOKS and await self._tell(trouble):
                await asyncio.to_thread(self._app.store.alarms.begin, trouble, self._app.clock())
        for key, (trouble, _) in told.items():
            if key in now:
                continue
            self._absent[key] += 1
            self._present.pop(key, None)
            if self._absent[key] >= QUIET_LOOKS and await self._tell_end(trouble):
                await asyncio.to_thread(self._app.store.alarms.end, key)
        for key in [key for key in self._present if key not in now]:
            del self._present[key]
        if not now:
            await self._ping_for_the_last_edition()

    async def _now_wrong(self) -> dict[str, Trouble]:
        found = {row.key: row for row in await asyncio.to_thread(troubles, self._app, dict(self._said))}
        now, url = self._app.clock(), self._app.config.newsletter.public_url
        if url and (self._certificate is None or now - self._certificate[0] >= CERTIFICATE_EVERY):
            self._certificate = now, await certificate_trouble(url, now)
        found |= {row.key: row for row in self._also() if row is not None}
        if self._certificate and (row := self._certificate[1]):
            found[row.key] = row
        return found

    async def _tell(self, trouble: Trouble, *, over: bool = False) -> bool:
        """Tell a trouble, or that it is over, by every way; return whether a person has it: a ping counts only where it is all."""
        log.log(logging.WARNING if not over else logging.INFO, "%s%s", "over: " if over else "", trouble.what)
        plan, ways = self._app.config.alarms, []
        mailboxes = self._mailboxes(trouble)
        if mailboxes:
            ways.append(self._mail(mailboxes, trouble, over=over))
        if plan.webhook:
            ways.append(self._post(plan.webhook, json=_as_json(self._app, trouble, over=over)))
        if plan.ping and not over:
            ways.append(self._post(f"{plan.ping}/fail", text=trouble.what))
        results = await asyncio.gather(*ways)
        said = results[: bool(mailboxes) + bool(plan.webhook)] or results
        return any(said) if said else True

    async def _tell_end(self, trouble: Trouble) -> bool:
        """Tell that a trouble is over, or how it ended; return whether a person has it."""
        kind, _, edition = trouble.key.partition(" ")
        if kind == "late" and not self._app.store.editions.has_slot(edition):
            return True  # its hour has passed, and there is nothing new to be told
        if kind == "stuck" and (lost := self._app.store.deliveries.waiting(edition, None)):
            what = f"Given up: {counted(lost, 'reader')} did not get {edition}"
            return await self._tell(replace(trouble, what=what, why="The relay did not take it in time.", remedy=""))
        if self._app.config.alarms.ping and len(self._app.store.alarms.told()) == 1:
            await self._post(self._app.config.alarms.ping, text=f"over: {trouble.what}")
        return await self._tell(trouble, over=True)

    def _mailboxes(self, trouble: Trouble) -> tuple[str, ...]:
        """Return who gets a mail: the operators, and the editors too if readers wait."""
        plan = self._app.config
        known = {split_mailbox(mailbox)[1].casefold() for mailbox in plan.alarms.mail_to}
        editors = plan.desk.editors if trouble.key.startswith("stuck ") else ()
        return (*plan.alarms.mail_to, *(row for row in editors if split_mailbox(row)[1].casefold() not in known))

    async def _mail(self, mailboxes: Sequence[str], trouble: Trouble, *, over: bool) -> bool:
        """Mail it, by another relay if there is one; return whether anybody has it."""
        plan, newsletter = self._app.config.alarms, self._app.config.newsletter
        smtp = Smtp.model_validate({}).model_copy(update={"relays": (plan.relay,)}) if plan.relay else self._app.config.smtp
        mails = [alarm_mail(self._app, mailbox, trouble, over=over) for mailbox in mailboxes]
        try:
            receipts = await deliver_unrecorded(smtp, newsletter.address, self._app.clock, mails)
        except DigestError as error:
            log.warning("could not mail an alarm: %s", error)
            return False
        return any(receipt.outcome is Outcome.SENT for receipt in receipts)

    async def _post(self, url: str, *, text: str | None = None, json: Any = None) -> bool:
        """Post to one of the operator's own addresses; return whether it was taken."""
        try:
            await post(url, text=text, json=json)
        except DigestError as error:
            log.warning("an alarm was not taken: %s", error)
            return False
        return True

    async def _ping_for_the_last_edition(self) -> None:
        """Say once for each edition that it has gone; whoever waits for that in vain raises the alarm itself."""
        plan, store = self._app.config.alarms, self._app.store
        last = next(iter(await asyncio.to_thread(store.editions.recent, 1)), None)
        if not plan.ping or last is None or last.finished_at is None or store.desk.notice(last.key, _PINGED):
            return
        if await self._post(plan.ping, text=f"{last.key}: {last.counts}"):
            store.desk.note(last.key, _PINGED, {}, self._app.clock())


def alarm_mail(app: App, mailbox: str, trouble: Trouble, *, over: bool) -> Message:
    """Return the mail that tells a trouble, or that it is over, to one operator: plain text, which every program shows."""
    newsletter, (name, email) = app.config.newsletter, split_mailbox(mailbox)
    mail = EmailMessage()
    mail["From"] = newsletter.sender
    mail["To"] = mailbox
    mail["Subject"] = f"[{newsletter.name}] {'Over: ' if over else ''}{trouble.what}"
    mail["Date"] = format_datetime(app.clock())
    mail["Message-ID"] = make_msgid(domain=newsletter.domain)
    mail["Auto-Submitted"] = "auto-generated"
    lines = [f"{trouble.what}.", trouble.why, trouble.remedy] if not over else [f"Over: {trouble.what}.", "It needs nothing more."]
    mail.set_content("\n\n".join(filter(None, lines)) + f"\n\n-- \ndigest, {app.config.root}\n")
    raw = mail.as_bytes(policy=mail.policy.clone(linesep="\r\n", max_line_length=78))
    return Message(recipient=Recipient(id=0, email=email, name=name), message_id=mail["Message-ID"], raw=raw)


def _as_json(app: App, trouble: Trouble, *, over: bool) -> dict[str, Any]:
    """Return what the webhook gets; `text` is what Slack, Mattermost and Discord's Slack form show."""
    text = f"{'Over: ' if over else ''}{trouble.what}. {'' if over else f'{trouble.why} {trouble.remedy}'}".strip()
    return {
        "newsletter": app.config.newsletter.name, "state": "over" if over else "trouble", "key": trouble.key, "what": trouble.what,
        "why": trouble.why, "remedy": trouble.remedy, "at": app.clock().isoformat(), "text": text,
    }  # fmt: skip

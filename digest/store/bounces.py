"""Bounces: what refusals and reports say about addresses. Some suppress at once, others only when they are repeated."""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, select

from digest.bounces.refusals import Cause, cause_of
from digest.model import Outcome
from digest.store import schema
from digest.store.database import insert, lock_for_writing
from digest.store.history import HistoryEvent, events_of, insert_events
from digest.store.suppressions import Recorded, Suppression, insert_suppressions
from digest.subscriber_statuses import Origin
from digest.text.formats import day_text

MIN_DEAD = 3  # fewer dead addresses are always believed
MAX_DEAD_SHARE = 0.3  # of a list: more are not believed
SMALL_LIST, MAX_DEAD_SHARE_SMALL = 40, 0.5  # recipients of a small list, and the share that holds for it
MIN_ALIKE_REFUSALS = 5  # of one provider; if they are more than half of its recipients, it refuses us and not them
SOFT = "soft bounce"  # a full or disabled mailbox
UNDELIVERED = "undelivered"  # the reason is on the other side or not understood: not the recipient's fault
REFUSED_US = "refused for our sake"
REPORTS_KEPT = timedelta(days=90)


class BounceRecords:
    """The bounces of all editions; `notify` is told what they have suppressed, after each commit."""

    def __init__(self, engine: Engine, notify: Callable[[Recorded], None]) -> None:
        self._engine = engine
        self._notify = notify

    def adopt_refusals(self, key: str, now: datetime, *, limit: int, since: datetime) -> int:
        """Suppress the addresses that an edition has shown to be dead; return how many are new.

        An address is dead if a relay refuses it for good because the mailbox or its domain is gone (`digest.bounces.refusals`). If
        that is much of a list, or most of one provider's recipients, the relay is wrong, not the list. A full or disabled mailbox
        is noted; its address is suppressed once that has happened `limit` times since `since`.
        """
        sent = schema.deliveries.c
        joined = schema.deliveries.join(schema.subscribers, schema.subscribers.c.id == sent.subscriber)
        refused = and_(sent.edition == key, sent.state == Outcome.REFUSED)
        found = select(schema.subscribers.c.email, sent.code, sent.status, sent.reply).select_from(joined).where(refused)
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            total = connection.execute(select(func.count()).where(sent.edition == key)).scalar_one()
            refusals = [(row, cause_of(row.status, row.reply)) for row in connection.execute(found)]
            dead = [row for row, why in refusals if why is Cause.GONE]
            if _too_many(len(dead), total):
                return 0
            doubtful = _doubtful_providers(connection, key, Counter(_provider(row.email) for row in dead))
            rows = [
                Suppression(email=row.email, reason="bounced", since=now, origin=Origin.MAIL, detail=_detail(key, row))
                for row in dead
                if _provider(row.email) not in doubtful
            ]
            recorded, over_limit = insert_suppressions(connection, rows), Recorded()
            events = {Cause.FULL: SOFT, Cause.OURS: REFUSED_US, Cause.LATER: UNDELIVERED, Cause.UNCLEAR: UNDELIVERED}
            entries = [
                HistoryEvent(email=row.email, at=now, event=events[why], detail=_detail(key, row))
                for row, why in refusals
                if why in events
            ]
            if _claim_report(connection, f"edition {key}", now):
                over_limit = _record_soft_bounces(connection, entries, limit=limit, since=since)
        self._notify(recorded)
        self._notify(over_limit)
        return len(recorded.new) + len(over_limit.new)

    def report(self, key: str, rows: Sequence[Suppression], now: datetime) -> list[str]:
        """Suppress what a report says, once for each `key` of a report; return the addresses that are newly suppressed."""
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            recorded = insert_suppressions(connection, rows) if _claim_report(connection, key, now) else Recorded()
        self._notify(recorded)
        return recorded.emails

    def report_soft(
        self, key: str, entries: Sequence[HistoryEvent], now: datetime, *, limit: int, since: datetime
    ) -> tuple[list[str], list[str]]:
        """Note bounces that are not final, once for each `key`; suppress an address with `limit` soft bounces since `since`.

        Returns the addresses that are noted, and those of them that this suppresses.
        """
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if not _claim_report(connection, key, now):
                return [], []
            over_limit = _record_soft_bounces(connection, entries, limit=limit, since=since)
        self._notify(over_limit)
        return [entry.email for entry in entries], over_limit.emails


def _too_many(dead: int, total: int) -> bool:
    """Return whether so many dead addresses speak of the relay and not of the list."""
    share = MAX_DEAD_SHARE if total > SMALL_LIST else MAX_DEAD_SHARE_SMALL
    return dead >= MIN_DEAD and dead > share * total


def _detail(key: str, row: Any) -> str:
    return f"edition {key}: {row.code} {row.reply}"[:500]


def _provider(email: str) -> str:
    return email.rpartition("@")[2]


def _doubtful_providers(connection: Connection, key: str, dead: Counter[str]) -> set[str]:
    """Return the providers that refuse most of an edition's recipients there: so many mailboxes do not close in one night."""
    sent, known = schema.deliveries.c, schema.subscribers.c
    joined = schema.deliveries.join(schema.subscribers, known.id == sent.subscriber)
    counts = select(func.count()).select_from(joined).where(sent.edition == key)
    return {
        name
        for name, count in dead.items()
        if count >= MIN_ALIKE_REFUSALS
        and count > 0.5 * connection.execute(counts.where(known.email.endswith(f"@{name}", autoescape=True))).scalar_one()
    }


def _record_soft_bounces(connection: Connection, entries: Sequence[HistoryEvent], *, limit: int, since: datetime) -> Recorded:
    insert_events(connection, entries)
    over_limit = [entry for entry in entries if entry.event == SOFT and events_of(connection, SOFT, since, entry.email) >= limit]
    detail = f"{limit} soft bounces since {day_text(since)}, most recently: "
    rows = [
        Suppression(email=row.email, reason="bounced", since=row.at, origin=Origin.MAIL, detail=detail + row.detail)
        for row in over_limit
    ]
    return insert_suppressions(connection, rows)


def _claim_report(connection: Connection, key: str, now: datetime) -> bool:
    """Record a report, and return whether it is new; reports are remembered for 90 days."""
    table = schema.bounce_reports
    connection.execute(delete(table).where(table.c.at < now - REPORTS_KEPT))
    return bool(connection.execute(insert(connection, table).on_conflict_do_nothing(), {"id": key, "at": now}).rowcount)

"""All that is known of one address, for the operator who is asked about it and for the person who asks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from digest.app import App
from digest.errors import SubscriberFileError
from digest.model import Subscriber
from digest.store import HistoryEvent, Preference, Suppression
from digest.text.formats import instant_text


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberRecord:
    """One address and all that is known of it."""

    email: str
    row: Subscriber | None
    suppression: Suppression | None
    preference: Preference
    history: Sequence[HistoryEvent]
    deliveries: Sequence[Mapping[str, Any]]

    @property
    def known(self) -> bool:
        """Whether there is a row, a suppression, a history or a delivery."""
        return bool(self.row or self.suppression or self.history or self.deliveries)

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON values, for a program and for the person's own download."""
        row, gone, wish = self.row, self.suppression, self.preference
        return {
            "email": self.email,
            "subscription": None if row is None else _fields(row),
            "suppressed": None if gone is None else {"reason": gone.reason, "since": gone.since, "detail": gone.detail},
            "preferences": {"topics": wish.topics, "paused_until": wish.paused_until, "comments": wish.comments},
            "history": [{"at": entry.at, "event": entry.event, "detail": entry.detail} for entry in self.history],
            "deliveries": [dict(delivery) for delivery in self.deliveries],
        }

    def text(self) -> str:
        """Return the record as text for a person."""
        if not self.known:
            return f"{self.email}: no record."
        row, gone, wish = self.row, self.suppression, self.preference
        lines = [f"{self.email}: {f'line {row.line}, {row.status}' if row else 'not on the subscriber list'}"]
        if gone:
            lines.append(
                f"  suppressed: {gone.reason}, {instant_text(gone.since, UTC)}{f' ({gone.detail})' if gone.detail else ''}"
            )
        if wish != Preference(email=self.email):
            topics = "from subscribers.csv" if wish.topics is None else ", ".join(wish.topics) or "all"
            until = f"; paused until {wish.paused_until}" if wish.paused_until else ""
            lines.append(f"  preferences: topics {topics}{until}{'' if wish.comments else '; no comments'}")
        lines += [
            f"  {instant_text(entry.at, UTC)} {entry.event}{f': {entry.detail}' if entry.detail else ''}" for entry in self.history
        ]
        lines += [f"  {row['edition']}: {row['state']} {row['code'] or ''} {row['reply']}".rstrip() for row in self.deliveries]
        return "\n".join(lines)


def record_of(app: App, email: str) -> SubscriberRecord:
    """Return the record of an address; a subscriber list that cannot be read counts as one without the address."""
    try:
        row = app.subscriber_file().find(email)
    except SubscriberFileError:
        row = None
    return SubscriberRecord(
        email=email,
        row=row,
        suppression=next(app.store.suppressions.of([email]), None),
        preference=app.store.subscribers.preference(email),
        history=app.store.history.of(email),
        deliveries=app.store.subscribers.deliveries_to(email),
    )


def _fields(row: Subscriber) -> dict[str, Any]:
    known = {name: value for name, value in row._asdict().items() if name not in {"extra", "line", "email"} and value}
    return {**known, "line": row.line, **({"extra": dict(row.extra)} if row.extra else {})}

"""All that is known of one address, for the operator who is asked about it and for the person who asks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC
from typing import Any

from digest.app import App
from digest.errors import SubscriberFileError
from digest.model import Subscriber
from digest.store import HistoryEvent, Preference, Suppression
from digest.subscriber_statuses import described_status
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
    def is_known(self) -> bool:
        """Whether there is a row, a suppression, a history or a delivery."""
        return bool(self.row or self.suppression or self.history or self.deliveries)

    def as_json(self) -> dict[str, Any]:
        """Return the record as JSON values, for a program and for the person's own download."""
        row, suppression, preference = self.row, self.suppression, self.preference
        return {
            "email": self.email,
            "subscription": None if row is None else _fields(row),
            "suppressed": None if suppression is None else _suppression_fields(suppression),
            "preferences": {name: value for name, value in asdict(preference).items() if name != "email"},
            "history": [{"at": entry.at, "event": entry.event, "detail": entry.detail} for entry in self.history],
            "deliveries": [dict(delivery) for delivery in self.deliveries],
        }

    def text(self) -> str:
        """Return the record as text for a person."""
        if not self.is_known:
            return f"{self.email}: no record."
        row, suppression, preference = self.row, self.suppression, self.preference
        lines = [f"{self.email}: {f'line {row.line}, {described_status(row.status)}' if row else 'not on the subscriber list'}"]
        if suppression:
            detail = f" ({suppression.detail})" if suppression.detail else ""
            lines.append(f"  suppressed: {suppression.reason}, {instant_text(suppression.since, UTC)}{detail}")
        if preference != Preference(email=self.email):
            topics = "from subscribers.csv" if preference.topics is None else ", ".join(preference.topics) or "all"
            until = f"; paused until {preference.paused_until}" if preference.paused_until else ""
            own = [f"; {name} {value}" for name in ("frequency", "timezone") if (value := getattr(preference, name))]
            lines.append(f"  preferences: topics {topics}{until}{'' if preference.comments else '; no comments'}{''.join(own)}")
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


def _suppression_fields(suppression: Suppression) -> dict[str, Any]:
    return {"reason": suppression.reason, "since": suppression.since, "detail": suppression.detail}

"""What subscribers choose: topics, comments, a pause. The store counts; the subscriber list shows it."""

import asyncio
from dataclasses import replace
from datetime import date

from digest.app import App
from digest.audience.csv_sync import CsvSync
from digest.errors import SubscriberFileError
from digest.model import Subscriber
from digest.store import Preference


class Preferences:
    """The preferences of one newsletter's subscribers."""

    def __init__(self, app: App, csv_sync: CsvSync) -> None:
        self._app = app
        self._csv_sync = csv_sync

    def of(self, email: str) -> Preference:
        """Return what a subscriber has chosen; what they have not chosen is as the subscriber list has it."""
        chosen = self._app.store.subscribers.preference(email)
        if None not in {chosen.topics, chosen.frequency, chosen.timezone}:
            return chosen
        row = listed_row(self._app, email) or Subscriber(email=email)
        return replace(
            chosen,
            topics=row.topics if chosen.topics is None else chosen.topics,
            frequency=(row.frequency or None) if chosen.frequency is None else chosen.frequency,
            timezone=(row.timezone or None) if chosen.timezone is None else chosen.timezone,
        )

    async def save(self, preference: Preference) -> None:
        """Save what a subscriber chooses, and have it written to the subscriber list if the list has columns for it."""
        until = preference.paused_until.isoformat() if preference.paused_until else ""
        preference = await asyncio.to_thread(self._without_the_lists, preference)
        topics = ", ".join(preference.topics or ())
        summary = f"topics: {topics or 'all'}; pause: {until or 'none'}; comments: {'yes' if preference.comments else 'no'}"
        own = {name: value for name in ("frequency", "timezone") if (value := getattr(preference, name)) is not None}
        summary += "".join(f"; {name}: {value or 'none'}" for name, value in own.items())
        await asyncio.to_thread(self._app.store.subscribers.set_preference, preference, self._app.clock(), summary)
        self._csv_sync.enqueue(preference.email, {"topics": topics, "paused_until": until, **own})

    def _without_the_lists(self, wish: Preference) -> Preference:
        """Return a wish without the frequency and time zone that only the subscriber list says: they may change there."""
        shown, own = self.of(wish.email), self._app.store.subscribers.preference(wish.email)
        if own.frequency is None and wish.frequency == shown.frequency:
            wish = replace(wish, frequency=None)
        return replace(wish, timezone=None) if own.timezone is None and wish.timezone == shown.timezone else wish

    def pause_end(self, row: Subscriber) -> date | None:
        """Return when the pause of a subscriber ends, or None if there is none."""
        until = self.of(row.email).paused_until or row.paused_until
        return until if until and until > self._app.clock().date() else None


def listed_row(app: App, email: str) -> Subscriber | None:
    """Return an address's row on the subscriber list; None if it has none, or if the list cannot be read."""
    try:
        return app.subscriber_file().find(email)
    except SubscriberFileError:
        return None

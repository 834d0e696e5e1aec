"""What subscribers choose: topics, comments, a pause. The store counts; the subscriber list shows it."""

import asyncio
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
        """Return what a subscriber has chosen; until they choose topics, those of the subscriber list count."""
        chosen = self._app.store.subscribers.preference(email)
        if chosen.topics is not None:
            return chosen
        row = listed_row(self._app, email)
        return Preference(email=email, topics=row.topics if row else (), paused_until=chosen.paused_until, comments=chosen.comments)

    async def save(self, preference: Preference) -> None:
        """Save what a subscriber chooses, and have it written to the subscriber list if the list has columns for it."""
        until = preference.paused_until.isoformat() if preference.paused_until else ""
        topics = ", ".join(preference.topics or ())
        summary = f"topics: {topics or 'all'}; pause: {until or 'none'}; comments: {'yes' if preference.comments else 'no'}"
        await asyncio.to_thread(self._app.store.subscribers.set_preference, preference, self._app.clock(), summary)
        self._csv_sync.enqueue(preference.email, {"topics": topics, "paused_until": until})

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

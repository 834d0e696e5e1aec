"""What subscribers do themselves, by a page or by email: subscribe, unsubscribe, choose, see their data, have it deleted.

Every action is committed before it is answered. Each has a module of its own: `consent.py`, `preferences.py`, `data_requests.py`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from digest.app import App
from digest.audience.consent import DoubleOptIn
from digest.audience.csv_sync import CsvSync
from digest.audience.data_requests import DataRequests
from digest.audience.preferences import Preferences
from digest.audience.transactional_emails import TransactionalEmails
from digest.store.batch_writer import BatchWriter


@dataclass(frozen=True, slots=True)
class Unsubscription:
    """One request to unsubscribe: whose token it came with, and how it was made."""

    token: str
    how: str


class Subscriptions:
    """The subscriptions to one newsletter; `csv_sync` copies what subscribers do into the subscriber list."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._leaving = BatchWriter(self._opt_out)
        self.csv_sync = CsvSync(app.store, app.subscriber_file)
        self.emails = TransactionalEmails(app)
        self.preferences = Preferences(app, self.csv_sync)
        self.opt_in = DoubleOptIn(app, self.emails, self.preferences)
        self.data = DataRequests(app, self.emails)

    async def close(self) -> None:
        """Wait until the emails are sent and the subscriber list is written."""
        await self.emails.wait()
        await self.csv_sync.close()

    def known(self, token: str) -> str | None:
        """Return the address that a token belongs to, or None."""
        return self._app.store.subscribers.email_of_token(token)

    def erased(self, token: str) -> bool:
        """Return whether the token was that of somebody who had their data deleted."""
        return bool(self._app.store.suppressions.forgotten([token]))

    async def unsubscribe(self, token: str, how: str) -> bool:
        """Unsubscribe the owner of a token for good; return False if the token never was anybody's."""
        email = await self._leaving(Unsubscription(token, how))
        if email is not None:
            self.csv_sync.enqueue(email, {"status": "unsubscribed"})
        return email is not None or self.erased(token)

    def _opt_out(self, rows: Sequence[Unsubscription]) -> Sequence[str | None]:
        now = self._app.clock()
        return self._app.store.suppressions.opt_out([(row.token, row.how) for row in rows], now)

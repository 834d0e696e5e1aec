"""The database: what was collected, what each edition is, and what became of every message.

    Store.content        articles, comments and HTTP answers, between collecting and printing
    Store.editions       the editions, frozen
    Store.deliveries     what became of every message
    Store.suppressions   addresses that must not be written to
    Store.history        what happened to an address
    Store.readers        what readers want, by their links
    Store.relay_limits   what relays have shown that they take
    Store.series         which editions go on with which

The database's URL is the only thing that says SQLite.
"""

import secrets
from pathlib import Path

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from digest.store import schema
from digest.store.content import MAX_LOOKBACK, Content
from digest.store.database import open_engine
from digest.store.deliveries import Deliveries
from digest.store.delivery_log import StoredDeliveryLog
from digest.store.editions import Editions, FrozenEdition, PreviousEdition
from digest.store.history import History, HistoryEvent
from digest.store.readers import OptInRequest, Preference, Readers
from digest.store.recipients import RecipientRules
from digest.store.relay_limits import RelayLimits
from digest.store.series import Series
from digest.store.suppressions import Suppression, Suppressions


class Store:
    """Everything that is remembered between two runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.content = Content(engine)
        self.editions = Editions(engine)
        self.deliveries = Deliveries(engine)
        self.suppressions = Suppressions(engine)
        self.history = History(engine)
        self.readers = Readers(engine)
        self.relay_limits = RelayLimits(engine)
        self.series = Series(engine)

    @classmethod
    def open(cls, url: str, root: Path) -> "Store":
        """The store at a URL, its tables up to date; StoreError or ConfigError where it cannot be opened."""
        return cls(open_engine(url, root))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

    def owner(self, folder: str) -> str:
        """The folder of the newsletter whose store this is; the given one where it was nobody's."""
        return self._once("folder", folder)

    def take_over(self, folder: str) -> None:
        """The newsletter has moved into another folder."""
        table = schema.secrets
        with self.engine.begin() as connection:
            connection.execute(update(table).where(table.c.name == "folder").values(value=folder))

    def secret(self, name: str) -> str:
        """A random secret of this newsletter, made when it is first asked for; 256 bits in hexadecimal."""
        return self._once(name, secrets.token_hex(32))

    def _once(self, name: str, value: str) -> str:
        """A value that is kept under a name, the given one where there is none yet."""
        query = select(schema.secrets.c.value).where(schema.secrets.c.name == name)
        with self.engine.begin() as connection:
            known = connection.execute(query).scalar()
        if known:
            return str(known)
        try:
            with self.engine.begin() as connection:
                connection.execute(schema.secrets.insert().values(name=name, value=value))
        except IntegrityError:
            pass  # another process was first; its value is the one
        with self.engine.begin() as connection:
            return str(connection.execute(query).scalar_one())


__all__ = [
    "MAX_LOOKBACK",
    "Content",
    "Deliveries",
    "Editions",
    "FrozenEdition",
    "History",
    "HistoryEvent",
    "OptInRequest",
    "Preference",
    "PreviousEdition",
    "Readers",
    "RecipientRules",
    "Store",
    "StoredDeliveryLog",
    "Suppression",
    "Suppressions",
]

"""The database: what was collected, what each edition is, and what became of every message.

    Store.content        articles, comments and HTTP answers, from collecting until they are in an edition
    Store.editions       the editions, frozen
    Store.revisions      editions that were changed after they were made
    Store.alarms         what is wrong and has been told to the operator
    Store.deliveries     what became of every message
    Store.delivery_reports   the same, counted and listed
    Store.folding        makes the deliveries of old editions small
    Store.repair         examines and repairs the file
    Store.suppressions   addresses that must not get mail
    Store.bounces        what refusals and bounce reports say about addresses
    Store.history        what happened to an address
    Store.subscribers    subscribers by their links, and what they chose
    Store.opt_in_requests  who asked to join and has not confirmed yet
    Store.relay_limits   the limits that relays have shown
    Store.decisions      what editors have decided
    Store.desk           who signed in at the desk, and which mails the editors had
    Store.series         which plan continues which series of editions

Only the database's URL says that it is SQLite.
"""

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError

from digest.store import schema
from digest.store.alarms import AlarmRecords, Trouble
from digest.store.bounces import BounceRecords
from digest.store.content import CONTENT_KEPT, MAX_LOOKBACK, Content
from digest.store.database import open_engine
from digest.store.decisions import DecidedSinceError, Decisions, TooLateError, of_form
from digest.store.deliveries import Deliveries
from digest.store.delivery_log import StoredDeliveryLog
from digest.store.delivery_reports import DeliveryReports
from digest.store.desk import DeskRecords
from digest.store.edition_series import Series
from digest.store.edition_values import FrozenEdition, PreviousEdition
from digest.store.editions import Editions
from digest.store.folding import Folding
from digest.store.history import History, HistoryEvent
from digest.store.opt_in import OptInRequest, OptInRequests
from digest.store.recipients import RecipientRules
from digest.store.relay_limits import RelayLimits
from digest.store.repair import Repair, damaged
from digest.store.revisions import PastRevision, Revisions
from digest.store.subscribers import Preference, Subscribers
from digest.store.suppressions import Suppression, Suppressions


class Store:
    """Everything that digest keeps in the database between two runs."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.content = Content(engine)
        self.suppressions = Suppressions(engine)
        self.bounces = BounceRecords(engine, self.suppressions.notify)
        self.editions = Editions(engine, self.suppressions.notify)
        self.revisions = Revisions(engine)
        self.alarms = AlarmRecords(engine)
        self.deliveries = Deliveries(engine)
        self.delivery_reports = DeliveryReports(engine)
        self.folding = Folding(engine)
        self.repair = Repair(engine)
        self.history = History(engine)
        self.subscribers = Subscribers(engine)
        self.opt_in_requests = OptInRequests(engine)
        self.relay_limits = RelayLimits(engine)
        self.decisions = Decisions(engine)
        self.desk = DeskRecords(engine)
        self.series = Series(engine)

    @classmethod
    def open(cls, url: str, root: Path) -> "Store":
        """Open the store at a URL and bring its tables up to date; raise StoreError or ConfigError if that fails."""
        return cls(open_engine(url, root))

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None for PostgreSQL."""
        url = self.engine.url
        return Path(url.database).resolve() if url.get_backend_name() == "sqlite" and url.database else None

    def copy_to(self, file: Path) -> None:
        """Write a copy of a SQLite database as it is at one moment, while others read and write it."""
        with closing(sqlite3.connect(str(self.file))) as connection:
            try:
                connection.execute("VACUUM INTO ?", (str(file),))
            except sqlite3.DatabaseError as error:
                raise damaged(error) from error

    def close(self) -> None:
        """Close the database."""
        self.engine.dispose()

    def owner(self, folder: str) -> str:
        """Return the folder of the newsletter that owns this store; record the given one if there is none yet."""
        return self._get_or_set("folder", folder)

    def take_over(self, folder: str) -> None:
        """Record that the newsletter has moved into another folder."""
        table = schema.secrets
        with self.engine.begin() as connection:
            connection.execute(update(table).where(table.c.name == "folder").values(value=folder))

    def secret(self, name: str) -> str:
        """Return a random secret of this newsletter (256 bits in hexadecimal), made when it is first requested."""
        return self._get_or_set(name, secrets.token_hex(32))

    def _get_or_set(self, name: str, value: str) -> str:
        """Return the value stored under a name; store the given one if there is none yet."""
        query = select(schema.secrets.c.value).where(schema.secrets.c.name == name)
        with self.engine.begin() as connection:
            known = connection.execute(query).scalar()
        if known:
            return str(known)
        try:
            with self.engine.begin() as connection:
                connection.execute(schema.secrets.insert().values(name=name, value=value))
        except IntegrityError:
            pass  # another process was first; its value counts
        with self.engine.begin() as connection:
            return str(connection.execute(query).scalar_one())


__all__ = [
    "CONTENT_KEPT",
    "MAX_LOOKBACK",
    "BounceRecords",
    "Content",
    "DecidedSinceError",
    "Decisions",
    "Deliveries",
    "Editions",
    "FrozenEdition",
    "History",
    "HistoryEvent",
    "OptInRequest",
    "OptInRequests",
    "PastRevision",
    "Preference",
    "PreviousEdition",
    "RecipientRules",
    "Store",
    "StoredDeliveryLog",
    "Subscribers",
    "Suppression",
    "Suppressions",
    "TooLateError",
    "Trouble",
    "of_form",
]

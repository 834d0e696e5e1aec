"""Putting a subscriber list on an edition's list: any number of rows pass through a temporary table, where each address is one row.

Of an address that occurs more than once the first row counts; but a row that says no stands against any number that say
yes, and one that says gone against all others. Who is marked as gone goes onto the suppression list in the same
transaction, and nobody on that list is enlisted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import JSON, Column, Connection, Integer, MetaData, String, Table, case, exists, func, insert, literal, select

from digest.batching import batched
from digest.model import Subscriber
from digest.statuses import GONE, Origin, severity
from digest.store import schema
from digest.store.database import insert as careful_insert
from digest.store.readers import Preference, preferences
from digest.store.suppressions import Suppression, forgotten, insert_suppressions

NO_STORY = "no stories for their topics"
_PAGE = 5_000
_INCOMING = Table(
    "incoming",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("email", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("rank", Integer, nullable=False),  # of its status: the higher one stands
    Column("variant", String),  # none: no story is for them
    Column("extra", JSON(none_as_null=True)),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRules:
    """How an edition's list is made: a reader's token in links; the version for some topics with or without comments, None
    where no story is left; which of the readers' own columns the templates speak of, in lower case.
    """

    token: Callable[[str], str]
    version: Callable[[tuple[str, ...], bool], str | None] = lambda _topics, _comments: ""
    columns: AbstractSet[str] = frozenset()
    guard: Callable[[int], None] = lambda _count: None  # raises where a list of so many should not be written to


@contextmanager
def freeze_recipients(
    connection: Connection, readers: Iterable[Subscriber], terms: RecipientRules, day: date
) -> Iterator[list[str]]:
    """Take a subscriber list into the temporary table, without holding anybody up; yields the variants chosen."""
    with connection.begin():
        _INCOMING.drop(connection, checkfirst=True)
        _INCOMING.create(connection)
        _gather(connection, readers, terms, day)
        query = select(_INCOMING.c.variant).where(_INCOMING.c.status == "active", _INCOMING.c.variant.is_not(None)).distinct()
        used = sorted(connection.execute(query).scalars())
    try:
        yield used
    finally:
        with connection.begin():
            _INCOMING.drop(connection)


def read_list(connection: Connection, key: str, terms: RecipientRules, now: datetime) -> None:
    """Put the active readers that were gathered on an edition's list, in the transaction that freezes it."""
    _suppress(connection, now)
    _number(connection, terms.token)
    incoming, known = _INCOMING.c, schema.readers.c
    new = {"edition": key, "attempts": 0, "interrupted": False, "message_id": "", "code": 0, "relay": ""}
    for_them = incoming.variant.is_not(None)
    listed = (
        select(
            known.id, incoming.name, case((for_them, incoming.variant), else_=""), incoming.extra,
            case((for_them, "queued"), else_="skipped"), case((for_them, ""), else_=NO_STORY),
            *(literal(value) for value in new.values()),
        )
        .select_from(_INCOMING.join(schema.readers, known.email == incoming.email))
        .where(incoming.status == "active", ~exists().where(schema.suppressions.c.email == incoming.email))
    )  # fmt: skip
    connection.execute(
        insert(schema.deliveries).from_select(["reader", "name", "variant", "extra", "state", "reply", *new], listed)
    )
    terms.guard(connection.execute(select(func.count()).where(schema.deliveries.c.edition == key)).scalar_one())


def _gather(connection: Connection, readers: Iterable[Subscriber], terms: RecipientRules, day: date) -> None:
    statement = careful_insert(connection, _INCOMING)
    statement = statement.on_conflict_do_update(
        index_elements=["email"],
        set_={name: statement.excluded[name] for name in ("status", "name", "rank", "variant", "extra")},
        where=statement.excluded.rank > _INCOMING.c.rank,
    )
    wishes = connection.execute(select(exists(select(schema.preferences.c.email)))).scalar()
    for chunk in batched(readers):
        chosen = preferences(connection, [row.email for row in chunk]) if wishes else {}
        connection.execute(statement, [_row(row, chosen.get(row.email), terms, day) for row in chunk])


def _row(row: Subscriber, wish: Preference | None, terms: RecipientRules, day: date) -> dict[str, Any]:
    """A reader as the edition sees them: their own choice of topics, pause and comments before what the subscriber list says."""
    status, wish = row.standing(day), wish or Preference(email=row.email)
    if status == "active" and wish.paused_until and day < wish.paused_until:
        status = "paused"
    topics, comments = wish.over(row)
    return {
        "email": row.email,
        "name": row.name,
        "status": status,
        "rank": severity(status),
        "variant": terms.version(topics, comments),
        "extra": _own(row.extra, terms.columns) or None,
    }


def _own(extra: Mapping[str, str], columns: AbstractSet[str]) -> dict[str, str]:
    return {name.casefold(): value for name, value in extra.items() if name.casefold() in columns} if columns else {}


def _suppress(connection: Connection, now: datetime) -> None:
    """Who is marked as gone goes on the suppression list."""
    incoming, last = _INCOMING.c, 0
    new = select(incoming.n, incoming.email, incoming.status).where(
        incoming.status.in_(GONE), ~exists().where(schema.suppressions.c.email == incoming.email)
    )
    while rows := connection.execute(new.where(incoming.n > last).order_by(incoming.n).limit(_PAGE)).all():
        said = partial(Suppression, since=now, origin=Origin.LIST, detail="marked in subscribers.csv")
        insert_suppressions(connection, [said(email=row.email, reason=row.status) for row in rows])
        last = rows[-1].n


def _number(connection: Connection, token: Callable[[str], str]) -> None:
    """The lasting id of each address, given at its first edition; who deleted at their request is taken off the list here."""
    incoming, last = _INCOMING.c, 0
    unknown = select(incoming.n, incoming.email).where(
        incoming.status == "active", ~exists().where(schema.readers.c.email == incoming.email)
    )
    while rows := connection.execute(unknown.where(incoming.n > last).order_by(incoming.n).limit(_PAGE)).all():
        tokens = {token(row.email): row.email for row in rows}
        without = forgotten(connection, tokens)
        if new := [{"email": email, "token": name} for name, email in tokens.items() if name not in without]:
            connection.execute(careful_insert(connection, schema.readers).on_conflict_do_nothing(), new)
        last = rows[-1].n

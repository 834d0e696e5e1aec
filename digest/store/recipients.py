"""Making an edition's list of recipients: any number of rows pass through a temporary table, which has one row for each address.

If an address occurs more than once, its first row counts. But a row whose status forbids mail outranks any number that allow
it, and one that forbids it for good outranks all others. Subscribers with such a status are suppressed in the same
transaction, and nobody on the suppression list becomes a recipient.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    case,
    exists,
    func,
    insert,
    literal,
    select,
)

from digest.batching import batched
from digest.model import Subscriber
from digest.store import schema
from digest.store.column_types import Milliseconds
from digest.store.database import insert as careful_insert
from digest.store.subscribers import Preference, preferences
from digest.store.suppressions import Recorded, Suppression, forgotten, insert_suppressions
from digest.subscriber_statuses import FINAL_STATUSES, Origin, severity

NO_STORY = "no stories for their topics"
_PAGE = 5_000
_INCOMING = Table(
    "incoming",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("email", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("rank", Integer, nullable=False),  # severity of its status: the row with the higher one counts
    Column("variant", String),  # NULL: no story is for them
    Column("wants", Boolean, nullable=False),  # it, and not another edition
    Column("not_before", Milliseconds),
    Column("extra", JSON(none_as_null=True)),
    prefixes=["TEMPORARY"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientRules:
    """How an edition's list is made. `token` returns the token of an address; `variant` the variant for some topics, with or
    without comments, in a language as the list has it, or None if no story is left. `gets` says whether somebody with a frequency,
    perhaps one of their own choice, gets the edition, and `hour` when it goes into a time zone by its name, None for at once.
    `columns` are the subscribers' own columns that the templates use, in lower case.
    """

    token: Callable[[str], str]
    variant: Callable[[tuple[str, ...], bool, str], str | None] = lambda _topics, _comments, _language: ""
    gets: Callable[..., bool] = lambda _frequency, _own: True
    hour: Callable[[str], datetime | None] = lambda _timezone: None
    columns: AbstractSet[str] = frozenset()
    guard: Callable[[int], None] = lambda _count: None  # raises if a list of so many should not get the edition


@contextmanager
def gather_subscribers(
    connection: Connection, subscribers: Iterable[Subscriber], rules: RecipientRules, day: date
) -> Iterator[list[str]]:
    """Read a subscriber list into the temporary table, without blocking other writers; yield the variants that are in use."""
    with connection.begin():
        _INCOMING.drop(connection, checkfirst=True)
        _INCOMING.create(connection)
        _gather(connection, subscribers, rules, day)
        incoming = _INCOMING.c
        query = (
            select(incoming.variant).where(incoming.status == "active", incoming.wants, incoming.variant.is_not(None)).distinct()
        )
        used = sorted(connection.execute(query).scalars())
    try:
        yield used
    finally:
        with connection.begin():
            _INCOMING.drop(connection)


def insert_recipients(connection: Connection, key: str, rules: RecipientRules, now: datetime) -> list[Recorded]:
    """Put the active subscribers of the temporary table on an edition's list, in the transaction that freezes it.

    Returns the suppressions that the subscriber list has added.
    """
    recorded = list(_suppress(connection, now))
    _assign_ids(connection, rules.token)
    incoming, known = _INCOMING.c, schema.subscribers.c
    constants = {"edition": key, "attempts": 0, "interrupted": False, "code": 0, "relay": ""}
    has_story, not_gone = incoming.variant.is_not(None), ~exists().where(schema.suppressions.c.email == incoming.email)
    listed = (
        select(
            known.id, incoming.name, case((has_story, incoming.variant), else_=""), incoming.extra, incoming.not_before,
            case((has_story, "queued"), else_="skipped"), case((has_story, ""), else_=NO_STORY),
            *(literal(value) for value in constants.values()),
        )
        .select_from(_INCOMING.join(schema.subscribers, known.email == incoming.email))
        .where(incoming.status == "active", incoming.wants, not_gone)
    )  # fmt: skip
    columns = ["subscriber", "name", "variant", "extra", "not_before", "state", "reply", *constants]
    connection.execute(insert(schema.deliveries).from_select(columns, listed))
    rules.guard(connection.execute(select(func.count()).where(schema.deliveries.c.edition == key)).scalar_one())
    return recorded


def _gather(connection: Connection, subscribers: Iterable[Subscriber], rules: RecipientRules, day: date) -> None:
    statement = careful_insert(connection, _INCOMING)
    statement = statement.on_conflict_do_update(
        index_elements=["email"],
        set_={name: statement.excluded[name] for name in ("status", "name", "rank", "variant", "wants", "not_before", "extra")},
        where=statement.excluded.rank > _INCOMING.c.rank,
    )
    any_preferences = connection.execute(select(exists(select(schema.preferences.c.email)))).scalar()
    for chunk in batched(subscribers):
        chosen = preferences(connection, [row.email for row in chunk]) if any_preferences else {}
        connection.execute(statement, [_row(row, chosen.get(row.email), rules, day) for row in chunk])


def _row(row: Subscriber, preference: Preference | None, rules: RecipientRules, day: date) -> dict[str, Any]:
    """Return the row of a subscriber: their own choice of topics, pause and comments comes before the subscriber list's."""
    status, preference = row.status_on(day), preference or Preference(email=row.email)
    if status == "active" and preference.paused_until and day < preference.paused_until:
        status = "paused"
    return {
        "email": row.email,
        "name": row.name,
        "status": status,
        "rank": severity(status),
        "variant": rules.variant(*preference.choices(row)),
        "wants": rules.gets(*((row.frequency, False) if preference.frequency is None else (preference.frequency, True))),
        "not_before": rules.hour(row.timezone if preference.timezone is None else preference.timezone),
        "extra": _used_columns(row.extra, rules.columns) or None,
    }


def _used_columns(extra: Mapping[str, str], columns: AbstractSet[str]) -> dict[str, str]:
    return {name.casefold(): value for name, value in extra.items() if name.casefold() in columns} if columns else {}


def _suppress(connection: Connection, now: datetime) -> Iterator[Recorded]:
    """Suppress the subscribers whose status forbids mail for good."""
    incoming, last = _INCOMING.c, 0
    new = select(incoming.n, incoming.email, incoming.status).where(
        incoming.status.in_(FINAL_STATUSES), ~exists().where(schema.suppressions.c.email == incoming.email)
    )
    while rows := connection.execute(new.where(incoming.n > last).order_by(incoming.n).limit(_PAGE)).all():
        suppression = partial(Suppression, since=now, origin=Origin.LIST, detail="marked in subscribers.csv")
        yield insert_suppressions(connection, [suppression(email=row.email, reason=row.status) for row in rows])
        last = rows[-1].n


def _assign_ids(connection: Connection, token: Callable[[str], str]) -> None:
    """Give each address its permanent id at its first edition. Leave out those whose data was deleted at their request."""
    incoming, last = _INCOMING.c, 0
    unknown = select(incoming.n, incoming.email).where(
        incoming.status == "active", ~exists().where(schema.subscribers.c.email == incoming.email)
    )
    while rows := connection.execute(unknown.where(incoming.n > last).order_by(incoming.n).limit(_PAGE)).all():
        tokens = {token(row.email): row.email for row in rows}
        erased = forgotten(connection, tokens)
        if new := [{"email": email, "token": value} for value, email in tokens.items() if value not in erased]:
            connection.execute(careful_insert(connection, schema.subscribers).on_conflict_do_nothing(), new)
        last = rows[-1].n

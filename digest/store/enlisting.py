"""Putting a roll on an edition's list: any number of rows pass through a temporary table, where each address is one row.

Of an address that occurs more than once the first row counts; but a row that says no stands against any number that say
yes, and one that says gone against all others. Who is marked as gone goes onto the suppression list in the same
transaction, and nobody on that list is enlisted.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, exists, insert, literal, select

from digest.model import GONE, Subscriber
from digest.store import schema
from digest.store.database import chunked
from digest.store.database import insert as careful_insert

_GONE = 2
_ROLL = Table(
    "roll",
    MetaData(),
    Column("n", Integer, primary_key=True),
    Column("email", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("status", String, nullable=False),
    Column("rank", Integer, nullable=False),  # of its status: the higher one stands
    prefixes=["TEMPORARY"],
)


def enlist(connection: Connection, key: str, readers: Iterable[Subscriber], token: Callable[[str], str], now: datetime) -> None:
    """Put the active readers on an edition's list, in the transaction that freezes it; `token` names one in links."""
    _ROLL.create(connection)
    _gather(connection, readers)
    _suppress(connection, now)
    _number(connection, token)
    roll, known = _ROLL.c, schema.readers.c
    new = {
        "edition": key,
        "state": "queued",
        "attempts": 0,
        "interrupted": False,
        "message_id": "",
        "code": 0,
        "reply": "",
        "relay": "",
    }
    listed = (
        select(known.id, roll.name, *(literal(value) for value in new.values()))
        .select_from(_ROLL.join(schema.readers, known.email == roll.email))
        .where(roll.status == "active", ~exists().where(schema.suppressions.c.email == roll.email))
    )
    connection.execute(insert(schema.deliveries).from_select(["reader", "name", *new], listed))
    _ROLL.drop(connection)


def _gather(connection: Connection, readers: Iterable[Subscriber]) -> None:
    statement = careful_insert(connection, _ROLL)
    statement = statement.on_conflict_do_update(
        index_elements=["email"],
        set_={name: statement.excluded[name] for name in ("status", "name", "rank")},
        where=statement.excluded.rank > _ROLL.c.rank,
    )
    for chunk in chunked(readers):
        rows: list[dict[str, Any]] = [
            {"email": row.email, "name": row.name, "status": row.status, "rank": _rank(row.status)} for row in chunk
        ]
        connection.execute(statement, rows)


def _rank(status: str) -> int:
    return _GONE if status in GONE else 0 if status == "active" else 1


def _suppress(connection: Connection, now: datetime) -> None:
    gone, roll = schema.suppressions, _ROLL.c
    marked = select(roll.email, roll.status, literal(now, gone.c.since.type)).where(roll.rank == _GONE)
    new = marked.where(~exists().where(gone.c.email == roll.email))
    connection.execute(insert(gone).from_select(["email", "reason", "since"], new))


def _number(connection: Connection, token: Callable[[str], str]) -> None:
    """The lasting id of each address, given at its first edition."""
    roll, last = _ROLL.c, 0
    unknown = select(roll.n, roll.email).where(roll.status == "active", ~exists().where(schema.readers.c.email == roll.email))
    while rows := connection.execute(unknown.where(roll.n > last).order_by(roll.n).limit(5_000)).all():
        connection.execute(insert(schema.readers), [{"email": row.email, "token": token(row.email)} for row in rows])
        last = rows[-1].n

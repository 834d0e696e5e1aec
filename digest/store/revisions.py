"""Editions that are changed after they were made: what each revision was, and which of them a recipient has.

The tables of editions and variants hold the newest revision, which is what is sent and shown from then on; the ones before it are
kept as they were. A mail that corrects an edition is an edition of its own, for those who have an older revision.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, and_, func, insert, literal, select, update

from digest.errors import UsageError
from digest.model import Edition, Outcome, Rendered
from digest.store import schema
from digest.store.database import lock_for_writing
from digest.store.decisions import check_decided
from digest.store.deliveries import is_waiting
from digest.store.delivery_states import QUEUED, SKIPPED
from digest.store.desk_tables import revisions
from digest.store.edition_rows import as_json, edition_row, variant_row
from digest.store.edition_values import FrozenEdition
from digest.store.recipients import NO_STORY

_EDITION = TypeAdapter(Edition)
_HAVE_IT = (Outcome.SENT, Outcome.UNKNOWN)
_PARTS = ("subject", "preheader", "html", "text")


@dataclass(frozen=True, slots=True, kw_only=True)
class PastRevision:
    """An edition as it was until an instant, when another revision took its place."""

    number: int
    until: datetime
    edition: Edition
    rendered: Rendered


class Revisions:
    """The revisions of the editions that were made, and the mails that correct them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def past(self, key: str) -> list[PastRevision]:
        """Return the earlier revisions of an edition, the first one first; none if it is as it was made."""
        table = revisions.c
        query = select(revisions).where(table.edition == key, table.variant == "").order_by(table.number)
        with self._engine.begin() as connection:
            return [
                PastRevision(
                    number=row.number,
                    until=row.until,
                    edition=_EDITION.validate_python(row.data),
                    rendered=Rendered(**{part: getattr(row, part) for part in _PARTS}),
                )
                for row in connection.execute(query)
            ]

    def first(self, frozen: FrozenEdition) -> Edition:
        """Return an edition as it was first made."""
        return self.past(frozen.key)[0].edition if frozen.revision else frozen.edition

    def revise(
        self,
        edition: Edition,
        number: int,
        rendered: Rendered,
        variants: Mapping[str, Rendered | None],
        now: datetime,
        *,
        decided: int | None = None,
    ) -> None:
        """Put revision `number` in the place of the one before, for everybody who still waits; who has got one keeps it.

        `variants` has the rendered variants by their name, None for one without a story: who waits for that gets nothing.
        The caller must hold the sending lock, and nothing may be in flight: see `Deliveries.reclaim`. Raises UsageError if
        somebody else has revised it, DecidedSinceError if editors have decided more.
        """
        key, editions = edition.slot.key, schema.editions
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            check_decided(connection, decided, key)
            _keep_present(connection, key, number - 1, now)
            parts = {part: getattr(rendered, part) for part in _PARTS}
            values = {**parts, "data": as_json(edition), "revision": number, "corrected_at": now}
            connection.execute(update(editions).where(editions.c.key == key).values(values))
            for name, variant in variants.items():
                _replace_variant(connection, key, name, variant)
            sent = schema.deliveries
            connection.execute(update(sent).where(sent.c.edition == key, is_waiting(sent.c)).values(revision=number))

    def set_correction(self, key: str, text: str, now: datetime) -> None:
        """Tell the readers of an edition's page what was wrong in it (Markdown)."""
        table = schema.editions
        with self._engine.begin() as connection:
            same = and_(table.c.key == key, table.c.correction != text)
            connection.execute(update(table).where(same).values(correction=text, corrected_at=now))

    def count_older(self, key: str, below: int) -> int:
        """Return how many recipients have a revision of an edition below a number, or may have it."""
        with self._engine.begin() as connection:
            return int(connection.execute(select(func.count()).where(_has_older(key, below))).scalar_one())

    def add_correction(
        self, edition: Edition, corrects: str, below: int, render: Callable[[str], Rendered], copy_of: Callable[[str], str]
    ) -> int:
        """Make a mail that corrects an edition, for everybody who has a revision of it below a number; return how many those are.

        It is sent as any edition that was made. `copy_of` says which copy of it a recipient of a variant gets, by name, and
        `render` makes that. Nothing is done if it is made already.
        """
        key, table = edition.slot.key, schema.deliveries
        with self._engine.begin() as connection:
            used = connection.execute(select(table.c.variant).where(_has_older(corrects, below)).distinct()).scalars().all()
        copies = {name: render(name) for name in {"", *map(copy_of, used)}}
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if connection.execute(select(schema.editions.c.key).where(schema.editions.c.key == key)).scalar() is not None:
                return 0
            row = {**edition_row(edition, copies[""]), "corrects": corrects}
            connection.execute(schema.editions.insert().values(row))
            if rows := [variant_row(key, name, copy) for name, copy in copies.items() if name]:
                connection.execute(schema.variants.insert(), rows)
            return sum(_insert_recipients(connection, edition, corrects, below, name, copy_of(name)) for name in used)


def _has_older(key: str, below: int) -> ColumnElement[bool]:
    """Return the condition that a delivery's recipient has, or may have, a revision of an edition below a number."""
    table = schema.deliveries.c
    return and_(table.edition == key, table.state.in_(_HAVE_IT), table.revision < below)


def _insert_recipients(connection: Connection, edition: Edition, corrects: str, below: int, variant: str, copy: str) -> int:
    """Put the recipients of one variant on the list of a correction, unless they have left or paused since; return how many."""
    table, gone = schema.deliveries.c, schema.suppressions
    named = schema.deliveries.join(schema.subscribers, schema.subscribers.c.id == table.subscriber)
    chosen, day = schema.preferences.c, edition.slot.day
    is_paused = select(chosen.email).where(chosen.email == schema.subscribers.c.email, chosen.paused_until > day).exists()
    has_left = select(gone.c.email).where(gone.c.email == schema.subscribers.c.email).exists()
    constants = {
        "edition": edition.slot.key, "variant": copy,
        "state": QUEUED, "reply": "", "attempts": 0, "interrupted": False,
        "code": 0, "relay": "",
    }  # fmt: skip
    query = (
        select(table.subscriber, table.name, table.extra, *(literal(value) for value in constants.values()))
        .select_from(named)
        .where(_has_older(corrects, below), table.variant == variant, ~has_left, ~is_paused)
    )
    columns = ["subscriber", "name", "extra", *constants]
    return connection.execute(insert(schema.deliveries).from_select(columns, query)).rowcount


def _keep_present(connection: Connection, key: str, number: int, now: datetime) -> None:
    """Keep the present revision and its variants, and say until when they counted; raise UsageError if it is another one."""
    editions, variants = schema.editions.c, schema.variants.c
    if connection.execute(select(editions.revision).where(editions.key == key)).scalar() != number:
        raise UsageError("somebody else has changed it meanwhile", thing=key, remedy="Look again.")
    shared = (literal(number), literal(now, type_=revisions.c.until.type))
    whole = select(
        editions.key, literal(""), editions.subject, editions.preheader, editions.html, editions.text, *shared, editions.data
    )
    columns = ["edition", "variant", *_PARTS, "number", "until"]
    connection.execute(insert(revisions).from_select([*columns, "data"], whole.where(editions.key == key)))
    parts = select(variants.edition, variants.name, *(getattr(variants, part) for part in _PARTS), *shared)
    connection.execute(insert(revisions).from_select(columns, parts.where(variants.edition == key)))


def _replace_variant(connection: Connection, key: str, name: str, variant: Rendered | None) -> None:
    """Put a variant in the place of the one before; without one, skip whoever still waits for it."""
    table, sent = schema.variants, schema.deliveries
    if variant is not None:
        parts = {part: getattr(variant, part) for part in _PARTS}
        connection.execute(update(table).where(table.c.edition == key, table.c.name == name).values(parts))
        return
    waiting = and_(sent.c.edition == key, sent.c.variant == name, is_waiting(sent.c))
    connection.execute(update(sent).where(waiting).values(state=SKIPPED, reply=NO_STORY))

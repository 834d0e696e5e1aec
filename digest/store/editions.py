"""The editions made and skipped, each frozen before its first byte leaves."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, case, func, insert, select, update

from digest.model import OVER_THE_LIMIT, ArticleSigns, Edition, Rendered, Slot, Subscriber
from digest.store import schema
from digest.store.database import lock_for_writing
from digest.store.decisions import check_decided
from digest.store.deliveries import counts
from digest.store.edition_rows import article_row, article_rows, edition_row, slot_row, variant_row
from digest.store.edition_values import ArchivedEdition, EditionEntry, FrozenEdition, PreviousEdition
from digest.store.recipients import RecipientRules, gather_subscribers, insert_recipients
from digest.store.sent_log_edition import LoggedEdition
from digest.store.suppressions import Recorded

_EDITION = TypeAdapter(Edition)
FROM_LOG = "known from sent.log"


class Editions:
    """The editions that were made or skipped; `notify` is told what freezing has suppressed, after the commit."""

    def __init__(self, engine: Engine, notify: Callable[[Recorded], None] = lambda _recorded: None) -> None:
        self._engine = engine
        self._notify = notify

    def covered_until(self, name: str, before: datetime) -> datetime | None:
        """Return up to when articles are covered: the last made edition's cut-off, else the start of the first skipped window."""
        table = schema.editions.c
        with self._engine.begin() as connection:
            earlier = and_(table.name == name, table.window_end < before)
            until = connection.execute(select(func.max(table.window_end)).where(earlier, table.number.is_not(None))).scalar()
            if until is None:
                until = connection.execute(select(func.min(table.window_start)).where(earlier)).scalar()
        return until

    def used_articles(self, name: str, before: datetime | None = None) -> tuple[ArticleSigns, ...]:
        """Return all articles that an edition of this series printed or left out for good; `before` a cut-off, if one is given."""
        joined = schema.edition_articles.join(schema.editions, schema.edition_articles.c.edition == schema.editions.c.key)
        table = schema.edition_articles.c
        columns = (table.article_id, table.identity, table.anchor, table.title, table.opening, table.published, table.source)
        had_no_room = and_(table.position.is_(None), table.reason.startswith(OVER_THE_LIMIT))
        query = select(*columns, had_no_room).select_from(joined).where(schema.editions.c.name == name)
        if before is not None:
            query = query.where(schema.editions.c.window_end < before)
        with self._engine.begin() as connection:
            rows = [ArticleSigns(*row) for row in connection.execute(query)]
        settled = {row.id for row in rows if not row.spare}
        return tuple(row._replace(spare=False) if row.spare and row.id in settled else row for row in rows)

    def edition_of(self, article: str) -> str | None:
        """Return the key of the last edition that printed an article or left it out for good, or None."""
        joined = schema.edition_articles.join(schema.editions, schema.edition_articles.c.edition == schema.editions.c.key)
        query = select(schema.editions.c.key).select_from(joined).where(schema.edition_articles.c.article_id == article)
        with self._engine.begin() as connection:
            return connection.execute(query.order_by(schema.editions.c.window_end.desc()).limit(1)).scalar()

    def next_number(self) -> int:
        """Return the number of the next edition."""
        with self._engine.begin() as connection:
            return (connection.execute(select(func.max(schema.editions.c.number))).scalar() or 0) + 1

    def freeze(
        self,
        edition: Edition,
        rendered: Rendered,
        subscribers: Iterable[Subscriber],
        rules: RecipientRules,
        render_variant: Callable[[str], Rendered] | None = None,
        *,
        decided: int | None = None,
    ) -> FrozenEdition:
        """Freeze an edition with its text and its recipients in one commit; `render_variant` renders a variant by its name.

        `subscribers` are the rows of the subscriber list, of every status and any number: see `gather_subscribers`. Raises
        DecidedSinceError if editors have decided more or undone more by now than the number given as `decided`.
        """
        key, at = edition.slot.key, edition.frozen_at
        with self._engine.connect() as connection, gather_subscribers(connection, subscribers, rules, edition.slot.day) as used:
            variants = {name: render_variant(name) for name in used if name} if render_variant is not None else {}
            with connection.begin():
                lock_for_writing(connection)
                check_decided(connection, decided, key)
                _write_edition(connection, edition, rendered, variants)
                suppressed = insert_recipients(connection, key, rules, at)
        for recorded in suppressed:
            self._notify(recorded)
        return FrozenEdition(edition=edition, rendered=rendered, finished_at=None, variants=variants)

    def skip(self, slot: Slot, note: str, now: datetime) -> None:
        """Record that a slot has no edition, and why; its articles stay open for the next one."""
        with self._engine.begin() as connection:
            _replace_skipped(connection, slot.key)
            connection.execute(schema.editions.insert().values(**slot_row(slot), frozen_at=now, finished_at=now, note=note))

    def skipped(self, key: str) -> str:
        """Return why a slot was skipped; empty if it was not."""
        with self._engine.begin() as connection:
            row = connection.execute(select(schema.editions).where(schema.editions.c.key == key)).one_or_none()
            return str(row.note) if row is not None and row.number is None else ""

    def has_slot(self, key: str) -> bool:
        """Return whether the edition of a slot was made or skipped."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.editions.c.key).where(schema.editions.c.key == key)).scalar() is not None

    def frozen(self, key: str) -> FrozenEdition | None:
        """Return an edition that was made, or None."""
        with self._engine.begin() as connection:
            row = connection.execute(select(schema.editions).where(schema.editions.c.key == key)).one_or_none()
            return _load(connection, row) if row is not None and row.subject is not None else None

    def add_logged(self, row: LoggedEdition) -> None:
        """Record an edition that only `sent.log` knows: its window is covered, and its articles do not go into another edition.

        Its text and recipients are not known; it counts as finished.
        """
        values = {
            "key": row.key, "name": row.name, "day": date.fromisoformat(row.day), "number": row.number, "window_start": row.start,
            "window_end": row.end, "frozen_at": row.at, "finished_at": row.at, "note": FROM_LOG,
        }  # fmt: skip
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if connection.execute(select(schema.editions.c.key).where(schema.editions.c.key == row.key)).scalar() is not None:
                return
            connection.execute(schema.editions.insert().values(values))
            rows = [article_row(row.key, article, None, FROM_LOG) for article in row.articles]
            if unique := {article["article_id"]: article for article in rows}:
                connection.execute(insert(schema.edition_articles), list(unique.values()))

    def delete_logged(self, key: str) -> None:
        """Delete an edition that only `sent.log` knows, because a person wants it made again."""
        table, settled = schema.editions, schema.edition_articles
        with self._engine.begin() as connection:
            logged = select(table.c.key).where(table.c.key == key, table.c.subject.is_(None))
            connection.execute(settled.delete().where(settled.c.edition.in_(logged)))
            connection.execute(table.delete().where(table.c.key == key, table.c.subject.is_(None)))

    def key_of(self, number: int) -> str | None:
        """Return the key of an edition by its number, or None."""
        with self._engine.begin() as connection:
            table = schema.editions.c
            return connection.execute(select(table.key).where(table.number == number, table.corrects.is_(None))).scalar()

    def finish(self, key: str, now: datetime) -> None:
        """Record that nothing of an edition is left to send."""
        table = schema.editions
        with self._engine.begin() as connection:
            connection.execute(update(table).where(table.c.key == key, table.c.finished_at.is_(None)).values(finished_at=now))

    def unfinished(self) -> list[FrozenEdition]:
        """Return the editions that are not finished, oldest first."""
        table = schema.editions.c
        query = select(schema.editions).where(table.finished_at.is_(None), table.subject.is_not(None)).order_by(table.window_end)
        with self._engine.begin() as connection:
            return [_load(connection, row) for row in connection.execute(query).all()]

    def last(self, name: str) -> PreviousEdition | None:
        """Return when the latest edition of a series was frozen, and its number of recipients; None if there is none."""
        table = schema.editions.c
        query = select(table.key, table.frozen_at).where(table.name == name, table.subject.is_not(None))
        with self._engine.begin() as connection:
            row = connection.execute(query.order_by(table.window_end.desc()).limit(1)).one_or_none()
            if row is None:
                return None
            recipients = sum(counts(connection, row.key).values())
        return PreviousEdition(frozen_at=row.frozen_at, recipients=recipients)

    def headlines(self, limit: int) -> list[ArchivedEdition]:
        """Return the latest editions that were made, newest first, without their content."""
        table = schema.editions.c
        query = select(table.key, table.day, table.subject, table.preheader, table.frozen_at).where(_is_edition(table))
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(table.window_end.desc()).limit(limit))
            return [ArchivedEdition(**row._asdict()) for row in rows]

    def made(self, limit: int) -> list[FrozenEdition]:
        """Return the latest editions that were made, newest first."""
        table = schema.editions.c
        query = select(schema.editions).where(_is_edition(table)).order_by(table.window_end.desc()).limit(limit)
        with self._engine.begin() as connection:
            return [_load(connection, row) for row in connection.execute(query).all()]

    def newest(self, name: str) -> EditionEntry | None:
        """Return the newest edition of a series that was made; None if there is none."""
        table = schema.editions
        query = select(table).where(table.c.name == name, _is_edition(table.c)).order_by(table.c.window_end.desc()).limit(1)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
            return None if row is None else _entry(row, counts(connection, row.key))

    def counts(self) -> dict[tuple[str, str], int]:
        """Return how many editions of each series were made and skipped, by its id and `made` or `skipped`."""
        table = schema.editions.c
        state = case((table.number.is_(None), "skipped"), else_="made")
        query = select(table.name, state, func.count()).where(table.corrects.is_(None)).group_by(table.name, state)
        with self._engine.begin() as connection:
            return {(name, which): count for name, which, count in connection.execute(query)}

    def recent(self, limit: int) -> list[EditionEntry]:
        """Return the latest editions, made or skipped, newest first."""
        table = schema.editions
        with self._engine.begin() as connection:
            rows = connection.execute(select(table).order_by(table.c.window_end.desc()).limit(limit)).all()
            return [_entry(row, counts(connection, row.key)) for row in rows]


def _is_edition(table: Any) -> ColumnElement[bool]:
    """Return the condition that an edition was made, and is no mail that corrects one."""
    return and_(table.subject.is_not(None), table.corrects.is_(None))


def _write_edition(connection: Connection, edition: Edition, rendered: Rendered, variants: Mapping[str, Rendered]) -> None:
    """Insert the rows of an edition, in place of a skipped one."""
    key = edition.slot.key
    _replace_skipped(connection, key)
    connection.execute(schema.editions.insert().values(**edition_row(edition, rendered)))
    if rows := article_rows(edition):
        connection.execute(insert(schema.edition_articles), rows)
    if variants:
        connection.execute(schema.variants.insert(), [variant_row(key, name, variant) for name, variant in variants.items()])


def _replace_skipped(connection: Connection, key: str) -> None:
    table = schema.editions
    connection.execute(table.delete().where(table.c.key == key, table.c.number.is_(None)))


def _load(connection: Connection, row: Row[Any]) -> FrozenEdition:
    table = schema.variants
    variants = {found.name: _rendered(found) for found in connection.execute(select(table).where(table.c.edition == row.key))}
    return FrozenEdition(
        edition=_EDITION.validate_python(row.data),
        rendered=_rendered(row),
        finished_at=row.finished_at,
        variants=variants,
        revision=row.revision,
        corrected_at=row.corrected_at,
        correction=row.correction,
        corrects=row.corrects,
    )


def _rendered(row: Row[Any]) -> Rendered:
    return Rendered(subject=row.subject, preheader=row.preheader, html=row.html, text=row.text)


def _entry(row: Row[Any], counts: dict[str, int]) -> EditionEntry:
    return EditionEntry(
        key=row.key,
        number=row.number,
        window_end=row.window_end,
        finished_at=row.finished_at,
        note=row.note,
        counts=counts,
        corrects=row.corrects,
    )

"""What the sources said: articles and comments by id, and HTTP answers with the validators for conditional requests."""

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Connection, Engine, Table, delete, or_, select, update

from digest.batching import batched
from digest.clock import Clock
from digest.collect.fetch import CachedResponse, Response
from digest.model import LOOKBACK, Article, Comment, Harvest
from digest.store import schema
from digest.store.database import insert, lock_for_writing

CONTENT_KEPT = timedelta(days=30)
_CONTENT = "content"  # the name of its counter
SIGHTINGS_KEPT = timedelta(days=90)  # since an article was last seen
ASKED_AGAIN = timedelta(days=1)
MAX_LOOKBACK = timedelta(days=14)  # how far before the usual start a source is read after a long failure
_ARTICLE = TypeAdapter(Article)
_COMMENT = TypeAdapter(Comment)


class Content:
    """Collected material; what is older than `kept` is deleted when more comes in."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.kept = CONTENT_KEPT

    def keep(self, harvest: Harvest, now: datetime) -> None:
        """Add what is new, update what changed, and delete the comments that their thread no longer has.

        An article with an old date that was never seen before came in late, and is new too. The first reading of a source's list
        finds no late article, because all that is in it is old. An article without a date gets the date of its first sighting.
        """
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            _count_up(connection)
            _prune(connection, now, self.kept)
            for thread in harvest.threads:
                present = [comment.id for comment in harvest.comments if comment.article_id == thread.article_id]
                _drop_missing(connection, thread.article_id, thread.complete_since, present)
            current = [*harvest.articles, *_find_late(connection, harvest)]
            _save(connection, schema.articles, [_article_row(article, now) for article in _date_articles(connection, current, now)])
            _save(connection, schema.comments, [_comment_row(comment) for comment in harvest.comments])
            ids = [row.id for row in (*harvest.articles, *harvest.older)]
            _sight(connection, dict.fromkeys([*ids, *harvest.older_ids]), now)
            for source in (*harvest.read, *_reading_keys(harvest)):
                values = {"source": source, "at": now}
                if not connection.execute(
                    update(schema.readings).where(schema.readings.c.source == source).values(values)
                ).rowcount:
                    connection.execute(schema.readings.insert().values(values))

    def version(self) -> int:
        """Return a number that changes whenever something is kept: what was read at the same number is still all there is."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.counters.c.value).where(schema.counters.c.name == _CONTENT)).scalar() or 0

    def read_before(self, at: datetime) -> bool:
        """Return whether anything was read before an instant."""
        with self._engine.begin() as connection:
            return (
                connection.execute(select(schema.articles.c.id).where(schema.articles.c.first_seen < at).limit(1)).scalar()
                is not None
            )

    def last_read(self) -> dict[str, datetime]:
        """Return when each source was last read as a whole, by its name."""
        table = schema.readings.c
        with self._engine.begin() as connection:
            return {row.source: row.at for row in connection.execute(select(table.source, table.at))}

    def unread_since(self, source: str, usual: datetime) -> datetime:
        """Return from when to read a source: as usual, or from before its last whole reading, at most 14 days earlier."""
        query = select(schema.readings.c.at).where(schema.readings.c.source == source)
        with self._engine.begin() as connection:
            last = connection.execute(query).scalar()
        return usual if last is None else max(min(usual, last - LOOKBACK), usual - MAX_LOOKBACK)

    def material(self, since: datetime) -> Harvest:
        """Return the articles published or first seen since an instant, with their comments; future dates are included."""
        table = schema.articles.c
        with self._engine.begin() as connection:
            query = select(table.data).where(or_(table.published >= since, table.first_seen >= since))
            articles = tuple(_ARTICLE.validate_python(data) for data in connection.execute(query).scalars())
            comments = tuple(_comments(connection, [article.id for article in articles]))
        return Harvest(articles=articles, comments=comments)

    def first_seen(self, article: str) -> datetime | None:
        """Return when an article was first read; None if it is not stored."""
        with self._engine.begin() as connection:
            return connection.execute(select(schema.articles.c.first_seen).where(schema.articles.c.id == article)).scalar()

    def threads_of(self, comment_ids: Collection[str]) -> list[tuple[Article, list[Comment]]]:
        """Return the articles of some comments, each with its whole thread; a comment that is not stored adds nothing."""
        table, articles = schema.comments.c, schema.articles.c
        with self._engine.begin() as connection:
            ids = {
                found
                for some in batched(comment_ids)
                for found in connection.execute(select(table.article_id).where(table.id.in_(some))).scalars()
            }
            query = select(articles.data).where(articles.id.in_(ids)).order_by(articles.published, articles.id)
            found = [_ARTICLE.validate_python(data) for data in connection.execute(query).scalars()]
            return [(article, list(_comments(connection, [article.id]))) for article in found]


def _count_up(connection: Connection) -> None:
    table = schema.counters
    if not connection.execute(update(table).where(table.c.name == _CONTENT).values(value=table.c.value + 1)).rowcount:
        connection.execute(table.insert().values(name=_CONTENT, value=1))


def _find_late(connection: Connection, harvest: Harvest) -> list[Article]:
    """Return the articles with old dates that were never seen before, if their source's list was read before."""
    if not harvest.older:
        return []
    known = set(connection.execute(select(schema.readings.c.source)).scalars())
    before = {source for source, which in harvest.older_lists if _reading_key(source, which) in known}
    seen = _find_among(connection, schema.sightings.c.id, [row.id for row in harvest.older])
    return [row for row in harvest.older if row.id not in seen and row.source in before]


def _reading_keys(harvest: Harvest) -> Iterator[str]:
    return (_reading_key(source, which) for source, which in harvest.older_lists if source in harvest.read)


def _reading_key(source: str, which: str) -> str:
    return f"{source}, all of its {which}"


def _date_articles(connection: Connection, articles: Sequence[Article], now: datetime) -> list[Article]:
    """Return the articles, undated ones with the date of their first sighting; one that was seen and pruned is not new: drop it."""
    table, guessed = schema.articles.c, [row.id for row in articles if row.guessed]
    if not guessed:
        return list(articles)
    known = {
        row.id: row.published
        for some in batched(guessed)
        for row in connection.execute(select(table.id, table.published).where(table.id.in_(some)))
    }
    pruned = _find_among(connection, schema.sightings.c.id, guessed) - set(known)
    dates = {row.id: known.get(row.id, now) for row in articles if row.guessed}
    return [
        replace(row, published=dates[row.id], updated=dates[row.id]) if row.guessed else row
        for row in articles
        if not (row.guessed and row.id in pruned)
    ]


def _sight(connection: Connection, ids: Iterable[str], now: datetime) -> None:
    table = schema.sightings
    rows = [{"id": key, "last": now} for key in ids]
    if rows:
        statement = insert(connection, table)
        statement = statement.on_conflict_do_update(index_elements=["id"], set_={"last": statement.excluded.last})
        connection.execute(statement, rows)


def _find_among(connection: Connection, column: Any, values: Sequence[str]) -> set[str]:
    return {found for some in batched(values) for found in connection.execute(select(column).where(column.in_(some))).scalars()}


def _comments(connection: Connection, articles: Sequence[str]) -> Iterable[Comment]:
    table = schema.comments.c
    for some in batched(articles):
        query = select(table.data).where(table.article_id.in_(some))
        yield from (_COMMENT.validate_python(data) for data in connection.execute(query).scalars())


def _article_row(article: Article, now: datetime) -> dict[str, Any]:
    data = _ARTICLE.dump_python(article, mode="json")
    return {"id": article.id, "published": article.published, "first_seen": now, "data": data}


def _comment_row(comment: Comment) -> dict[str, Any]:
    data = _COMMENT.dump_python(comment, mode="json")
    return {"id": comment.id, "article_id": comment.article_id, "written": comment.written, "data": data}


def _save(connection: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert or update rows by id; `first_seen` of a row does not change."""
    for row in {row["id"]: row for row in rows}.values():
        changes = {key: value for key, value in row.items() if key not in {"id", "first_seen"}}
        if not connection.execute(update(table).where(table.c.id == row["id"]).values(changes)).rowcount:
            connection.execute(table.insert().values(row))


def _drop_missing(connection: Connection, article: str, since: datetime, present: Sequence[str]) -> None:
    table = schema.comments
    query = select(table.c.id).where(table.c.article_id == article, table.c.written >= since)
    for key in set(connection.execute(query).scalars()) - set(present):
        connection.execute(delete(table).where(table.c.id == key))


def _prune(connection: Connection, now: datetime, kept: timedelta) -> None:
    old = now - kept
    connection.execute(delete(schema.articles).where(schema.articles.c.published < old, schema.articles.c.first_seen < old))
    connection.execute(delete(schema.comments).where(schema.comments.c.article_id.not_in(select(schema.articles.c.id))))
    connection.execute(delete(schema.sightings).where(schema.sightings.c.last < now - SIGHTINGS_KEPT))
    connection.execute(delete(schema.http_cache).where(schema.http_cache.c.at < old))
    connection.execute(delete(schema.redirects).where(schema.redirects.c.at < old))


class ResponseCache:
    """HTTP answers that carry an ETag or a Last-Modified, for conditional requests, and permanent redirects."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def recall(self, url: str) -> CachedResponse | None:
        """Return the stored answer of a URL, or None."""
        table = schema.http_cache
        with self._engine.begin() as connection:
            row = connection.execute(select(table).where(table.c.url == url)).one_or_none()
        if row is None:
            return None
        body = zlib.decompress(row.body)
        response = Response(status=row.status, url=url, headers=row.headers, body=body)
        return CachedResponse(etag=row.etag, last_modified=row.modified, response=response)

    def permanent_redirect(self, url: str) -> str | None:
        """Return where a URL redirected permanently within the last day, or None: a redirect made by mistake does not last long."""
        with self._engine.begin() as connection:
            found: str | None = connection.execute(
                select(schema.redirects.c.target).where(
                    schema.redirects.c.url == url, schema.redirects.c.at > self._clock() - ASKED_AGAIN
                )
            ).scalar()
        return found

    def set_permanent_redirect(self, url: str, target: str | None) -> None:
        """Store where a URL redirects permanently; None deletes it."""
        with self._engine.begin() as connection:
            connection.execute(delete(schema.redirects).where(schema.redirects.c.url == url))
            if target:
                connection.execute(schema.redirects.insert().values(url=url, target=target, at=self._clock()))

    def remember(self, url: str, cached: CachedResponse) -> None:
        """Store the newest answer of a URL."""
        table = schema.http_cache
        values = {
            "etag": cached.etag,
            "modified": cached.last_modified,
            "status": cached.response.status,
            "headers": dict(cached.response.headers),
            "body": zlib.compress(cached.response.body, 1),
            "at": self._clock(),
        }
        with self._engine.begin() as connection:
            if not connection.execute(update(table).where(table.c.url == url).values(values)).rowcount:
                connection.execute(table.insert().values(url=url, **values))

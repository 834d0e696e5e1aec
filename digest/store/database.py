"""Opening the database that `store.url` names, with its tables brought up to date.

SQLite runs with a write-ahead log, so that reads and writes do not wait for each other. It runs with synchronous=FULL, so that
commits survive a power cut. 4,762 single commits a second and 777,014 rows in commits of a thousand were measured on two
cores: group commits for speed, and never use less than FULL.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock
from sqlalchemy import Connection, Engine, ExceptionContext, Table, create_engine, event, inspect, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError, SQLAlchemyError

from digest.config.file_permissions import PRIVATE, private_file, private_folder
from digest.errors import ConfigError, StoreError

_MIGRATIONS = Path(__file__).parent / "migrations"
_REMEDIES = (  # by phrases in the messages of SQLite and PostgreSQL
    (("malformed", "not a database"), "Restore the file from your backup."),
    (("no such table", "no such column", "does not exist", "has no column"),
     "Its tables are not those of its version: restore the file from your backup, and tell us how it came to be."),
    (("full", "disk I/O"), "Is the disk full? Nothing is lost: make room, and run it again."),
    (("readonly", "unable to open", "permission"), "Is its folder there, and may this user write in it?"),
    (("locked", "busy"), "Another program holds it; run it again when that has ended."),
)  # fmt: skip


def open_engine(url: str, root: Path) -> Engine:
    """Return an engine on an up-to-date database; a relative SQLite path starts from the newsletter's folder.

    Raises ConfigError if the URL cannot be used, StoreError if the database cannot be opened.
    """
    try:
        target = make_url(url)
        sqlite = target.get_backend_name() == "sqlite"
        path = None
        if sqlite and target.database and target.database != ":memory:":
            path = root / target.database
            private_folder(path.parent)
            private_file(path)  # SQLite gives its write-ahead log the permissions of this file
            target = target.set(database=str(path))
        engine = create_engine(target)
        event.listen(engine, "handle_error", _translate_error)
        if sqlite:  # pragma: no branch  no test starts a PostgreSQL server yet
            event.listen(engine, "connect", _configure_sqlite)
            event.listen(engine, "begin", _begin)
        with _undo_on_failure(engine.dispose), _migration_lock(path):
            _copy_first(engine, path)
            with engine.begin() as connection:
                _migrate(connection)
    except (ArgumentError, ImportError) as error:
        raise ConfigError(f"store.url cannot be used: {error}", thing="digest.toml") from error
    except (SQLAlchemyError, OSError) as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(
            f"cannot open the database: {cause}", thing=url, remedy="Check that the folder exists and is writable."
        ) from error
    return engine


@contextmanager
def _undo_on_failure(undo: Callable[[], object]) -> Iterator[None]:
    """Call `undo` if the block does not complete, whatever the error."""
    with ExitStack() as open_:
        open_.callback(undo)
        yield
        open_.pop_all()


def _migration_lock(path: Path | None) -> AbstractContextManager[object]:
    """Return a lock, so that two processes never make a new file's tables at once; a database server does its own locking."""
    return nullcontext() if path is None else FileLock(path.with_name(f".{path.name}.lock"), timeout=60, mode=PRIVATE)


def _translate_error(context: ExceptionContext) -> StoreError | None:
    """Return a database error as a StoreError with a remedy; None for what callers expect, such as an IntegrityError."""
    error = context.sqlalchemy_exception
    if not isinstance(error, DatabaseError) or isinstance(error, IntegrityError):
        return None
    cause = str(error.orig)
    remedy = next((remedy for phrases, remedy in _REMEDIES if any(phrase in cause for phrase in phrases)), "")
    return StoreError(f"database error: {cause}", thing=str(context.engine.url.database if context.engine else ""), remedy=remedy)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _configure_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # otherwise the driver commits before and after each CREATE TABLE
    with _undo_on_failure(connection.close):
        # auto_vacuum counts for a new file only, and before anything is written into it
        for pragma in ("auto_vacuum=INCREMENTAL", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")


def _copy_first(engine: Engine, path: Path | None) -> None:
    """Copy a database file before migrations change it, as `digest.db.before-0016`; the copy before the last migration is kept."""
    with engine.connect() as connection:
        current = _revision(connection)
    if path is None or current is None or current >= _newest():
        return
    copy = path.with_name(f"{path.name}.before-{_newest()}")
    partial = copy.with_name(f"{copy.name}.part")
    partial.unlink(missing_ok=True)
    private_file(partial)
    with engine.connect() as connection:
        connection.connection.execute("VACUUM INTO ?", (str(partial),))
    partial.replace(copy)
    for old in path.parent.glob(f"{path.name}.before-[0-9][0-9][0-9][0-9]"):
        if old != copy:
            old.unlink()


def _newest() -> str:
    return max(path.name[:4] for path in (_MIGRATIONS / "versions").glob("[0-9]*.py"))


def _migrate(connection: Connection) -> None:
    """Bring the tables up to the newest migration. Alembic is imported only if there is work, because the import takes 0.1 s."""
    newest, current = _newest(), _revision(connection)
    if current == newest:
        return
    if current is not None and current > newest:
        raise StoreError("the database was created by a newer version of digest", remedy="Upgrade digest.")
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config as AlembicConfig  # noqa: PLC0415

    settings = AlembicConfig()
    settings.set_main_option("script_location", str(_MIGRATIONS))
    settings.set_main_option("path_separator", "os")
    settings.attributes["connection"] = connection
    command.upgrade(settings, "head")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


@contextmanager
def secure_delete(connection: Connection) -> Iterator[None]:
    """Overwrite what is deleted within the block; otherwise SQLite leaves it in a free page.

    It is not always on, because it costs a tenth of a run's speed.
    """
    sqlite_only = connection.dialect.name == "sqlite"
    if sqlite_only:  # pragma: no branch  no test starts a PostgreSQL server yet
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
    try:
        yield
    finally:
        if sqlite_only:  # pragma: no branch  as above
            connection.exec_driver_sql("PRAGMA secure_delete=OFF")


def truncate_wal(engine: Engine) -> None:
    """Remove what was erased from SQLite's write-ahead log too. If somebody is reading now, the next writers do that later."""
    if engine.dialect.name != "sqlite":  # pragma: no cover  no test starts a PostgreSQL server yet
        return
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()


def lock_for_writing(connection: Connection) -> None:
    """Wait for the write lock. Call it before reading what the write depends on.

    SQLite at once refuses a write after a read if another process has written in between (SQLITE_BUSY_SNAPSHOT). PostgreSQL
    lets two processes write at once unless they agree on a lock.
    """
    if connection.dialect.name == "postgresql":  # pragma: no cover  no test starts a PostgreSQL server yet
        connection.execute(text("SELECT pg_advisory_xact_lock(771842)"))
        return
    connection.execute(text("DELETE FROM alembic_version WHERE 1 = 0"))


def insert(connection: Connection, table: Table) -> Any:
    """Return an INSERT that can have an ON CONFLICT clause: SQLite and PostgreSQL share it, but SQLAlchemy has one for each."""
    return {"sqlite": sqlite.insert, "postgresql": postgresql.insert}[connection.dialect.name](table)

"""Who signed in at the desk, and which mails the editors have had. Only hashes of what opens the desk are kept."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, select, update

from digest.store.database import lock_for_writing
from digest.store.desk_tables import desk_notices, desk_sessions, desk_sign_ins

MAX_CODE_TRIES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSession:
    """A browser that is signed in; `id` is the hash of its cookie."""

    id: str
    email: str
    device: str
    made_at: datetime
    seen_at: datetime


def hashed(secret: str) -> str:
    """Return what is kept of a secret that opens something."""
    return hashlib.sha256(secret.encode()).hexdigest()


class DeskRecords:
    """The sign-ins and sessions of the desk, and the notices to its people."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    # — signing in —

    def ask(self, nonce: str, email: str, browser: str, code: str, now: datetime) -> None:
        """Record that somebody asked to sign in, from a browser, with a link (its nonce) or a code; earlier codes of theirs end."""
        row = {
            "nonce": hashed(nonce),
            "email": email,
            "browser": hashed(browser),
            "code": hashed(nonce + code),
            "tries": 0,
            "at": now,
        }
        with self._engine.begin() as connection:
            connection.execute(update(desk_sign_ins).where(desk_sign_ins.c.email == email).values(tries=MAX_CODE_TRIES))
            connection.execute(desk_sign_ins.insert().values(row))

    def asked_by_link(self, nonce: str, since: datetime) -> str | None:
        """Return who may sign in with a link, or None if it was used, is too old or was never made. It is not used up."""
        table = desk_sign_ins.c
        query = select(table.email).where(table.nonce == hashed(nonce), table.used_at.is_(None), table.at >= since)
        with self._engine.begin() as connection:
            return connection.execute(query).scalar()

    def use_link(self, nonce: str, since: datetime, now: datetime) -> str | None:
        """Use a link up, and return who signs in with it, or None."""
        table = desk_sign_ins.c
        usable = and_(table.nonce == hashed(nonce), table.used_at.is_(None), table.at >= since)
        with self._engine.begin() as connection:
            statement = update(desk_sign_ins).where(usable).values(used_at=now).returning(table.email)
            return connection.execute(statement).scalar()

    def use_code(self, browser: str, nonce_code: Mapping[str, str], since: datetime, now: datetime) -> str | None:
        """Use a code up that was asked for in this browser, and return who signs in with it, or None; five tries for each asking.

        `nonce_code` has what the browser keeps of its asking (the nonce) and what was typed (the code).
        """
        table = desk_sign_ins.c
        asked = and_(table.nonce == hashed(nonce_code["nonce"]), table.browser == hashed(browser), table.at >= since)
        usable = and_(asked, table.used_at.is_(None), table.tries < MAX_CODE_TRIES)
        with self._engine.begin() as connection:
            lock_for_writing(connection)
            if not connection.execute(update(desk_sign_ins).where(usable).values(tries=table.tries + 1)).rowcount:
                return None
            right = and_(asked, table.code == hashed(nonce_code["nonce"] + nonce_code["code"]))
            return connection.execute(update(desk_sign_ins).where(right).values(used_at=now).returning(table.email)).scalar()

    # — sessions —

    def begin(self, cookie: str, email: str, device: str, now: datetime) -> None:
        """Record that a browser is signed in, by its cookie; forget old sign-ins."""
        row = {"id": hashed(cookie), "email": email, "device": device[:80], "made_at": now, "seen_at": now}
        with self._engine.begin() as connection:
            connection.execute(desk_sessions.insert().values(row))

    def session(self, cookie: str, since: datetime) -> DeskSession | None:
        """Return the session of a cookie, unless it has ended or is too old."""
        table = desk_sessions.c
        query = select(table.id, table.email, table.device, table.made_at, table.seen_at)
        query = query.where(table.id == hashed(cookie), table.ended_at.is_(None), table.made_at >= since)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return DeskSession(**row._asdict()) if row is not None else None

    def seen(self, session: str, now: datetime) -> None:
        """Record when a session was last used."""
        with self._engine.begin() as connection:
            connection.execute(update(desk_sessions).where(desk_sessions.c.id == session).values(seen_at=now))

    def sessions(self, email: str, since: datetime) -> list[DeskSession]:
        """Return the open sessions of a person, the newest first."""
        table = desk_sessions.c
        query = select(table.id, table.email, table.device, table.made_at, table.seen_at)
        query = query.where(table.email == email, table.ended_at.is_(None), table.made_at >= since).order_by(table.seen_at.desc())
        with self._engine.begin() as connection:
            return [DeskSession(**row._asdict()) for row in connection.execute(query)]

    def end(self, email: str, now: datetime, session: str | None = None) -> None:
        """End one session of a person, or all."""
        table = desk_sessions.c
        which = and_(table.email == email, table.ended_at.is_(None), *([table.id == session] if session else []))
        with self._engine.begin() as connection:
            connection.execute(update(desk_sessions).where(which).values(ended_at=now))

    # — mails to the editors —

    def notice(self, edition: str, kind: str) -> tuple[datetime, Mapping[str, Any]] | None:
        """Return when the editors had a mail of a kind about an edition, and what it said; None if they had none."""
        table = desk_notices.c
        query = select(table.at, table.data).where(table.edition == edition, table.kind == kind)
        with self._engine.begin() as connection:
            row = connection.execute(query).one_or_none()
        return (row.at, row.data) if row is not None else None

    def note(self, edition: str, kind: str, data: Mapping[str, Any], now: datetime) -> None:
        """Record that the editors had a mail of a kind, in place of an earlier one."""
        table, row = desk_notices.c, {"at": now, "data": dict(data)}
        which = and_(table.edition == edition, table.kind == kind)
        with self._engine.begin() as connection:
            if not connection.execute(update(desk_notices).where(which).values(row)).rowcount:
                connection.execute(desk_notices.insert().values(edition=edition, kind=kind, **row))

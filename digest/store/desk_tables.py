"""The tables of the editors' desk; the others are in `schema.py`."""

from sqlalchemy import JSON, Column, Integer, String, Table

from digest.store.schema import Instant, metadata

desk_notices = Table(
    "desk_notices",
    metadata,
    Column("edition", String, primary_key=True),
    Column("kind", String, primary_key=True),  # of the mail to the editors: draft, changed, waiting, sent, failed
    Column("at", Instant, nullable=False),
    Column("data", JSON, nullable=False),  # what it said, to tell what has changed since
)

desk_sign_ins = Table(
    "desk_sign_ins",
    metadata,
    Column("nonce", String, primary_key=True),
    Column("email", String, nullable=False),
    Column("browser", String, nullable=False),  # hash of the cookie of the browser that asked: only there the code counts
    Column("code", String, nullable=False),  # hash of the six figures
    Column("tries", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("used_at", Instant),
)

desk_sessions = Table(
    "desk_sessions",
    metadata,
    Column("id", String, primary_key=True),  # hash of the cookie
    Column("email", String, nullable=False),
    Column("device", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

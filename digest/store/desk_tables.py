"""The tables of the editors' desk and of the operator's alarms; the others are in `schema.py`."""

from sqlalchemy import JSON, Column, ForeignKey, Integer, String, Table, Text

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

revisions = Table(
    "revisions",
    metadata,
    Column("edition", String, ForeignKey("editions.key"), primary_key=True),
    Column("number", Integer, primary_key=True),  # 0: as it was made
    Column("variant", String, primary_key=True),  # its name; empty: the whole edition
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("data", JSON(none_as_null=True)),  # the edition; only with the whole
    Column("until", Instant, nullable=False),  # when the next revision took its place
)

alarms = Table(
    "alarms",
    metadata,
    Column("key", String, primary_key=True),
    Column("what", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("remedy", Text, nullable=False),
    Column("since", Instant, nullable=False),
)

"""The tables. Migrations create them (`migrations/`); a test checks that the two are equal."""

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

from digest.store.column_types import Instant as Instant  # noqa: PLC0414  migrations that have landed import it from here
from digest.store.column_types import Milliseconds

metadata = MetaData()


articles = Table(
    "articles",
    metadata,
    Column("id", String, primary_key=True),
    Column("published", Instant, nullable=False, index=True),
    Column("first_seen", Instant, nullable=False),
    Column("data", JSON, nullable=False),
)

comments = Table(
    "comments",
    metadata,
    Column("id", String, primary_key=True),
    Column("article_id", String, nullable=False, index=True),
    Column("written", Instant, nullable=False),
    Column("data", JSON, nullable=False),
)

readings = Table(
    "readings",
    metadata,
    Column("source", String, primary_key=True),
    Column("at", Instant, nullable=False),  # of the last whole reading
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", String, primary_key=True),  # of an article that a source has listed, whatever its date
    Column("last", Instant, nullable=False),
)

http_cache = Table(
    "http_cache",
    metadata,
    Column("url", String, primary_key=True),
    Column("etag", String, nullable=False),
    Column("modified", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSON, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", Instant, nullable=False),
)

redirects = Table(
    "redirects",
    metadata,
    Column("url", String, primary_key=True),
    Column("target", String, nullable=False),  # where a permanent redirect leads
    Column("at", Instant, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("key", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("number", Integer),  # NULL for a skipped edition
    Column("window_start", Instant, nullable=False),
    Column("window_end", Instant, nullable=False),
    Column("frozen_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("note", Text, nullable=False),  # why it was skipped
    Column("data", JSON),
    Column("subject", Text),
    Column("preheader", Text),
    Column("html", Text),
    Column("text", Text),
    Column("revision", Integer, nullable=False, server_default="0"),  # how often it was changed after it was made
    Column("corrected_at", Instant),
    Column("correction", Text, nullable=False, server_default=""),  # what its readers on the web are told, Markdown
    Column("corrects", String),  # the edition that a mail corrects; NULL for an edition
    Index("editions_by_name", "name", "window_end"),
)

series = Table(
    "series",
    metadata,
    Column("id", String, primary_key=True),  # `editions.name`: its first name
    Column("name", String, nullable=False),  # what digest.toml calls it now
)

edition_articles = Table(
    "edition_articles",
    metadata,
    Column("edition", String, ForeignKey("editions.key"), primary_key=True),
    Column("article_id", String, primary_key=True),
    Column("identity", String, nullable=False),
    Column("position", Integer),  # NULL for an article that is left out
    Column("reason", Text, nullable=False),
    Column("anchor", Text, nullable=False, server_default=""),
    Column("title", Text, nullable=False, server_default=""),
    Column("opening", Text, nullable=False, server_default=""),
    Column("source", Text, nullable=False, server_default=""),
    Column("published", Instant),
)

variants = Table(
    "variants",
    metadata,
    Column("edition", String, ForeignKey("editions.key"), primary_key=True),
    Column("name", String, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("preheader", Text, nullable=False),
    Column("html", Text, nullable=False),
    Column("text", Text, nullable=False),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("email", String, nullable=False, unique=True),
    Column("token", String, nullable=False, unique=True),  # names the subscriber in links
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("edition", String, ForeignKey("editions.key"), primary_key=True),
    Column("subscriber", Integer, ForeignKey("subscribers.id"), primary_key=True),
    Column("name", String, nullable=False),
    Column("variant", String, nullable=False, server_default=""),  # the variant's name; empty: the whole edition
    Column("extra", JSON(none_as_null=True)),  # the recipient's own columns that the templates use
    Column("state", String, nullable=False),  # queued, sending, skipped or an Outcome
    Column("attempts", Integer, nullable=False),
    Column("interrupted", Boolean, nullable=False),  # a run or a connection died while it was in flight: it may arrive twice
    Column("code", Integer, nullable=False),
    Column("reply", Text, nullable=False),
    Column("relay", String, nullable=False),
    Column("status", String, nullable=False, server_default=""),  # enhanced status code of the reply, RFC 3463
    Column("at", Milliseconds),
    Column("retry_at", Milliseconds),
    Column("not_before", Milliseconds),  # the edition's hour where the recipient is; NULL: at once
    Column("revision", Integer, nullable=False, server_default="0"),  # of the edition, as this recipient gets it
    sqlite_with_rowid=False,
)

folded_deliveries = Table(
    "folded_deliveries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("edition", String, ForeignKey("editions.key"), nullable=False, index=True),
    Column("state", String, nullable=False),
    Column("variant", String, nullable=False),
    Column("relay", String, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("count", Integer, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("subscribers", LargeBinary, nullable=False),  # a bit for each: see `folding`
)

relay_limits = Table(
    "relay_limits",
    metadata,
    Column("relay", String, primary_key=True),  # its label
    Column("rate", Float, nullable=False),  # messages a second; 0: any number
    Column("connections", Integer, nullable=False),
    Column("messages", Integer, nullable=False),  # over one connection
    Column("at", Instant, nullable=False),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("email", String, primary_key=True),
    Column("reason", String, nullable=False),
    Column("since", Instant, nullable=False),
    Column("origin", String, nullable=False, server_default=""),  # who says so: `digest.subscriber_statuses.Origin`
    Column("detail", Text, nullable=False, server_default=""),
)

erased = Table(
    "erased",
    metadata,
    Column("token", String, primary_key=True),  # the only thing stored about somebody who had their data deleted
    Column("at", Instant, nullable=False),
)

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("email", String, nullable=False, index=True),
    Column("at", Instant, nullable=False),
    Column("event", String, nullable=False),
    Column("origin", String, nullable=False, server_default=""),
    Column("detail", Text, nullable=False),
    Index("history_by_event", "event", "at"),
)

opt_in_requests = Table(
    "opt_in_requests",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("email", String, nullable=False, unique=True),
    Column("name", String, nullable=False),
    Column("topics", JSON, nullable=False),
    Column("nonce", String, nullable=False),  # of the only confirmation that is valid
    Column("at", Instant, nullable=False),
    Column("mails", Integer, nullable=False),  # confirmations sent
    Column("source", String, nullable=False, server_default=""),  # where they came from, as the form's address said
)

preferences = Table(
    "preferences",
    metadata,
    Column("email", String, primary_key=True),
    Column("topics", JSON(none_as_null=True)),  # NULL: as in the subscriber list
    Column("paused_until", Date),
    Column("comments", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    Column("frequency", Text),  # the names of the editions chosen, with commas; NULL: as in the subscriber list
    Column("timezone", String),  # likewise
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("thing_kind", String, nullable=False),  # comment, writer, article or edition
    Column("thing_id", String, nullable=False),
    Column("verb", String, nullable=False),
    Column("value", JSON, nullable=False),  # what else the verb says: a reason, the wording decided on
    Column("made_by", String, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("undone_by", String),
    Column("undone_at", Instant),
    Column("edition", String, nullable=False, server_default=""),  # the edition that it was made for; empty: any
    Column("once", String),  # of the form that it was made with, so that a form posted twice decides once
    Index("decisions_by_thing", "thing_kind", "thing_id"),
    Index("decisions_by_edition", "edition"),
    Index("decisions_once", "once", unique=True),
)

counters = Table(
    "counters",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),  # how often the content has been written
)

bounce_reports = Table(
    "bounce_reports",
    metadata,
    Column("id", String, primary_key=True),  # of a bounce or a complaint, so that it does not count twice
    Column("at", Instant, nullable=False),
)

secrets = Table(
    "secrets",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)

"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the collected material, the editions with their deliveries, and the suppression list."""
    op.create_table(
        "articles",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("published", sa.DateTime, nullable=False, index=True),
        sa.Column("first_seen", sa.DateTime, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("article_id", sa.String, nullable=False, index=True),
        sa.Column("written", sa.DateTime, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "readings",
        sa.Column("source", sa.String, primary_key=True),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "responses",
        sa.Column("url", sa.String, primary_key=True),
        sa.Column("etag", sa.String, nullable=False),
        sa.Column("modified", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.JSON, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )
    op.create_table(
        "editions",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("day", sa.Date, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("window_start", sa.DateTime, nullable=False),
        sa.Column("window_end", sa.DateTime, nullable=False),
        sa.Column("frozen_at", sa.DateTime, nullable=False),
        sa.Column("finished_at", sa.DateTime),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("data", sa.JSON),
        sa.Column("subject", sa.Text),
        sa.Column("preheader", sa.Text),
        sa.Column("html", sa.Text),
        sa.Column("text", sa.Text),
    )
    op.create_index("editions_by_name", "editions", ["name", "window_end"])
    op.create_table(
        "settled",
        sa.Column("edition", sa.String, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("article_id", sa.String, primary_key=True),
        sa.Column("identity", sa.String, nullable=False),
        sa.Column("position", sa.Integer),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "readers",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("email", sa.String, nullable=False, unique=True),
        sa.Column("token", sa.String, nullable=False, unique=True),
    )
    op.create_table(
        "deliveries",
        sa.Column("edition", sa.String, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("reader", sa.Integer, sa.ForeignKey("readers.id"), primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("interrupted", sa.Boolean, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("relay", sa.String, nullable=False),
        sa.Column("at", sa.DateTime),
        sa.Column("retry_at", sa.DateTime),
    )
    op.create_index("deliveries_by_state", "deliveries", ["edition", "state"])
    op.create_table(
        "suppressions",
        sa.Column("email", sa.String, primary_key=True),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("since", sa.DateTime, nullable=False),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String, nullable=False),
    )

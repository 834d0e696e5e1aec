"""What readers want: versions of an edition, preferences, requests to join; what is known of each, and what must be forgotten."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Six tables, and columns of two more."""
    op.add_column("suppressions", sa.Column("detail", sa.Text, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("variant", sa.String, nullable=False, server_default=""))
    op.add_column("deliveries", sa.Column("extra", sa.JSON))
    op.create_table("erased", sa.Column("token", sa.String, primary_key=True), sa.Column("at", Instant, nullable=False))
    op.create_table("reports", sa.Column("id", sa.String, primary_key=True), sa.Column("at", Instant, nullable=False))
    op.create_table(
        "history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("email", sa.String, nullable=False, index=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("history_by_event", "history", ["event", "at"])
    op.create_table(
        "requests",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("email", sa.String, nullable=False, unique=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("topics", sa.JSON, nullable=False),
        sa.Column("nonce", sa.String, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("mails", sa.Integer, nullable=False),
    )
    op.create_table(
        "preferences",
        sa.Column("email", sa.String, primary_key=True),
        sa.Column("topics", sa.JSON),
        sa.Column("paused_until", sa.Date),
        sa.Column("comments", sa.Boolean, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )
    op.create_table(
        "variants",
        sa.Column("edition", sa.String, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("preheader", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
    )

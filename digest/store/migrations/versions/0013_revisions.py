"""Editions that were changed after they were made: what they were before, who has which, and the mails that correct them."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Four columns of `editions`, one of `deliveries`, and a table."""
    op.add_column("editions", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.add_column("editions", sa.Column("corrected_at", Instant))
    op.add_column("editions", sa.Column("correction", sa.Text, nullable=False, server_default=""))
    op.add_column("editions", sa.Column("corrects", sa.String))
    op.add_column("deliveries", sa.Column("revision", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "revisions",
        sa.Column("edition", sa.String, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("variant", sa.String, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("preheader", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("data", sa.JSON),
        sa.Column("until", Instant, nullable=False),
    )

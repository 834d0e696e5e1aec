"""Permanent redirects are remembered."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """A table of them."""
    op.create_table(
        "moves",
        sa.Column("url", sa.String, primary_key=True),
        sa.Column("target", sa.String, nullable=False),
        sa.Column("at", Instant, nullable=False),
    )

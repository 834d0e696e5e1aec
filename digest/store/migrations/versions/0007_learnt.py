"""What relays have shown that they take: a slower pace, fewer connections; for a morning."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """A table of it."""
    op.create_table(
        "relay_limits",
        sa.Column("relay", sa.String, primary_key=True),
        sa.Column("rate", sa.Float, nullable=False),
        sa.Column("connections", sa.Integer, nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("at", sa.DateTime, nullable=False),
    )

"""What articles are known again by, and which have been seen at all: one with an old date that nobody has seen came in late."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """A table of sightings, and the words and dates of settled articles."""
    op.create_table(
        "sightings",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("last", sa.DateTime, nullable=False),
    )
    for name in ("anchor", "title", "opening", "source"):
        op.add_column("settled", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("settled", sa.Column("published", sa.DateTime))

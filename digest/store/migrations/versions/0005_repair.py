"""What 0001 and 0002 left out in databases that were made before those two were changed, which must never be done again."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make what is missing; most databases have it."""
    there = sa.inspect(op.get_bind())
    if not there.has_table("readings"):
        op.create_table(
            "readings",
            sa.Column("source", sa.String, primary_key=True),
            sa.Column("at", sa.DateTime, nullable=False),
        )
    if "status" not in {column["name"] for column in there.get_columns("deliveries")}:
        op.add_column("deliveries", sa.Column("status", sa.String, nullable=False, server_default=""))

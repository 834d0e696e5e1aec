"""Deliveries know a reply's enhanced status code, and do without an index that made each change of state twice as dear."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The primary key finds what an edition's queries look for."""
    op.drop_index("deliveries_by_state", "deliveries")
    op.add_column("deliveries", sa.Column("status", sa.String, nullable=False, server_default=""))

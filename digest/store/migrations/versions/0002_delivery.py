"""Deliveries without the index that made each change of state twice as dear; what a relay's answer said of an address."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """The primary key finds what an edition's queries look for."""
    op.drop_index("deliveries_by_state", "deliveries")

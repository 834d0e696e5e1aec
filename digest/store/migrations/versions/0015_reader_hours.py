"""When and how often a reader wants it: their hour for a delivery, and their own choice of editions and zone."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Three columns."""
    op.add_column("deliveries", sa.Column("not_before", Instant))
    op.add_column("preferences", sa.Column("frequency", sa.Text))
    op.add_column("preferences", sa.Column("timezone", sa.String))

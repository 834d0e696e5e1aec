"""What is wrong and has been told to the operator."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """A table."""
    op.create_table(
        "alarms",
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("what", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("remedy", sa.Text, nullable=False),
        sa.Column("since", Instant, nullable=False),
    )

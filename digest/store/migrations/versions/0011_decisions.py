"""What editors decide is data beside the edition: one row for each decision, whatever it is about, and nothing is overwritten."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """One table."""
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("thing_kind", sa.String, nullable=False),
        sa.Column("thing_id", sa.String, nullable=False),
        sa.Column("verb", sa.String, nullable=False),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("undone_by", sa.String),
        sa.Column("undone_at", Instant),
    )
    op.create_index("decisions_by_thing", "decisions", ["thing_kind", "thing_id"])

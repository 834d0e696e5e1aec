"""A decision may belong to one edition, and a form that is posted twice decides once."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Two columns of `decisions`."""
    op.add_column("decisions", sa.Column("edition", sa.String, nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("once", sa.String))
    op.create_index("decisions_by_edition", "decisions", ["edition"])
    op.create_index("decisions_once", "decisions", ["once"], unique=True)

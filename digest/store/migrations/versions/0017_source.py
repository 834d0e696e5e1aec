"""Where somebody came from who asked to join: what the form's address said."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """A column."""
    op.add_column("opt_in_requests", sa.Column("source", sa.String, nullable=False, server_default=""))

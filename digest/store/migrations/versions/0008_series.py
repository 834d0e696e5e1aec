"""A series of editions goes on whatever it is called: it has an id of its own."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """The series that there are, by the names that they bore."""
    op.create_table(
        "series",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
    )
    op.execute("INSERT INTO series (id, name) SELECT DISTINCT name, name FROM editions")

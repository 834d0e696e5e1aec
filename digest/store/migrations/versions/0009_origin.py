"""Who says that an address must not be written to is data, not the beginning of a sentence."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """A column for it, told once more by the sentences of the past."""
    for name in ("suppressions", "history"):
        op.add_column(name, sa.Column("origin", sa.String, nullable=False, server_default=""))
        table = sa.table(name, sa.column("origin", sa.String), sa.column("detail", sa.Text))
        for origin, start in (("import", "imported%"), ("list", "so marked%"), ("log", "known from sent.log%")):
            op.execute(table.update().where(table.c.detail.like(start)).values(origin=origin))

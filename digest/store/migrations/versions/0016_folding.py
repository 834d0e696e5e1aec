"""Deliveries are smaller, and those of editions long finished are folded.

A Message-ID can be worked out again from the edition and the reader, so it is not kept; times are milliseconds; SQLite keeps the
rows in the order of their key, without a second copy of it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

KEPT = "edition, subscriber, name, variant, extra, state, attempts, interrupted, code, reply, relay, status, revision"
TIMES = ("at", "retry_at", "not_before")


def upgrade() -> None:
    """A table made anew, and one more."""
    op.create_table(
        "deliveries_new",
        sa.Column("edition", sa.String, sa.ForeignKey("editions.key"), primary_key=True),
        sa.Column("subscriber", sa.Integer, sa.ForeignKey("subscribers.id"), primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("variant", sa.String, nullable=False, server_default=""),
        sa.Column("extra", sa.JSON),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("interrupted", sa.Boolean, nullable=False),
        sa.Column("code", sa.Integer, nullable=False),
        sa.Column("reply", sa.Text, nullable=False),
        sa.Column("relay", sa.String, nullable=False),
        sa.Column("status", sa.String, nullable=False, server_default=""),
        sa.Column("at", sa.BigInteger),
        sa.Column("retry_at", sa.BigInteger),
        sa.Column("not_before", sa.BigInteger),
        sa.Column("revision", sa.Integer, nullable=False, server_default="0"),
        sqlite_with_rowid=False,
    )
    times = ", ".join(_milliseconds(name) for name in TIMES)
    op.execute(f"INSERT INTO deliveries_new ({KEPT}, {', '.join(TIMES)}) SELECT {KEPT}, {times} FROM deliveries")  # noqa: S608
    op.drop_table("deliveries")
    op.rename_table("deliveries_new", "deliveries")
    op.create_table(
        "folded_deliveries",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("edition", sa.String, sa.ForeignKey("editions.key"), nullable=False, index=True),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("variant", sa.String, nullable=False),
        sa.Column("relay", sa.String, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("answers", sa.Integer, nullable=False),
        sa.Column("subscribers", sa.LargeBinary, nullable=False),
    )


def _milliseconds(column: str) -> str:
    """Return the SQL of a column's time in milliseconds since 1970."""
    if op.get_bind().dialect.name == "sqlite":
        return f"CAST(strftime('%s', {column}) AS INTEGER) * 1000 + CAST(substr({column} || '000', 21, 3) AS INTEGER)"
    return f"CAST(extract(epoch FROM {column}) * 1000 AS BIGINT)"

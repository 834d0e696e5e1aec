"""The editors' desk: decisions of one edition, people who signed in, mails to them, and how often the content has changed."""

import sqlalchemy as sa
from alembic import op

from digest.store.schema import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Two columns of `decisions`, and four tables."""
    op.add_column("decisions", sa.Column("edition", sa.String, nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("once", sa.String))
    op.create_index("decisions_by_edition", "decisions", ["edition"])
    op.create_index("decisions_once", "decisions", ["once"], unique=True)
    op.create_table(
        "counters",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.Integer, nullable=False),
    )
    op.create_table(
        "desk_notices",
        sa.Column("edition", sa.String, primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("at", Instant, nullable=False),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_table(
        "desk_sign_ins",
        sa.Column("nonce", sa.String, primary_key=True),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("browser", sa.String, nullable=False),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_table(
        "desk_sessions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("email", sa.String, nullable=False),
        sa.Column("device", sa.String, nullable=False),
        sa.Column("made_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("ended_at", Instant),
    )

"""Tables and columns have the field's names: a person on the list is a subscriber, what an edition used are its articles."""

from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = {
    "readers": "subscribers",
    "settled": "edition_articles",
    "requests": "opt_in_requests",
    "responses": "http_cache",
    "moves": "redirects",
    "reports": "bounce_reports",
}


def upgrade() -> None:
    """Rename them; both databases carry foreign keys along."""
    for old, new in TABLES.items():
        op.rename_table(old, new)
    op.execute("ALTER TABLE deliveries RENAME COLUMN reader TO subscriber")

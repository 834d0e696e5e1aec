"""Alembic's environment and the ordered list of migrations."""

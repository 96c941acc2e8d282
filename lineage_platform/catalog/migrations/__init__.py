"""Alembic migrations of the catalog; `catalog.migrate` runs them."""
